//! `ceil(x)`: the next whole number above.

use crate::number::pow10;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Decimal;
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "ceil",
    family: Family::Number,
    doc: "The next whole number above; a decimal becomes one without digits after the point, int and float stay what they are.",
    params: &[Param { name: "x", kind: Kind::Number }],
    required: 1,
    repeats: false,
    returns: Returns::Rounded,
    strict: true,
    examples: &[
        Example { call: r#"ceil(2.25)"#, shows: "3" },
        Example { call: r#"ceil(-2.75)"#, shows: "-2" },
        Example { call: r#"ceil(25e-1)"#, shows: "3" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Int(x)] => Value::Int(*x),
        [Arg::Float(x)] => Value::Float(x.ceil()),
        [Arg::Decimal(x)] => match pow10(x.scale) {
            Some(unit) => Value::Decimal(Decimal {
                mantissa: x.mantissa.div_euclid(unit) + i128::from(x.mantissa.rem_euclid(unit) != 0),
                scale: 0,
            }),
            None => Value::Null,
        },
        _ => Value::Null,
    }
}
