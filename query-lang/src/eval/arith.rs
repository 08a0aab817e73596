//! `+ - * / %` and `-x`. Overflow, division by zero and floats that are not finite are unknown.

use crate::number::{decimal_to_float, finite, rescale};
use crate::plan::ArithOp;
use crate::value::{Decimal, Type, Value};

/// The value of an operation whose type is `ty`.
pub fn arithmetic(op: ArithOp, left: &Value, right: &Value, ty: &Type) -> Value {
    let value = match (left, right) {
        (Value::Int(a), Value::Int(b)) => ints(op, *a, *b).map(Value::Int),
        (Value::Float(a), Value::Float(b)) => floats(op, *a, *b).map(Value::Float),
        (Value::Decimal(a), Value::Decimal(b)) => decimals(op, *a, *b, ty).map(Value::Decimal),
        (Value::Duration(a), Value::Duration(b)) if op == ArithOp::Divide => {
            floats(op, *a as f64, *b as f64).map(Value::Float)
        }
        (Value::Duration(a), Value::Duration(b)) => ints(op, *a, *b).map(Value::Duration),
        (Value::Time(a), Value::Time(b)) if op == ArithOp::Subtract => a.checked_sub(*b).map(Value::Duration),
        (Value::Time(a), Value::Duration(b)) => ints(op, *a, *b).map(Value::Time),
        (Value::Duration(a), Value::Time(b)) if op == ArithOp::Add => a.checked_add(*b).map(Value::Time),
        (Value::Duration(a), factor) => scaled(op, *a, factor).map(Value::Duration),
        (factor, Value::Duration(b)) if op == ArithOp::Multiply => scaled(op, *b, factor).map(Value::Duration),
        _ => None,
    };
    value.unwrap_or(Value::Null)
}

/// `-x`
pub(super) fn negate(value: &Value) -> Value {
    let value = match value {
        Value::Int(x) => x.checked_neg().map(Value::Int),
        Value::Float(x) => finite(-x).map(Value::Float),
        Value::Decimal(x) => {
            x.mantissa.checked_neg().map(|mantissa| Value::Decimal(Decimal { mantissa, scale: x.scale }))
        }
        Value::Duration(x) => x.checked_neg().map(Value::Duration),
        _ => None,
    };
    value.unwrap_or(Value::Null)
}

fn ints(op: ArithOp, a: i64, b: i64) -> Option<i64> {
    match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Subtract => a.checked_sub(b),
        ArithOp::Multiply => a.checked_mul(b),
        ArithOp::Remainder => a.checked_rem(b),
        // Always of floats: the compiler converts.
        ArithOp::Divide => None,
    }
}

fn floats(op: ArithOp, a: f64, b: f64) -> Option<f64> {
    finite(match op {
        ArithOp::Add => a + b,
        ArithOp::Subtract => a - b,
        ArithOp::Multiply => a * b,
        ArithOp::Divide => a / b,
        ArithOp::Remainder => a % b,
    })
}

fn decimals(op: ArithOp, a: Decimal, b: Decimal, ty: &Type) -> Option<Decimal> {
    let Type::Decimal(scale) = *ty else { return None };
    let at_scale = |x: Decimal| rescale(x.mantissa, x.scale, scale);
    let mantissa = match op {
        ArithOp::Add => at_scale(a)?.checked_add(at_scale(b)?),
        ArithOp::Subtract => at_scale(a)?.checked_sub(at_scale(b)?),
        ArithOp::Remainder => at_scale(a)?.checked_rem(at_scale(b)?),
        ArithOp::Multiply => rescale(a.mantissa.checked_mul(b.mantissa)?, a.scale.checked_add(b.scale)?, scale),
        ArithOp::Divide => None,
    }?;
    Some(Decimal { mantissa, scale })
}

/// A duration times or by a number, to the nearest microsecond.
fn scaled(op: ArithOp, us: i64, factor: &Value) -> Option<i64> {
    let factor = match (op, factor) {
        (ArithOp::Multiply, Value::Int(factor)) => return us.checked_mul(*factor),
        (_, Value::Int(x)) => *x as f64,
        (_, Value::Float(x)) => *x,
        (_, Value::Decimal(x)) => decimal_to_float(x.mantissa, x.scale)?,
        _ => return None,
    };
    let us = match op {
        ArithOp::Multiply => us as f64 * factor,
        ArithOp::Divide => us as f64 / factor,
        _ => return None,
    }
    .round();
    (us >= i64::MIN as f64 && us < i64::MAX as f64).then_some(us as i64)
}
