//! The counter: patterns that need no run of their own for each start.
//!
//! `probe{3,} over 15m then hit within 1h`, with conditions on single events only and `after match skip past last event`:
//! every open run takes every probe, so that all runs share one row of events, and a run is no more than the place in it
//! where it began. Whether a run may complete follows from the row:
//!
//! ```text
//!  row:   p1  p2  p3  p4  p5          a run from p2 has taken p2 .. p5, or less: up to `max`, and as long as
//!             ^ start      ^ end      the loop's `over` and the rule's `within` allow
//! ```
//!
//! A match ends all runs, so a key is the events of the row and little more.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use tripline_query_lang::plan::{Runs, Skip, StepId};

use super::condition::Part;
use super::counted::Counting;
use super::graph::{Graph, LeafBody};
use super::run::Keeping;
use super::{KeyState, Match, Offer, Taken};

/// With a smaller cap on open runs it matters which of several runs is refused.
const CAP_MIN: u32 = 1_000;

/// A pattern of one step or loop, and one step behind it if any.
pub(super) struct Counter {
    first: Role,
    /// The steps as which the loop takes its events, where they are several: one for each.
    names: Vec<StepId>,
    /// Events that the loop takes at least.
    min: usize,
    /// At most.
    max: usize,
    /// The longest time from a run's first event to the last of its loop, microseconds.
    span_us: i64,
    then: Option<Then>,
    /// The roles of `without`.
    without: u64,
    /// The cap on open runs.
    runs_max: usize,
}

/// A step and its role bit.
struct Role {
    step: StepId,
    role: u64,
}

/// The step behind the loop.
struct Then {
    last: Role,
    /// After the loop's last event, microseconds.
    within_us: i64,
    /// From the run's first event, microseconds.
    whole_us: i64,
    /// The roles of `no` before it.
    forbidden: u64,
}

