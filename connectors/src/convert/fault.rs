//! What can be wrong with a field of a record, and how that reads.

use tripline_engine::io::{RecordError, Stage};
use tripline_query_lang::plan::{Field, PathPart, TimeUnit};
use tripline_query_lang::value::Type;

/// Why a field has no value. The texts are as they stood in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldFault {
    /// It must be there and is not, or is null.
    Missing,
    /// It is of another type.
    WrongType,
    /// It is of the type but does not fit: too many digits, too large, off the globe, no such day.
    OutOfRange,
    /// It is beyond what its type can hold.
    TooLarge,
    /// Its path leads through something that is no object or list.
    Astray,
}

/// The longest part of a value that a message quotes, in characters.
const QUOTED_MAX: usize = 40;

/// A value as a message quotes it: its beginning, on one line.
pub fn shortened(text: &str) -> String {
    let mut shown: String =
        text.chars().take(QUOTED_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(QUOTED_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}

/// A record's error: a stable word and a sentence.
pub(crate) fn record_error(stage: Stage, class: &'static str, message: String) -> RecordError {
    RecordError { stage, class, message }
}

impl FieldFault {
    /// The record's error, with field and value quoted.
    pub(crate) fn error(self, field: &Field, found: &str) -> RecordError {
        let (name, path) = (&field.name, path_text(&field.path));
        let place = if path == *name { String::new() } else { format!(" (from `{path}`)") };
        let (class, message) = match self {
            FieldFault::Missing => ("missing field", format!("field `{name}`{place} is missing")),
            FieldFault::Astray => {
                ("wrong type", format!("field `{name}` cannot be reached: `{path}` leads through a plain value"))
            }
            FieldFault::TooLarge => {
                let (wanted, found) = (wanted(&field.ty, field.time_unit), shortened(found));
                ("out of range", format!("field `{name}`{place} should be {wanted}, found {found}, which is too large"))
            }
            FieldFault::WrongType | FieldFault::OutOfRange => {
                let class = if self == FieldFault::WrongType { "wrong type" } else { "out of range" };
                let (wanted, found) = (wanted(&field.ty, field.time_unit), shortened(found));
                (class, format!("field `{name}`{place} should be {wanted}, found {found}"))
            }
        };
        record_error(Stage::Convert, class, message)
    }
}

/// A path as it is written after `from`.
pub(crate) fn path_text(path: &[PathPart]) -> String {
    let mut text = String::new();
    for part in path {
        match part {
            PathPart::Key(key) if text.is_empty() => text.push_str(key),
            PathPart::Key(key) => text.extend([".", key]),
            PathPart::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// What a field of this type takes, in a rule author's words.
fn wanted(ty: &Type, unit: Option<TimeUnit>) -> String {
    let text = match (ty, unit) {
        (Type::Bool, _) => "true or false",
        (Type::Int, _) => "a whole number of at most 64 bits",
        (Type::Float, _) => "a number",
        (Type::Decimal(0), _) => "a whole number",
        (Type::Decimal(scale), _) => return format!("a number with at most {scale} digits after the point"),
        (Type::Text, _) => "a text",
        (Type::Time, None) => "a time like \"2026-01-31T10:00:00Z\"",
        (Type::Time, Some(TimeUnit::Seconds)) => "a time in seconds",
        (Type::Time, Some(TimeUnit::Milliseconds)) => "a time in milliseconds",
        (Type::Time, Some(TimeUnit::Microseconds)) => "a time in microseconds",
        (Type::Time, Some(TimeUnit::Nanoseconds)) => "a time in nanoseconds",
        (Type::Duration, _) => "a duration like \"30s\"",
        (Type::Point, _) => "a place, `[lat, lon]` or `{lat, lon}` in degrees",
        (Type::List(item), unit) => return format!("a list, each {}", wanted(item, unit)),
        (Type::Null, _) => "nothing",
    };
    text.to_owned()
}
