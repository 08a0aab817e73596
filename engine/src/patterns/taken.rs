//! What runs have taken: one log of events per key and step, of which each run holds spans.
//!
//! ```text
//!  log of `probe`:   e1 e2 e3 e4 e5 e6
//!  run from e1:      [------------)         runs that share a loop share its events,
//!  run from e3:            [------)         a branch copies spans and no event
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;
use tripline_query_lang::plan::StepId;

use super::kept::KeptEvent;
use super::run::{Edit, Edits, Moment};
use crate::expr::{Bound, Row};

/// The events that a key's runs have taken, by step.
#[derive(Default)]
pub(super) struct Logs {
    steps: Vec<Log>,
    /// Entries that were there when the logs were last trimmed.
    trimmed_len: usize,
}

/// The events that runs have taken at one step, each once.
#[derive(Default)]
pub(super) struct Log {
    /// The number of the first entry.
    base: u64,
    entries: VecDeque<Entry>,
}

/// A taken event.
pub(super) struct Entry {
    /// What is kept of it.
    pub(super) event: Arc<KeptEvent>,
    /// Its place among the key's events.
    pub(super) moment: Moment,
}

/// Some events behind one another in the log of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The step.
    pub(super) step: StepId,
    /// How many.
    pub(super) len: u32,
    /// The number of the first.
    pub(super) from: u64,
}

impl Span {
    fn end(&self) -> u64 {
        self.from + u64::from(self.len)
    }
}

/// What one run has taken; spans of a step in the order taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spans(pub(super) SmallVec<[Span; 3]>);

/// Entries are looked through for ones that no run holds whenever so many more have come.
const TRIM_MIN: usize = 32;

impl Logs {
    /// Empty logs.
    pub(super) const fn new() -> Logs {
        Logs { steps: Vec::new(), trimmed_len: 0 }
    }

    /// The log of a step.
    pub(super) fn of(&self, step: StepId) -> Option<&Log> {
        self.steps.get(step.index())
    }

    /// The number of an event in the log of a step; it is written there unless it is already.
    fn note<'a>(&mut self, step: StepId, moment: Moment, event: impl FnOnce() -> &'a Arc<KeptEvent>) -> u64 {
        if self.steps.len() <= step.index() {
            self.steps.resize_with(step.index() + 1, Log::default);
        }
        let log = &mut self.steps[step.index()];
        if log.entries.back().is_none_or(|newest| newest.moment.seq != moment.seq) {
            log.entries.push_back(Entry { event: event().clone(), moment });
        }
        log.base + log.entries.len() as u64 - 1
    }

    /// Writes an event behind the others of a step.
    pub(super) fn push(&mut self, step: StepId, entry: Entry) {
        if self.steps.len() <= step.index() {
            self.steps.resize_with(step.index() + 1, Log::default);
        }
        self.steps[step.index()].entries.push_back(entry);
    }

    /// Forgets events that no run holds, now and then.
    pub(super) fn trim<'a>(&mut self, runs: impl Iterator<Item = &'a Spans> + Clone) {
        let len: usize = self.steps.iter().map(|log| log.entries.len()).sum();
        if len < self.trimmed_len * 2 + TRIM_MIN {
            return;
        }
        let needed = self.needed(runs);
        for (log, needed) in self.steps.iter_mut().zip(needed) {
            while log.base < needed && log.entries.pop_front().is_some() {
                log.base += 1;
            }
        }
        self.trimmed_len = self.steps.iter().map(|log| log.entries.len()).sum();
    }

    /// By step, the number of the first event that a run holds.
    pub(super) fn needed<'a>(&self, runs: impl Iterator<Item = &'a Spans>) -> Vec<u64> {
        let mut needed: Vec<u64> = self.steps.iter().map(|log| log.base + log.entries.len() as u64).collect();
        for span in runs.flat_map(|spans| &spans.0) {
            if let Some(needed) = needed.get_mut(span.step.index()) {
                *needed = span.from.min(*needed);
            }
        }
        needed
    }
}

impl Log {
    /// The entry of a number.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.base)?).ok()?)
    }

    /// The numbers of the entries.
    pub(super) fn numbers(&self) -> std::ops::Range<u64> {
        self.base..self.base + self.entries.len() as u64
    }
}

impl Spans {
    /// Applies what an event did to a run; `event` makes the kept event when one is taken.
    pub(super) fn apply<'a>(
        &mut self,
        edits: &Edits,
        moment: Moment,
        logs: &mut Logs,
        event: impl Fn() -> &'a Arc<KeptEvent>,
    ) {
        for edit in edits {
            match edit {
                Edit::Take(step) => self.take(*step, logs.note(*step, moment, &event)),
                Edit::Drop(..) => self.drop_only(edit, logs),
            }
        }
    }

    fn take(&mut self, step: StepId, number: u64) {
        let newest = self.0.iter_mut().rev().find(|span| span.step == step);
        match newest.filter(|span| span.end() == number && span.len < u32::MAX) {
            Some(span) => span.len += 1,
            None => self.0.push(Span { step, len: 1, from: number }),
        }
    }

    /// Applies what the passing of time decided: it takes nothing.
    pub(super) fn drop_only(&mut self, edit: &Edit, logs: &Logs) {
        let Edit::Drop(steps, since_seq) = edit else { return };
        for span in self.0.iter_mut().filter(|span| steps.contains(&span.step)) {
            let young = |number| {
                let entry = logs.of(span.step).and_then(|log| log.get(number));
                entry.is_some_and(|entry| entry.moment.seq > *since_seq)
            };
            let kept = (span.from..span.end()).take_while(|number| !young(*number)).count();
            span.len = kept as u32;
        }
        self.0.retain(|span| span.len > 0);
    }

    /// The entries of a step, in the order taken.
    pub(super) fn entries<'a>(&'a self, logs: &'a Logs, step: StepId) -> impl Iterator<Item = &'a Entry> {
        let spans = self.0.iter().filter(move |span| span.step == step);
        let numbers = spans.flat_map(|span| span.from..span.end());
        numbers.filter_map(move |number| logs.of(step)?.get(number))
    }

    /// The moments of the step's first and newest event.
    pub(super) fn ends(&self, logs: &Logs, step: StepId) -> Option<(Moment, Moment)> {
        let mut spans = self.0.iter().filter(|span| span.step == step);
        let first = spans.next()?;
        let last = spans.next_back().unwrap_or(first);
        let log = logs.of(step)?;
        Some((log.get(first.from)?.moment, log.get(last.end().checked_sub(1)?)?.moment))
    }
}

/// What a run has taken, as conditions see it.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// The run's.
    pub(super) spans: &'a Spans,
    /// The key's.
    pub(super) logs: &'a Logs,
}

impl Bound for Shown<'_> {
    fn taken(&self, step: StepId) -> usize {
        self.spans.0.iter().filter(|span| span.step == step).map(|span| span.len as usize).sum()
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        let mut rest = index as u64;
        for span in self.spans.0.iter().filter(|span| span.step == step) {
            if rest < u64::from(span.len) {
                let entry = self.logs.of(step)?.get(span.from + rest)?;
                return Some(&*entry.event);
            }
            rest -= u64::from(span.len);
        }
        None
    }
}
