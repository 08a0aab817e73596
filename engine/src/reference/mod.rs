//! The slow, obvious reference of the whole language: all events in, all alerts out. Tests hold the engine equal to it.
//!
//! Nothing here is shared with the engine's own matching: histories are found by scanning every earlier event of the
//! key, episodes by walking, patterns by following every open run over every event of its key. Each function says in its
//! own words the sentence of the language that it keeps.

mod admit;
mod alerts;
mod history;
mod keys;
mod look;
mod pattern;
mod tables;
#[cfg(test)]
mod tests;
mod threshold;

use tripline_query_lang::plan::{Body, Plan, RuleId};
use tripline_query_lang::value::Value;

use crate::alert::Alert;
use crate::event::Coordinates;
use crate::runner::streams_read;

pub use tables::Row;
use tables::Tables;

/// An event as the reference sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where it stands; with its event time.
    pub coordinates: Coordinates,
    /// A value per field of its stream.
    pub values: Vec<Value>,
    /// Its record's own timestamp, microseconds, for `ahead`.
    pub record_us: Option<i64>,
}

impl Event {
    /// Its event time, microseconds.
    pub fn at_us(&self) -> i64 {
        self.coordinates.at_us
    }
}

/// Every alert of a finite input, in the order in which they come about.
///
/// The events may come in any order: each partition is read by ascending offset, which is what lateness is judged by.
pub fn run(plan: &Plan, events: &[Event]) -> Vec<Alert> {
    run_with(plan, events, &[])
}

/// As [`run`], with the rows of tables in order of arrival.
pub fn run_with(plan: &Plan, events: &[Event], rows: &[Row]) -> Vec<Alert> {
    let tables = &Tables::new(plan, rows);
    let admitted = admit::in_total_order(plan, events);
    let (start_us, newest_us) = span(plan, &admitted);
    let mut alerts = Vec::new();
    for (index, rule) in plan.rules.iter().enumerate() {
        let id = RuleId(index as u32);
        match &rule.body {
            Body::Threshold(threshold) => {
                threshold::run(plan, tables, (id, rule), threshold, (&admitted, newest_us), &mut alerts)
            }
            Body::Pattern(pattern) => {
                pattern::run(plan, tables, (id, rule), pattern, (&admitted, newest_us), start_us, &mut alerts)
            }
        }
    }
    alerts.sort_by(|a, b| a.position.cmp(&b.position));
    alerts
}

/// From when to when the input goes: the times of the first and the last event of any stream that the rules read.
fn span(plan: &Plan, events: &[&Event]) -> (i64, i64) {
    let read = streams_read(plan);
    let is_read = |event: &&&Event| read[event.coordinates.partition.stream.index()];
    let times = || events.iter().filter(is_read).map(|event| event.at_us());
    (times().min().unwrap_or(i64::MAX), times().max().unwrap_or(i64::MIN))
}
