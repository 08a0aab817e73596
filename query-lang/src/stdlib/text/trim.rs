//! `trim(text)`: without white space at its ends.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "trim",
    family: Family::Text,
    doc: "The text without white space at its ends.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[Example { call: r#"trim("  a b ")"#, shows: "a b" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text)] => Value::Text(text.trim().into()),
        _ => Value::Null,
    }
}
