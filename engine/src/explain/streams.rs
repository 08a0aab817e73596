//! Streams: what is decoded of them, and what is asked of each event, once for all rules.

use std::fmt::Write;

use super::Explanation;
use tripline_query_lang::plan::{Body, Rule, Stream};
use tripline_query_lang::show::{self, duration};

/// Adds the streams and the key tables.
pub(super) fn write(explanation: &Explanation, out: &mut String) {
    for (index, stream) in explanation.plan.streams.iter().enumerate() {
        let _ = writeln!(out, "stream {}: {}", stream.name, policy(stream));
        if stream.unique.is_some() {
            let _ = writeln!(out, "  repeats: left out ahead of all rules, at the worker that has the id");
        }
        let read = if stream.is_input() { "decoded" } else { "read" };
        let _ = writeln!(out, "  {read}: {}", decoded(stream, &explanation.decoded[index]));
        let conditions = &explanation.conditions[index];
        for (number, condition) in conditions.iter().enumerate() {
            let shared = if condition.rules.len() > 1 { ", asked once" } else { "" };
            let rules = explanation.names(&condition.rules);
            let _ = writeln!(out, "  condition {}: {}\n    for {rules}{shared}", number + 1, condition.text);
        }
        out.push('\n');
    }
    for table in explanation.plan.tables.iter().filter(|table| table.view().is_none()) {
        let keys: Vec<&str> = table
            .keys
            .iter()
            .filter_map(|key| table.fields.get(key.index()))
            .map(|field| field.name.as_str())
            .collect();
        let what = if table.is_param() { "list param" } else { "table" };
        let (name, late) = (&table.name, duration(table.late_us));
        let _ = writeln!(out, "{what} {name}: by {}, {} fields, late {late}\n", keys.join(", "), table.fields.len());
    }
    for scope in &explanation.scopes {
        let keys = scope.first().map_or(String::new(), |rule| keys(explanation, *rule));
        let _ = writeln!(out, "keys {keys}: {}", explanation.names(scope));
    }
}

/// What the events of a table of keys have in common.
pub(super) fn keys(explanation: &Explanation, rule: usize) -> String {
    let Rule { keys, body, .. } = &explanation.plan.rules[rule];
    if matches!(body, Body::Pattern(pattern) if pattern.hands_over()) {
        return "(in one place: a step takes its key from an earlier one)".to_owned();
    }
    if keys.is_empty() {
        return "(all events are one key)".to_owned();
    }
    keys.iter().map(|key| format!("{}: {}", key.name, key.ty)).collect::<Vec<_>>().join(", ")
}

fn policy(stream: &Stream) -> String {
    if !stream.is_input() {
        return "made by the rule of this name, timed by at".to_owned();
    }
    let timed_by = stream.fields.get(stream.timed_by.index()).map_or("?", |field| &field.name);
    let mut parts = vec![format!("timed by {timed_by}"), format!("late {}", duration(stream.late_us))];
    parts.extend(stream.ahead_us.map(|us| format!("ahead {}", duration(us))));
    parts.extend(stream.idle_us.map(|us| format!("idle {}", duration(us))));
    parts.extend(stream.unique.as_ref().map(|unique| show::unique(stream, unique)));
    parts.join(", ")
}

/// The columns that rules read; the event time is always read.
pub(super) fn decoded(stream: &Stream, needed: &[bool]) -> String {
    let is_needed = |position: usize| position == stream.timed_by.index() || needed.get(position) == Some(&true);
    let fields = stream.fields.iter().enumerate().filter(|(position, _)| is_needed(*position));
    let names: Vec<&str> = fields.map(|(_, field)| field.name.as_str()).collect();
    format!("{} ({} of {} fields)", names.join(", "), names.len(), stream.fields.len())
}
