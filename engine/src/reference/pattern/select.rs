//! Which of the matches of one moment are reported, in which order, and which runs they end.

use tripline_query_lang::plan::{Skip, StepId};

use super::fit::Taken;

/// Runs that complete at the same moment are ordered by their start; of branches of one run the one with more events goes
/// first, then the one whose events are earlier; one with the same events as another is dropped: the one that stays has
/// the first event in which they differ at the earlier step.
pub(super) fn in_order<T>(mut matches: Vec<T>, of: impl Fn(&T) -> (usize, &Vec<(StepId, usize)>)) -> Vec<T> {
    let events = |t: &T| of(t).1.iter().map(|(_, event)| *event).collect::<Vec<_>>();
    let steps = |t: &T| of(t).1.iter().map(|(step, _)| *step).collect::<Vec<_>>();
    matches.sort_by(|a, b| {
        let length = of(b).1.len().cmp(&of(a).1.len());
        of(a).0.cmp(&of(b).0).then(length).then_with(|| events(a).cmp(&events(b))).then_with(|| steps(a).cmp(&steps(b)))
    });
    matches.dedup_by(|b, a| of(a).0 == of(b).0 && events(a) == events(b));
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
