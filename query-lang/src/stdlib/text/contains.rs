//! `contains(text, part)`: whether a text has another in it.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "contains",
    family: Family::Text,
    doc: "Whether the text has the part in it. Large and small letters differ. For lists write `x in list`.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "part", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"contains("card testing", "test")"#, shows: "true" },
        Example { call: r#"contains("card", "Card")"#, shows: "false" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Text(other)] => Value::Bool(text.contains(other)),
        _ => Value::Null,
    }
}
