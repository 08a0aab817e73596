//! `entropy(text)`: how random the letters are.

use std::collections::BTreeMap;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "entropy",
    family: Family::Text,
    doc: "The bits of information in each character of the text, by how often each occurs: high for names that a machine has made up. 0 for an empty text.",
    params: &[Param { name: "text", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Float),
    strict: true,
    examples: &[
        Example { call: r#"entropy("aaaa")"#, shows: "0" },
        Example { call: r#"entropy("abab")"#, shows: "1" },
        Example { call: r#"round(entropy("x7f3kq9z"), 2)"#, shows: "3" },
        Example { call: r#"entropy("")"#, shows: "0" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(text)] = args else { return Value::Null };
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let all = f64::from(counts.values().sum::<u32>());
    let bits = counts.values().map(|count| f64::from(*count) / all).map(|share| -share * share.log2());
    // The order of the characters decides the order of the sum; -0 is 0.
    Value::Float(bits.sum::<f64>() + 0.0)
}
