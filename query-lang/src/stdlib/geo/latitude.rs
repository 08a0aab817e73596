//! `latitude(p)`: degrees north.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "latitude",
    family: Family::Geo,
    doc: "The latitude of the place in degrees, north positive.",
    params: &[Param { name: "p", kind: Kind::Point }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[Example { call: r#"latitude(point(52.5, 13.4))"#, shows: "52.5" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Point(place)] => Value::Float(place.lat),
        _ => Value::Null,
    }
}
