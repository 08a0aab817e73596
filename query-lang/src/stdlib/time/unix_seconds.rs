//! `unix_seconds(t)`: as a number.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "unix_seconds",
    family: Family::Time,
    doc: "The whole seconds from 1970-01-01T00:00:00Z to the time, rounded down.",
    params: &[Param { name: "t", kind: Kind::Time }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"unix_seconds(time("2026-01-01T00:00:00Z"))"#, shows: "1767225600" },
        Example { call: r#"unix_seconds(time("1969-12-31T23:59:59.500Z"))"#, shows: "-1" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Time(us)] => Value::Int(us.div_euclid(1_000_000)),
        _ => Value::Null,
    }
}
