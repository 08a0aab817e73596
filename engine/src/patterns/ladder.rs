//! The ladder: sequences of single steps, `a then b then c`, whose runs are a few words each.
//!
//! A run that has taken so many steps waits on a rung for the next one. Where that step is compared with the run
//! (`amount > a.amount`), the runs of the rung stand in the order of their side of the comparison, so that an event finds
//! those that it brings further at the end of the row, and looks at no other:
//!
//! ```text
//!  a.amount:   900  700  650  |  300  120          an event of 400 takes the last two to the next rung
//! ```
//!
//! What runs have taken is kept once a key, oldest first, and runs name it by number.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use tripline_query_lang::plan::{Runs, Skip, StepId};

use super::bar::{Bar, Rank};
use super::condition::Part;
use super::graph::{Graph, LeafBody};
use super::kept::KeptEvent;
use super::run::Keeping;
use super::{KeyState, Match, Offer, Taken};
use crate::expr::{BatchRow, Bound, Row, Scene};

/// Longer sequences run by runs.
const STEPS_MAX: usize = 5;
/// With a smaller cap on open runs it matters which of several runs is refused.
const CAP_MIN: u32 = 1_000;
/// With so many runs, late ones are looked for when about half of them are.
const MANY: usize = 32;

/// A sequence of single steps.
pub(super) struct Ladder {
    rungs: Vec<Rung>,
    /// From a run's first event, microseconds.
    whole_us: i64,
    /// A match ends all runs.
    past_last: bool,
    /// The cap on open runs.
    runs_max: usize,
}

/// A step.
struct Rung {
    step: StepId,
    role: u64,
    /// At most this after the event before it, microseconds.
    within_us: i64,
    /// The roles of `no` before it.
    forbidden: u64,
}

/// What one key has open.
#[derive(Default)]
pub(super) struct Climbing {
    /// What runs have taken, oldest first, and some that they no longer need.
    pub(super) events: VecDeque<Arc<KeptEvent>>,
    /// The number of the first; numbers go round.
    base: u32,
    /// By the number of steps taken, less one.
    pub(super) rungs: SmallVec<[Waiting; 2]>,
    /// Events that were there when they were last looked through.
    trimmed_len: usize,
}

/// Runs on one rung.
#[derive(Default)]
pub(super) struct Waiting {
    /// Those with a rank, ascending by [`Bar::key`].
    pub(super) ranked: Vec<Climber>,
    /// Those that have none, or where there is no bar.
    pub(super) others: Vec<Climber>,
}

/// A run.
#[derive(Clone, Copy)]
pub(super) struct Climber {
    /// Its side of the bar before the next step, as [`Bar::key`].
    key: i64,
    /// The last time at which it can take the next step, microseconds.
    latest_us: i64,
    /// The numbers of what it has taken.
    pub(super) taken: [u32; STEPS_MAX - 1],
}

/// The event at hand.
struct Candidate<'a> {
    offer: &'a Offer<'a>,
    keeping: &'a Keeping<'a>,
    row: BatchRow<'a>,
    at_us: i64,
}

/// What a run has taken, as conditions see it.
struct Climbed<'a> {
    ladder: &'a Ladder,
    climbing: &'a Climbing,
    taken: &'a [u32],
    /// Just taken, and not kept yet.
    newest: Option<(StepId, &'a BatchRow<'a>)>,
}

impl Bound for Climbed<'_> {
    fn taken(&self, step: StepId) -> usize {
        usize::from(self.nth(step, 0).is_some())
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        if index > 0 {
            return None;
        }
        if let Some((newest, row)) = self.newest
            && newest == step
        {
            return Some(row);
        }
        let rung = self.ladder.rungs.iter().position(|rung| rung.step == step)?;
        let event = self.climbing.event(*self.taken.get(rung)?)?;
        Some(&**event)
    }
}

