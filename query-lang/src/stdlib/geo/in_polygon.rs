//! `in_polygon(p, corners)`: whether a place lies inside.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Point, Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "in_polygon",
    family: Family::Geo,
    doc: "Whether the place lies inside of the polygon with these corners, in degrees, as on a flat map: for areas that do not reach over the date line. A place exactly on an edge may be either; unknown with fewer than three corners.",
    params: &[Param { name: "p", kind: Kind::Point }, Param { name: "corners", kind: Kind::List }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example {
            call: r#"in_polygon(point(1, 1), [point(0, 0), point(0, 2), point(2, 2), point(2, 0)])"#,
            shows: "true",
        },
        Example {
            call: r#"in_polygon(point(3, 1), [point(0, 0), point(0, 2), point(2, 2), point(2, 0)])"#,
            shows: "false",
        },
        Example { call: r#"in_polygon(point(1, 1), [point(0, 0), point(0, 2)])"#, shows: "-" },
    ],
    eval,
};

/// Whether a ray to the east crosses an odd number of edges.
fn is_inside(place: Point, corners: &[Point]) -> bool {
    let next = corners.iter().cycle().skip(1);
    let crosses = |(a, b): &(&Point, &Point)| {
        (a.lat > place.lat) != (b.lat > place.lat)
            && place.lon < (b.lon - a.lon) * (place.lat - a.lat) / (b.lat - a.lat) + a.lon
    };
    corners.iter().zip(next).filter(crosses).count() % 2 == 1
}

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Point(place), Arg::List(corners)] = args else { return Value::Null };
    let corner = |value: &Value| if let Value::Point(point) = value { Some(*point) } else { None };
    match corners.iter().map(corner).collect::<Option<Vec<Point>>>() {
        Some(corners) if corners.len() >= 3 => Value::Bool(is_inside(*place, &corners)),
        _ => Value::Null,
    }
}
