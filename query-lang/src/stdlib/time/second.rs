//! `second(t)`: the second of the minute.

use super::calendar;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "second",
    family: Family::Time,
    doc: "The second of the minute, 0 to 59. In UTC, unless a time zone is given.",
    params: &[Param { name: "t", kind: Kind::Time }, Param { name: "zone", kind: Kind::Zone }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[Example { call: r#"second(time("2026-01-31T23:30:05.250Z"))"#, shows: "5" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    calendar(args).map_or(Value::Null, |at| Value::Int(at.second().into()))
}