impl Counter {
    /// The pattern as a counter, or why it is none.
    pub(super) fn of(graph: &Graph, runs: Runs) -> Result<Counter, &'static str> {
        let program = &graph.program;
        let Runs::Max(runs_max @ CAP_MIN..) = runs else { return Err("`runs` says which runs may be open") };
        if graph.skip != Skip::PastLast {
            return Err("`after match skip` lets runs live on");
        }
        if !graph.without.iter().all(Part::is_local) {
            return Err(LOOKS_BACK);
        }
        if !program.entry.guards.is_empty() {
            return Err("a `no` stands first");
        }
        if graph.counts_positions() {
            return Err("it matters which event is the very next one");
        }
        if program.leaves.len() > 2 {
            return Err("it has more than two steps");
        }
        let leaf = program.leaves.first().ok_or("it has no step")?;
        let first = role(&leaf.body)?;
        let levels: Vec<_> = leaf.levels.iter().map(|&level| &program.levels[level]).collect();
        let (min, max, over_us) = match levels.as_slice() {
            [] => (1, Some(1), None),
            [loop_] if loop_.until.is_none() && loop_.min > 0 => (loop_.min, loop_.max, loop_.over_us),
            _ => return Err("its loop ends by `until`, may be empty or stands in a bracket"),
        };
        let enters = program.entry.ways.iter().all(|way| way.target == Some(0));
        let forward = leaf.after.ways.first().is_some_and(|way| way.target != Some(0)) && leaf.after.plain;
        if !enters || !forward || leaf.after.ways.len() > 2 {
            return Err("there is a choice of steps, or `greedy`, or branches");
        }
        if max != Some(1) && leaf.within_us.is_some() {
            return Err("`within` limits the gaps of its loop");
        }
        let then = match program.leaves.get(1) {
            Some(_) => Some(then(graph)?),
            None if leaf.after.end.as_ref().is_some_and(|end| !end.waits()) => None,
            None => return Err(WAITS),
        };
        let whole_us = graph.within_us.unwrap_or(i64::MAX);
        Ok(Counter {
            first,
            names: Vec::new(),
            min: min as usize,
            max: max.map_or(usize::MAX, |max| max as usize),
            span_us: over_us.unwrap_or(i64::MAX).min(whole_us),
            then,
            without: graph.without.iter().fold(0, |set, part| set | part.role),
            runs_max: runs_max as usize,
        })
    }

    /// What its loop takes are the events of these steps, one for each.
    pub(super) fn of_steps(self, names: Vec<StepId>) -> Counter {
        Counter { names, ..self }
    }

    /// One event of the key.
    pub(super) fn event(
        &self,
        state: &mut KeyState,
        offer: &Offer<'_>,
        keeping: &Keeping<'_>,
        now_us: i64,
        out: &mut Vec<Match>,
    ) {
        self.trim(state, now_us);
        if let Some(then) = self.then.as_ref().filter(|then| offer.roles & then.last.role != 0)
            && let Some(start) = self.completed(then, state, now_us)
        {
            let end = self.end(state.counted.row(), start);
            self.emit(state, start..end, Some((then.last.step, keeping)), now_us, out);
            return;
        }
        if self.then.as_ref().is_some_and(|then| offer.roles & then.forbidden != 0) {
            // Runs that wait for the last step are lost; those that still count on are not there yet.
            let waiting = (state.counted.row().len() + 1).saturating_sub(self.min);
            state.counted.forget(waiting);
        }
        let takes = offer.roles & self.first.role != 0;
        let completes = takes && self.then.is_none() && self.counts(state, now_us);
        if offer.roles & self.without != 0 && !completes {
            state.counted.clear();
        }
        if takes {
            let starts = self.may_start(state, now_us);
            if !starts && self.max == 1 {
                return;
            }
            state.counted.push(keeping, self.first.step, &self.names, starts);
            if completes || (self.then.is_none() && self.min == 1 && starts) {
                let len = state.counted.row().len();
                self.emit(state, len - self.min..len, None, now_us, out);
                return;
            }
        }
        state.wake_us = self.wake(state);
    }

    /// Whether the event at hand is the last that a run of a loop alone needs.
    fn counts(&self, state: &KeyState, now_us: i64) -> bool {
        let row = state.counted.row();
        let start = (row.len() + 1).checked_sub(self.min).filter(|start| *start < row.len());
        start.and_then(|start| row.get(start)).is_some_and(|first| first.starts && self.spans(first, now_us))
    }

    fn spans(&self, first: &Counting, now_us: i64) -> bool {
        now_us <= first.at_us.saturating_add(self.span_us)
    }

    /// The oldest run that the event at hand completes.
    fn completed(&self, then: &Then, state: &KeyState, now_us: i64) -> Option<usize> {
        let row = state.counted.row();
        (0..row.len()).find(|&start| {
            let end = self.end(row, start);
            let (first, last) = (&row[start], &row[end - 1]);
            first.starts
                && end - start >= self.min
                && now_us <= first.at_us.saturating_add(then.whole_us)
                && now_us <= last.at_us.saturating_add(then.within_us)
        })
    }

    /// The end of what the run from `start` has taken of the row.
    fn end(&self, row: &VecDeque<Counting>, start: usize) -> usize {
        let most = start.saturating_add(self.max).min(row.len());
        let first = &row[start];
        if self.spans(first, row[most - 1].at_us) {
            return most;
        }
        row.partition_point(|counting| self.spans(first, counting.at_us)).clamp(start + 1, most)
    }

    /// Whether the cap on open runs allows a start; a refused one is counted.
    fn may_start(&self, state: &mut KeyState, now_us: i64) -> bool {
        if state.counted.row().len() < self.runs_max {
            return true;
        }
        let open = (0..state.counted.row().len()).filter(|&start| self.is_open(state, start, now_us)).count();
        if open >= self.runs_max {
            state.refuse(1);
        }
        open < self.runs_max
    }

    /// Whether the run from `start` can still complete.
    fn is_open(&self, state: &KeyState, start: usize, now_us: i64) -> bool {
        state.counted.row()[start].starts && now_us <= self.expiry(state, start)
    }

    /// The last time at which the run from `start` can complete.
    fn expiry(&self, state: &KeyState, start: usize) -> i64 {
        let row = state.counted.row();
        let first_us = row[start].at_us;
        let full_us = first_us.saturating_add(self.span_us);
        let Some(then) = &self.then else { return full_us };
        let end = self.end(row, start);
        let after_us = row[end - 1].at_us.saturating_add(then.within_us);
        let whole_us = first_us.saturating_add(then.whole_us);
        let takes_more = end - start < self.max;
        if end - start < self.min {
            full_us
        } else if takes_more {
            whole_us.min(after_us.max(full_us))
        } else {
            whole_us.min(after_us)
        }
    }

    /// Event time has certainly passed everything strictly before `before_us`: forgets runs that are late.
    pub(super) fn pass(&self, state: &mut KeyState, before_us: i64) {
        if state.wake_us < before_us {
            state.counted.clear();
        }
        while !state.counted.row().is_empty() && self.expiry(state, 0) < before_us {
            state.counted.forget(1);
        }
        state.wake_us = self.wake(state);
    }

    /// Forgets runs that are late for an event of this time, most of them as soon as they are.
    fn trim(&self, state: &mut KeyState, now_us: i64) {
        if state.wake_us < now_us {
            state.counted.clear();
        }
        while let Some(first) = state.counted.row().front()
            && !self.spans(first, now_us)
            && self.expiry(state, 0) < now_us
        {
            state.counted.forget(1);
        }
    }

    /// When all runs are certainly late.
    pub(super) fn wake(&self, state: &KeyState) -> i64 {
        state.counted.row().back().map_or(i64::MAX, |newest| newest.at_us.saturating_add(self.lingers_us()))
    }

    /// When the newest run is late: those before it are not forgotten each at its time, since an event that comes for them
    /// finds them late as well.
    pub(super) fn next_deadline(&self, state: &KeyState) -> Option<i64> {
        let newest = state.counted.row().len().checked_sub(1)?;
        Some(self.expiry(state, newest)).filter(|us| *us < i64::MAX)
    }

    /// So long after a key's last event nothing is open, microseconds; `i64::MAX`: no such time.
    fn lingers_us(&self) -> i64 {
        self.then.as_ref().map_or(self.span_us, |then| then.whole_us.min(self.span_us.saturating_add(then.within_us)))
    }

    /// Number of runs that are open.
    pub(super) fn open_runs(&self, state: &KeyState) -> usize {
        state.counted.row().iter().filter(|counting| counting.starts).count()
    }

    fn emit(
        &self,
        state: &mut KeyState,
        taken: Range<usize>,
        last: Option<(StepId, &Keeping<'_>)>,
        now_us: i64,
        out: &mut Vec<Match>,
    ) {
        let names = self.names.iter().copied().chain(std::iter::repeat(self.first.step));
        let of_loop = names.zip(state.counted.events(taken).map(|event| Arc::new(event) as Taken));
        let of_last = last.map(|(step, keeping)| (step, Arc::new(keeping.keep()) as Taken));
        let taken = of_loop.chain(of_last).collect();
        out.push(Match {
            all: None,
            at_us: now_us,
            time_us: now_us,
            by_event: true,
            key: None,
            taken,
            deadline_us: None,
            incomplete: state.take_incomplete(),
        });
        state.counted.clear();
        state.wake_us = i64::MAX;
    }
}

