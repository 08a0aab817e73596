//! Functions `over forever`: nothing ever leaves, so a few numbers are enough.

use super::aggregate::{Function, float, int, square};
use super::cell::Cell;
use crate::state::{Put, StateError, Take};
use tripline_query_lang::number::{self, ExactSum, Moments};
use tripline_query_lang::plan::HistoryFn;
use tripline_query_lang::value::{Type, Value};

/// All that a key's events so far leave behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Running {
    count: u64,
    sum: ExactSum,
    squares: ExactSum,
    /// The sum of floats, in order.
    floats: f64,
    moments: Moments,
    /// First, last, smallest or largest.
    kept: Option<Cell>,
}

impl Running {
    /// Whether the function's state over all events is of constant size.
    pub(super) fn can(func: &HistoryFn) -> bool {
        matches!(
            func,
            HistoryFn::Count
                | HistoryFn::Sum
                | HistoryFn::Avg
                | HistoryFn::Stddev
                | HistoryFn::Min
                | HistoryFn::Max
                | HistoryFn::First
                | HistoryFn::Last
        )
    }

    /// Takes the next entry; no value for a bare `count()`.
    pub(super) fn add(&mut self, function: &Function, value: Option<&Cell>) {
        self.count += 1;
        let Some(value) = value else { return };
        match (&function.func, value) {
            (HistoryFn::Sum | HistoryFn::Avg, Cell::Float(x)) => self.floats += x,
            (HistoryFn::Stddev, Cell::Float(x)) => self.moments.add(*x),
            (HistoryFn::Sum | HistoryFn::Avg, value) => self.sum.add(value.as_i128()),
            (HistoryFn::Stddev, value) => {
                self.sum.add(value.as_i128());
                self.squares.add(square(value));
            }
            (HistoryFn::Count, _) => {}
            (func, value) => {
                let replaces = match (func, &self.kept) {
                    (_, None) | (HistoryFn::Last, _) => true,
                    (HistoryFn::Min, Some(kept)) => value < kept,
                    (HistoryFn::Max, Some(kept)) => value > kept,
                    _ => false,
                };
                if replaces {
                    self.kept = Some(value.clone());
                }
            }
        }
    }

    /// The value over all entries so far.
    pub(super) fn value(&self, function: &Function) -> Value {
        match (&function.func, &function.arg) {
            (HistoryFn::Count, _) => int(self.count),
            (HistoryFn::Sum, Type::Float) => float(number::finite(self.floats)),
            (HistoryFn::Avg, Type::Float) if self.count > 0 => {
                float(number::finite(self.floats).and_then(|sum| number::finite(sum / self.count as f64)))
            }
            (HistoryFn::Stddev, Type::Float) => float(self.moments.deviation()),
            (HistoryFn::Sum | HistoryFn::Avg | HistoryFn::Stddev, _) => {
                function.exact(&self.sum, &self.squares, self.count)
            }
            (_, arg) => self.kept.as_ref().map_or(Value::Null, |cell| cell.value(arg)),
        }
    }

    /// Appends it to a chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_u64(self.count);
        for sum in [&self.sum, &self.squares] {
            let (low, high) = sum.parts();
            out.put_i128(low);
            out.put_i64(high);
        }
        out.put_f64(self.floats);
        out.put_u64(self.moments.count);
        out.put_f64(self.moments.mean);
        out.put_f64(self.moments.squares);
        Cell::write(self.kept.as_ref(), out);
    }

    /// Takes what [`Running::write`] has put.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Running, StateError> {
        const WHAT: &str = "a running sum";
        let count = bytes.take_u64(WHAT)?;
        let sum = ExactSum::from_parts(bytes.take_i128(WHAT)?, bytes.take_i64(WHAT)?);
        let squares = ExactSum::from_parts(bytes.take_i128(WHAT)?, bytes.take_i64(WHAT)?);
        let floats = bytes.take_f64(WHAT)?;
        let moments =
            Moments { count: bytes.take_u64(WHAT)?, mean: bytes.take_f64(WHAT)?, squares: bytes.take_f64(WHAT)? };
        Ok(Running { count, sum, squares, floats, moments, kept: Cell::read(bytes)? })
    }
}
