//! The state bill: what one key of a rule can hold at most, in events and bytes, and which clause is responsible.
//!
//! It is computed from the plan alone. A time becomes a number of events by a rate: so many events a second of one key,
//! [`Rate::DEFAULT`] unless given. Bytes are those of [`sizes`]. What no time bounds is said to be so, never guessed.

mod amount;
mod episode;
mod histories;
mod lifetime;
mod pattern;
mod repeats;
pub mod sizes;
mod suppress;
mod text;

use crate::plan::{Body, HistoryScope, Plan, Rule};

pub use amount::Amount;
pub use histories::sketch as sketch_bytes;
pub use text::render;

/// Events a second of one key: how a time becomes a number of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// One event a second of each key.
    pub const DEFAULT: Rate = Rate(1.0);

    /// So many events a second; `None` for what is no rate.
    pub fn new(per_second: f64) -> Option<Rate> {
        (per_second.is_finite() && per_second > 0.0).then_some(Rate(per_second))
    }

    /// Events a second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// Events in a time that includes both its ends.
    fn events(self, us: i64) -> Amount {
        let events = (us.max(0) as f64 * self.0 / 1e6).floor() + 1.0;
        // Beyond that a float has no fractions, and soon no room for the number.
        if events < 2f64.powi(63) { Amount::AtMost(events as u64) } else { Amount::Countless }
    }
}

/// What one key of a rule can hold at most.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleBill {
    /// The rule.
    pub rule: String,
    /// What it is made of, in the order of the rule.
    pub items: Vec<Item>,
}

/// One thing that a key holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The clause that is responsible, in the rule's notation: `sum(amount) over 10m`.
    pub clause: String,
    /// What is held.
    pub holds: String,
    /// Events, or values of events.
    pub events: Amount,
    /// Bytes of it all.
    pub bytes: Amount,
}

impl RuleBill {
    /// Events of all items.
    pub fn events(&self) -> Amount {
        self.items.iter().fold(Amount::NONE, |sum, item| sum + item.events)
    }

    /// Bytes of all items.
    pub fn bytes(&self) -> Amount {
        self.items.iter().fold(Amount::NONE, |sum, item| sum + item.bytes)
    }
}

/// The bills of all rules, in order.
pub fn of(plan: &Plan, rate: Rate) -> Vec<RuleBill> {
    plan.rules.iter().map(|rule| of_rule(plan, rule, rate)).collect()
}

fn of_rule(plan: &Plan, rule: &Rule, rate: Rate) -> RuleBill {
    let mut items = vec![key(plan, rule)];
    match &rule.body {
        Body::Threshold(threshold) => {
            items.extend(histories::items(plan, rule, &HistoryScope::Admitted, rate));
            items.extend(episode::item(rule, threshold));
        }
        Body::Pattern(pattern) => {
            for step in 0..pattern.steps.len() as u32 {
                let scope = HistoryScope::Step(crate::plan::StepId(step));
                items.extend(histories::items(plan, rule, &scope, rate));
            }
            items.extend(pattern::items(plan, rule, pattern, rate));
        }
    }
    items.extend(suppress::item(plan, rule, rate));
    items.extend(repeats::items(plan, rule, rate));
    RuleBill { rule: rule.name.clone(), items }
}

/// The key itself, as long as it holds anything.
fn key(plan: &Plan, rule: &Rule) -> Item {
    let names: Vec<&str> = rule.keys.iter().map(|key| key.name.as_str()).collect();
    let clause = if names.is_empty() { "no `by`".to_owned() } else { format!("by {}", names.join(", ")) };
    let bytes = rule.keys.iter().map(|key| sizes::value(&key.ty)).sum::<u64>();
    let table = rule.key_table.and_then(|table| plan.tables.get(table.index()));
    let (clause, holds) = match table {
        Some(table) => (format!("{clause} in {}", table.name), "the key, for as long as it has a row".to_owned()),
        None => (clause, "the key".to_owned()),
    };
    Item { clause, holds, events: Amount::NONE, bytes: Amount::AtMost(sizes::KEY + bytes) }
}
