//! JSON: the value of a record is one object, and the fields of a stream stand in it at their paths.
//!
//! record -> [`scan`] -> slots (where each field's value stands) -> [`convert`](crate::convert) -> columns. A record is valid
//! or not whichever columns are needed: all declared fields are checked. Plain records are taken by [`quick`], which is held
//! equal to [`scan`].

mod depth;
mod quick;
mod rows;
mod scan;
mod shape;
#[cfg(test)]
mod tests;

use tripline_engine::event::BatchBuilder;
use tripline_engine::io::{Decoder, RecordError, Stage};
use tripline_query_lang::plan::{Field, FieldId, Stream, Table};

use crate::convert::{DEPTH_MAX, FieldFault, Scalar, from_json, record_error, record_text, shortened};
use quick::quick;
pub use rows::{JsonRows, ValueRows};
pub(crate) use rows::{value_of, values};
use scan::{Slot, scan};
use shape::Shape;

/// Decodes the records of one stream.
#[derive(Debug)]
pub struct JsonDecoder {
    fields: Vec<Field>,
    /// None: rows of a table, which have their record's time.
    timed_by: Option<FieldId>,
    shape: Shape,
    slots: Vec<Slot>,
}

impl JsonDecoder {
    /// A decoder for this stream; which columns are filled is said by the batch.
    pub fn new(stream: &Stream) -> Self {
        JsonDecoder::of(&stream.fields, Some(stream.timed_by))
    }

    /// A decoder for the rows of this table; the times that it returns mean nothing.
    pub fn of_table(table: &Table) -> Self {
        JsonDecoder::of(&table.fields, None)
    }

    fn of(fields: &[Field], timed_by: Option<FieldId>) -> Self {
        let shape = Shape::new(fields);
        let slots = vec![Slot::Missing; shape.slots];
        JsonDecoder { fields: fields.to_vec(), timed_by, shape, slots }
    }

    /// One value or null per column; the event time.
    fn row(&self, record: &str, row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let mut at_us = None;
        for (i, (field, column)) in self.fields.iter().zip(&mut row.columns).enumerate() {
            let (raw, value) = match self.slots[self.shape.slot_of[i]] {
                Slot::Found(from, to) => {
                    let raw = &record[from as usize..to as usize];
                    (raw, from_json(field, raw))
                }
                Slot::Missing => ("", Err(FieldFault::Missing)),
                Slot::Astray => ("", Err(FieldFault::Astray)),
            };
            match value {
                Ok(value) => {
                    if let (true, Scalar::Int(time)) =
                        (self.timed_by.is_some_and(|timed_by| timed_by.index() == i), &value)
                    {
                        at_us = Some(*time);
                    }
                    value.push(column);
                }
                Err(FieldFault::Missing) if field.optional => column.push_null(),
                Err(fault) => return Err(fault.error(field, raw)),
            }
        }
        match self.timed_by {
            Some(timed_by) => at_us.ok_or_else(|| FieldFault::Missing.error(&self.fields[timed_by.index()], "")),
            None => Ok(0),
        }
    }
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let record = record_text(value)?;
        if depth::too_deep(value) {
            let message = format!("the record is nested deeper than {DEPTH_MAX} levels");
            return Err(record_error(Stage::Decode, "too deep", message));
        }
        if quick(record, &mut self.shape, &mut self.slots) {
            return self.row(record, row).inspect_err(|_| row.undo_row());
        }
        scan(record, &mut self.shape, &mut self.slots).map_err(|error| {
            let found = shortened(record);
            record_error(Stage::Decode, "invalid json", format!("not JSON: {error}, in {found}"))
        })?;
        if !record.trim_ascii_start().starts_with('{') {
            let message = format!("the record should be a JSON object, found {}", shortened(record));
            return Err(record_error(Stage::Convert, "wrong type", message));
        }
        self.row(record, row).inspect_err(|_| row.undo_row())
    }
}
