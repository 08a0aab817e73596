//! `left(text, n)`: the first characters.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "left",
    family: Family::Text,
    doc: "The first `n` characters, or all when there are fewer; none for a negative `n`.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "n", kind: Kind::Int }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"left("4111111111", 6)"#, shows: "411111" },
        Example { call: r#"left("ab", 6)"#, shows: "ab" },
        Example { call: r#"left("ab", -1)"#, shows: "" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Int(n)] => {
            let end = text.char_indices().nth(usize::try_from(*n).unwrap_or(0)).map_or(text.len(), |(at, _)| at);
            Value::Text(text[..end].into())
        }
        _ => Value::Null,
    }
}
