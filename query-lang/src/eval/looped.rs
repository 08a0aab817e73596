//! Functions over the events that a loop took: `sum(probe.amount)`, `count(probe)`.

use std::cmp::Ordering;

use super::{Scope, eval, holds};
use crate::number::{self, ExactSum};
use crate::plan::{Expr, LoopFn, StepId};
use crate::value::{Decimal, Type, Value};

/// `collect` gives so many values at most.
const COLLECT_MAX: usize = 100;

/// The value, of type `ty`, of a function over the events that the step took and the filter admits.
pub(super) fn evaluate(
    scope: &dyn Scope,
    step: StepId,
    func: LoopFn,
    arg: Option<&Expr>,
    filter: Option<&Expr>,
    ty: &Type,
) -> Value {
    let events = scope.taken(step);
    let admitted = events.iter().filter(|event| filter.is_none_or(|filter| holds(filter, &***event)));
    let Some(arg) = arg else { return count(admitted.count()) };
    let values: Vec<_> = admitted.map(|event| eval(arg, &**event)).filter(|value| *value != Value::Null).collect();
    match func {
        LoopFn::Count => count(values.len()),
        LoopFn::Distinct => count(distinct(values).len()),
        LoopFn::Collect => Value::List(distinct(values).into_iter().take(COLLECT_MAX).collect()),
        LoopFn::First => values.first().cloned().unwrap_or(Value::Null),
        LoopFn::Last => values.last().cloned().unwrap_or(Value::Null),
        LoopFn::Min => extreme(values, Ordering::Less),
        LoopFn::Max => extreme(values, Ordering::Greater),
        LoopFn::Sum => sum(&values, ty),
        LoopFn::Avg => mean(&values, &arg.ty),
        LoopFn::Stddev => deviation(&values, &arg.ty),
    }
}

fn count(n: usize) -> Value {
    i64::try_from(n).map_or(Value::Null, Value::Int)
}

/// Each value once, where it came first.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut once: Vec<Value> = Vec::new();
    for value in values {
        if !once.iter().any(|x| x.equals(&value) == Some(true)) {
            once.push(value);
        }
    }
    once
}

fn extreme(values: Vec<Value>, wanted: Ordering) -> Value {
    values.into_iter().reduce(|a, b| if b.compare(&a) == Some(wanted) { b } else { a }).unwrap_or(Value::Null)
}

fn sum(values: &[Value], ty: &Type) -> Value {
    let exact = || exact_sum(&mantissas(values));
    let int = |make: fn(i64) -> Value| exact().and_then(|x| i64::try_from(x).ok()).map_or(Value::Null, make);
    match ty {
        Type::Int => int(Value::Int),
        Type::Duration => int(Value::Duration),
        Type::Decimal(scale) => {
            exact().map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale: *scale }))
        }
        _ => float(number::sum_floats(floats(values).into_iter())),
    }
}

fn mean(values: &[Value], ty: &Type) -> Value {
    float(match scale(ty) {
        None => number::mean_floats(floats(values).into_iter()),
        Some(scale) => exact_sum(&mantissas(values)).and_then(|sum| number::mean(sum, values.len() as u64, scale)),
    })
}

fn deviation(values: &[Value], ty: &Type) -> Value {
    let exact = |scale| {
        let values = mantissas(values);
        let squares = values.iter().try_fold(0i128, |sum, x| sum.checked_add(x.checked_mul(*x)?))?;
        number::deviation(exact_sum(&values)?, squares, values.len() as u64, scale)
    };
    float(match scale(ty) {
        None => number::deviation_floats(floats(values).into_iter()),
        Some(scale) => exact(scale),
    })
}

/// Digits after the point of exact numbers; none for floats.
fn scale(ty: &Type) -> Option<u8> {
    match ty {
        Type::Decimal(scale) => Some(*scale),
        Type::Float => None,
        _ => Some(0),
    }
}

fn mantissas(values: &[Value]) -> Vec<i128> {
    let mantissa = |value: &Value| match value {
        Value::Int(x) | Value::Duration(x) | Value::Time(x) => Some(i128::from(*x)),
        Value::Decimal(x) => Some(x.mantissa),
        _ => None,
    };
    values.iter().filter_map(mantissa).collect()
}

fn exact_sum(mantissas: &[i128]) -> Option<i128> {
    let mut sum = ExactSum::default();
    mantissas.iter().for_each(|x| sum.add(*x));
    sum.value()
}

fn floats(values: &[Value]) -> Vec<f64> {
    let float = |value: &Value| match value {
        Value::Float(x) => Some(*x),
        _ => None,
    };
    values.iter().filter_map(float).collect()
}

fn float(x: Option<f64>) -> Value {
    x.map_or(Value::Null, Value::Float)
}
