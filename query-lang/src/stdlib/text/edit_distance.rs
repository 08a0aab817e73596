//! `edit_distance(a, b)`: how many letters differ.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "edit_distance",
    family: Family::Text,
    doc: "How many characters have to be put in, taken out or replaced to make one text of the other: for names that are almost alike. Unknown for texts of more than 1,000 characters.",
    params: &[Param { name: "a", kind: Kind::Text }, Param { name: "b", kind: Kind::Text }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"edit_distance("x", "x")"#, shows: "0" },
        Example { call: r#"edit_distance("paypal", "paypa1")"#, shows: "1" },
        Example { call: r#"edit_distance("kitten", "sitting")"#, shows: "3" },
        Example { call: r#"edit_distance("", "abc")"#, shows: "3" },
    ],
    eval,
};

/// The work grows with the product of the lengths.
const LENGTH_MAX: usize = 1_000;

/// Levenshtein's distance, row by row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(a), Arg::Text(b)] = args else { return Value::Null };
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > LENGTH_MAX {
        return Value::Null;
    }
    Value::Int(distance(&a, &b) as i64)
}
