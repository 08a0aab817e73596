//! `hours(d)`: a duration in hours.

use crate::number::ratio;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "hours",
    family: Family::Time,
    doc: "The duration in hours, a float.",
    params: &[Param { name: "d", kind: Kind::Duration }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"hours(90m)"#, shows: "1.5" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Duration(us)] => ratio((*us).into(), 3_600_000_000).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
