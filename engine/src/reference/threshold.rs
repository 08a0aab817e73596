//! Threshold rules by walking over each key's admitted events.

use tripline_query_lang::plan::{Expr, On, Plan, Rule, RuleId, Threshold};
use tripline_query_lang::value::Value;

use super::Event;
use super::alerts::Sending;
use super::history::Seen;
use super::keys::{all_keys, key_of};
use super::look::Look;
use super::tables::Tables;
use crate::alert::Alert;

/// All alerts of a threshold rule, key by key.
pub(super) fn run(
    plan: &Plan,
    tables: &Tables<'_>,
    (id, rule): (RuleId, &Rule),
    threshold: &Threshold,
    events: &[&Event],
    alerts: &mut Vec<Alert>,
) {
    let owners: Vec<_> = threshold.on.iter().map(|on| (on.stream, on.keys.as_slice())).collect();
    for key in all_keys(events, &owners) {
        let admitted = events.iter().filter_map(|event| {
            let (position, on) = admitted_by(threshold, tables, event)?;
            (key_of(event, &on.keys)? == key).then_some(Admitted { event, on, position })
        });
        let history = Admission { rule, tables, key: key.clone(), events: admitted.collect() };
        walk(plan, id, threshold, &history, alerts);
    }
}

/// The `on` clause that admits an event: the first of its stream whose `where` holds.
fn admitted_by<'p>(threshold: &'p Threshold, tables: &Tables<'_>, event: &Event) -> Option<(u32, &'p On)> {
    let stream = event.coordinates.partition.stream;
    let look = Look::event(event).with_tables(tables);
    let admits = |on: &On| on.stream == stream && on.filter.as_ref().is_none_or(|filter| look.holds(filter));
    let position = threshold.on.iter().position(admits)?;
    Some((position as u32, &threshold.on[position]))
}

/// For each admitted event `when` is evaluated; the rule alerts when it becomes true. That opens an episode, which lasts
/// until the first event that finds it not true, or until the key's last admitted event has left the longest `over` that
/// `when` uses. Without `when` every admitted event alerts; with `alert every event`, every one that finds it true.
fn walk(plan: &Plan, id: RuleId, threshold: &Threshold, history: &Admission<'_>, alerts: &mut Vec<Alert>) {
    let mut sending = Sending::new(plan, history.tables, (id, history.rule), history.key.clone());
    let mut open = false;
    for (now, admitted) in history.events.iter().enumerate() {
        let at = admitted.event.at_us();
        if let (Some(us), Some(before)) = (threshold.episode_us, now.checked_sub(1)) {
            open &= at <= history.at(before).saturating_add(us);
        }
        let value = |expr: &Expr| history.look(now, true).value(expr);
        let Some(when) = &threshold.when else {
            sending.threshold(history, now, alerts);
            continue;
        };
        let holds = value(when) == Value::Bool(true);
        if holds && (!open || history.rule.alert.every_event) {
            sending.threshold(history, now, alerts);
        }
        open = holds;
    }
}

/// An admitted event.
pub(super) struct Admitted<'a> {
    /// The event.
    pub event: &'a Event,
    /// The clause that admitted it.
    pub on: &'a On,
    /// Its position among the rule's clauses.
    pub position: u32,
}

/// The admitted events of one key, in the total order.
pub(super) struct Admission<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What can be looked up.
    pub tables: &'a Tables<'a>,
    /// The key's parts.
    pub key: Vec<Value>,
    /// The events.
    pub events: Vec<Admitted<'a>>,
}

impl Admission<'_> {
    /// What `when`, `with`, the template and `suppress by` see at one of the events; histories' arguments see the same
    /// but no histories.
    pub fn look(&self, event: usize, with_histories: bool) -> Look<'_> {
        Look::admitted(self, event, with_histories)
    }
}

impl Seen for Admission<'_> {
    fn at(&self, event: usize) -> i64 {
        self.events[event].event.at_us()
    }

    fn value(&self, event: usize, expr: &Expr) -> Value {
        self.look(event, false).value(expr)
    }

    fn on(&self, event: usize) -> u32 {
        self.events[event].position
    }
}
