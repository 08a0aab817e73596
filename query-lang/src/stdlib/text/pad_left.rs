//! `pad_left(text, n, fill)`: as wide as asked.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "pad_left",
    family: Family::Text,
    doc: "The text with as many fill characters before it as make it `n` characters long, at most 1,000; the fill is `0` unless the first character of a third argument says otherwise.",
    params: &[
        Param { name: "text", kind: Kind::Text },
        Param { name: "n", kind: Kind::Int },
        Param { name: "fill", kind: Kind::Text },
    ],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"pad_left("42", 5)"#, shows: "00042" },
        Example { call: r#"pad_left("ab", 4, " ")"#, shows: "  ab" },
        Example { call: r#"pad_left("abcdef", 3)"#, shows: "abcdef" },
    ],
    eval,
};

/// No text is made longer than this.
const LENGTH_MAX: i64 = 1_000;

fn eval(args: &[Arg<'_>]) -> Value {
    let (text, n, fill) = match args {
        [Arg::Text(text), Arg::Int(n)] => (text, *n, Some('0')),
        [Arg::Text(text), Arg::Int(n), Arg::Text(fill)] => (text, *n, fill.chars().next()),
        _ => return Value::Null,
    };
    let Some(fill) = fill else { return Value::Null };
    let missing = usize::try_from(n.min(LENGTH_MAX)).unwrap_or(0).saturating_sub(text.chars().count());
    let padded: String = std::iter::repeat_n(fill, missing).chain(text.chars()).collect();
    Value::Text(padded.into())
}
