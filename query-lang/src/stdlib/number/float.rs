//! `float(x)`: as a float.

use crate::number::{decimal_to_float, finite};
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "float",
    family: Family::Number,
    doc: "The number as the nearest float, or a text that is a number; unknown when it is not one.",
    params: &[Param { name: "x", kind: Kind::NumberOrText }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"float(2)"#, shows: "2" },
        Example { call: r#"float("1.5e3")"#, shows: "1500" },
        Example { call: r#"float("x")"#, shows: "-" },
        Example { call: r#"float("inf")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let value = match args {
        [Arg::Int(x)] => Some(*x as f64),
        [Arg::Float(x)] => Some(*x),
        [Arg::Decimal(x)] => decimal_to_float(x.mantissa, x.scale),
        [Arg::Text(x)] => x.parse().ok().and_then(finite),
        _ => None,
    };
    value.map_or(Value::Null, Value::Float)
}
