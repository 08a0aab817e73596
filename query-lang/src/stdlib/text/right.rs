//! `right(text, n)`: the last characters.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "right",
    family: Family::Text,
    doc: "The last `n` characters, or all when there are fewer; none for a negative `n`.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "n", kind: Kind::Int }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"right("4111111111111234", 4)"#, shows: "1234" },
        Example { call: r#"right("ab", 4)"#, shows: "ab" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Int(n)] => {
            let skipped = text.chars().count().saturating_sub(usize::try_from(*n).unwrap_or(0));
            Value::Text(text.chars().skip(skipped).collect::<String>().into())
        }
        _ => Value::Null,
    }
}
