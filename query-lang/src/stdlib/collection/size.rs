//! `size(list)`: how many items it has.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "size",
    family: Family::Collection,
    doc: "How many items the list has.",
    params: &[Param { name: "list", kind: Kind::List }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[Example { call: r#"size([1, 2, 2])"#, shows: "3" }, Example { call: r#"size([])"#, shows: "0" }],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::List(items)] => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        _ => Value::Null,
    }
}
