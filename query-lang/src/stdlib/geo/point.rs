//! `point(lat, lon)`: a place.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Point;
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "point",
    family: Family::Geo,
    doc: "The place at this latitude and longitude in degrees; unknown outside of -90 to 90 and -180 to 180. Constants have to lie inside.",
    params: &[Param { name: "lat", kind: Kind::Float }, Param { name: "lon", kind: Kind::Float }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Point),
    strict: true,
    examples: &[Example { call: r#"point(52.5, 13.4)"#, shows: "point(52.5, 13.4)" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Float(lat), Arg::Float(lon)] if lat.abs() <= 90.0 && lon.abs() <= 180.0 => {
            Value::Point(Point { lat: *lat, lon: *lon })
        }
        _ => Value::Null,
    }
}
