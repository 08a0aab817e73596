//! `longitude(p)`: degrees east.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "longitude",
    family: Family::Geo,
    doc: "The longitude of the place in degrees, east positive.",
    params: &[Param { name: "p", kind: Kind::Point }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"longitude(point(52.5, 13.4))"#, shows: "13.4" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Point(place)] => Value::Float(place.lon),
        _ => Value::Null,
    }
}
