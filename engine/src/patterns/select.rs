//! Which of the matches that came about together stand, and which runs they end.

use std::cmp::Ordering;
use std::sync::Arc;

use tripline_query_lang::plan::{Skip, StepId};
use tripline_query_lang::value::Value;

use super::run::{Moment, Run};
use super::taken::{Logs, Spans};
use super::{KeyState, Match, Rest, Taken};

/// A complete match, before the others have been asked.
pub(super) struct Candidate {
    /// The run's first event.
    pub(super) start: Moment,
    /// The run's key, where keys are handed over.
    pub(super) key: Option<Arc<[Value]>>,
    /// What it took.
    pub(super) taken: Spans,
    /// The alert's time, microseconds.
    pub(super) at_us: i64,
    /// When it came about, microseconds.
    pub(super) time_us: i64,
    /// An event completed it, not time.
    pub(super) by_event: bool,
    /// The deadline of an absence.
    pub(super) deadline_us: Option<i64>,
}

impl Candidate {
    /// An event completed the run.
    pub(super) fn by_event(run: &Run, at_us: i64, now_us: i64) -> Candidate {
        Candidate { by_event: true, ..Candidate::by_time(run, at_us, now_us, None) }
    }

    /// The passing of a time completed the run.
    pub(super) fn by_time(run: &Run, at_us: i64, time_us: i64, deadline_us: Option<i64>) -> Candidate {
        let (key, taken) = (run.key.clone(), run.taken.clone());
        Candidate { start: run.start, key, taken, at_us, time_us, by_event: false, deadline_us }
    }

    /// The steps that took something, in order of the text.
    fn steps(&self) -> Vec<StepId> {
        let mut steps: Vec<StepId> = self.taken.0.iter().map(|span| span.step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// The events with their steps, in the total order.
    fn events(&self, logs: &Logs) -> Vec<(u64, StepId)> {
        let of = |step| self.taken.entries(logs, step).map(move |entry| (entry.moment.seq, step));
        let mut events: Vec<_> = self.steps().into_iter().flat_map(of).collect();
        events.sort_unstable();
        events
    }

    /// The match's first event. A group that was complete without it may have left the run's first event behind.
    fn first(&self, logs: &Logs) -> Moment {
        let first = |step| self.taken.ends(logs, step).map(|ends| ends.0);
        self.steps().into_iter().filter_map(first).min().unwrap_or(self.start)
    }

    /// The match's newest event.
    fn last(&self, logs: &Logs) -> Moment {
        let newest = |step| self.taken.ends(logs, step).map(|ends| ends.1);
        self.steps().into_iter().filter_map(newest).max().unwrap_or(self.start)
    }

    fn into_match(self, logs: &Logs, incomplete: bool) -> Match {
        let of = |step| self.taken.entries(logs, step).map(move |entry| (step, entry.event.clone() as Taken));
        let taken = self.steps().into_iter().flat_map(of).collect();
        Match {
            at_us: self.at_us,
            time_us: self.time_us,
            by_event: self.by_event,
            key: self.key,
            taken,
            all: None,
            deadline_us: self.deadline_us,
            incomplete,
        }
    }
}

/// Puts candidates into the order of the language, and lets each end other runs: those are no longer `live`.
pub(super) fn select(skip: Skip, candidates: Vec<Candidate>, state: &mut KeyState, out: &mut Vec<Match>) {
    let Rest { runs, logs, incomplete, .. } = state.rest_mut();
    let logs = &*logs;
    let mut ended: Vec<Ended> = Vec::new();
    for candidate in ordered(candidates, logs) {
        if ended.iter().any(|ended| ended.includes(candidate.start, candidate.key.as_deref())) {
            continue;
        }
        if let Some(ends) = Ended::by(skip, &candidate, logs) {
            for run in runs.iter_mut().filter(|run| ends.includes(run.start, run.key.as_deref())) {
                run.live = false;
            }
            ended.push(ends);
        }
        out.push(candidate.into_match(logs, std::mem::take(incomplete)));
    }
}

/// By start; branches: those with more events first, then those whose events come first in the total order, then those
/// whose steps come first in the text. Of branches with the same events the first stays.
fn ordered(candidates: Vec<Candidate>, logs: &Logs) -> Vec<Candidate> {
    if candidates.len() < 2 {
        return candidates;
    }
    let mut keyed: Vec<_> = candidates.into_iter().map(|candidate| (candidate.events(logs), candidate)).collect();
    keyed.sort_by(|(a, left), (b, right)| {
        left.start.seq.cmp(&right.start.seq).then_with(|| b.len().cmp(&a.len())).then_with(|| by_events(a, b))
    });
    keyed.dedup_by(|(a, left), (b, right)| {
        left.start.seq == right.start.seq && left.key == right.key && by_place(a, b).is_eq()
    });
    keyed.into_iter().map(|(_, candidate)| candidate).collect()
}

fn by_events(a: &[(u64, StepId)], b: &[(u64, StepId)]) -> Ordering {
    by_place(a, b).then_with(|| a.cmp(b))
}

fn by_place(a: &[(u64, StepId)], b: &[(u64, StepId)]) -> Ordering {
    a.iter().map(|(seq, _)| seq).cmp(b.iter().map(|(seq, _)| seq))
}

/// The runs that a match ends: those of its key that began from one event to before another.
struct Ended {
    from_seq: u64,
    before_seq: u64,
    key: Option<Arc<[Value]>>,
}

impl Ended {
    fn by(skip: Skip, candidate: &Candidate, logs: &Logs) -> Option<Ended> {
        let (from_seq, before_seq) = match skip {
            Skip::None => return None,
            Skip::PastLast => (0, candidate.last(logs).seq + 1),
            Skip::ToNext => {
                let first = candidate.first(logs).seq;
                (first, first + 1)
            }
            Skip::ToFirst(step) => (0, candidate.taken.ends(logs, step)?.0.seq),
            Skip::ToLast(step) => (0, candidate.taken.ends(logs, step)?.1.seq),
        };
        Some(Ended { from_seq, before_seq, key: candidate.key.clone() })
    }

    fn includes(&self, start: Moment, key: Option<&[Value]>) -> bool {
        (self.from_seq..self.before_seq).contains(&start.seq) && self.key.as_deref() == key
    }
}
