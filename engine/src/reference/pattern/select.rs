//! Which of the matches of one moment are reported, in which order, and which runs they end.

use tripline_query_lang::plan::{Skip, StepId};

use super::by_start_then_length;
use super::fit::Taken;

/// Runs that complete at the same moment are ordered by their start; of branches of one run the one with more events goes
/// first, then the one whose events are earlier; one with the same events as another is dropped.
pub(super) fn in_order<T>(mut matches: Vec<T>, taken: impl Fn(&T) -> &Vec<(StepId, usize)>) -> Vec<T> {
    matches.sort_by(|a, b| by_start_then_length(taken(a), taken(b)));
    matches.dedup_by(|b, a| taken(a).iter().map(|(_, e)| e).eq(taken(b).iter().map(|(_, e)| e)));
    matches
}

/// Whether a run that began at `start` ends by a match: `past last event`, those that began at or before its last event;
/// `to next event`, those that began with its first; `to first A` and `to last A`, those that began before that event.
pub(super) fn ends(skip: Skip, taken: &Taken, start: usize) -> bool {
    let of = |step: StepId| taken.iter().filter(move |(s, _)| *s == step).map(|(_, event)| *event);
    match skip {
        Skip::PastLast => taken.last().is_some_and(|(_, last)| start <= *last),
        Skip::ToNext => taken.first().is_some_and(|(_, first)| start == *first),
        Skip::ToFirst(step) => of(step).min().is_some_and(|event| start < event),
        Skip::ToLast(step) => of(step).max().is_some_and(|event| start < event),
        Skip::None => false,
    }
}
