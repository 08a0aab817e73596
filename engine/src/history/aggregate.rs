//! What a history keeps of the entries in its window: each is taken in once and out once.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::cell::Cell;
use super::log::Log;
use super::occurrences::{Occurrences, Rank};
use crate::expr::COLLECT_MAX;
use tripline_query_lang::number::{self, ExactSum};
use tripline_query_lang::plan::HistoryFn;
use tripline_query_lang::value::{Decimal, Type, Value};

/// A function with the types that its value depends on.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) func: HistoryFn,
    /// Of the argument.
    pub(super) arg: Type,
    /// Of the value.
    pub(super) ty: Type,
}

/// What is kept beside the log.
#[derive(Debug)]
pub(super) enum Aggregate {
    /// The range says it all: count, first, last; and floats, which are added up anew in their order, so that a sum never
    /// depends on what has left.
    Range,
    /// The exact sum of ints and decimals.
    Sum(ExactSum),
    /// Exact sums of ints and decimals and of their squares.
    Squares(Box<(ExactSum, ExactSum)>),
    /// Entries that nothing behind them beats, best first: the front is smallest or largest.
    Best(VecDeque<u64>),
    /// All values, ascending.
    Sorted(Vec<Cell>),
    /// How often each value is there.
    Counts(Box<HashMap<Cell, u32>>),
    /// The distinct values in an order.
    Distinct(Box<Occurrences>),
}

impl Function {
    /// The aggregate of an empty window.
    pub(super) fn empty(&self) -> Aggregate {
        let distinct = |rank| Aggregate::Distinct(Box::new(Occurrences::new(rank)));
        match self.func {
            HistoryFn::Sum | HistoryFn::Avg if self.arg != Type::Float => Aggregate::Sum(ExactSum::default()),
            HistoryFn::Stddev if self.arg != Type::Float => Aggregate::Squares(Box::default()),
            HistoryFn::Min | HistoryFn::Max => Aggregate::Best(VecDeque::new()),
            HistoryFn::Percentile(_) => Aggregate::Sorted(Vec::new()),
            HistoryFn::Distinct | HistoryFn::FirstSeen => Aggregate::Counts(Box::default()),
            HistoryFn::Mode | HistoryFn::ModeCount => distinct(Rank::Frequency),
            HistoryFn::Collect => distinct(Rank::Age),
            _ => Aggregate::Range,
        }
    }

    /// An entry enters the window.
    pub(super) fn add(&self, aggregate: &mut Aggregate, log: &Log, index: u64) {
        match aggregate {
            Aggregate::Range => return,
            Aggregate::Sum(sum) => return sum.add(log.whole(index)),
            _ => {}
        }
        let Some(cell) = log.cell(index) else { return };
        match aggregate {
            Aggregate::Range | Aggregate::Sum(_) => {}
            Aggregate::Squares(sums) => {
                sums.0.add(cell.as_i128());
                sums.1.add(square(&cell));
            }
            Aggregate::Best(best) => {
                while best.back().and_then(|last| log.cell(*last)).is_some_and(|last| !self.beats(&last, &cell)) {
                    best.pop_back();
                }
                best.push_back(index);
            }
            Aggregate::Sorted(all) => {
                let position = all.partition_point(|other| *other < cell);
                all.insert(position, cell);
            }
            Aggregate::Counts(counts) => *counts.entry(cell).or_insert(0) += 1,
            Aggregate::Distinct(values) => values.add(index, cell),
        }
    }

