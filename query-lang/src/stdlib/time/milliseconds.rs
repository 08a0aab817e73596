//! `milliseconds(d)`: a duration in milliseconds.

use crate::number::ratio;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "milliseconds",
    family: Family::Time,
    doc: "The duration in milliseconds, a float.",
    params: &[Param { name: "d", kind: Kind::Duration }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"milliseconds(2s)"#, shows: "2000" },
        Example { call: r#"milliseconds(1us)"#, shows: "0.001" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Duration(us)] => ratio((*us).into(), 1_000).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
