//! `days(d)`: a duration in days.

use crate::number::ratio;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "days",
    family: Family::Time,
    doc: "The duration in days, a float.",
    params: &[Param { name: "d", kind: Kind::Duration }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"days(12h)"#, shows: "0.5" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Duration(us)] => ratio((*us).into(), 86_400_000_000).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
