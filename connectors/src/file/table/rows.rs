//! The rows of a table's file, decoded under the columns that were in force when they were read.

use std::sync::{Arc, Mutex, PoisonError};

use tripline_engine::expr::write_key;
use tripline_engine::io::{Decoder, RecordError, RowDecoder};
use tripline_query_lang::plan::{FieldId, Table};
use tripline_query_lang::value::Value;

use crate::csv::{CsvDecoder, Header};
use crate::json::{JsonDecoder, value_of, values};

/// How the rows of a table's file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated, with a header line.
    Csv,
    /// A table of one field: its value a line.
    Values,
}

/// The columns of a CSV file just now; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns(Arc<Mutex<Header>>);

impl Columns {
    /// From here on rows have the columns of this header line.
    pub fn set(&self, line: &[u8]) {
        let header = Header::default();
        // Checked when the file was read. One from the history may lack what is wanted now: its rows do not fit then.
        let _ = header.set(line, &[]);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = header;
    }

    fn now(&self) -> Header {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Decodes the rows of a table's file. Of a row that is gone, the row as it was stands in the place of the key.
pub struct TableFileRows {
    table: Table,
    format: TableFormat,
    columns: Columns,
    /// Of CSV and JSON, with the columns that it was made for.
    decoder: Option<(Header, Box<dyn Decoder>)>,
}

impl TableFileRows {
    pub(super) fn new(table: &Table, format: TableFormat, columns: Columns) -> TableFileRows {
        TableFileRows { table: table.clone(), format, columns, decoder: None }
    }

    fn canonical_key(&mut self, row: &[u8]) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        self.key(row).is_ok_and(|parts| write_key(&parts, &mut key)).then_some(key)
    }
}

/// Tells rows apart, under columns of its own.
pub(super) struct Naming {
    pub columns: Columns,
    rows: TableFileRows,
    /// The key's fields alone.
    keys: TableFileRows,
}

/// What a row is known by.
pub(super) enum Name {
    /// Its key's canonical bytes.
    Key(Vec<u8>),
    /// It does not fit the table, and is known by its own bytes; the key, if that can be read.
    Unfit(Vec<u8>, Option<Vec<u8>>),
}

impl Naming {
    pub fn new(table: &Table, format: TableFormat) -> Naming {
        let columns = Columns::default();
        let fields = table.keys.iter().filter_map(|key| table.fields.get(key.index()).cloned()).collect();
        let keys = (0..table.keys.len() as u32).map(FieldId).collect();
        let of_keys = Table { fields, keys, ..table.clone() };
        Naming {
            rows: TableFileRows::new(table, format, columns.clone()),
            keys: TableFileRows::new(&of_keys, format, columns.clone()),
            columns,
        }
    }

    pub fn name(&mut self, row: &[u8]) -> Name {
        match self.rows.canonical_key(row) {
            Some(key) => Name::Key(key),
            // No key begins like this.
            None => Name::Unfit([&[0], row].concat(), self.keys.canonical_key(row)),
        }
    }
}

/// Whether this is the name of a row that did not fit: it was a dead letter, and left nothing behind.
pub(super) fn is_unfit(name: &[u8]) -> bool {
    name.first() == Some(&0)
}

impl RowDecoder for TableFileRows {
    fn row(&mut self, value: &[u8]) -> Result<Vec<Value>, RecordError> {
        let now = match self.format {
            TableFormat::Values => return value_of(&self.table, value),
            TableFormat::JsonLines => Header::default(),
            TableFormat::Csv => self.columns.now(),
        };
        let table = &self.table;
        let stale = |(header, _): &mut (Header, Box<dyn Decoder>)| self.format == TableFormat::Csv && !header.is(&now);
        drop(self.decoder.take_if(stale));
        let (_, decoder) = self.decoder.get_or_insert_with(|| match self.format {
            TableFormat::Csv => (now.clone(), Box::new(CsvDecoder::of_table(table, now))),
            TableFormat::JsonLines | TableFormat::Values => (now, Box::new(JsonDecoder::of_table(table))),
        });
        values(&table.fields, decoder.as_mut(), value)
    }

    fn key(&mut self, key: &[u8]) -> Result<Vec<Value>, RecordError> {
        let row = self.row(key)?;
        Ok(self.table.keys.iter().map(|key| row.get(key.index()).cloned().unwrap_or(Value::Null)).collect())
    }
}
