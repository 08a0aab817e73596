//! Silence, and what lasts after an absence has ended a match: `repeat` and `resolve`.

use std::collections::BTreeMap;

use tripline_query_lang::plan::{Absent, Link, Node, Pattern, Within};

use super::super::Found;
use super::super::alerts::{Cause, PatternMatch, Sending};
use super::fit::KeyView;
use crate::alert::AlertState;

/// `match no X for D` alone: once per outage of a key, from when it is known on. An X exactly D after the one before is in
/// time.
pub(super) fn silences(view: &KeyView<'_>, absent: &Absent, known_us: Option<i64>) -> Vec<PatternMatch> {
    let hold_us = absent.hold_us.unwrap_or(0);
    let xs = (0..view.events.len()).filter(|event| view.is_absent(absent, *event, &[]));
    let seen: Vec<i64> = known_us.into_iter().chain(xs.map(|event| view.at(event))).collect();
    let mut found = Vec::new();
    for (position, from_us) in seen.iter().enumerate() {
        let deadline = from_us.saturating_add(hold_us);
        if seen.get(position + 1).is_none_or(|next| *next > deadline) {
            let cause = Cause::Time(deadline);
            let deadline_us = Some(deadline);
            found.push(PatternMatch { taken: Vec::new(), at_us: deadline, cause, deadline_us, incomplete: false });
        }
    }
    found
}

/// Where something stands in the output of a key: its time, the event or time after all events, and whether it is a match
/// or what is said of one, by its position.
type Place = (i64, Option<usize>, bool, usize);

/// All alerts of a key in their order: each match that is sent brings its repeats, and its end. `to_us`: from when on the
/// key is not watched any more; otherwise time goes up to `newest_us`.
pub(super) fn tell(
    view: &KeyView<'_>,
    found: Vec<PatternMatch>,
    (to_us, newest_us): (Option<i64>, i64),
    sending: &mut Sending<'_>,
    out: &mut Found,
) {
    let place = |cause: Cause, is_later: bool, position: usize| -> Place {
        match cause {
            Cause::Event(event) => (view.at(event), Some(event), is_later, position),
            Cause::Time(at_us) => (at_us, None, is_later, position),
            Cause::End => (i64::MAX, None, is_later, position),
        }
    };
    // An event stands before the timers of its time.
    let order = |(at_us, event, is_later, position): Place| (at_us, event.is_none(), event, is_later, position);
    let mut waiting = BTreeMap::new();
    for (position, one) in found.iter().enumerate() {
        waiting.insert(order(place(one.cause, false, position)), (position, one.cause, AlertState::Firing));
    }
    while let Some((_, (position, cause, state))) = waiting.pop_first() {
        let is_sent = sending.pattern_as(&view.events, &found[position], (state, cause), out);
        if state == AlertState::Firing && is_sent {
            for (cause, state) in later(view, &found[position], to_us.map_or(newest_us, |to_us| to_us - 1)) {
                waiting.insert(order(place(cause, true, position)), (position, cause, state));
            }
        }
    }
}

/// What is said of a match later: again after each `repeat` while the absence that ended it lasts, up to the rule's
/// `within`; and that it is over, at the first X after it.
fn later(view: &KeyView<'_>, found: &PatternMatch, newest_us: i64) -> Vec<(Cause, AlertState)> {
    let Some(absent) = absence(view.pattern).filter(|_| found.deadline_us.is_some()) else { return Vec::new() };
    let first_us = found.taken.iter().map(|(_, event)| view.at(*event)).min();
    let until_us = match (view.pattern.within, first_us) {
        (Some(Within::Time(us)), Some(first)) => Some(first.saturating_add(us)),
        _ => None,
    };
    let is_over = |event: &usize| {
        view.at(*event) > found.at_us
            && until_us.is_none_or(|until| view.at(*event) <= until)
            && view.belongs(*event, &found.taken)
            && view.is_absent(absent, *event, &found.taken)
    };
    let end = (0..view.events.len()).find(is_over);
    let last_us = match (end, until_us) {
        (Some(end), _) => view.at(end).saturating_sub(1),
        (None, until) => until.unwrap_or(newest_us),
    };
    let mut said = Vec::new();
    for count in 1.. {
        let Some(repeat_us) = view.rule.repeat_us else { break };
        let at_us = found.at_us.saturating_add(repeat_us.saturating_mul(i64::from(count)));
        if at_us > last_us {
            break;
        }
        said.push((Cause::Time(at_us), AlertState::Repeated(count)));
    }
    let resolves = view.rule.resolve.is_some();
    said.extend(end.filter(|_| resolves).map(|event| (Cause::Event(event), AlertState::Resolved)));
    said
}

/// The `no X` that a pattern ends with, if it waits for time.
fn absence(pattern: &Pattern) -> Option<&Absent> {
    let last = pattern.seq.last().filter(|last| last.link != Link::Next)?;
    match &last.node {
        Node::No(absent) => Some(absent),
        _ => None,
    }
}
