//! `geohash(p, n)`: the cell of a place.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Point, Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "geohash",
    family: Family::Geo,
    doc: "The geohash of the place with `n` characters, 1 to 12: places with the same one are close to each other, so it makes a key.",
    params: &[Param { name: "p", kind: Kind::Point }, Param { name: "n", kind: Kind::Int }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"geohash(point(57.64911, 10.40744), 6)"#, shows: "u4pruy" },
        Example { call: r#"geohash(point(0, 0), 1)"#, shows: "s" },
        Example { call: r#"geohash(point(1, 1), 13)"#, shows: "-" },
    ],
    eval,
};

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// Halves longitude and latitude in turn, five bits a character.
fn hash(place: Point, n: u32) -> String {
    let (mut lat, mut lon) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut letters = String::new();
    for character in 0..n {
        let mut bits = 0;
        for bit in 0..5 {
            let is_lon = (character * 5 + bit) % 2 == 0;
            let (range, at) = if is_lon { (&mut lon, place.lon) } else { (&mut lat, place.lat) };
            let middle: f64 = (range.0 + range.1) / 2.0;
            let is_upper = at >= middle;
            *range = if is_upper { (middle, range.1) } else { (range.0, middle) };
            bits = bits << 1 | usize::from(is_upper);
        }
        letters.push(char::from(LETTERS[bits]));
    }
    letters
}

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Point(place), Arg::Int(n @ 1..=12)] => Value::Text(hash(*place, *n as u32).into()),
        _ => Value::Null,
    }
}
