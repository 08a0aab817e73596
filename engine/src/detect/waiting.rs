//! Rows that wait in a detector that stays behind the watermark, as bytes: no replay brings them again, since event time has
//! passed them.

use std::sync::Arc;

use super::Detector;
use super::parcel::{Parcel, Pick, Rows, pick};
use crate::event::{Batch, BatchBuilder, Bitmap};
use crate::state::{Put, StateError, Take, key_group};
use tripline_query_lang::value::{Type, Value};

const WHAT: &str = "a row that waits";

impl Detector {
    /// The rows of a key group below the watermark that still wait, in the total order; none where nothing stays behind.
    pub(super) fn written_rows(&self, group: u16) -> Option<Vec<u8>> {
        let is_of_group = |rows: &Rows, pick: &Pick| {
            key_group(rows.lanes[pick.lane as usize].hashes[pick.index as usize]) == group
                && rows.batch.at_us[pick.row as usize] < self.passed_us
        };
        let waiting = self.reorder.rows().filter(|(rows, pick)| is_of_group(rows, pick));
        let mut waiting: Vec<(&Arc<Batch>, usize)> =
            waiting.map(|(rows, pick)| (&rows.batch, pick.row as usize)).collect();
        if waiting.is_empty() {
            return None;
        }
        waiting.sort_by(|(batch, row), (other, other_row)| batch.compare(*row, other, *other_row));
        // One row may have several keys of the group.
        waiting.dedup_by(|(batch, row), (other, other_row)| batch.compare(*row, other, *other_row).is_eq());
        let mut out = Vec::new();
        out.put_len(waiting.len());
        for (batch, row) in waiting {
            out.put_coordinates(&batch.coordinates(row));
            let fields = &self.program.running().streams[batch.stream().index()].fields;
            let needed = &self.program.needed()[batch.stream().index()];
            for ((column, field), _) in batch.columns.iter().zip(fields).zip(needed).filter(|(_, needed)| **needed) {
                out.put_value(&column.value(row, &field.ty));
            }
        }
        Some(out)
    }

    /// Takes them off the front of `bytes`; they wait again.
    pub(super) fn read_rows(&mut self, group: u16, bytes: &mut &[u8]) -> Result<(), StateError> {
        for _ in 0..bytes.take_len(WHAT)? {
            let batch = Arc::new(self.read_row(bytes)?);
            let stream = batch.stream().index();
            let answers = Arc::new(self.program.predicates.answers(&batch));
            let routes = &self.program.scopes[self.scope].routes[stream];
            let counts = (&mut Bitmap::zeros(1), &mut Bitmap::zeros(1), &mut Vec::new());
            let (lanes, mut picks) = pick(routes, (&batch, &answers, None), counts);
            picks.retain(|pick| key_group(lanes[pick.lane as usize].hashes[pick.index as usize]) == group);
            let rows = Arc::new(Rows { batch, answers, lanes });
            self.push(Parcel { scope: self.scope, worker: self.share.worker, rows, picks: picks.into() });
        }
        Ok(())
    }

    /// A batch of one row.
    fn read_row(&self, bytes: &mut &[u8]) -> Result<Batch, StateError> {
        let damaged = |what: &str| StateError::Damaged { what: what.to_owned() };
        let at = bytes.take_coordinates(WHAT)?;
        let stream = at.partition.stream.index();
        let declared = self.program.running().streams.get(stream).ok_or_else(|| damaged("a row is of no stream"))?;
        let mut builder = BatchBuilder::new(declared, &self.program.needed()[stream]);
        for (column, field) in builder.columns.iter_mut().zip(&declared.fields) {
            if !column.is_absent() {
                let value = bytes.take_value(WHAT)?;
                if !fits(&value, &field.ty) {
                    return Err(damaged("a row's value is of another type than its field"));
                }
                column.push_value(&value);
            }
        }
        builder.end_row(at.at_us, at.offset);
        Ok(Batch { places: at.place.map(|place| vec![place]), ..builder.finish(at.partition) })
    }
}

/// Whether a column of this type can hold the value.
fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::List(items), Type::List(item)) => items.iter().all(|value| fits(value, item)),
        (Value::Decimal(decimal), Type::Decimal(scale)) => decimal.scale == *scale,
        (Value::Null, _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Float(_), Type::Float)
        | (Value::Text(_), Type::Text)
        | (Value::Time(_), Type::Time)
        | (Value::Duration(_), Type::Duration)
        | (Value::Point(_), Type::Point) => true,
        _ => false,
    }
}
