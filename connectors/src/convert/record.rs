//! A record's bytes as text, within bounds.

use tripline_engine::io::{RecordError, Stage};

use super::{RECORD_BYTES_MAX, record_error};

/// The record as text, if it is one and not too long.
pub(crate) fn record_text(value: &[u8]) -> Result<&str, RecordError> {
    let refuse = |class, message| Err(record_error(Stage::Decode, class, message));
    if value.len() > RECORD_BYTES_MAX {
        return refuse("too large", format!("the record is longer than {RECORD_BYTES_MAX} bytes"));
    }
    match std::str::from_utf8(value) {
        Ok(text) => Ok(text),
        Err(error) => refuse("invalid utf-8", format!("not UTF-8 from byte {} on", error.valid_up_to())),
    }
}
