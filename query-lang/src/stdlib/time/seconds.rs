//! `seconds(d)`: a duration in seconds.

use crate::number::ratio;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "seconds",
    family: Family::Time,
    doc: "The duration in seconds, a float.",
    params: &[Param { name: "d", kind: Kind::Duration }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"seconds(1500ms)"#, shows: "1.5" },
        Example { call: r#"seconds(time("2026-01-01T00:01:00Z") - time("2026-01-01T00:00:00Z"))"#, shows: "60" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Duration(us)] => ratio((*us).into(), 1_000_000).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
