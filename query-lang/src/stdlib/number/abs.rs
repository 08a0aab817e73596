//! `abs(x)`: without its sign.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Decimal;
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "abs",
    family: Family::Number,
    doc: "The number without its sign.",
    params: &[Param { name: "x", kind: Kind::Number }],
    required: 1,
    repeats: false,
    returns: Returns::First,
    strict: true,
    examples: &[
        Example { call: r#"abs(-3)"#, shows: "3" },
        Example { call: r#"abs(-2.50)"#, shows: "2.50" },
        Example { call: r#"abs(-1e0)"#, shows: "1" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Int(x)] => x.checked_abs().map_or(Value::Null, Value::Int),
        [Arg::Float(x)] => Value::Float(x.abs()),
        [Arg::Decimal(x)] => x
            .mantissa
            .checked_abs()
            .map_or(Value::Null, |mantissa| Value::Decimal(Decimal { mantissa, scale: x.scale })),
        _ => Value::Null,
    }
}
