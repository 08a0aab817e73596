//! The slow, obvious reference of the whole language: all events in, all alerts out. Tests hold the engine equal to it.
//!
//! Nothing here is shared with the engine's own matching: histories are found by scanning every earlier event of the
//! key, episodes by walking, patterns by following every open run over every event of its key. Each function says in its
//! own words the sentence of the language that it keeps.

mod admit;
mod alerts;
mod derived;
mod history;
mod keys;
mod look;
mod pattern;
mod tables;
#[cfg(test)]
mod tests;
mod threshold;
mod view;
mod window;

use tripline_query_lang::plan::{Body, Plan, RuleId};
use tripline_query_lang::value::Value;

use crate::alert::Alert;
use crate::event::Coordinates;
use crate::views::Shown;

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
/// The events may come in any order: each partition is read by ascending offset, which is what lateness is judged by. Rules
/// are run one after the other, each behind those whose output it reads; their rows stand among the events.
pub fn run(plan: &Plan, events: &[Event]) -> Vec<Alert> {
    run_with(plan, events, &[])
}

/// As [`run`], with the rows of tables in order of arrival.
pub fn run_with(plan: &Plan, events: &[Event], rows: &[Row]) -> Vec<Alert> {
    run_all(plan, events, rows).alerts
}

/// The rows of each of these views, as of the newest event.
pub fn views(plan: &Plan, events: &[Event], rows: &[Row], views: &[RuleId]) -> Vec<Shown> {
    let Ran { events, newest_us, .. } = run_all(plan, events, rows);
    let all: Vec<&Event> = events.iter().collect();
    let tables = &Tables::new(plan, rows, &all);
    let shown = |view: &RuleId| Shown::new(*view, newest_us, view::rows(tables, *view, newest_us));
    views.iter().map(shown).collect()
}

/// What came of a run.
struct Ran {
    alerts: Vec<Alert>,
    /// Those from outside and those that rules made, in the total order.
    events: Vec<Event>,
    newest_us: i64,
}

fn run_all(plan: &Plan, events: &[Event], rows: &[Row]) -> Ran {
    let in_time = admit::in_total_order(plan, events);
    // Time goes on with repeats, too.
    let (start_us, newest_us) = span(plan, &in_time);
    let mut events: Vec<Event> = admit::without_repeats(plan, &in_time).into_iter().cloned().collect();
    let mut alerts = Vec::new();
    let mut open: Vec<usize> = (0..plan.rules.len()).collect();
    while !open.is_empty() {
        let makers = |rule: usize| derived::makers(plan, rule);
        let (ready, waiting): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|rule| makers(**rule).iter().all(|maker| !open.contains(maker)));
        if ready.is_empty() {
            // They read each other in a circle.
            break;
        }
        let mut found = Found::default();
        let all: Vec<&Event> = events.iter().collect();
        let tables = &Tables::new(plan, rows, &all);
        for rule in ready {
            let from = found.alerts.len();
            let lag_us = derived::lag_us(plan, rule);
            let time = Time { start_us, newest_us, lag_us };
            run_rule(plan, tables, rule, &all, time, &mut found);
            for alert in &mut found.alerts[from..] {
                alert.position.time_us = alert.position.time_us.saturating_add(lag_us);
            }
        }
        alerts.extend(found.alerts);
        events.extend(found.rows);
        events.sort_by_key(derived::place);
        open = waiting;
    }
    alerts.sort_by(|a, b| a.position.cmp(&b.position));
    Ran { alerts, events, newest_us }
}

/// From when to when the input goes: the times of the first and the last event of any stream that the rules read.
fn span(plan: &Plan, events: &[&Event]) -> (i64, i64) {
    let read = plan.streams_read();
    let is_read = |event: &&&Event| read[event.coordinates.partition.stream.index()];
    let times = || events.iter().filter(is_read).map(|event| event.at_us());
    (times().min().unwrap_or(i64::MAX), times().max().unwrap_or(i64::MIN))
}

/// What rules find.
#[derive(Default)]
struct Found {
    alerts: Vec<Alert>,
    /// Events of derived streams.
    rows: Vec<Event>,
}

/// How far time goes for a rule, microseconds.
#[derive(Clone, Copy)]
struct Time {
    /// The first event of the input.
    start_us: i64,
    /// The newest one.
    newest_us: i64,
    /// How late what the rule reads may come.
    lag_us: i64,
}

impl Time {
    /// Up to when it is certain for the rule that nothing more comes.
    fn until_us(self) -> i64 {
        self.newest_us.saturating_sub(self.lag_us)
    }
}

/// Runs one rule over all events, those of earlier rules among them.
fn run_rule<'a>(
    plan: &'a Plan,
    tables: &'a Tables<'a>,
    index: usize,
    events: &[&'a Event],
    time: Time,
    found: &mut Found,
) {
    let (id, rule) = (RuleId(index as u32), &plan.rules[index]);
    match &rule.body {
        // What it knows is worked out when it is looked up.
        _ if rule.keeps.is_some() => {}
        Body::Threshold(threshold) => threshold::run(plan, tables, (id, rule), threshold, (events, time), found),
        Body::Pattern(pattern) => pattern::run(plan, tables, (id, rule), pattern, (events, time), found),
    }
}