fn role(body: &LeafBody) -> Result<Role, &'static str> {
    match body {
        LeafBody::Step(step, part) if part.is_local() => Ok(Role { step: *step, role: part.role }),
        LeafBody::Step(..) => Err(LOOKS_BACK),
        LeafBody::Group(_) => Err("it has a group"),
    }
}

const LOOKS_BACK: &str = "a condition looks at earlier steps or at history";
const WAITS: &str = "it waits for something to stay away";

/// The second step, where it is plain.
fn then(graph: &Graph) -> Result<Then, &'static str> {
    let [first, last] = graph.program.leaves.as_slice() else { return Err("it has more than two steps") };
    let guards = &first.after.guards;
    if last.after.end.as_ref().is_none_or(|end| end.waits()) || guards.iter().any(|guard| guard.hold_us.is_some()) {
        return Err(WAITS);
    }
    if !guards.iter().all(|guard| guard.part.is_local()) {
        return Err(LOOKS_BACK);
    }
    let to_last = first.after.ways.first().is_some_and(|way| way.target == Some(1));
    let ends_there = last.levels.is_empty() && last.after.ways.len() == 1;
    if !to_last || !ends_there || guards.iter().any(|guard| guard.ways != 1) {
        return Err("its second step is a loop, or may be left out");
    }
    Ok(Then {
        last: role(&last.body)?,
        within_us: last.within_us.unwrap_or(i64::MAX),
        whole_us: graph.within_us.unwrap_or(i64::MAX),
        forbidden: guards.iter().fold(0, |set, guard| set | guard.part.role),
    })
}
