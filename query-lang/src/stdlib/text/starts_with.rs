//! `starts_with(text, start)`: whether a text begins with another.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "starts_with",
    family: Family::Text,
    doc: "Whether the text begins with the other.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "start", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"starts_with("DE123", "DE")"#, shows: "true" },
        Example { call: r#"starts_with("DE123", "FR")"#, shows: "false" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Text(other)] => Value::Bool(text.starts_with(other)),
        _ => Value::Null,
    }
}
