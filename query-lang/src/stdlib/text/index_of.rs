//! `index_of(text, part)`: where a part begins.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "index_of",
    family: Family::Text,
    doc: "The position of the first character at which the part occurs (0 is the first); unknown when it does not occur.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "part", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"index_of("user@host", "@")"#, shows: "4" },
        Example { call: r#"index_of("äöü", "ü")"#, shows: "2" },
        Example { call: r#"index_of("abc", "x")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(text), Arg::Text(part)] = args else { return Value::Null };
    let before = text.split_once(part).map(|(before, _)| before.chars().count());
    before.and_then(|count| i64::try_from(count).ok()).map_or(Value::Null, Value::Int)
}
