//! `text(x)`: as messages show it.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "text",
    family: Family::Text,
    doc: "The value as messages show it: a decimal with all its digits, a time in UTC.",
    params: &[Param { name: "x", kind: Kind::Any }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"text(2.50)"#, shows: "2.50" },
        Example { call: r#"text(90m)"#, shows: "90m" },
        Example { call: r#"text(time("2026-01-31T10:00:00+01:00"))"#, shows: "2026-01-31T09:00:00Z" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [value] => Value::Text(value.to_value().to_string().into()),
        _ => Value::Null,
    }
}
