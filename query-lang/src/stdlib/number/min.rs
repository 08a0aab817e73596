//! `min(a, b, ...)`: the smallest of its arguments.

use std::cmp::Ordering;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "min",
    family: Family::Number,
    doc: "The smallest of two or more values of one type. With one argument and `over` it is a history function.",
    params: &[Param { name: "a", kind: Kind::SameOrdered }, Param { name: "b", kind: Kind::SameOrdered }],
    required: 2,
    repeats: true,
    returns: Returns::Same,
    strict: true,
    examples: &[
        Example { call: r#"min(3, 2.5)"#, shows: "2.5" },
        Example { call: r#"min(1m, 30s)"#, shows: "30s" },
        Example { call: r#"min(1, null)"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let values = args.iter().map(|arg| arg.to_value());
    let best = values.reduce(|a, b| if b.compare(&a) == Some(Ordering::Less) { b } else { a });
    best.unwrap_or(Value::Null)
}
