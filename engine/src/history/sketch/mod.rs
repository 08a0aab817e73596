//! `approx`: counts of different values and percentiles by sketches of bounded room, cut into panes of event time.

mod distinct;
mod panes;
mod quantile;

pub(super) use panes::Panes;

use distinct::Distinct;
use quantile::Quantiles;

use super::cell::Cell;
use crate::expr::{hash_key, write_key};
use crate::state::StateError;
use tripline_query_lang::plan::HistoryFn;
use tripline_query_lang::value::{Type, Value};

/// The values of one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sketch {
    Distinct(Distinct),
    Quantiles(Quantiles),
}

/// How far off a function's value may be, for people; `None` for functions that are exact.
pub(crate) fn error_of(func: &HistoryFn) -> Option<String> {
    match func {
        HistoryFn::DistinctApprox => Some(distinct::error()),
        HistoryFn::PercentileApprox(_) => Some(quantile::error()),
        _ => None,
    }
}

impl Sketch {
    /// Of nothing; `None` for functions that are exact.
    pub fn new(func: &HistoryFn) -> Option<Sketch> {
        match func {
            HistoryFn::DistinctApprox => Some(Sketch::Distinct(Distinct::default())),
            HistoryFn::PercentileApprox(_) => Some(Sketch::Quantiles(Quantiles::default())),
            _ => None,
        }
    }

    /// Takes a known value.
    pub fn add(&mut self, value: &Value) {
        match self {
            Sketch::Distinct(sketch) => {
                let mut bytes = Vec::new();
                write_key(std::slice::from_ref(value), &mut bytes);
                sketch.add(hash_key(&bytes));
            }
            Sketch::Quantiles(sketch) => number(value).into_iter().for_each(|number| sketch.add(number)),
        }
    }

    fn add_cell(&mut self, cell: &Cell, ty: &Type) {
        self.add(&cell.value(ty));
    }

    fn merge(&mut self, other: &Sketch) {
        match (self, other) {
            (Sketch::Distinct(sketch), Sketch::Distinct(other)) => sketch.merge(other),
            (Sketch::Quantiles(sketch), Sketch::Quantiles(other)) => sketch.merge(other),
            _ => {}
        }
    }

    /// The function's value, of this type.
    pub fn value(&self, func: &HistoryFn, ty: &Type) -> Value {
        match (self, func) {
            (Sketch::Distinct(sketch), _) => super::aggregate::int(sketch.count()),
            (Sketch::Quantiles(sketch), HistoryFn::PercentileApprox(p)) => match (sketch.at(*p), ty) {
                (None, _) => Value::Null,
                // Rounding saturates.
                (Some(us), Type::Duration) => Value::Duration(us.round() as i64),
                (Some(number), _) => Value::Float(number),
            },
            _ => Value::Null,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Sketch::Distinct(sketch) => sketch.write(out),
            Sketch::Quantiles(sketch) => sketch.write(out),
        }
    }

    /// Fills an empty one.
    fn read(&mut self, bytes: &mut &[u8]) -> Result<(), StateError> {
        match self {
            Sketch::Distinct(sketch) => *sketch = Distinct::read(bytes)?,
            Sketch::Quantiles(sketch) => *sketch = Quantiles::read(bytes)?,
        }
        Ok(())
    }
}

/// As a float: the nearest one.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(v) | Value::Duration(v) | Value::Time(v) => Some(*v as f64),
        Value::Float(v) => Some(*v),
        Value::Decimal(v) => tripline_query_lang::number::decimal_to_float(v.mantissa, v.scale),
        _ => None,
    }
}
