//! `substring(text, start, n)`: characters from a place on.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "substring",
    family: Family::Text,
    doc: "The `n` characters from position `start` (0 is the first), or all from there on without `n`. What lies outside of the text is left out.",
    params: &[
        Param { name: "text", kind: Kind::Text },
        Param { name: "start", kind: Kind::Int },
        Param { name: "n", kind: Kind::Int },
    ],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"substring("abcdef", 2, 3)"#, shows: "cde" },
        Example { call: r#"substring("abcdef", 4)"#, shows: "ef" },
        Example { call: r#"substring("abc", 5, 1)"#, shows: "" },
        Example { call: r#"substring("abc", -1, 2)"#, shows: "a" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let (text, start, n) = match args {
        [Arg::Text(text), Arg::Int(start)] => (text, *start, i64::MAX),
        [Arg::Text(text), Arg::Int(start), Arg::Int(n)] => (text, *start, *n),
        _ => return Value::Null,
    };
    let end = usize::try_from(start.saturating_add(n)).unwrap_or(0);
    let start = usize::try_from(start).unwrap_or(0);
    let part: String = text.chars().skip(start).take(end.saturating_sub(start)).collect();
    Value::Text(part.into())
}
