//! `exp(x)`: e to the power of x.

use crate::number::finite;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "exp",
    family: Family::Number,
    doc: "E to the power of x, a float; unknown where there is none.",
    params: &[Param { name: "x", kind: Kind::Float }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"exp(0)"#, shows: "1" }, Example { call: r#"exp(1000)"#, shows: "-" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Float(x)] => finite(x.exp()).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