impl Climbing {
    fn event(&self, number: u32) -> Option<&Arc<KeptEvent>> {
        self.events.get(number.wrapping_sub(self.base) as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.rungs.iter().map(|waiting| waiting.ranked.len() + waiting.others.len()).sum()
    }

    /// Reads a little of where runs stand.
    pub(super) fn warm(&self) -> i64 {
        let ranks = self.rungs.iter().filter_map(|waiting| Some(waiting.ranked.last()?.key));
        ranks.fold(0, i64::wrapping_add)
    }

    fn climbers(&self) -> impl Iterator<Item = &Climber> {
        self.rungs.iter().flat_map(|waiting| waiting.ranked.iter().chain(&waiting.others))
    }

    /// The number of the event at hand, which is kept.
    fn keep(&mut self, candidate: &Candidate<'_>, number: &mut Option<u32>) -> u32 {
        *number.get_or_insert_with(|| {
            self.events.push_back(candidate.keeping.event().clone());
            self.base.wrapping_add(self.events.len() as u32 - 1)
        })
    }

    /// Forgets runs that are late for an event at `now_us`, and events that no run needs.
    fn purge(&mut self, now_us: i64) {
        for waiting in &mut self.rungs {
            waiting.ranked.retain(|climber| climber.latest_us >= now_us);
            waiting.others.retain(|climber| climber.latest_us >= now_us);
        }
        self.trim();
    }

    /// How many events stand before the first that a run needs.
    pub(super) fn unused(&self) -> u32 {
        let age = |climber: &Climber| climber.taken[0].wrapping_sub(self.base);
        self.climbers().map(age).min().unwrap_or(self.events.len() as u32)
    }

    /// Forgets events before the first that a run needs.
    fn trim(&mut self) {
        let unused = self.unused();
        self.events.drain(..unused as usize);
        self.base = self.base.wrapping_add(unused);
        self.trimmed_len = self.events.len();
    }
}

impl Ladder {
    /// The pattern as a ladder, where it is one.
    pub(super) fn of(graph: &Graph, runs: Runs) -> Option<Ladder> {
        let program = &graph.program;
        let Runs::Max(runs_max @ CAP_MIN..) = runs else { return None };
        let past_last = match graph.skip {
            Skip::PastLast => true,
            Skip::None | Skip::ToNext => false,
            Skip::ToFirst(_) | Skip::ToLast(_) => return None,
        };
        let plain = graph.without.is_empty() && program.levels.is_empty() && !graph.counts_positions();
        let enters = program.entry.guards.is_empty() && program.entry.ways.iter().all(|way| way.target == Some(0));
        if !plain || !enters || !(2..=STEPS_MAX).contains(&program.leaves.len()) {
            return None;
        }
        let rungs = (0..program.leaves.len()).map(|leaf| rung(graph, leaf)).collect::<Option<Vec<_>>>()?;
        let last = &program.leaves.last()?.after;
        let ends = last.ways.len() == 1 && last.guards.is_empty() && last.end.as_ref().is_some_and(|end| !end.waits());
        ends.then_some(Ladder {
            rungs,
            whole_us: graph.within_us.unwrap_or(i64::MAX),
            past_last,
            runs_max: runs_max as usize,
        })
    }

    /// One event of the key.
    pub(super) fn event(
        &self,
        graph: &Graph,
        state: &mut KeyState,
        offer: &Offer<'_>,
        keeping: &Keeping<'_>,
        out: &mut Vec<Match>,
    ) {
        let row = BatchRow { batch: offer.batch, row: offer.row };
        let candidate = Candidate { offer, keeping, row, at_us: row.at_us() };
        let starts = offer.roles & self.rungs[0].role != 0;
        if state.climbing.is_none() && !starts {
            return;
        }
        let mut climbing = state.climbing.take().unwrap_or_else(|| self.empty());
        let mut number = None;
        let mut complete = SmallVec::new();
        for next in (1..self.rungs.len()).rev() {
            let rung = &self.rungs[next];
            if offer.roles & rung.role != 0 {
                let moved = self.fitting(graph, next, &mut climbing, &candidate);
                if next + 1 == self.rungs.len() {
                    complete = moved;
                } else if !moved.is_empty() {
                    let due_us = self.climb(graph, next, moved, &mut climbing, &candidate, &mut number);
                    state.wake_us = later(state.wake_us, due_us);
                }
            }
            if offer.roles & rung.forbidden != 0 {
                // What the event itself has brought on stands one rung higher.
                climbing.rungs[next - 1] = Waiting::default();
            }
        }
        if starts
            && self.fits(part(graph, 0), &candidate, &climbing, &[])
            && self.may_start(state, &mut climbing, &candidate)
        {
            let first = Climber { key: 0, latest_us: i64::MAX, taken: [0; STEPS_MAX - 1] };
            let due_us = self.climb(graph, 0, SmallVec::from_elem(first, 1), &mut climbing, &candidate, &mut number);
            state.wake_us = later(state.wake_us, due_us);
        }
        self.emit(state, &mut climbing, complete, &candidate, out);
        if climbing.len() == 0 {
            state.wake_us = i64::MAX;
            return;
        }
        if climbing.events.len() > climbing.trimmed_len * 2 + MANY {
            climbing.purge(candidate.at_us);
        }
        state.climbing = Some(climbing);
    }

