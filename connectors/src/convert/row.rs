//! A row of a record's values, whichever format they stand in.

use tripline_engine::event::BatchBuilder;
use tripline_engine::io::RecordError;
use tripline_query_lang::plan::{Field, FieldId};

use super::{FieldFault, Scalar};

/// Pushes one value or null per field: `value` finds it for the field at a position, with its text in the record. Returns the
/// event time; without `timed_by` it means nothing.
#[inline]
pub(crate) fn fill<'a>(
    fields: &[Field],
    timed_by: Option<FieldId>,
    row: &mut BatchBuilder,
    mut value: impl FnMut(usize, &Field) -> (&'a str, Result<Scalar<'a>, FieldFault>),
) -> Result<i64, RecordError> {
    let mut at_us = None;
    for (i, (field, column)) in fields.iter().zip(&mut row.columns).enumerate() {
        match value(i, field) {
            (_, Ok(value)) => {
                if let (true, Scalar::Int(time)) = (timed_by.is_some_and(|timed_by| timed_by.index() == i), &value) {
                    at_us = Some(*time);
                }
                value.push(column);
            }
            (_, Err(FieldFault::Missing)) if field.optional => column.push_null(),
            (text, Err(fault)) => return Err(fault.error(field, text)),
        }
    }
    match timed_by {
        Some(timed_by) => at_us.ok_or_else(|| FieldFault::Missing.error(&fields[timed_by.index()], "")),
        None => Ok(0),
    }
}
