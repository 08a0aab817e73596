//! Rows of a table as JSON: the value of a record is one object, its key names the row.

use tripline_engine::event::{BatchBuilder, PartitionId};
use tripline_engine::io::{Decoder, RecordError, RowDecoder};
use tripline_query_lang::plan::{Field, PathPart, StreamId, Table};
use tripline_query_lang::value::Value;

use super::JsonDecoder;
use crate::convert::{from_cell, record_text};

/// Decodes the records of one table.
///
/// The key of a record without a value (its row is gone) is an object with the table's key fields or, where the table's key
/// is one field, that field's value as plain text.
#[derive(Debug)]
pub struct JsonRows {
    fields: Vec<Field>,
    keys: Vec<Field>,
    decoder: JsonDecoder,
    key_decoder: JsonDecoder,
}

impl JsonRows {
    /// A decoder for this table.
    pub fn new(table: &Table) -> Self {
        let named = |field: &Field| Field { path: vec![PathPart::Key(field.name.clone())], ..field.clone() };
        let keys = table.keys.iter().filter_map(|key| table.fields.get(key.index()));
        let keys: Vec<Field> = keys.map(named).collect();
        JsonRows {
            fields: table.fields.clone(),
            decoder: JsonDecoder::of_table(table),
            key_decoder: JsonDecoder::of(&keys, None),
            keys,
        }
    }
}

impl RowDecoder for JsonRows {
    fn row(&mut self, value: &[u8]) -> Result<Vec<Value>, RecordError> {
        values(&self.fields, &mut self.decoder, value)
    }

    fn key(&mut self, key: &[u8]) -> Result<Vec<Value>, RecordError> {
        let text = record_text(key)?;
        match &self.keys[..] {
            [only] if !text.trim_start().starts_with('{') => {
                let value = from_cell(only, text).map_err(|fault| fault.error(only, text))?;
                Ok(vec![value.into_value(&only.ty)])
            }
            _ => values(&self.keys, &mut self.key_decoder, key),
        }
    }
}

/// Decodes the records of a table of one field, whose key and value are that field's value as plain text. So a list in a
/// compacted topic is the keys of its records.
#[derive(Debug)]
pub struct ValueRows(Table);

impl ValueRows {
    /// A decoder for this table.
    pub fn new(table: &Table) -> Self {
        ValueRows(table.clone())
    }
}

impl RowDecoder for ValueRows {
    fn row(&mut self, value: &[u8]) -> Result<Vec<Value>, RecordError> {
        value_of(&self.0, value)
    }

    fn key(&mut self, key: &[u8]) -> Result<Vec<Value>, RecordError> {
        value_of(&self.0, key)
    }
}

/// The value of a table's only field, from its plain text.
pub(crate) fn value_of(table: &Table, text: &[u8]) -> Result<Vec<Value>, RecordError> {
    let text = record_text(text)?;
    let of = |field: &Field| {
        from_cell(field, text).map(|value| value.into_value(&field.ty)).map_err(|fault| fault.error(field, text))
    };
    table.fields.iter().take(1).map(of).collect()
}

/// A record as a value per field.
pub(crate) fn values(fields: &[Field], decoder: &mut dyn Decoder, record: &[u8]) -> Result<Vec<Value>, RecordError> {
    let mut row = BatchBuilder::of_fields(fields, &vec![true; fields.len()]);
    decoder.decode(record, &mut row)?;
    row.end_row(0, 0);
    let nowhere = PartitionId { stream: StreamId(u32::MAX), topic: "".into(), partition: 0 };
    let columns = row.finish(nowhere).columns;
    Ok(columns.iter().zip(fields).map(|(column, field)| column.value(0, &field.ty)).collect())
}