    /// No run.
    pub(super) fn empty(&self) -> Box<Climbing> {
        let mut climbing = Box::<Climbing>::default();
        climbing.rungs.resize_with(self.rungs.len() - 1, Waiting::default);
        climbing
    }

    /// Takes out the runs that the event brings to `next`.
    fn fitting(
        &self,
        graph: &Graph,
        next: usize,
        climbing: &mut Climbing,
        candidate: &Candidate<'_>,
    ) -> SmallVec<[Climber; 4]> {
        let waiting = &mut climbing.rungs[next - 1];
        if waiting.ranked.is_empty() && waiting.others.is_empty() {
            return SmallVec::new();
        }
        let part = part(graph, next);
        let mut waiting = std::mem::take(&mut climbing.rungs[next - 1]);
        let in_time = |climber: &Climber| climber.latest_us >= candidate.at_us;
        let asked = |climber: &Climber| self.fits(part, candidate, climbing, &climber.taken[..next]);
        let mut moved = SmallVec::new();
        if let Some(bar) = part.bar.as_ref().filter(|_| !waiting.ranked.is_empty()) {
            let rank = bar.candidate(&Scene { row: Some(&candidate.row), at_us: candidate.at_us, ..Scene::EMPTY });
            let (range, sure) = match rank {
                Rank::At(rank) => (passing(bar, &waiting.ranked, rank), bar.is_all()),
                Rank::Unknown => (0..0, true),
                Rank::Open => (0..waiting.ranked.len(), false),
            };
            // Those that are late go, too.
            let leaves = |climber: &mut Climber| !in_time(climber) || asked(climber);
            if sure {
                moved.extend(waiting.ranked.drain(range).filter(in_time));
            } else {
                moved.extend(waiting.ranked.extract_if(range, leaves).filter(in_time));
            }
        }
        let leaves = |climber: &mut Climber| !in_time(climber) || asked(climber);
        if !waiting.others.is_empty() {
            moved.extend(waiting.others.extract_if(.., leaves).filter(in_time));
        }
        climbing.rungs[next - 1] = waiting;
        moved
    }

    /// Whether a run that has taken so much goes on by the event, apart from limits and role.
    fn fits(&self, part: &Part, candidate: &Candidate<'_>, climbing: &Climbing, taken: &[u32]) -> bool {
        if part.is_local() {
            return true;
        }
        let bound = Climbed { ladder: self, climbing, taken, newest: None };
        let Offer { histories, keys, tables, .. } = *candidate.offer;
        let row: &dyn Row = &candidate.row;
        part.rest_holds(&Scene {
            row: Some(row),
            bound: Some(&bound),
            histories,
            keys,
            at_us: candidate.at_us,
            tables,
            ..Scene::EMPTY
        })
    }

