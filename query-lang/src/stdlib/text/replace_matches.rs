//! `replace_matches(text, regex, to)`: all that a regular expression finds, replaced.

use crate::eval::regex;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "replace_matches",
    family: Family::Text,
    doc: "The text with all that the regular expression finds replaced by `to`, as it stands: to mask numbers, or to make texts alike that differ only there.",
    params: &[
        Param { name: "text", kind: Kind::Text },
        Param { name: "regex", kind: Kind::Regex },
        Param { name: "to", kind: Kind::Text },
    ],
    required: 3,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example {
            call: r#"replace_matches("disk 3 of host 17 failed", "[0-9]+", "N")"#,
            shows: "disk N of host N failed",
        },
        Example { call: r#"replace_matches("a  b   c", " +", " ")"#, shows: "a b c" },
        Example { call: r#"replace_matches("abc", "[0-9]", "N")"#, shows: "abc" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text), Arg::Regex(regex), Arg::Text(to)] => replaced(text, regex, to),
        [Arg::Text(text), Arg::Text(pattern), Arg::Text(to)] => match regex(pattern) {
            Ok(regex) => replaced(text, &regex, to),
            Err(_) => Value::Null,
        },
        _ => Value::Null,
    }
}

fn replaced(text: &str, regex: &regex::Regex, to: &str) -> Value {
    Value::Text(regex.replace_all(text, regex::NoExpand(to)).into())
}
