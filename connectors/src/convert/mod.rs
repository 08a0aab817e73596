//! From the text of a value in the input to a value of the field's type: one set of rules for every format.

mod fault;
mod number;
mod record;
mod row;
mod scalar;
mod time;

pub use fault::{FieldFault, shortened};
pub(crate) use fault::{path_text, record_error};
pub(crate) use record::record_text;
pub(crate) use row::fill;
pub use scalar::{Scalar, from_cell, from_json};
pub(crate) use time::TIME_US_MAX;

/// The longest record that is decoded, in bytes: Kafka's own default for the largest message. Beyond, a dead letter.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// The deepest nesting of objects and lists that is decoded. Beyond, a dead letter.
pub const DEPTH_MAX: usize = 128;
