//! `log(x, base)`: the logarithm.

use crate::number::finite;
use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "log",
    family: Family::Number,
    doc: "The logarithm of `x`, natural unless a base is given; unknown for zero and below.",
    params: &[Param { name: "x", kind: Kind::Float }, Param { name: "base", kind: Kind::Float }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"log(1)"#, shows: "0" },
        Example { call: r#"log(8, 2)"#, shows: "3" },
        Example { call: r#"log(1000, 10)"#, shows: "3" },
        Example { call: r#"log(0)"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let value = match args {
        [Arg::Float(x)] => x.ln(),
        [Arg::Float(x), Arg::Float(2.0)] => x.log2(),
        [Arg::Float(x), Arg::Float(10.0)] => x.log10(),
        [Arg::Float(x), Arg::Float(base)] => x.ln() / base.ln(),
        _ => return Value::Null,
    };
    finite(value).map_or(Value::Null, Value::Float)
}
