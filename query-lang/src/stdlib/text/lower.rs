//! `lower(text)`: in small letters.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "lower",
    family: Family::Text,
    doc: "The text in small letters.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[Example { call: r#"lower("ÄB1")"#, shows: "äb1" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text)] => Value::Text(text.to_lowercase().into()),
        _ => Value::Null,
    }
}
