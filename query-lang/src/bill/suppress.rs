//! What `suppress` remembers.

use super::{Amount, Item, Rate, sizes};
use crate::plan::{Plan, Rule};
use crate::show::{Show, duration};

/// One time for the key; with `by`, one for each value that an event in the time may have.
pub(super) fn item(plan: &Plan, rule: &Rule, rate: Rate) -> Option<Item> {
    let suppress = rule.suppress.as_ref()?;
    let show = Show::new(plan, rule);
    let by: Vec<String> = suppress.by.iter().map(|part| show.expr(part)).collect();
    let clause = format!("suppress {}", duration(suppress.span_us));
    let bytes = suppress.by.iter().map(|part| sizes::value(&part.ty)).sum::<u64>() + sizes::SUPPRESSED;
    let (clause, times) = if by.is_empty() {
        (clause, Amount::AtMost(1))
    } else {
        (format!("{clause} by {}", by.join(", ")), rate.events(suppress.span_us))
    };
    Some(Item {
        clause,
        holds: "when alerts were said".to_owned(),
        events: Amount::NONE,
        bytes: times * Amount::AtMost(bytes),
    })
}
