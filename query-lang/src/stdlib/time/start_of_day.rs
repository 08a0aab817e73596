//! `start_of_day(t, zone)`: when the day began.

use super::zoned;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "start_of_day",
    family: Family::Time,
    doc: "The time at which the day began, in UTC unless a time zone is given: midnight, or the first moment of a day whose midnight a change of the clock leaves out.",
    params: &[Param { name: "t", kind: Kind::Time }, Param { name: "zone", kind: Kind::Zone }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Time),
    strict: true,
    examples: &[
        Example { call: r#"start_of_day(time("2026-01-31T23:30:05Z"))"#, shows: "2026-01-31T00:00:00Z" },
        Example {
            call: r#"start_of_day(time("2026-01-31T23:30:05Z"), "Europe/Berlin")"#,
            shows: "2026-01-31T23:00:00Z",
        },
        Example {
            call: r#"start_of_day(time("2026-03-29T12:00:00Z"), "Europe/Berlin")"#,
            shows: "2026-03-28T23:00:00Z",
        },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let start = zoned(args).and_then(|at| at.start_of_day().ok());
    start.map_or(Value::Null, |start| Value::Time(start.timestamp().as_microsecond()))
}
