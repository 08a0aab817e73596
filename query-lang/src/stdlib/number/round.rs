//! `round(x, digits)`: to so many digits after the point.

use crate::number::{finite, pow10};
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Decimal;
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "round",
    family: Family::Number,
    doc: "The number rounded to so many digits after the point (none given: 0), halves away from zero. A decimal stays a decimal, with these digits.",
    params: &[Param { name: "x", kind: Kind::Number }, Param { name: "digits", kind: Kind::Digits }],
    required: 1,
    repeats: false,
    returns: Returns::Rounded,
    strict: true,
    examples: &[
        Example { call: r#"round(2.5)"#, shows: "3" },
        Example { call: r#"round(-2.5)"#, shows: "-3" },
        Example { call: r#"round(12.345, 2)"#, shows: "12.35" },
        Example { call: r#"round(12.5, 2)"#, shows: "12.5" },
        Example { call: r#"round(8934567e-4, 1)"#, shows: "893.5" },
        Example { call: r#"round(7)"#, shows: "7" },
    ],
    eval,
};

/// A decimal with at most so many digits after the point, halves away from zero; unknown on overflow.
pub fn round_decimal(x: Decimal, digits: u8) -> Option<Decimal> {
    if digits >= x.scale {
        return Some(x);
    }
    let unit = pow10(x.scale - digits)?;
    let (whole, rest) = (x.mantissa / unit, x.mantissa % unit);
    let up = rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2);
    let mantissa = if up { whole + rest.signum() } else { whole };
    Some(Decimal { mantissa, scale: digits })
}

fn eval(args: &[Arg<'_>]) -> Value {
    let (x, digits) = match args {
        [x] => (*x, 0),
        [x, Arg::Int(digits)] => (*x, u8::try_from(*digits).unwrap_or(u8::MAX)),
        _ => return Value::Null,
    };
    match x {
        Arg::Int(x) => Value::Int(x),
        Arg::Float(x) => {
            let unit = 10f64.powi(i32::from(digits));
            // So large that it has no digits after the point to round.
            finite(x * unit).and_then(|scaled| finite(scaled.round() / unit)).map_or(Value::Float(x), Value::Float)
        }
        Arg::Decimal(x) => round_decimal(x, digits).map_or(Value::Null, Value::Decimal),
        _ => Value::Null,
    }
}
