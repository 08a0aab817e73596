//! Canonical JSON: a fixed order of members, no spaces, one spelling for each value, so that equal alerts are equal bytes.
//! `docs/reference/alert.md` says what a reader may rely on.

use std::fmt::Write;

use super::{Alert, AlertState, Evidence, Witness};
use crate::event::{Cause, Position};
use crate::expr::read_key;
use tripline_query_lang::display::Rfc3339;
use tripline_query_lang::plan::{Plan, Rule};
use tripline_query_lang::value::{Decimal, Type, Value};

impl Alert {
    /// The body: one JSON object.
    pub fn json(&self, plan: &Plan) -> String {
        let mut out = String::new();
        let Some(rule) = plan.rules.get(self.rule.index()) else { return out };
        out.push_str("{\"id\":");
        text(&mut out, &self.id(plan));
        member(&mut out, "rule", |out| text(out, &rule.name));
        member(&mut out, "state", |out| text(out, self.state.as_str()));
        if let AlertState::Repeated(count) = self.state {
            member(&mut out, "repeat", |out| number(out, count));
        }
        member(&mut out, "severity", |out| text(out, rule.severity().as_str()));
        member(&mut out, "key", |out| object(out, key(self, rule)));
        member(&mut out, "at", |out| time(out, self.at_us));
        member(&mut out, "message", |out| text(out, &self.message));
        let names = rule.fields.iter().map(|with| &*with.name);
        member(&mut out, "fields", |out| object(out, names.zip(&self.fields)));
        member(&mut out, "evidence", |out| list(out, &self.evidence, |out, one| evidence(out, one, plan)));
        member(&mut out, "fingerprint", |out| text(out, &format!("{:016x}", rule.fingerprint)));
        if !rule.metadata.is_empty() {
            let metadata = rule.metadata.iter().map(|(name, value)| (&**name, value));
            member(&mut out, "metadata", |out| object(out, metadata));
        }
        if self.incomplete {
            member(&mut out, "incomplete", |out| out.push_str("true"));
        }
        out.push('}');
        out
    }

    /// The key's parts by name: one JSON object.
    pub fn key_json(&self, plan: &Plan) -> String {
        let mut out = String::new();
        if let Some(rule) = plan.rules.get(self.rule.index()) {
            object(&mut out, key(self, rule));
        }
        out
    }
}

fn key<'a>(alert: &'a Alert, rule: &'a Rule) -> impl Iterator<Item = (&'a str, &'a Value)> {
    rule.keys.iter().map(|key| &*key.name).zip(&alert.key)
}

fn evidence(out: &mut String, evidence: &Evidence, plan: &Plan) {
    out.push_str("{\"step\":");
    text(out, &evidence.step);
    match &evidence.what {
        Witness::Event(event) => {
            member(out, "stream", |out| text(out, super::stream_name(plan, event.partition.stream.0)));
            match &event.place {
                Some(place) => derived(out, place, plan),
                None => {
                    member(out, "topic", |out| text(out, &event.partition.topic));
                    member(out, "partition", |out| number(out, event.partition.partition));
                    member(out, "offset", |out| number(out, event.offset));
                }
            }
            member(out, "at", |out| time(out, event.at_us));
        }
        Witness::Deadline(at_us) => member(out, "deadline", |out| time(out, *at_us)),
    }
    out.push('}');
}

/// A derived event: the key under which its rule made it, and what from outside caused it in the end.
fn derived(out: &mut String, place: &Position, plan: &Plan) {
    let rule = place.path.last().and_then(|hop| Some((plan.rules.get(hop.rule as usize)?, hop)));
    if let Some((rule, hop)) = rule {
        let types: Vec<Type> = rule.keys.iter().map(|key| key.ty.clone()).collect();
        let parts = read_key(&hop.key, &types).unwrap_or_default();
        member(out, "key", |out| object(out, rule.keys.iter().map(|key| &*key.name).zip(&parts)));
    }
    let (mut time_us, mut cause) = (place.time_us, &place.cause);
    while let Cause::Later { time_us: then, cause: by } = cause {
        (time_us, cause) = (*then, by);
    }
    match cause {
        Cause::Event { stream, topic, partition, offset } => member(out, "cause", |out| {
            out.push_str("{\"stream\":");
            text(out, super::stream_name(plan, *stream));
            member(out, "topic", |out| text(out, topic));
            member(out, "partition", |out| number(out, partition));
            member(out, "offset", |out| number(out, offset));
            out.push('}');
        }),
        Cause::Timer | Cause::Later { .. } if time_us == i64::MAX => {
            member(out, "cause", |out| out.push_str("{\"end\":true}"));
        }
        Cause::Timer | Cause::Later { .. } => member(out, "cause", |out| {
            out.push_str("{\"deadline\":");
            time(out, time_us);
            out.push('}');
        }),
    }
}

/// A member that is not the first of its object.
pub(crate) fn member(out: &mut String, name: &str, value: impl FnOnce(&mut String)) {
    out.push(',');
    text(out, name);
    out.push(':');
    value(out);
}

pub(crate) fn object<'a>(out: &mut String, members: impl Iterator<Item = (&'a str, &'a Value)>) {
    out.push('{');
    for (index, (name, of_it)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        text(out, name);
        out.push(':');
        value(out, of_it);
    }
    out.push('}');
}

fn list<T>(out: &mut String, items: &[T], mut item: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, one) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(out, one);
    }
    out.push(']');
}

fn value(out: &mut String, of_it: &Value) {
    match of_it {
        Value::Null => out.push_str("null"),
        Value::Bool(v) => number(out, v),
        Value::Int(v) => number(out, v),
        Value::Float(v) => float(out, *v),
        Value::Decimal(v) => number(out, v),
        Value::Text(v) => text(out, v),
        Value::Time(v) => time(out, *v),
        Value::Duration(v) => seconds(out, *v),
        Value::Point(v) => list(out, &[v.lat, v.lon], |out, degrees| float(out, *degrees)),
        Value::List(items) => list(out, items, value),
    }
}

/// Whatever is spelt in JSON as it displays. Writing to a string cannot fail.
fn number(out: &mut String, number: impl std::fmt::Display) {
    let _ = write!(out, "{number}");
}

/// The shortest text that reads back as the same float, always with a point or an exponent.
fn float(out: &mut String, float: f64) {
    if float.is_finite() {
        let _ = write!(out, "{float:?}");
    } else {
        out.push_str("null");
    }
}

/// Exact seconds, without zeros at the end.
fn seconds(out: &mut String, us: i64) {
    let exact = Decimal { mantissa: i128::from(us), scale: 6 }.to_string();
    out.push_str(exact.trim_end_matches('0').trim_end_matches('.'));
}

pub(crate) fn time(out: &mut String, us: i64) {
    let _ = write!(out, "\"{}\"", Rfc3339(us));
}

/// Quotes, backslashes and control characters are escaped, nothing else.
pub(crate) fn text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
