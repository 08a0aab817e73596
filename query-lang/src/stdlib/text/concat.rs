//! `concat(x, ...)`: texts of all arguments, one behind the other.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "concat",
    family: Family::Text,
    doc: "The texts of all arguments, as messages show them, one behind the other.",
    params: &[Param { name: "x", kind: Kind::Any }],
    required: 1,
    repeats: true,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"concat("a", 1, 2.50)"#, shows: "a12.50" },
        Example { call: r#"concat("a", null)"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let mut joined = String::new();
    for arg in args {
        joined.push_str(&arg.to_value().to_string());
    }
    Value::Text(joined.into())
}
