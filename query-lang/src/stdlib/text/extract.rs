//! `extract(text, regex)`: what a regular expression finds.

use crate::eval::regex;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "extract",
    family: Family::Text,
    doc: "What the regular expression finds first: its first group `(..)` that takes part, or all that it matches where it has no group; unknown when it finds nothing. A bracket that is no group is written `(?:..)`.",
    params: &[Param { name: "text", kind: Kind::Text }, Param { name: "regex", kind: Kind::Regex }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"extract("login of root from 10.0.0.7", "from ([0-9.]+)")"#, shows: "10.0.0.7" },
        Example { call: r#"extract("order 4711", "[0-9]+")"#, shows: "4711" },
        Example { call: r#"extract("id: x7", "(?:id|no): (.*)")"#, shows: "x7" },
        Example { call: r#"extract("order", "[0-9]+")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let found = match args {
        [Arg::Text(text), Arg::Regex(regex)] => first(text, regex),
        [Arg::Text(text), Arg::Text(pattern)] => regex(pattern).ok().and_then(|regex| first(text, &regex)),
        _ => None,
    };
    found.map_or(Value::Null, |found| Value::Text(found.into()))
}

fn first<'a>(text: &'a str, regex: &regex::Regex) -> Option<&'a str> {
    // Without groups there is a faster way.
    if regex.captures_len() == 1 {
        return regex.find(text).map(|found| found.as_str());
    }
    let groups = regex.captures(text)?;
    groups.iter().skip(1).flatten().next().map(|group| group.as_str())
}
