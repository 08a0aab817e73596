//! The changes of a table's file, kept beside it: one JSON object a line, `{"columns": ..}`, `{"row": ..}` or `{"gone": ..}`.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::{Value as Json, json};

/// What becomes another in a table's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The rows behind it have the columns of this header line. It has no number.
    Columns(Vec<u8>),
    /// A row that is new.
    Row(Vec<u8>),
    /// A row that is gone, as it was.
    Gone(Vec<u8>),
}

/// What an earlier run has written down. A last line that was not written to its end was seen by nobody, and is cut off.
pub(super) fn recall(path: &Path) -> Result<Vec<Change>, String> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("its history `{}` cannot be opened: {error}", path.display())),
    };
    let whole = memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1);
    if whole < text.len() {
        let cut = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(whole as u64));
        cut.map_err(|error| format!("its history `{}` cannot be written: {error}", path.display()))?;
    }
    let lines = text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate();
    lines
        .map(|(number, line)| {
            let why = || format!("line {} of its history `{}` cannot be read", number + 1, path.display());
            recalled(line).ok_or_else(why)
        })
        .collect()
}

fn recalled(line: &[u8]) -> Option<Change> {
    let Json::Object(line) = serde_json::from_slice(line).ok()? else { return None };
    let mut members = line.iter();
    let (Some((name, text)), None) = (members.next(), members.next()) else { return None };
    let bytes = text.as_str()?.as_bytes().to_vec();
    match name.as_str() {
        "columns" => Some(Change::Columns(bytes)),
        "row" => Some(Change::Row(bytes)),
        "gone" => Some(Change::Gone(bytes)),
        _ => None,
    }
}

/// Writes changes down before anybody sees them.
pub(super) fn remember(path: &Path, changes: &[Change]) -> Result<(), String> {
    let line = |change: &Change| {
        let (name, bytes) = match change {
            Change::Columns(bytes) => ("columns", bytes),
            Change::Row(bytes) => ("row", bytes),
            Change::Gone(bytes) => ("gone", bytes),
        };
        format!("{}\n", json!({ name: String::from_utf8_lossy(bytes) }))
    };
    let text: String = changes.iter().map(line).collect();
    let written = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file: File| {
        file.write_all(text.as_bytes())?;
        file.sync_data()
    });
    written.map_err(|error| format!("its history `{}` cannot be written: {error}", path.display()))
}
