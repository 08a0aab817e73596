//! What an episode keeps.

use super::{Amount, Item, sizes};
use crate::plan::{Rule, Threshold};
use crate::show::duration;

/// That it is open; where more is said of it than that it opens, its newest event, and the first alert's.
pub(super) fn item(rule: &Rule, threshold: &Threshold) -> Option<Item> {
    threshold.when.as_ref()?;
    let hold = threshold.hold_us.map(|us| format!("when .. for {}", duration(us)));
    let repeat = rule.repeat_us.map(|us| format!("repeat {}", duration(us)));
    let resolve = rule.resolve.as_ref().map(|_| "resolve".to_owned());
    let clauses: Vec<String> = hold.into_iter().chain(repeat).chain(resolve).collect();
    if clauses.is_empty() {
        let bytes = Amount::AtMost(sizes::EPISODE);
        return Some(Item {
            clause: "when".to_owned(),
            holds: "the open episode".to_owned(),
            events: Amount::NONE,
            bytes,
        });
    }
    let fields: u64 = threshold.slots.iter().map(|slot| sizes::CELL + sizes::value(&slot.ty)).sum();
    let histories: u64 = rule.histories.iter().map(|history| sizes::CELL + sizes::value(&history.ty)).sum();
    Some(Item {
        clause: clauses.join(", "),
        holds: "the episode with its newest event".to_owned(),
        events: Amount::AtMost(1),
        bytes: Amount::AtMost(sizes::EPISODE + 2 * sizes::TAKEN + fields + histories),
    })
}
