//! `then each`: sequences of single steps whose runs go on in a branch for every event that fits, by shared chains.
//!
//! Where conditions look at the event alone, an event takes all runs of the step before on at once, so that no run has to
//! be kept: [`Chains`] holds an event once for each step, and what a last event completes is read off.
//!
//! *Branches are counted.* The oldest start has the most; as long as it has no more than `limit` allows, no start has. A
//! start that would have more leaves before the event comes, with its branches as runs, of which `limit` refuses some.

use std::sync::Arc;

use tripline_query_lang::plan::{Runs, Skip, StepId};

use super::bar::Rank;
use super::chains::{Chains, Complete, Visitor};
use super::graph::{Graph, LeafBody};
use super::kept::{Keeper, KeptEvent};
use super::noted::Noted;
use super::run::{Cursor, Keeping, Moment, Run};
use super::state::{check, put_event, take_event};
use super::taken::{Entry, Span, Spans};
use super::{KeyState, Machine, Match, Offer, Taken};
use crate::expr::Row;
use crate::state::{Put, StateError, Take};

/// A sequence of single steps, some of them by `then each`.
pub(super) struct Combinations {
    steps: Vec<Step>,
    /// Which they are.
    names: Arc<[StepId]>,
    /// By step, whether it is by `then each`.
    each: Vec<bool>,
    /// A run with no more branches, itself among them, loses none.
    branches_max: u64,
    /// The cap on open runs.
    runs_max: usize,
    /// From a run's first event, microseconds.
    within_us: i64,
    /// From a run's first event, in events of the key.
    within_events: u64,
}

/// A step and its role bit.
struct Step {
    step: StepId,
    role: u64,
}

/// Matches that an event completes together.
#[derive(Debug)]
pub struct Combined {
    steps: Arc<[StepId]>,
    /// What they took before.
    complete: Complete<Arc<Noted>>,
    /// What all took last.
    newest: Arc<KeptEvent>,
}

impl Combined {
    /// How many they are.
    pub(crate) fn count(&self) -> u64 {
        self.complete.count()
    }

    /// What they took before the last step, a row a step.
    pub(crate) fn before(&self) -> &Complete<Arc<Noted>> {
        &self.complete
    }

    /// What all took last.
    pub(crate) fn newest(&self) -> &KeptEvent {
        &self.newest
    }

    /// The steps, in order.
    pub(crate) fn steps(&self) -> &[StepId] {
        &self.steps
    }

    /// Shows each, in their order, as what it took.
    pub(crate) fn each(&self, show: impl FnMut(Vec<(StepId, Taken)>)) {
        self.complete.visit(&mut OneByOne { all: self, at: Vec::new(), show });
    }
}

/// Lists what each match took.
struct OneByOne<'a, F> {
    all: &'a Combined,
    at: Vec<(StepId, Taken)>,
    show: F,
}

impl<F: FnMut(Vec<(StepId, Taken)>)> Visitor<'_, Arc<Noted>> for OneByOne<'_, F> {
    fn put(&mut self, row: usize, noted: &Arc<Noted>) {
        self.at.truncate(row);
        self.at.push((self.all.steps[row], Arc::new(noted.event.clone())));
    }

    fn show(&mut self) {
        let newest = self.all.newest.clone() as Taken;
        let last = self.all.steps.last().map(|step| (*step, newest));
        (self.show)(self.at.iter().cloned().chain(last).collect());
    }
}

/// What one key has open.
pub(super) struct Shared {
    /// By step, without the last.
    pub(super) chains: Chains<Arc<Noted>>,
    /// So many branches the oldest start may still have more: at least.
    room: u64,
}

