//! `ends_with(text, end)`: whether a text ends with another.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "ends_with",
    family: Family::Text,
    doc: "Whether the text ends with the other.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "end", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"ends_with("a.exe", ".exe")"#, shows: "true" },
        Example { call: r#"ends_with("a.txt", ".exe")"#, shows: "false" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Text(other)] => Value::Bool(text.ends_with(other)),
        _ => Value::Null,
    }
}
