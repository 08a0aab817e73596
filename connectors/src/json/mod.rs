//! JSON: the value of a record is one object, and the fields of a stream stand in it at their paths.
//!
//! record -> [`scan`] -> slots (where each field's value stands) -> [`convert`](crate::convert) -> columns. A record is valid
//! or not whichever columns are needed: all declared fields are checked. Plain records are taken by [`quick`], and those that
//! look like one seen before by a [`template`] of it; both are held equal to [`scan`].

mod depth;
mod quick;
mod rows;
mod scan;
mod shape;
mod swar;
mod template;
#[cfg(test)]
mod tests;

use tripline_engine::event::BatchBuilder;
use tripline_engine::io::{Decoder, RecordError, Stage};
use tripline_query_lang::plan::{Field, FieldId, Stream, Table};

use crate::convert::{DEPTH_MAX, FieldFault, fill, from_json, record_error, record_text, shortened};
use quick::quick;
pub use rows::{JsonRows, ValueRows};
pub(crate) use rows::{value_of, values};
use scan::{Slot, scan};
use shape::Shape;
use template::Template;

/// Forms of records that are remembered.
const TEMPLATES_MAX: usize = 4;

/// Records after which another form is learned in place of one: input without any form must not cost more than reading it.
const LEARN_EVERY: u32 = 16;

/// Decodes the records of one stream.
#[derive(Debug)]
pub struct JsonDecoder {
    fields: Vec<Field>,
    /// None: rows of a table, which have their record's time.
    timed_by: Option<FieldId>,
    shape: Shape,
    slots: Vec<Slot>,
    /// The one that was of use last comes first.
    templates: Vec<Template>,
    /// Records since one was learned.
    since_learned: u32,
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
        let fields = fields.to_vec();
        JsonDecoder { fields, timed_by, shape, slots, templates: Vec::new(), since_learned: LEARN_EVERY }
    }

    /// One value or null per column; the event time.
    fn row(&self, record: &str, row: &mut BatchBuilder) -> Result<i64, RecordError> {
        fill(&self.fields, self.timed_by, row, |i, field| match self.slots[self.shape.slot_of[i]] {
            Slot::Found(from, to) => {
                let raw = &record[from as usize..to as usize];
                (raw, from_json(field, raw))
            }
            Slot::Missing => ("", Err(FieldFault::Missing)),
            Slot::Astray => ("", Err(FieldFault::Astray)),
        })
    }
}

impl JsonDecoder {
    /// Takes a record of a known form.
    #[inline]
    fn known(&mut self, value: &[u8], row: &mut BatchBuilder) -> Option<i64> {
        let fields = (&self.fields[..], self.timed_by.map(FieldId::index));
        for at in 0..self.templates.len() {
            if let Some(time_us) = self.templates[at].read(value, fields, row) {
                if at > 0 {
                    self.templates[..=at].rotate_right(1);
                }
                return Some(time_us);
            }
            row.undo_row();
        }
        None
    }

    /// Learns the form of a record whose slots are known.
    fn learn(&mut self, record: &str) {
        if self.templates.len() == TEMPLATES_MAX && self.since_learned < LEARN_EVERY {
            return;
        }
        let fields = (&self.fields[..], self.timed_by.map(FieldId::index));
        if let Some(template) = Template::learn(record, fields, &self.shape, &self.slots) {
            self.templates.truncate(TEMPLATES_MAX - 1);
            self.templates.insert(0, template);
        }
        self.since_learned = 0;
    }
}

/// Where a record is no JSON.
fn misread(error: &serde_json::Error) -> String {
    match (error.is_eof(), error.line()) {
        (true, _) => "it ends before it is complete".to_owned(),
        (false, 1) => format!("at character {} something else should stand", error.column()),
        (false, line) => format!("at character {} of its line {line} something else should stand", error.column()),
    }
}

impl Decoder for JsonDecoder {
    #[inline]
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        match self.known(value, row) {
            Some(time_us) => Ok(time_us),
            None => self.decode_any(value, row),
        }
    }
}

impl JsonDecoder {
    /// Takes a record of whatever form.
    fn decode_any(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        self.since_learned = self.since_learned.saturating_add(1);
        let record = record_text(value)?;
        if depth::too_deep(value) {
            let message = format!("the record is nested deeper than {DEPTH_MAX} levels");
            return Err(record_error(Stage::Decode, "too deep", message));
        }
        if !quick(record, &mut self.shape, &mut self.slots) {
            scan(record, &mut self.shape, &mut self.slots).map_err(|error| {
                let found = shortened(record);
                record_error(Stage::Decode, "invalid json", format!("not JSON: {}, in {found}", misread(&error)))
            })?;
            if !record.trim_ascii_start().starts_with('{') {
                let message = format!("the record should be a JSON object, found {}", shortened(record));
                return Err(record_error(Stage::Convert, "wrong type", message));
            }
        }
        let time_us = self.row(record, row).inspect_err(|_| row.undo_row())?;
        self.learn(record);
        Ok(time_us)
    }
}
