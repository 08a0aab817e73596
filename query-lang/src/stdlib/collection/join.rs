//! `join(list, separator)`: the items as one text.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "join",
    family: Family::Collection,
    doc: "The items of the list, as messages show them, with the separator between them.",
    params: &[Param { name: "list", kind: Kind::List }, Param { name: "separator", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"join([1, 2, 3], "-")"#, shows: "1-2-3" },
        Example { call: r#"join([], "-")"#, shows: "" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::List(items), Arg::Text(separator)] => {
            let items: Vec<_> = items.iter().map(Value::to_string).collect();
            Value::Text(items.join(separator).into())
        }
        _ => Value::Null,
    }
}
