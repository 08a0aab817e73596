//! Arithmetic: exact on ints, durations and decimals, IEEE on floats. Overflow and division by zero are unknown.

use super::closure::{DecimalFn, ExprFn, FloatFn, IntFn, compile_decimal, compile_float, compile_int};
use super::kind::{scale_of, unknown};
use super::loops;
use tripline_query_lang::number;
use tripline_query_lang::plan::{ArithOp, Expr, ExprKind};
use tripline_query_lang::value::Type;

/// Operators that give an `int`, `time` or `duration`.
pub(super) fn compute_int(expr: &Expr) -> IntFn {
    match &expr.kind {
        ExprKind::At => Box::new(|s| Some(s.at_us)),
        ExprKind::StepAt(step) => {
            let step = *step;
            Box::new(move |s| s.bound?.nth(step, 0).map(|row| row.at_us()))
        }
        ExprKind::Negate(inner) => {
            let inner = compile_int(inner);
            Box::new(move |s| inner(s)?.checked_neg())
        }
        ExprKind::Convert(inner) => compile_int(inner),
        ExprKind::Arith(op, left, right) if expr.ty == Type::Duration && scales(&left.ty, &right.ty) => {
            scaled_duration(*op, left, right)
        }
        ExprKind::Arith(op, left, right) => {
            let (left, right) = (compile_int(left), compile_int(right));
            match op {
                ArithOp::Add => both(left, right, i64::checked_add),
                ArithOp::Subtract => both(left, right, i64::checked_sub),
                ArithOp::Multiply => both(left, right, i64::checked_mul),
                ArithOp::Remainder => both(left, right, i64::checked_rem),
                ArithOp::Divide => unknown(),
            }
        }
        ExprKind::Loop { .. } => loops::compute_int(expr),
        _ => unknown(),
    }
}

/// Whether one is a duration and the other a number.
fn scales(left: &Type, right: &Type) -> bool {
    (*left == Type::Duration) != (*right == Type::Duration)
}

/// `duration * number`, `number * duration`, `duration / number`, to the nearest microsecond.
fn scaled_duration(op: ArithOp, left: &Expr, right: &Expr) -> IntFn {
    let (duration, factor) = if left.ty == Type::Duration { (left, right) } else { (right, left) };
    if op == ArithOp::Multiply && factor.ty == Type::Int {
        return both(compile_int(duration), compile_int(factor), i64::checked_mul);
    }
    let (duration, factor) = (compile_int(duration), as_float(factor));
    match op {
        ArithOp::Multiply => Box::new(move |s| to_us(duration(s)? as f64 * factor(s)?)),
        ArithOp::Divide if left.ty == Type::Duration => Box::new(move |s| to_us(duration(s)? as f64 / factor(s)?)),
        _ => unknown(),
    }
}

/// The nearest whole number, if it is one of 64 bits.
fn to_us(us: f64) -> Option<i64> {
    let us = us.round();
    (us >= i64::MIN as f64 && us < i64::MAX as f64).then_some(us as i64)
}

/// Operators that give a decimal's mantissa at the scale of the expression's type.
pub(super) fn compute_decimal(expr: &Expr) -> DecimalFn {
    let scale = scale_of(&expr.ty);
    match &expr.kind {
        ExprKind::Negate(inner) => {
            let inner = at_scale(inner, scale);
            Box::new(move |s| inner(s)?.checked_neg())
        }
        ExprKind::Convert(inner) => at_scale(inner, scale),
        ExprKind::Arith(ArithOp::Multiply, left, right) => {
            let product_scale = scale_of(&left.ty).saturating_add(scale_of(&right.ty));
            let (left, right) = (at_scale(left, scale_of(&left.ty)), at_scale(right, scale_of(&right.ty)));
            Box::new(move |s| number::rescale(left(s)?.checked_mul(right(s)?)?, product_scale, scale))
        }
        ExprKind::Arith(op, left, right) => {
            let (left, right) = (at_scale(left, scale), at_scale(right, scale));
            match op {
                ArithOp::Add => both(left, right, i128::checked_add),
                ArithOp::Subtract => both(left, right, i128::checked_sub),
                ArithOp::Remainder => both(left, right, i128::checked_rem),
                ArithOp::Multiply | ArithOp::Divide => unknown(),
            }
        }
        ExprKind::Loop { .. } => loops::compute_decimal(expr),
        _ => unknown(),
    }
}

/// An int or decimal as a mantissa at this scale.
pub(super) fn at_scale(expr: &Expr, scale: u8) -> DecimalFn {
    match &expr.ty {
        Type::Decimal(own) if *own == scale => compile_decimal(expr),
        Type::Decimal(own) => {
            let (inner, own) = (compile_decimal(expr), *own);
            Box::new(move |s| number::rescale(inner(s)?, own, scale))
        }
        Type::Int => {
            let (inner, unit) = (compile_int(expr), number::pow10(scale));
            Box::new(move |s| i128::from(inner(s)?).checked_mul(unit?))
        }
        _ => unknown(),
    }
}

/// Operators that give a float.
pub(super) fn compute_float(expr: &Expr) -> FloatFn {
    match &expr.kind {
        ExprKind::Negate(inner) => {
            let inner = as_float(inner);
            Box::new(move |s| number::finite(-inner(s)?))
        }
        ExprKind::Convert(inner) => as_float(inner),
        ExprKind::Arith(op, left, right) => {
            let (left, right) = (as_float(left), as_float(right));
            match op {
                ArithOp::Add => both(left, right, |a, b| number::finite(a + b)),
                ArithOp::Subtract => both(left, right, |a, b| number::finite(a - b)),
                ArithOp::Multiply => both(left, right, |a, b| number::finite(a * b)),
                ArithOp::Divide => both(left, right, |a, b| number::finite(a / b)),
                ArithOp::Remainder => both(left, right, |a, b| number::finite(a % b)),
            }
        }
        ExprKind::Loop { .. } => loops::compute_float(expr),
        _ => unknown(),
    }
}

/// A number (or the microseconds of a duration) as the nearest float.
pub(super) fn as_float(expr: &Expr) -> FloatFn {
    match &expr.ty {
        Type::Float => compile_float(expr),
        Type::Int | Type::Duration => {
            let inner = compile_int(expr);
            Box::new(move |s| inner(s).map(|v| v as f64))
        }
        Type::Decimal(scale) => {
            let (inner, unit) = (compile_decimal(expr), number::pow10(*scale));
            Box::new(move |s| number::ratio(inner(s)?, unit?))
        }
        _ => unknown(),
    }
}

/// An operator on two known values.
fn both<T: 'static>(
    left: ExprFn<T>,
    right: ExprFn<T>,
    op: impl Fn(T, T) -> Option<T> + Send + Sync + 'static,
) -> ExprFn<T> {
    Box::new(move |s| op(left(s)?, right(s)?))
}
