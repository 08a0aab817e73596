//! `week(t, zone)`: the week of the year.

use super::calendar;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "week",
    family: Family::Time,
    doc: "The week of the year by ISO 8601, 1 to 53: weeks begin on Monday, and the first one has the first Thursday of the year. In UTC, unless a time zone is given.",
    params: &[Param { name: "t", kind: Kind::Time }, Param { name: "zone", kind: Kind::Zone }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"week(time("2026-01-01T12:00:00Z"))"#, shows: "1" },
        Example { call: r#"week(time("2027-01-01T12:00:00Z"))"#, shows: "53" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    calendar(args).map_or(Value::Null, |at| Value::Int(at.date().iso_week_date().week().into()))
}
