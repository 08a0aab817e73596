//! CSV: a header line names the columns, each further record is a row. A field of a stream is the column of its name, or of
//! its path as it is written after `from`. An empty cell is a missing value.

mod cells;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use tripline_engine::event::BatchBuilder;
use tripline_engine::io::{Decoder, RecordError, Stage};
use tripline_query_lang::plan::{Field, FieldId, Stream, Table};

use cells::Cells;
pub(crate) use cells::open_at_end;

use crate::convert::{fill, from_cell, path_text, record_error, record_text};

/// The columns of a stream's files, set by the source when it opens them and read by the decoder. Clones are the same header.
#[derive(Clone, Debug, Default)]
pub struct Header(Arc<OnceLock<Vec<String>>>);

impl Header {
    /// Takes a header line; says what is wrong with it, also when an earlier file of the stream had other columns.
    pub fn set(&self, line: &[u8], fields: &[Field]) -> Result<(), String> {
        let text = std::str::from_utf8(line).map_err(|_| "the header line is not UTF-8".to_owned())?;
        let mut cells = Cells::default();
        let count = cells.read(text).map_err(|fault| format!("the header line is no CSV: {fault}"))?;
        let names: Vec<String> = (0..count).map(|i| cells.get(text, i).trim().to_owned()).collect();
        if let Some(twice) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(format!("the header line names column `{}` twice", twice.1));
        }
        let lacking = |f: &&Field| !f.optional && position(&names, f).is_none();
        if let Some(field) = fields.iter().find(lacking) {
            let there = names.join("`, `");
            return Err(format!("there is no column `{}`; there is `{there}`", path_text(&field.path)));
        }
        if *self.0.get_or_init(|| names.clone()) == names {
            return Ok(());
        }
        Err("its columns are not those of the stream's other files".to_owned())
    }

    /// Whether the other is a clone of this one.
    pub(crate) fn is(&self, other: &Header) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn names(&self) -> &[String] {
        self.0.get().map_or(&[], Vec::as_slice)
    }
}

fn position(names: &[String], field: &Field) -> Option<usize> {
    let path = path_text(&field.path);
    names.iter().position(|name| *name == path).or_else(|| names.iter().position(|name| *name == field.name))
}

/// Decodes the rows of one stream's files.
#[derive(Debug)]
pub struct CsvDecoder {
    fields: Vec<Field>,
    /// None: rows of a table, which have no time of their own.
    timed_by: Option<FieldId>,
    header: Header,
    /// By field: its column. Known once the source has opened its files.
    columns: Option<Vec<Option<usize>>>,
    cells: Cells,
}

impl CsvDecoder {
    /// A decoder for files with this header.
    pub fn new(stream: &Stream, header: Header) -> Self {
        CsvDecoder::of(&stream.fields, Some(stream.timed_by), header)
    }

    /// A decoder for a table's file with this header; the times that it returns mean nothing.
    pub fn of_table(table: &Table, header: Header) -> Self {
        CsvDecoder::of(&table.fields, None, header)
    }

    fn of(fields: &[Field], timed_by: Option<FieldId>, header: Header) -> Self {
        CsvDecoder { fields: fields.to_vec(), timed_by, header, columns: None, cells: Cells::default() }
    }

    fn row(&mut self, record: &str, row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let names = self.header.names();
        let columns = self.columns.get_or_insert_with(|| self.fields.iter().map(|f| position(names, f)).collect());
        fill(&self.fields, self.timed_by, row, |i, field| {
            let cell = columns[i].map_or("", |at| self.cells.get(record, at));
            (cell, from_cell(field, cell))
        })
    }
}

impl Decoder for CsvDecoder {
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let refuse = |message| Err(record_error(Stage::Decode, "invalid csv", message));
        let record = record_text(value)?;
        let wanted = self.header.names().len();
        match self.cells.read(record) {
            Ok(found) if found == wanted => {}
            Ok(found) => return refuse(format!("the row has {found} cells, the header {wanted}")),
            Err(fault) => return refuse(fault.to_string()),
        }
        self.row(record, row).inspect_err(|_| row.undo_row())
    }
}
