//! `minutes(d)`: a duration in minutes.

use crate::number::ratio;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "minutes",
    family: Family::Time,
    doc: "The duration in minutes, a float.",
    params: &[Param { name: "d", kind: Kind::Duration }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"minutes(90s)"#, shows: "1.5" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Duration(us)] => ratio((*us).into(), 60_000_000).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
