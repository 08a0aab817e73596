//! `upper(text)`: in capital letters.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "upper",
    family: Family::Text,
    doc: "The text in capital letters.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[Example { call: r#"upper("äb1")"#, shows: "ÄB1" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text)] => Value::Text(text.to_uppercase().into()),
        _ => Value::Null,
    }
}
