//! `clamp(x, low, high)`: not beyond two bounds.

use std::cmp::Ordering;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "clamp",
    family: Family::Number,
    doc: "The value itself, or the bound that it lies beyond; unknown when the lower bound is above the upper one.",
    params: &[
        Param { name: "x", kind: Kind::SameOrdered },
        Param { name: "low", kind: Kind::SameOrdered },
        Param { name: "high", kind: Kind::SameOrdered },
    ],
    required: 3,
    repeats: false,
    returns: Returns::Same,
    strict: true,
    examples: &[
        Example { call: r#"clamp(7, 0, 5)"#, shows: "5" },
        Example { call: r#"clamp(-1, 0, 5)"#, shows: "0" },
        Example { call: r#"clamp(2.5, 0, 5)"#, shows: "2.5" },
        Example { call: r#"clamp(3m, 1m, 2m)"#, shows: "2m" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [x, low, high] = args else { return Value::Null };
    let (x, low, high) = (x.to_value(), low.to_value(), high.to_value());
    match (x.compare(&low), x.compare(&high), low.compare(&high)) {
        (_, _, None | Some(Ordering::Greater)) | (None, ..) | (_, None, _) => Value::Null,
        (Some(Ordering::Less), ..) => low,
        (_, Some(Ordering::Greater), _) => high,
        _ => x,
    }
}
