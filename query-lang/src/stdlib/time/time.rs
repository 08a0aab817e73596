//! `time(text)`: a point in time from RFC 3339 text.

use crate::calendar;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "time",
    family: Family::Time,
    doc: "The point in time that an RFC 3339 text names; unknown when it names none. A constant text has to name one.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Time),
    strict: true,
    examples: &[Example { call: r#"time("2026-01-31T10:00:00+01:00")"#, shows: "2026-01-31T09:00:00Z" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Text(text)] => calendar::parse(text).map_or(Value::Null, Value::Time),
        _ => Value::Null,
    }
}
