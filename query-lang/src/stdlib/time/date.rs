//! `date(t, zone)`: the day as a text.

use super::calendar;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "date",
    family: Family::Time,
    doc: "The day as a text: `2026-01-31`. In UTC, unless a time zone is given.",
    params: &[Param { name: "t", kind: Kind::Time }, Param { name: "zone", kind: Kind::Zone }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"date(time("2026-01-31T23:30:05.250Z"))"#, shows: "2026-01-31" },
        Example { call: r#"date(time("2026-01-31T23:30:05.250Z"), "Europe/Berlin")"#, shows: "2026-02-01" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    calendar(args).map_or(Value::Null, |at| Value::Text(at.date().to_string().into()))
}
