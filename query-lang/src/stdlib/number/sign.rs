//! `sign(x)`: above, at or below zero.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "sign",
    family: Family::Number,
    doc: "1 for a number above zero, -1 for one below, 0 for zero.",
    params: &[Param { name: "x", kind: Kind::Number }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"sign(-2.50)"#, shows: "-1" },
        Example { call: r#"sign(0)"#, shows: "0" },
        Example { call: r#"sign(3e0)"#, shows: "1" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Int(x)] => Value::Int(x.signum()),
        [Arg::Decimal(x)] => Value::Int(x.mantissa.signum() as i64),
        [Arg::Float(x)] => Value::Int(i64::from(*x > 0.0) - i64::from(*x < 0.0)),
        _ => Value::Null,
    }
}
