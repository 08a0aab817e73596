//! `trunc(x)`: the whole part.

use crate::number::pow10;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Decimal;
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "trunc",
    family: Family::Number,
    doc: "The whole part; a decimal becomes one without digits after the point, int and float stay what they are.",
    params: &[Param { name: "x", kind: Kind::Number }],
    required: 1,
    repeats: false,
    returns: Returns::Rounded,
    strict: true,
    examples: &[
        Example { call: r#"trunc(2.75)"#, shows: "2" },
        Example { call: r#"trunc(-2.75)"#, shows: "-2" },
        Example { call: r#"trunc(-27e-1)"#, shows: "-2" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Int(x)] => Value::Int(*x),
        [Arg::Float(x)] => Value::Float(x.trunc()),
        [Arg::Decimal(x)] => match pow10(x.scale) {
            Some(unit) => Value::Decimal(Decimal { mantissa: x.mantissa / unit, scale: 0 }),
            None => Value::Null,
        },
        _ => Value::Null,
    }
}
