//! Functions over the events that a loop took, and lists.

use std::collections::HashSet;
use std::sync::Arc;

use super::closure::{BoolFn, DecimalFn, ExprFn, FloatFn, IntFn, ListFn, compile_bool, compile_int, compile_value};
use super::kind::{Kind, compile, scale_of, unknown};
use super::numeric::{as_float, at_scale};
use super::{Scene, write_key};
use tripline_query_lang::number::{self, ExactSum};
use tripline_query_lang::plan::{Expr, ExprKind, LoopFn, StepId};
use tripline_query_lang::value::{Type, Value};

/// `collect` gives so many values at most.
pub(crate) const COLLECT_MAX: usize = 100;

/// The events that a loop took and a filter admits.
pub(super) struct Taken {
    step: StepId,
    filter: Option<BoolFn>,
}

impl Taken {
    pub(super) fn new(step: StepId, filter: Option<&Expr>) -> Taken {
        Taken { step, filter: filter.map(compile_bool) }
    }

    /// A scene for each of the events, in the order taken: as `scene`, with that event at hand.
    pub(super) fn scenes<'a>(&self, scene: &Scene<'a>) -> impl DoubleEndedIterator<Item = Scene<'a>> {
        let (outer, bound) = (*scene, scene.bound);
        let count = bound.map_or(0, |b| b.taken(self.step));
        (0..count)
            .filter_map(move |index| {
                let row = bound?.nth(self.step, index)?;
                Some(Scene { row: Some(row), at_us: row.at_us(), ..outer })
            })
            .filter(|scene| self.filter.as_ref().is_none_or(|holds| holds(scene) == Some(true)))
    }
}

/// First, last, smallest or largest.
pub(super) fn pick<T: Kind>(step: StepId, func: LoopFn, arg: Option<&Expr>, filter: Option<&Expr>) -> ExprFn<T> {
    let Some(arg) = arg else { return unknown() };
    let (taken, arg) = (Taken::new(step, filter), compile::<T>(arg));
    match func {
        LoopFn::First => Box::new(move |s| taken.scenes(s).find_map(|s| arg(&s))),
        LoopFn::Last => Box::new(move |s| taken.scenes(s).rev().find_map(|s| arg(&s))),
        LoopFn::Min => Box::new(move |s| taken.scenes(s).filter_map(|s| arg(&s)).min_by(T::order)),
        LoopFn::Max => Box::new(move |s| taken.scenes(s).filter_map(|s| arg(&s)).max_by(T::order)),
        _ => unknown(),
    }
}

/// The parts of a loop function, if the expression is one.
fn parts(expr: &Expr) -> Option<(Taken, LoopFn, Option<&Expr>)> {
    let ExprKind::Loop { step, func, arg, filter } = &expr.kind else { return None };
    Some((Taken::new(*step, filter.as_deref()), *func, arg.as_deref()))
}

/// Loop functions that give an `int` or `duration`.
pub(super) fn compute_int(expr: &Expr) -> IntFn {
    match parts(expr) {
        Some((taken, LoopFn::Count, None)) => Box::new(move |s| i64::try_from(taken.scenes(s).count()).ok()),
        Some((taken, LoopFn::Count, Some(arg))) => {
            let arg = compile_value(arg);
            Box::new(move |s| i64::try_from(taken.scenes(s).filter(|s| arg(s) != Value::Null).count()).ok())
        }
        Some((taken, LoopFn::Distinct, Some(arg))) => {
            let arg = compile_value(arg);
            Box::new(move |s| i64::try_from(distinct(taken.scenes(s).map(|s| arg(&s)), usize::MAX).len()).ok())
        }
        Some((taken, LoopFn::Sum, Some(arg))) => {
            let arg = compile_int(arg);
            Box::new(move |s| i64::try_from(sum(taken.scenes(s).filter_map(|s| arg(&s)).map(i128::from))?).ok())
        }
        _ => unknown(),
    }
}

/// Loop functions that give a decimal.
pub(super) fn compute_decimal(expr: &Expr) -> DecimalFn {
    match parts(expr) {
        Some((taken, LoopFn::Sum, Some(arg))) => {
            let arg = at_scale(arg, scale_of(&expr.ty));
            Box::new(move |s| sum(taken.scenes(s).filter_map(|s| arg(&s))))
        }
        _ => unknown(),
    }
}

