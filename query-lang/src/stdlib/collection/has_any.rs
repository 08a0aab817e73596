//! `has_any(list, items)`: whether any of some is in a list.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "has_any",
    family: Family::Collection,
    doc: "Whether any item of the second list is in the first one.",
    params: &[Param { name: "list", kind: Kind::List }, Param { name: "items", kind: Kind::List }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"has_any(["a", "b"], ["x", "b"])"#, shows: "true" },
        Example { call: r#"has_any([1, 2], [3])"#, shows: "false" },
        Example { call: r#"has_any([1], [])"#, shows: "false" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::List(list), Arg::List(items)] = args else { return Value::Null };
    let is_in = |item: &Value| list.iter().any(|other| other.equals(item) == Some(true));
    Value::Bool(items.iter().any(is_in))
}
