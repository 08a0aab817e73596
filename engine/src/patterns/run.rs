//! A run: a partial match of one key, where it stands, and what it has taken.

use std::cell::OnceCell;
use std::sync::Arc;

use smallvec::SmallVec;
use tripline_query_lang::plan::StepId;
use tripline_query_lang::value::Value;

use super::Offer;
use super::graph::WaySet;
use super::kept::{Keeper, KeptEvent};
use crate::expr::{BatchRow, Bound, Row, Scene};

/// An event's place among those of its key that the machine was offered, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Counts the events of the key, from 1.
    pub(super) seq: u64,
    /// Event time, microseconds.
    pub(super) at_us: i64,
}

/// A partial match.
#[derive(Clone)]
pub(super) struct Run {
    /// Its first event. Runs with the same one are branches.
    pub(super) start: Moment,
    /// Its key, where keys are handed over.
    pub(super) key: Option<Arc<[Value]>>,
    /// Where it stands.
    pub(super) cursor: Cursor,
    /// What it has taken.
    pub(super) taken: Chains,
    /// Once event time has strictly passed this, something is due.
    pub(super) wake_us: i64,
    /// It has not ended.
    pub(super) live: bool,
}

/// Where a run stands in a program.
#[derive(Clone)]
pub(super) struct Cursor {
    /// The leaf that took the last event; none before the first.
    pub(super) leaf: Option<u32>,
    /// Ways that are still open.
    pub(super) open: WaySet,
    /// The newest event taken.
    pub(super) last: Moment,
    /// The rounds of the leaf's levels.
    pub(super) rounds: SmallVec<[Round; 1]>,
    /// At a group: how far its members are.
    pub(super) group: Option<Box<GroupState>>,
    /// Groups on the ways ahead that time alone can complete, by way.
    pub(super) ahead: Vec<(u32, GroupState)>,
    /// Branches so far, by way.
    pub(super) spawned: Vec<(u32, u32)>,
}

impl Cursor {
    /// Before the first leaf.
    pub(super) fn before(open: WaySet, last: Moment) -> Cursor {
        Cursor { leaf: None, open, last, rounds: SmallVec::new(), group: None, ahead: Vec::new(), spawned: Vec::new() }
    }
}

/// How far a run is in a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Rounds begun.
    pub(super) count: u32,
    /// Time of its first event, microseconds.
    pub(super) first_us: i64,
}

/// How far a run is in a group.
#[derive(Clone)]
pub(super) struct GroupState {
    /// By member.
    pub(super) members: Vec<MemberState>,
    /// Time of its first event, microseconds.
    pub(super) first_us: Option<i64>,
    /// The newest event taken, in the group or before it.
    pub(super) last: Moment,
    /// Events of its steps are younger than this one.
    pub(super) since_seq: u64,
    /// It takes no more.
    pub(super) shut: bool,
    /// This branch has to take more before the group is complete: another one has left it as it is.
    pub(super) hungry: bool,
}

/// How far a run is in a member of a group.
#[derive(Clone)]
pub(super) enum MemberState {
    /// Under way.
    At(Cursor),
    /// `no X for D`: until the deadline, microseconds.
    Quiet(i64),
    /// `no X for D`: its deadline has passed.
    Done,
    /// It cannot be completed any more, or is not needed.
    Dead,
}

/// What happens to the chains of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The step takes the event at hand.
    Take(StepId),
    /// What these steps have taken after that event does not belong to the match.
    Drop(SmallVec<[StepId; 2]>, u64),
}

/// Changes to chains.
pub(super) type Edits = SmallVec<[Edit; 1]>;

/// A place that a run goes to in a branch of its own.
pub(super) struct Branch {
    /// The place.
    pub(super) cursor: Cursor,
    /// What is taken on the way.
    pub(super) edits: Edits,
    /// It took the event at hand.
    pub(super) took: bool,
}

/// What an event did to a place in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not taken; ways may have closed.
    Passed,
    /// It was taken.
    Took,
    /// The place cannot be completed any more.
    Gone,
}

/// The events that a run has taken, a chain per step. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct Chains(pub(super) SmallVec<[Option<Arc<Link>>; 4]>);

/// A taken event, and those that the step took before it.
pub(super) struct Link {
    /// The event.
    pub(super) event: Arc<KeptEvent>,
    /// Its place among the key's events.
    pub(super) moment: Moment,
    /// Length of the chain.
    pub(super) len: u32,
    /// The first event of the chain, where that is another one.
    pub(super) first: Option<Arc<KeptEvent>>,
    /// The rest.
    pub(super) before: Option<Arc<Link>>,
}

impl Link {
    /// Puts an event behind a chain.
    pub(super) fn new(event: Arc<KeptEvent>, moment: Moment, before: Option<Arc<Link>>) -> Link {
        let (len, first) = match &before {
            None => (1, None),
            Some(link) => (link.len.saturating_add(1), Some(link.first.as_ref().unwrap_or(&link.event).clone())),
        };
        Link { event, moment, len, first, before }
    }
}