impl Combinations {
    /// The pattern as combinations, or why it is none.
    pub(super) fn of(graph: &Graph, runs: Runs) -> Result<Combinations, &'static str> {
        let program = &graph.program;
        let Runs::Max(runs_max) = runs else { return Err("`runs latest` says which runs may be open") };
        if graph.skip != Skip::None {
            return Err("`after match skip` ends runs");
        }
        if !graph.without.is_empty() || !program.entry.guards.is_empty() || program.entry.strict != 0 {
            return Err(FORBIDS);
        }
        let enters = program.entry.ways.iter().all(|way| way.target == Some(0));
        if !program.levels.is_empty() || !enters || program.leaves.len() < 2 {
            return Err("it has loops, brackets or optional steps");
        }
        let (mut steps, mut each, mut branches_max) = (Vec::new(), vec![false], u64::MAX);
        for (leaf, here) in program.leaves.iter().enumerate() {
            let LeafBody::Step(step, part) = &here.body else { return Err("it has a group") };
            if !part.is_local() {
                return Err("a condition looks at more than the event: branches differ in what fits them");
            }
            if here.within_us.is_some() {
                return Err("`within` of a step: branches differ in what fits them");
            }
            steps.push(Step { step: *step, role: part.role });
            let after = &here.after;
            if !after.guards.is_empty() || after.strict != 0 {
                return Err(FORBIDS);
            }
            let [way] = &after.ways[..] else { return Err("there is a choice of steps") };
            match way.target {
                Some(next) if next == leaf + 1 => {
                    each.push(way.spawns);
                    if way.spawns {
                        branches_max = branches_max.min(u64::from(way.limit));
                    }
                }
                _ if leaf + 1 < program.leaves.len() => return Err("there is a choice of steps"),
                _ => {}
            }
        }
        if branches_max == 0 {
            return Err("`limit` allows no branch");
        }
        if !each[1] {
            return Err("the first step is not followed by `then each`");
        }
        Ok(Combinations {
            names: steps.iter().map(|step| step.step).collect(),
            steps,
            each,
            branches_max,
            runs_max: runs_max as usize,
            within_us: graph.within_us.unwrap_or(i64::MAX),
            within_events: graph.within_events.unwrap_or(u64::MAX),
        })
    }

    /// Number of steps without the last.
    pub(super) fn rows(&self) -> usize {
        self.steps.len() - 1
    }

    fn plays(&self, step: usize, offer: &Offer<'_>) -> bool {
        offer.roles & self.steps[step].role != 0
    }

    /// Starts whose time is over at an event forget themselves.
    fn expire(&self, shared: &mut Shared, now: Moment) {
        shared.chains.expire(|start| {
            start.at_us.saturating_add(self.within_us) < now.at_us
                || start.seq.saturating_add(self.within_events) < now.seq
        });
    }

    /// Makes starts leave that would have too many branches once the event has come. Before runs are offered the event.
    pub(super) fn make_room(&self, machine: &Machine, state: &mut KeyState, offer: &Offer<'_>, now: Moment) {
        let Some(mut shared) = state.shared.take() else { return };
        self.expire(&mut shared, now);
        let rows = self.rows();
        let gain = |shared: &Shared| -> u64 {
            let steps = (1..rows).filter(|step| self.plays(*step, offer));
            steps.map(|step| shared.chains.gain(step)).fold(0, u64::saturating_add)
        };
        let mut more = gain(&shared);
        while more > shared.room && shared.chains.starts() > 0 {
            let count = self.recount(&mut shared);
            more = gain(&shared);
            if count.saturating_add(more) > self.branches_max {
                self.let_leave(machine, state, &mut shared);
                self.expire(&mut shared, now);
                self.recount(&mut shared);
                more = gain(&shared);
            }
        }
        shared.room = shared.room.saturating_sub(more);
        if shared.chains.starts() > 0 {
            state.shared = Some(shared);
        }
    }

    /// Finds out how many branches the oldest start has.
    pub(super) fn recount(&self, shared: &mut Shared) -> u64 {
        let count = shared.chains.count();
        shared.room = self.branches_max.saturating_sub(count);
        count
    }

    /// The oldest start goes on by runs.
    fn let_leave(&self, machine: &Machine, state: &mut KeyState, shared: &mut Shared) {
        let chains = shared.chains.leave();
        let family = Some(Arc::new(()));
        let mut known: Vec<(usize, u64, u64)> = Vec::new();
        for chain in chains {
            let (Some((_, start)), Some((_, last))) = (chain.first(), chain.last()) else { continue };
            let (start, mut cursor) = (*start, Cursor::before(0, *last));
            cursor.leaf = Some(chain.len() as u32 - 1);
            machine.graph.settle(&machine.graph.program, &mut cursor, start);
            let mut taken = Spans::default();
            for (index, (event, moment)) in chain.into_iter().enumerate() {
                let step = self.steps[index].step;
                let noted = known.iter().find(|(of, seq, _)| (*of, *seq) == (index, moment.seq));
                let from = noted.map(|(.., number)| *number).unwrap_or_else(|| {
                    let number = state.logs.of(step).map_or(0, |log| log.numbers().end);
                    state.rest_mut().logs.push(step, Entry { event: Arc::new(event.event.clone()), moment });
                    known.push((index, moment.seq, number));
                    number
                });
                taken.0.push(Span { step, len: 1, from });
            }
            let (family, key) = (family.clone(), None);
            let mut run =
                Run { start, skipped: 0, family, key, cursor, taken, wake_us: i64::MAX, rank: Rank::Open, live: true };
            machine.wake(&mut run, &state.logs);
            state.wake_us = state.wake_us.min(run.wake_us);
            state.rest_mut().runs.push(run);
        }
    }

    /// One event of the key, behind [`Combinations::make_room`] and the runs that have left; `starts`: it is a first step.
    pub(super) fn event(
        &self,
        state: &mut KeyState,
        starts: bool,
        offer: &Offer<'_>,
        keeping: &Keeping<'_>,
        now: Moment,
        out: &mut Vec<Match>,
    ) {
        if state.shared.is_none() && !starts {
            return state.forget_ended();
        }
        let mut shared = state.shared.take().unwrap_or_else(|| self.empty());
        let last = self.rows();
        if self.plays(last, offer) {
            self.complete(state, &mut shared, keeping, now, out);
        }
        for step in (1..last).rev().filter(|step| self.plays(*step, offer)) {
            shared.chains.push(step, now, !self.each[step], || Noted::new(keeping.keep()));
        }
        if starts {
            shared.chains.push(0, now, false, || Noted::new(keeping.keep()));
            if shared.chains.starts() == 1 {
                shared.room = self.branches_max.saturating_sub(1);
                state.wake_us = state.wake_us.min(now.at_us.saturating_add(self.within_us));
            }
        }
        state.shared = Some(shared);
        state.seq = now.seq;
    }

    /// No start.
    pub(super) fn empty(&self) -> Box<Shared> {
        Box::new(Shared { chains: Chains::new(self.rows()), room: 0 })
    }

    /// Whether the event starts a run. One that the cap on open runs refuses is counted; `runs 1` is a meaning, not a cap.
    pub(super) fn starts(&self, state: &mut KeyState, offer: &Offer<'_>) -> bool {
        if !self.plays(0, offer) {
            return false;
        }
        let here = state.shared.as_ref().map_or(0, |shared| shared.chains.starts());
        let may = here + state.runs.len() < self.runs_max || here + state.starts_open(None) < self.runs_max;
        if !may && self.runs_max > 1 {
            state.refuse(1);
        }
        may
    }

    fn complete(
        &self,
        state: &mut KeyState,
        shared: &mut Shared,
        keeping: &Keeping<'_>,
        now: Moment,
        out: &mut Vec<Match>,
    ) {
        let last = self.rows();
        if let Some(complete) = shared.chains.complete() {
            let all = Combined { steps: self.names.clone(), complete, newest: keeping.event().clone() };
            out.push(Match {
                at_us: now.at_us,
                time_us: now.at_us,
                by_event: true,
                key: None,
                taken: Vec::new(),
                all: Some(Box::new(all)),
                deadline_us: None,
                incomplete: state.take_incomplete(),
            });
        }
        if !self.each[last] {
            shared.chains.take_complete();
        }
    }

    /// Event time has certainly passed everything strictly before `before_us`; returns when something is due next.
    pub(super) fn pass(&self, state: &mut KeyState, before_us: i64) -> i64 {
        let Some(shared) = &mut state.shared else { return i64::MAX };
        self.expire(shared, Moment { seq: 0, at_us: before_us });
        let next = shared.chains.oldest().map(|oldest| oldest.moment.at_us.saturating_add(self.within_us));
        if next.is_none() {
            state.shared = None;
        }
        next.unwrap_or(i64::MAX)
    }
}

