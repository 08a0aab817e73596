//! `occurrences(text, part)`: how often a part occurs.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "occurrences",
    family: Family::Text,
    doc: "How often the text has the part in it, one behind the other; an empty part occurs nowhere.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "part", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"occurrences("a.b.c.example", ".")"#, shows: "3" },
        Example { call: r#"occurrences("aaa", "aa")"#, shows: "1" },
        Example { call: r#"occurrences("abc", "")"#, shows: "0" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(_), Arg::Text("")] => Value::Int(0),
        [Arg::Text(text), Arg::Text(part)] => i64::try_from(text.matches(part).count()).map_or(Value::Null, Value::Int),
        _ => Value::Null,
    }
}
