//! What a case must be before it is translated: made of what the format describes, and of numbers that make sense.

use serde_json::Value;

use super::case::Case;

/// All that a part of a pattern may have.
const KNOWN: [&str; 41] = [
    "absent",
    "anchor",
    "and",
    "by",
    "cond",
    "contiguity",
    "empty",
    "every",
    "every_distinct",
    "exclude",
    "expire_ms",
    "filter",
    "for_ms",
    "fork",
    "greedy",
    "group",
    "guard",
    "inner_contiguity",
    "inner_within_ms",
    "interval_ms",
    "max",
    "max_partials",
    "min",
    "negated",
    "not",
    "of",
    "optional",
    "or",
    "permute",
    "quant",
    "repeat",
    "seq",
    "type",
    "until",
    "var",
    "while",
    "within_ms",
    "within_prev_ms",
    "notes",
    "id",
    "name",
];

/// Rounds of a loop beyond this many are not written out.
const MOST_ROUNDS: i64 = 1000;

/// Milliseconds beyond this (some 30,000 years) are no time.
const MOST_MS: i64 = 1_000_000_000_000_000;

/// Whether the format knows all that the case has.
pub fn check(case: &Case) -> Result<(), String> {
    case.pattern.iter().chain(&case.until).try_for_each(part)?;
    [case.within_ms, case.end_t].into_iter().flatten().try_for_each(time)
}

fn part(node: &Value) -> Result<(), String> {
    match node {
        Value::Array(items) => items.iter().try_for_each(part),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| field(name, value)),
        _ => Ok(()),
    }
}

fn field(name: &str, value: &Value) -> Result<(), String> {
    if !KNOWN.contains(&name) {
        return Err(format!("`{name}` in a pattern, which the format does not know"));
    }
    let Some(number) = value.as_i64() else {
        return if value.is_number() {
            Err(format!("`{name}` is {value}, which is no whole number"))
        } else {
            part(value)
        };
    };
    match name {
        "min" | "max" if !(0..=MOST_ROUNDS).contains(&number) => {
            Err(format!("`{name}` is {number}, expected 0 to {MOST_ROUNDS}"))
        }
        _ if name.ends_with("_ms") => time(number),
        _ => Ok(()),
    }
}

/// Whether milliseconds are a time.
pub fn time(ms: i64) -> Result<(), String> {
    if ms.checked_abs().is_some_and(|ms| ms <= MOST_MS) { Ok(()) } else { Err(format!("{ms} ms is out of range")) }
}