    /// Puts runs that take the event as step `rung` there; returns when the last of them is late.
    fn climb(
        &self,
        graph: &Graph,
        rung: usize,
        moved: SmallVec<[Climber; 4]>,
        climbing: &mut Climbing,
        candidate: &Candidate<'_>,
        number: &mut Option<u32>,
    ) -> i64 {
        let number = climbing.keep(candidate, number);
        let within_us = candidate.at_us.saturating_add(self.rungs[rung + 1].within_us);
        let bar = part(graph, rung + 1).bar.as_ref().filter(|bar| bar.has_order());
        let newest = Some((self.rungs[rung].step, &candidate.row));
        let mut due_us = i64::MIN;
        let mut common = None;
        for mut climber in moved {
            climber.taken[rung] = number;
            let whole_us = if rung == 0 { candidate.at_us.saturating_add(self.whole_us) } else { i64::MAX };
            climber.latest_us = match rung {
                0 => within_us.min(whole_us),
                _ => within_us.min(self.whole_end(climbing, &climber)),
            };
            due_us = due_us.max(climber.latest_us);
            let rank = bar.map(|bar| match common {
                Some(rank) => rank,
                None => {
                    let bound = Climbed { ladder: self, climbing, taken: &climber.taken[..=rung], newest };
                    let rank = bar.run(&Scene { bound: Some(&bound), ..Scene::EMPTY });
                    common = bar.reads_only(self.rungs[rung].step).then_some(rank);
                    rank
                }
            });
            let waiting = &mut climbing.rungs[rung];
            match (bar, rank) {
                (Some(bar), Some(Rank::At(rank))) => {
                    climber.key = bar.key(rank);
                    let place = waiting.ranked.partition_point(|other| other.key <= climber.key);
                    waiting.ranked.insert(place, climber);
                }
                _ => waiting.others.push(climber),
            }
        }
        due_us
    }

    /// The end of the whole match's time, microseconds.
    fn whole_end(&self, climbing: &Climbing, climber: &Climber) -> i64 {
        let first_us = climbing.event(climber.taken[0]).map_or(i64::MAX, |event| event.at_us());
        first_us.saturating_add(self.whole_us)
    }

    /// Whether the cap on open runs allows a start; a refused one is counted.
    fn may_start(&self, state: &mut KeyState, climbing: &mut Climbing, candidate: &Candidate<'_>) -> bool {
        if climbing.len() < self.runs_max {
            return true;
        }
        climbing.purge(candidate.at_us);
        let room = climbing.len() < self.runs_max;
        if !room {
            state.refuse(1);
        }
        room
    }

    fn emit(
        &self,
        state: &mut KeyState,
        climbing: &mut Climbing,
        mut complete: SmallVec<[Climber; 4]>,
        candidate: &Candidate<'_>,
        out: &mut Vec<Match>,
    ) {
        if complete.is_empty() {
            return;
        }
        complete.sort_unstable_by_key(|climber| climber.taken[0].wrapping_sub(climbing.base));
        if self.past_last {
            complete.truncate(1);
        }
        let last = self.rungs.len() - 1;
        for climber in complete {
            let mut taken = Vec::with_capacity(self.rungs.len());
            for (rung, number) in self.rungs[..last].iter().zip(climber.taken) {
                taken.extend(climbing.event(number).map(|event| (rung.step, event.clone() as Taken)));
            }
            taken.push((self.rungs[last].step, candidate.keeping.event().clone() as Taken));
            out.push(Match {
                at_us: candidate.at_us,
                time_us: candidate.at_us,
                by_event: true,
                key: None,
                taken,
                all: None,
                deadline_us: None,
                incomplete: state.take_incomplete(),
            });
        }
        if self.past_last {
            *climbing = *self.empty();
        }
    }

    /// Event time has certainly passed everything strictly before `before_us`: forgets runs that are late.
    pub(super) fn pass(&self, state: &mut KeyState, before_us: i64) {
        if let Some(climbing) = &mut state.climbing {
            climbing.purge(before_us);
            if climbing.len() == 0 {
                state.climbing = None;
            }
        }
        state.wake_us = self.wake(state);
    }

    /// When all runs are late; see [`later`].
    pub(super) fn wake(&self, state: &KeyState) -> i64 {
        let latest = state.climbing.iter().flat_map(|climbing| climbing.climbers().map(|climber| climber.latest_us));
        latest.max().unwrap_or(i64::MAX)
    }

    /// Number of steps but the last.
    pub(super) fn rungs(&self) -> usize {
        self.rungs.len() - 1
    }

