//! Field types, inferred from the events alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::case::Event;

/// The types that attributes turn out to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `int`
    Int,
    /// `float`
    Float,
    /// `text`
    Text,
    /// `bool`
    Bool,
    /// `list of text`
    Texts,
}

impl Kind {
    /// As a type of the language.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Text => "text",
            Kind::Bool => "bool",
            Kind::Texts => "list of text",
        }
    }

    fn of(value: &Value) -> Option<Kind> {
        match value {
            Value::Number(n) if n.is_i64() => Some(Kind::Int),
            Value::Number(_) => Some(Kind::Float),
            Value::String(_) => Some(Kind::Text),
            Value::Bool(_) => Some(Kind::Bool),
            Value::Array(items) if items.iter().all(Value::is_string) => Some(Kind::Texts),
            _ => None,
        }
    }
}

/// The attributes of a case's events with their types. One that no event has is text.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    kinds: BTreeMap<String, Kind>,
    /// Attributes that are of different types in different events.
    mixed: BTreeSet<String>,
    /// The most items that a list has.
    longest: usize,
    /// Records carry the event's own name in the case.
    pub ids: bool,
}

impl Fields {
    /// Looks at all events. Ints and floats in one attribute make it a float; other mixtures leave it out.
    pub fn of(events: &[Event]) -> Fields {
        let mut kinds: BTreeMap<String, Option<Kind>> = BTreeMap::new();
        for (name, value) in events.iter().flat_map(|event| &event.attributes) {
            let kind = Kind::of(value);
            let known = kinds.entry(name.clone()).or_insert(kind);
            *known = match (*known, kind) {
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(Kind::Int | Kind::Float), Some(Kind::Int | Kind::Float)) => Some(Kind::Float),
                _ => None,
            };
        }
        let mixed = kinds.iter().filter(|(_, kind)| kind.is_none()).map(|(name, _)| name.clone()).collect();
        let lists = events.iter().flat_map(|event| event.attributes.values()).filter_map(Value::as_array);
        let longest = lists.map(Vec::len).max().unwrap_or_default();
        let kinds = kinds.into_iter().filter_map(|(name, kind)| Some((name, kind?))).collect();
        Fields { kinds, mixed, longest, ids: false }
    }

    /// An attribute's type.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.get(name).copied()
    }

    /// The most items that a list of any event has.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Declares an attribute that no event has, as what it is compared with.
    pub fn declare(&mut self, name: &str, kind: Kind) {
        if !self.mixed.contains(name) {
            self.kinds.entry(name.to_string()).or_insert(kind);
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.kinds.iter().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// The event's record: the attributes that are declared, and its time.
    pub fn record(&self, event: &Event, at_ms: i64) -> Map<String, Value> {
        let known = event.attributes.iter().filter(|(name, _)| self.kinds.contains_key(*name));
        let mut record: Map<String, Value> = known.map(|(name, value)| (name.clone(), value.clone())).collect();
        if self.ids {
            record.insert(ID.to_string(), Value::from(event.id.clone()));
        }
        record.insert(TIME.to_string(), Value::from(at_ms));
        record
    }
}

/// The name of the field that carries the event's own name in the case.
pub const ID: &str = "case_id";

/// The name of the field that carries the event time.
pub const TIME: &str = "case_time";

/// An identifier as it may stand in a rule: backquoted where it would be read as something else.
pub fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !matches!(
            name,
            "true" | "false" | "null" | "not" | "if" | "no" | "any" | "all" | "each" | "at" | "and" | "or"
        );
    if is_plain { name.to_string() } else { format!("`{name}`") }
}