impl Drop for Link {
    /// Takes a long chain apart without recursion.
    fn drop(&mut self) {
        let mut before = self.before.take();
        while let Some(link) = before.and_then(Arc::into_inner).as_mut() {
            before = link.before.take();
        }
    }
}

impl Chains {
    /// Nothing taken yet, by so many steps.
    pub(super) fn new(steps: usize) -> Chains {
        Chains(SmallVec::from_elem(None, steps))
    }

    /// A step takes an event.
    pub(super) fn take(&mut self, step: StepId, event: &Arc<KeptEvent>, moment: Moment) {
        let chain = &mut self.0[step.index()];
        *chain = Some(Arc::new(Link::new(event.clone(), moment, chain.take())));
    }

    /// Applies what a step of the run decided; `event` makes the kept event when one is taken.
    pub(super) fn apply<'a>(&mut self, edits: &Edits, moment: Moment, event: impl Fn() -> &'a Arc<KeptEvent>) {
        for edit in edits {
            match edit {
                Edit::Take(step) => self.take(*step, event(), moment),
                Edit::Drop(steps, since_seq) => steps.iter().for_each(|step| self.cut(*step, *since_seq)),
            }
        }
    }

    /// Applies what the passing of time decided: it takes nothing.
    pub(super) fn drop_only(&mut self, edit: &Edit) {
        if let Edit::Drop(steps, since_seq) = edit {
            steps.iter().for_each(|step| self.cut(*step, *since_seq));
        }
    }

    fn cut(&mut self, step: StepId, since_seq: u64) {
        let chain = &mut self.0[step.index()];
        while let Some(link) = chain.take_if(|link| link.moment.seq > since_seq) {
            *chain = link.before.clone();
        }
    }

    /// The links of a step, newest first.
    pub(super) fn links(&self, step: StepId) -> impl Iterator<Item = &Arc<Link>> {
        std::iter::successors(self.0[step.index()].as_ref(), |link| link.before.as_ref())
    }

    /// The moments of the step's first and newest event.
    pub(super) fn ends(&self, step: StepId) -> Option<(Moment, Moment)> {
        let newest = self.0.get(step.index())?.as_ref()?.moment;
        let oldest = self.links(step).last()?.moment;
        Some((oldest, newest))
    }
}

impl Bound for Chains {
    fn taken(&self, step: StepId) -> usize {
        self.0[step.index()].as_ref().map_or(0, |link| link.len as usize)
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        let newest = self.0[step.index()].as_ref()?;
        let back = (newest.len as usize).checked_sub(index + 1)?;
        if let (0, Some(first)) = (index, &newest.first) {
            return Some(&**first);
        }
        self.links(step).nth(back).map(|link| &*link.event as &dyn Row)
    }
}

/// The event at hand, as a run sees it.
pub(super) struct Sight<'a> {
    /// The event.
    pub(super) offer: &'a Offer<'a>,
    /// Its place and time.
    pub(super) now: Moment,
    /// The run's first event; the event at hand for a start.
    pub(super) start: Moment,
    /// The event at hand is to be the first.
    pub(super) starting: bool,
    /// What the run has taken.
    pub(super) taken: &'a Chains,
    /// The run's key, where keys are handed over and it has begun.
    pub(super) key: Option<&'a [Value]>,
    /// Counts branches that a `limit` cut.
    pub(super) cut: &'a std::cell::Cell<u64>,
}

impl<'a> Sight<'a> {
    /// The candidate.
    pub(super) fn row(&self) -> BatchRow<'a> {
        BatchRow { batch: self.offer.batch, row: self.offer.row }
    }

    /// What conditions see.
    pub(super) fn scene<'s>(&'s self, row: &'s BatchRow<'s>) -> Scene<'s> {
        Scene {
            row: Some(row),
            slots: &[],
            bound: Some(self.taken),
            histories: self.offer.histories,
            keys: self.offer.keys,
            with: &[],
            at_us: self.now.at_us,
        }
    }

    /// Counts a branch that a `limit` cut.
    pub(super) fn count_cut(&self) {
        self.cut.set(self.cut.get() + 1);
    }
}

/// The event at hand, kept once for all that take it, and only if any does.
pub(super) struct Keeping<'a> {
    keeper: &'a Keeper,
    offer: &'a Offer<'a>,
    kept: OnceCell<Arc<KeptEvent>>,
}

impl<'a> Keeping<'a> {
    /// Not kept yet.
    pub(super) fn new(keeper: &'a Keeper, offer: &'a Offer<'a>) -> Self {
        Keeping { keeper, offer, kept: OnceCell::new() }
    }

    /// Keeps it.
    pub(super) fn event(&self) -> &Arc<KeptEvent> {
        self.kept.get_or_init(|| Arc::new(self.keeper.keep(self.offer.batch, self.offer.row)))
    }
}
