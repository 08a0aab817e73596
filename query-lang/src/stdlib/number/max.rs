//! `max(a, b, ...)`: the largest of its arguments.

use std::cmp::Ordering;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "max",
    family: Family::Number,
    doc: "The largest of two or more values of one type. With one argument and `over` it is a history function.",
    params: &[Param { name: "a", kind: Kind::SameOrdered }, Param { name: "b", kind: Kind::SameOrdered }],
    required: 2,
    repeats: true,
    returns: Returns::Same,
    strict: true,
    examples: &[Example { call: r#"max(3, 2.5)"#, shows: "3.0" }, Example { call: r#"max("a", "b")"#, shows: "b" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let values = args.iter().map(|arg| arg.to_value());
    let best = values.reduce(|a, b| if b.compare(&a) == Some(Ordering::Greater) { b } else { a });
    best.unwrap_or(Value::Null)
}
