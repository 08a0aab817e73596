//! `split(text, separator)`: the parts between the separators.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "split",
    family: Family::Text,
    doc: "The parts of the text between the separators, as a list; the whole text when it has none, or when the separator is empty.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "separator", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Texts,
    strict: true,
    examples: &[
        Example { call: r#"split("a,b,,c", ",")"#, shows: "[a, b, , c]" },
        Example { call: r#"split("a@b.example", "@")[1]"#, shows: "b.example" },
        Example { call: r#"split("ab", "")"#, shows: "[ab]" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Text("")] => Value::List([Value::Text((*text).into())].into()),
        [Arg::Text(text), Arg::Text(separator)] => {
            Value::List(text.split(separator).map(|part| Value::Text(part.into())).collect())
        }
        _ => Value::Null,
    }
}
