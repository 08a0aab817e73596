//! `sqrt(x)`: the square root.

use crate::number::finite;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "sqrt",
    family: Family::Number,
    doc: "The square root, a float; unknown where there is none.",
    params: &[Param { name: "x", kind: Kind::Float }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"sqrt(2.25)"#, shows: "1.5" }, Example { call: r#"sqrt(-1)"#, shows: "-" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Float(x)] => finite(x.sqrt()).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
