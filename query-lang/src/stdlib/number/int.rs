//! `int(x)`: as an int.

use crate::number::pow10;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "int",
    family: Family::Number,
    doc: "The whole part of a number, or a text of digits as an int; unknown when it does not fit or is not one.",
    params: &[Param { name: "x", kind: Kind::NumberOrText }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"int(2.75)"#, shows: "2" },
        Example { call: r#"int("-42")"#, shows: "-42" },
        Example { call: r#"int("4x")"#, shows: "-" },
        Example { call: r#"int(1e30)"#, shows: "-" },
    ],
    eval,
};

/// The whole part, if an int can hold it.
fn whole(x: f64) -> Option<i64> {
    // The first float that is too large; the smallest int is a float itself.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (-END..END).contains(&x).then_some(x as i64)
}

fn eval(args: &[Arg<'_>]) -> Value {
    let value = match args {
        [Arg::Int(x)] => Some(*x),
        [Arg::Float(x)] => whole(*x),
        [Arg::Decimal(x)] => pow10(x.scale).and_then(|unit| i64::try_from(x.mantissa / unit).ok()),
        [Arg::Text(x)] => x.parse().ok(),
        _ => None,
    };
    value.map_or(Value::Null, Value::Int)
}
