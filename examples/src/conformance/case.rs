//! A case as it is handed out: see the format's description beside the cases.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One worked case.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Our id.
    pub id: String,
    /// Which semantics apply.
    pub profile: String,
    /// In order of arrival, or `{"file": name}`.
    pub events: Value,
    /// Event ids and `{"wm": t}` in order of arrival.
    pub arrival: Option<Vec<Value>>,
    /// Attribute ordering events of equal time.
    pub tie_break: Option<String>,
    /// The clock is advanced to this at the end, milliseconds.
    pub end_t: Option<i64>,
    /// Steps, or one tree node.
    pub pattern: Vec<Value>,
    /// sql: condition per variable.
    #[serde(default)]
    pub define: Map<String, Value>,
    /// Window of the whole pattern, milliseconds.
    pub within_ms: Option<i64>,
    /// Attributes that every key has its own run of.
    #[serde(default)]
    pub partition_by: Vec<String>,
    /// sql: attributes, `-x` is descending.
    #[serde(default)]
    pub order_by: Vec<String>,
    /// What happens after a match.
    #[serde(default)]
    pub skip: String,
    /// A missing skip target is an error.
    pub skip_on_miss: Option<String>,
    /// eql: ends all pending runs of its key.
    pub until: Option<Value>,
    /// eql: `filter`, `sequence` or `join`.
    pub kind: Option<String>,
    /// eql: how text is compared.
    pub case: Option<String>,
    /// eql: what is done with the matches.
    #[serde(default)]
    pub pipes: Vec<Value>,
    /// siddhi: `pattern` or `sequence`; sql: `all_matches` or `stream`.
    pub mode: Option<String>,
    /// sql, `stream`: all matches are reported.
    #[serde(default)]
    pub all_matches: bool,
    /// sql: union labels.
    #[serde(default)]
    pub subset: Map<String, Value>,
    /// sql: which rows the output shows.
    pub rows_per_match: Option<String>,
    /// The matches, each `{variable: [ids]}`.
    pub expect: Option<Vec<Map<String, Value>>>,
    /// flink: partial matches that ran out of time.
    pub expect_timeouts: Option<Value>,
    /// The run must fail.
    pub expect_error: Option<Value>,
    /// `source`, or `derived`: the source asserts only the events of each match.
    #[serde(default)]
    pub grouping: String,
    /// Remarks.
    #[serde(default)]
    pub notes: String,
}

/// An event of a case.
#[derive(Clone, Debug)]
pub struct Event {
    /// As text.
    pub id: String,
    /// Milliseconds.
    pub t: i64,
    /// All of its attributes, `type` among them; no `null`s.
    pub attributes: Map<String, Value>,
    /// Time goes on without an event.
    pub is_tick: bool,
}

/// A line that is no case.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Its id, or where it stands.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Reads a file of cases, line by line.
pub fn read(path: &Path) -> Result<Vec<Result<Case, Broken>>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let place = |number: usize| format!("{}:{}", path.display(), number + 1);
    Ok(lines
        .map(|(number, line)| parse(line).map_err(|(id, reason)| Broken { id: id.unwrap_or(place(number)), reason }))
        .collect())
}

/// A case, or its id where it has one and what is wrong. What is null is not there.
fn parse(line: &str) -> Result<Case, (Option<String>, String)> {
    let mut value: Value = serde_json::from_str(line).map_err(|e| (None, e.to_string()))?;
    let Some(object) = value.as_object_mut() else { return Err((None, "a case is an object".to_string())) };
    object.retain(|_, value| !value.is_null());
    let id = object.get("id").and_then(Value::as_str).map(str::to_string);
    serde_json::from_value(value).map_err(|e| (id, e.to_string()))
}

impl Case {
    /// The events in order of arrival. `folder` is where the case's file lies.
    pub fn events(&self, folder: &Path) -> Result<Vec<Event>, String> {
        let list = match &self.events {
            Value::Array(list) => list.clone(),
            Value::Object(file) => {
                let name = file.get("file").and_then(Value::as_str).ok_or("events are neither a list nor a file")?;
                let path = folder.join(name);
                let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                lines.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>().map_err(|e| e.to_string())?
            }
            _ => return Err("events are neither a list nor a file".to_string()),
        };
        let events = list.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        Ok(self.in_arrival_order(events))
    }

    fn in_arrival_order(&self, events: Vec<Event>) -> Vec<Event> {
        let Some(arrival) = &self.arrival else { return events };
        let find = |mark: &Value| events.iter().find(|e| e.id == id_text(mark)).cloned();
        arrival.iter().filter_map(find).collect()
    }
}

fn event(value: &Value) -> Result<Event, String> {
    let object = value.as_object().ok_or("an event is not an object")?;
    let t = object.get("t").and_then(Value::as_i64).ok_or("an event without t")?;
    super::check::time(t)?;
    let id = object.get("id").map(id_text).unwrap_or_default();
    let is_tick = object.get("type").is_none_or(Value::is_null);
    let skip = |name: &str, value: &Value| matches!(name, "id" | "t") || value.is_null();
    let attributes = object.iter().filter(|(n, v)| !skip(n, v)).map(|(n, v)| (n.clone(), v.clone())).collect();
    Ok(Event { id, t, attributes, is_tick })
}

/// An event's id as text, whichever JSON type it has.
pub fn id_text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
