//! `distance(p, q)`: kilometres on the sphere.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Point;
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "distance",
    family: Family::Geo,
    doc: "The distance between two places in kilometres, along the surface of a sphere of radius 6371.0088 km.",
    params: &[Param { name: "p", kind: Kind::Point }, Param { name: "q", kind: Kind::Point }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"round(distance(point(52.5, 13.4), point(48.1, 11.6)))"#, shows: "506" },
        Example { call: r#"distance(point(1, 2), point(1, 2))"#, shows: "0" },
    ],
    eval,
};

/// The mean radius of the earth.
const RADIUS_KM: f64 = 6371.0088;

/// The haversine formula: exact enough for near places, and never outside of the arc sine's range.
fn haversine_km(p: Point, q: Point) -> f64 {
    let half_chord = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let across = p.lat.to_radians().cos() * q.lat.to_radians().cos() * half_chord(p.lon, q.lon);
    let square = (half_chord(p.lat, q.lat) + across).clamp(0.0, 1.0);
    2.0 * RADIUS_KM * square.sqrt().asin()
}

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Point(p), Arg::Point(q)] => Value::Float(haversine_km(*p, *q)),
        _ => Value::Null,
    }
}