/// Loop functions that give a float.
pub(super) fn compute_float(expr: &Expr) -> FloatFn {
    let Some((taken, func, Some(arg))) = parts(expr) else { return unknown() };
    if arg.ty == Type::Float {
        let arg = as_float(arg);
        let of = move |s: &Scene<'_>| -> Vec<f64> { taken.scenes(s).filter_map(|s| arg(&s)).collect() };
        return match func {
            LoopFn::Sum => Box::new(move |s| number::sum_floats(of(s).into_iter())),
            LoopFn::Avg => Box::new(move |s| number::mean_floats(of(s).iter().copied())),
            LoopFn::Stddev => Box::new(move |s| number::deviation_floats(of(s).iter().copied())),
            _ => unknown(),
        };
    }
    let scale = scale_of(&arg.ty);
    let arg: DecimalFn = match arg.ty {
        Type::Time | Type::Duration => {
            let arg = compile_int(arg);
            Box::new(move |s| arg(s).map(i128::from))
        }
        _ => at_scale(arg, scale),
    };
    let of = move |s: &Scene<'_>| -> Vec<i128> { taken.scenes(s).filter_map(|s| arg(&s)).collect() };
    match func {
        LoopFn::Avg => Box::new(move |s| {
            let values = of(s);
            number::mean(sum(values.iter().copied())?, values.len() as u64, scale)
        }),
        LoopFn::Stddev => Box::new(move |s| {
            let values = of(s);
            let squares = values.iter().try_fold(0i128, |sum, v| sum.checked_add(v.checked_mul(*v)?))?;
            number::deviation(sum(values.iter().copied())?, squares, values.len() as u64, scale)
        }),
        _ => unknown(),
    }
}

/// Lists that are made: `[a, b]` and `collect`.
pub(super) fn compute_list(expr: &Expr) -> ListFn {
    match &expr.kind {
        ExprKind::List(items) => {
            let items: Vec<_> = items.iter().map(compile_value).collect();
            Box::new(move |s| Some(items.iter().map(|item| item(s)).collect()))
        }
        ExprKind::Loop { step, func: LoopFn::Collect, arg: Some(arg), filter } => {
            let (taken, arg) = (Taken::new(*step, filter.as_deref()), compile_value(arg));
            Box::new(move |s| Some(Arc::from(distinct(taken.scenes(s).map(|s| arg(&s)), COLLECT_MAX))))
        }
        ExprKind::Convert(inner) => converted_list(inner, &expr.ty),
        _ => unknown(),
    }
}

/// A list whose items are brought to another number type.
fn converted_list(inner: &Expr, ty: &Type) -> ListFn {
    let (list, item_ty) =
        (super::compile_list(inner), if let Type::List(item) = ty { (**item).clone() } else { Type::Null });
    let convert = move |value: &Value| match (value, &item_ty) {
        (Value::Int(v), Type::Float) => Value::Float(*v as f64),
        (Value::Decimal(d), Type::Float) => {
            number::decimal_to_float(d.mantissa, d.scale).map_or(Value::Null, Value::Float)
        }
        (Value::Int(_) | Value::Decimal(_), Type::Decimal(_)) => {
            i128::of_value(value, &item_ty).map_or(Value::Null, |m| m.into_value(&item_ty))
        }
        _ => value.clone(),
    };
    Box::new(move |s| Some(list(s)?.iter().map(&convert).collect()))
}

/// The exact sum.
fn sum(values: impl Iterator<Item = i128>) -> Option<i128> {
    let mut sum = ExactSum::default();
    values.for_each(|v| sum.add(v));
    sum.value()
}

/// The first `max` distinct values, missing ones skipped, in the order in which each was first seen.
fn distinct(values: impl Iterator<Item = Value>, max: usize) -> Vec<Value> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for value in values {
        let mut bytes = Vec::new();
        if write_key(std::slice::from_ref(&value), &mut bytes) && seen.insert(bytes) {
            found.push(value);
            if found.len() == max {
                break;
            }
        }
    }
    found
}