impl Shared {
    /// Appends it to a chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut base_before = 0;
        for (range, open, nodes) in self.chains.rows() {
            out.put_len(nodes.len());
            for node in nodes {
                put_event(out, &node.event.event);
                out.put_u64(node.moment.seq);
                let from = node.from(base_before);
                out.put_u64(from.start);
                out.put_u64(from.end);
            }
            out.put_u64(open - range.start);
            base_before = range.start;
        }
    }
}

impl Combinations {
    /// Takes what [`Shared::write`] has written off the front of `bytes`; no event's place is beyond `seq`.
    pub(super) fn read(&self, keeper: &Keeper, seq: u64, bytes: &mut &[u8]) -> Result<Box<Shared>, StateError> {
        let mut shared = self.empty();
        for step in 0..self.rows() {
            for _ in 0..bytes.take_len("events")? {
                let event = take_event(keeper, bytes)?;
                let moment = Moment { seq: bytes.take_u64("place")?, at_us: event.at_us() };
                let from = bytes.take_u64("events before")?..bytes.take_u64("events before")?;
                check(moment.seq <= seq && shared.chains.restore(step, Noted::new(event), moment, from), "place")?;
            }
            check(shared.chains.restore_open(step, bytes.take_u64("open events")?), "open events")?;
        }
        self.recount(&mut shared);
        Ok(shared)
    }
}

const FORBIDS: &str = "it says what must not come, or come at once";
