//! `has_all(list, items)`: whether all of some are in a list.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "has_all",
    family: Family::Collection,
    doc: "Whether every item of the second list is in the first one.",
    params: &[Param { name: "list", kind: Kind::List }, Param { name: "items", kind: Kind::List }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"has_all(["a", "b", "c"], ["c", "a"])"#, shows: "true" },
        Example { call: r#"has_all([1, 2], [2, 3])"#, shows: "false" },
        Example { call: r#"has_all([1], [])"#, shows: "true" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::List(list), Arg::List(items)] = args else { return Value::Null };
    let is_in = |item: &Value| list.iter().any(|other| other.equals(item) == Some(true));
    Value::Bool(items.iter().all(is_in))
}