    /// The oldest entry leaves the window.
    pub(super) fn remove(&self, aggregate: &mut Aggregate, log: &Log, index: u64) {
        match aggregate {
            Aggregate::Range => return,
            Aggregate::Sum(sum) => return sum.subtract(log.whole(index)),
            _ => {}
        }
        let Some(cell) = log.cell(index) else { return };
        match aggregate {
            Aggregate::Range | Aggregate::Sum(_) => {}
            Aggregate::Squares(sums) => {
                sums.0.subtract(cell.as_i128());
                sums.1.subtract(square(&cell));
            }
            Aggregate::Best(best) => {
                if best.front() == Some(&index) {
                    best.pop_front();
                }
            }
            Aggregate::Sorted(all) => {
                if let Ok(position) = all.binary_search(&cell) {
                    all.remove(position);
                }
            }
            Aggregate::Counts(counts) => {
                if let Some(count) = counts.get_mut(&cell) {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&cell);
                    }
                }
            }
            Aggregate::Distinct(values) => values.remove(&cell),
        }
    }

    /// Whether a value stays better than one that comes after it.
    fn beats(&self, value: &Cell, later: &Cell) -> bool {
        if self.func == HistoryFn::Min { value < later } else { value > later }
    }

    /// The value over the entries `from..to`. `current` is the argument at the event at hand.
    pub(super) fn value(
        &self,
        aggregate: &Aggregate,
        log: &Log,
        (from, to): (u64, u64),
        current: Option<&Cell>,
    ) -> Value {
        let cell = |index: Option<u64>| index.and_then(|i| log.cell(i)).map_or(Value::Null, |c| c.value(&self.arg));
        let count = to - from;
        match (&self.func, aggregate) {
            (HistoryFn::Count, _) => int(count),
            (HistoryFn::First, _) if count > 0 => cell(Some(from)),
            (HistoryFn::Last, _) if count > 0 => cell(Some(to - 1)),
            (HistoryFn::Sum, Aggregate::Range) => float(number::sum_floats(log.floats(from, to))),
            (HistoryFn::Avg, Aggregate::Range) => float(number::mean_floats(log.floats(from, to))),
            (HistoryFn::Stddev, Aggregate::Range) => float(number::deviation_floats(log.floats(from, to))),
            (_, Aggregate::Sum(sum)) => self.exact(sum, &ExactSum::default(), count),
            (_, Aggregate::Squares(sums)) => self.exact(&sums.0, &sums.1, count),
            (_, Aggregate::Best(best)) => cell(best.front().copied()),
            (HistoryFn::Percentile(p), Aggregate::Sorted(all)) => number::percentile_index(*p, all.len())
                .and_then(|i| all.get(i))
                .map_or(Value::Null, |c| c.value(&self.arg)),
            (HistoryFn::Distinct, Aggregate::Counts(counts)) => int(counts.len() as u64),
            (HistoryFn::FirstSeen, Aggregate::Counts(counts)) => {
                current.map_or(Value::Null, |x| Value::Bool(!counts.contains_key(x)))
            }
            (HistoryFn::Mode, Aggregate::Distinct(values)) => cell(values.firsts().next()),
            (HistoryFn::ModeCount, Aggregate::Distinct(values)) => values.top_count().map_or(Value::Null, int),
            (HistoryFn::Collect, Aggregate::Distinct(values)) => {
                let oldest: Arc<[Value]> = values.firsts().take(COLLECT_MAX).map(|i| cell(Some(i))).collect();
                Value::List(oldest)
            }
            _ => Value::Null,
        }
    }

    /// Sum, mean or deviation from exact sums.
    pub(super) fn exact(&self, sum: &ExactSum, squares: &ExactSum, count: u64) -> Value {
        let scale = if let Type::Decimal(scale) = self.arg { scale } else { 0 };
        let Some(sum) = sum.value() else { return Value::Null };
        match self.func {
            HistoryFn::Sum => match self.ty {
                Type::Decimal(to) => number::rescale(sum, scale, to)
                    .map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale: to })),
                _ => i64::try_from(sum).map_or(Value::Null, |sum| Cell::Int(sum).value(&self.ty)),
            },
            HistoryFn::Avg => float(number::mean(sum, count, scale)),
            HistoryFn::Stddev => {
                float(squares.value().and_then(|squares| number::deviation(sum, squares, count, scale)))
            }
            _ => Value::Null,
        }
    }
}

/// The square of a whole number. One that does not fit is as large as can be, twice: the sum of squares is then unknown.
pub(super) fn square(cell: &Cell) -> i128 {
    let x = cell.as_i128();
    x.checked_mul(x).unwrap_or(i128::MAX)
}

pub(super) fn int(value: u64) -> Value {
    i64::try_from(value).map_or(Value::Null, Value::Int)
}

pub(super) fn float(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Float)
}
