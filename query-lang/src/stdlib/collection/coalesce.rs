//! `coalesce(a, b, ...)`: the first that is known.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::Value;

/// See the module.
pub static FUNCTION: Function = Function {
    name: "coalesce",
    family: Family::Collection,
    doc: "The first of its arguments that is not missing; unknown when all are.",
    params: &[Param { name: "a", kind: Kind::Same }, Param { name: "b", kind: Kind::Same }],
    required: 2,
    repeats: true,
    returns: Returns::Same,
    strict: false,
    examples: &[
        Example { call: r#"coalesce(null, 2, 3)"#, shows: "2" },
        Example { call: r#"coalesce(1 / 0, 0.5)"#, shows: "0.5" },
        Example { call: r#"coalesce(null, null)"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    args.iter().find(|arg| !matches!(arg, Arg::Null)).map_or(Value::Null, |arg| arg.to_value())
}
