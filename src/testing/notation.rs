//! Values, times and alerts in the language's own notation.

use tripline_engine::alert::{Alert, AlertState};
use tripline_query_lang::display::Rfc3339;
use tripline_query_lang::plan::Plan;
use tripline_query_lang::value::Value;

/// `0s` of a test: 2026-01-01T00:00:00Z, microseconds.
pub const ORIGIN_US: i64 = 1_767_225_600_000_000;

/// A value as a rule file writes it.
pub fn notation(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Decimal(_) => value.to_string(),
        Value::Float(v) => format!("{v:?}"),
        Value::Text(text) => quoted(text),
        Value::Time(at_us) => format!("time(\"{}\")", Rfc3339(*at_us)),
        Value::Duration(us) => duration(*us).unwrap_or_else(|| format!("{us}us")),
        Value::Point(p) => format!("point({:?}, {:?})", p.lat, p.lon),
        Value::List(items) => format!("[{}]", items.iter().map(notation).collect::<Vec<_>>().join(", ")),
    }
}

fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// A duration in the largest unit that says it exactly; `None` when none does.
fn duration(us: i64) -> Option<String> {
    const UNITS: [(i64, &str); 5] =
        [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")];
    if us == 0 {
        return Some("0s".to_owned());
    }
    UNITS.iter().find(|(size, _)| us % size == 0).map(|(size, unit)| format!("{}{unit}", us / size))
}

/// A time as a test writes it: since its `0s`, or in full.
pub fn at(at_us: i64) -> String {
    let since = at_us.checked_sub(ORIGIN_US).filter(|since| *since >= 0);
    since.and_then(duration).unwrap_or_else(|| notation(&Value::Time(at_us)))
}

/// The key and `with` fields of an alert, by name; a `with` field that says the same as the key of its name once.
pub fn fields<'a>(plan: &'a Plan, alert: &'a Alert) -> Vec<(&'a str, &'a Value)> {
    let rule = &plan.rules[alert.rule.index()];
    let mut fields: Vec<(&str, &Value)> = rule.keys.iter().map(|key| key.name.as_str()).zip(&alert.key).collect();
    let with = rule.fields.iter().map(|with| with.name.as_str()).zip(&alert.fields);
    fields.extend(with.filter(|field| !rule.keys.iter().any(|key| key.name == field.0)));
    fields
}

/// An alert as an expectation would say it.
pub fn alert(plan: &Plan, alert: &Alert) -> String {
    let fields = fields(plan, alert).into_iter().map(|(name, value)| format!("{name}: {}", notation(value)));
    let fields = fields.collect::<Vec<_>>().join(", ");
    let name = &plan.rules[alert.rule.index()].name;
    let fields = if fields.is_empty() { String::new() } else { format!(" {{ {fields} }}") };
    let state = match alert.state {
        AlertState::Firing => String::new(),
        AlertState::Repeated(count) => format!(" -- repeat {count}"),
        AlertState::Resolved => " resolved".to_owned(),
    };
    format!("{name}{fields} at {}{state}", at(alert.at_us))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tripline_query_lang::value::Decimal;

    #[test]
    fn values_are_written_as_rules_write_them() {
        let cases = [
            (Value::Text("a\"b\\".into()), r#""a\"b\\""#),
            (Value::Float(2.0), "2.0"),
            (Value::Decimal(Decimal { mantissa: 210_000, scale: 2 }), "2100.00"),
            (Value::Duration(5_400_000_000), "90m"),
            (Value::Time(ORIGIN_US), "time(\"2026-01-01T00:00:00Z\")"),
            (Value::List([Value::Int(1), Value::Null].into()), "[1, null]"),
        ];
        for (value, text) in cases {
            assert_eq!(notation(&value), text);
        }
        assert_eq!((at(ORIGIN_US).as_str(), at(ORIGIN_US + 120_000_000).as_str()), ("0s", "2m"));
        assert_eq!(at(ORIGIN_US + 1), "time(\"2026-01-01T00:00:00.000001Z\")");
        assert_eq!(at(ORIGIN_US - 1_000_000), "time(\"2025-12-31T23:59:59Z\")");
    }
}
