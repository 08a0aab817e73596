//! `pow(x, y)`: x to the power of y.

use crate::number::finite;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "pow",
    family: Family::Number,
    doc: "`x` to the power of `y`, a float; unknown on overflow and where there is none.",
    params: &[Param { name: "x", kind: Kind::Float }, Param { name: "y", kind: Kind::Float }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"pow(2, 10)"#, shows: "1024" },
        Example { call: r#"pow(2, -1)"#, shows: "0.5" },
        Example { call: r#"pow(-1, 0.5)"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    match args {
        [Arg::Float(x), Arg::Float(y)] => finite(x.powf(*y)).map_or(Value::Null, Value::Float),
        _ => Value::Null,
    }
}
