//! An alert as a value: what `detect` makes, what tests look at, and what is written as canonical JSON.

mod id;
pub(crate) mod json;
mod record;
#[cfg(test)]
mod tests;
mod together;

use std::sync::Arc;

pub use together::{Alerts, Together};

use crate::event::Coordinates;
use crate::io::Position;
use tripline_query_lang::plan::{Plan, RuleId};
use tripline_query_lang::value::Value;

/// One alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Where in the total order it came about.
    pub position: Position,
    /// The rule.
    pub rule: RuleId,
    /// The key's parts, in the rule's order.
    pub key: Vec<Value>,
    /// Its event time, microseconds.
    pub at_us: i64,
    /// Whether it is the first of its id, or what it says later.
    pub state: AlertState,
    /// The rendered message.
    pub message: String,
    /// The `with` fields, in the rule's order.
    pub fields: Vec<Value>,
    /// What it rests on, in the order of the steps; all alerts of one id rest on the same.
    pub evidence: Vec<Evidence>,
    /// Starts of this key were refused since its last alert (the cap on open runs was reached).
    pub incomplete: bool,
}

/// What an alert says of what it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlertState {
    /// It has come about.
    #[default]
    Firing,
    /// It still lasts; counted from 1.
    Repeated(u32),
    /// It is over.
    Resolved,
}

impl AlertState {
    /// As in an alert's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Firing => "firing",
            AlertState::Repeated(_) => "repeated",
            AlertState::Resolved => "resolved",
        }
    }
}

/// One event that an alert rests on, or the deadline that was passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The step's name; for a threshold the `on` clause's name or its stream's.
    pub step: Arc<str>,
    /// What stands there.
    pub what: Witness,
}

/// What stands in a piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum Witness {
    /// An event.
    Event(Coordinates),
    /// A deadline, microseconds.
    Deadline(i64),
}

fn stream_name(plan: &Plan, stream: u32) -> &str {
    plan.streams.get(stream as usize).map_or("", |stream| &stream.name)
}
