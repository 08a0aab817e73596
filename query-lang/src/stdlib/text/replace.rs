//! `replace(text, from, to)`: every occurrence replaced.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "replace",
    family: Family::Text,
    doc: "The text with every occurrence of `from` replaced by `to`; an empty `from` occurs nowhere.",
    params: &[
        Param { name: "text", kind: Kind::Text },
        Param { name: "from", kind: Kind::Text },
        Param { name: "to", kind: Kind::Text },
    ],
    required: 3,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"replace("a-b-c", "-", "+")"#, shows: "a+b+c" },
        Example { call: r#"replace("ab", "", "-")"#, shows: "ab" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Text(""), _] => Value::Text((*text).into()),
        [Arg::Text(text), Arg::Text(from), Arg::Text(to)] => Value::Text(text.replace(from, to).into()),
        _ => Value::Null,
    }
}
