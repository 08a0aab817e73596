//! `length(x)`: how many characters a text has, or items a list.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "length",
    family: Family::Text,
    doc: "How many characters a text has, or how many items a list.",
    params: &[Param { name: "x", kind: Kind::TextOrList }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[Example { call: r#"length("größe")"#, shows: "5" }, Example { call: r#"length([1, 2])"#, shows: "2" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text)] => Value::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
        [Arg::List(items)] => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        _ => Value::Null,
    }
}