    /// A run that is read back: `taken` are positions among [`Climbing::events`], ascending, for a rung each.
    pub(super) fn restore(&self, graph: &Graph, climbing: &mut Climbing, taken: &[u32]) {
        let Some(rung) = taken.len().checked_sub(1) else { return };
        let mut climber = Climber { key: 0, latest_us: 0, taken: [0; STEPS_MAX - 1] };
        climber.taken[..taken.len()].copy_from_slice(taken);
        let last_us = climbing.event(taken[rung]).map_or(i64::MAX, |event| event.at_us());
        let within_us = last_us.saturating_add(self.rungs[rung + 1].within_us);
        climber.latest_us = within_us.min(self.whole_end(climbing, &climber));
        let bar = part(graph, rung + 1).bar.as_ref().filter(|bar| bar.has_order());
        let rank = bar.map(|bar| {
            let bound = Climbed { ladder: self, climbing, taken, newest: None };
            (bar, bar.run(&Scene { bound: Some(&bound), ..Scene::EMPTY }))
        });
        let waiting = &mut climbing.rungs[rung];
        match rank {
            Some((bar, Rank::At(rank))) => {
                climber.key = bar.key(rank);
                let place = waiting.ranked.partition_point(|other| other.key <= climber.key);
                waiting.ranked.insert(place, climber);
            }
            _ => waiting.others.push(climber),
        }
    }

    /// The runs as positions among the events that any needs, in the order in which they are read back.
    pub(super) fn written<'a>(&'a self, climbing: &'a Climbing) -> impl Iterator<Item = SmallVec<[u32; 4]>> + 'a {
        let first = climbing.base.wrapping_add(climbing.unused());
        let position = move |number: &u32| number.wrapping_sub(first);
        climbing.rungs.iter().enumerate().flat_map(move |(rung, waiting)| {
            let all = waiting.ranked.iter().chain(&waiting.others);
            all.map(move |climber| climber.taken[..=rung].iter().map(position).collect())
        })
    }
}

/// When all runs are late, of some (`i64::MAX`: none) and others. Runs that are late are never taken further, so there is
/// no hurry to forget them: a deadline for each would cost more than the runs.
fn later(wake_us: i64, due_us: i64) -> i64 {
    if wake_us == i64::MAX { due_us } else { wake_us.max(due_us) }
}

/// The runs among `ranked` whose side of the bar this candidate passes.
fn passing(bar: &Bar, ranked: &[Climber], rank: i64) -> Range<usize> {
    let (key, includes) = (bar.key(rank), bar.includes());
    let from = ranked.partition_point(|climber| if includes { climber.key < key } else { climber.key <= key });
    let to = if bar.is_equality() { from + ranked[from..].partition_point(|c| c.key == key) } else { ranked.len() };
    from..to
}

fn part(graph: &Graph, leaf: usize) -> &Part {
    match &graph.program.leaves[leaf].body {
        LeafBody::Step(_, part) => Some(part),
        LeafBody::Group(_) => None,
    }
    .expect("a ladder has steps alone")
}

fn rung(graph: &Graph, leaf: usize) -> Option<Rung> {
    let leaves = &graph.program.leaves;
    let LeafBody::Step(step, part) = &leaves[leaf].body else { return None };
    let (mut forbidden, mut goes) = (0, true);
    if let Some(before) = leaf.checked_sub(1).map(|before| &leaves[before].after) {
        let [way] = before.ways.as_slice() else { return None };
        let to_here = way.target == Some(leaf) && !way.repeat && !way.spawns && way.hold_us.is_none();
        let guarded = before.guards.iter().all(|guard| guard.hold_us.is_none() && !guard.next && guard.part.is_local());
        goes = to_here && guarded && before.plain && before.untils.is_empty() && before.end.is_none();
        forbidden = before.guards.iter().fold(0, |set, guard| set | guard.part.role);
    }
    let fits = goes && part.has_no_key() && leaves[leaf].levels.is_empty();
    fits.then_some(Rung {
        step: *step,
        role: part.role,
        within_us: leaves[leaf].within_us.unwrap_or(i64::MAX),
        forbidden,
    })
}
