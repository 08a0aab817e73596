//! A run: a partial match of one key, where it stands, and what it has taken.

use std::cell::OnceCell;
use std::sync::Arc;

use smallvec::SmallVec;
use tripline_query_lang::plan::StepId;
use tripline_query_lang::value::Value;

use super::Offer;
use super::bar::Rank;
use super::graph::WaySet;
use super::kept::{Keeper, KeptEvent};
use super::taken::{Shown, Spans};
use crate::event::PartitionId;
use crate::expr::{BatchRow, Scene};

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
    /// Events since its first one that are not of its key, where keys are handed over.
    pub(super) skipped: u64,
    /// Shared by its branches, where it may have any: they are counted by it.
    pub(super) family: Option<Arc<()>>,
    /// Its key, where keys are handed over.
    pub(super) key: Option<Arc<[Value]>>,
    /// Where it stands.
    pub(super) cursor: Cursor,
    /// What it has taken.
    pub(super) taken: Spans,
    /// Once event time has strictly passed this, something is due.
    pub(super) wake_us: i64,
    /// Its side of the bar that what follows sets.
    pub(super) rank: Rank,
    /// It has not ended.
    pub(super) live: bool,
}

impl Run {
    /// From where `within N events` counts: the first event, as if those that are not of its key had come before it.
    pub(super) fn counted_from(&self) -> Moment {
        Moment { seq: self.start.seq + self.skipped, at_us: self.start.at_us }
    }

    /// An event that is not of its key comes by: as if it had come before the newest event taken, which it does not part
    /// from the next one.
    pub(super) fn skip(&mut self) {
        self.skipped += 1;
        self.cursor.move_on();
    }
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
    /// In a member of `all of` or `N of`: the time of the newest event that another member took, microseconds.
    pub(super) beside_us: i64,
    /// The rounds of the leaf's levels.
    pub(super) rounds: SmallVec<[Round; 1]>,
    /// At a group: how far its members are.
    pub(super) group: Option<Box<GroupState>>,
    /// Groups on the ways ahead that time alone can complete, by way.
    pub(super) ahead: Vec<(u32, GroupState)>,
}

impl Cursor {
    /// Before the first leaf.
    pub(super) fn before(open: WaySet, last: Moment) -> Cursor {
        Cursor { leaf: None, open, last, beside_us: i64::MIN, rounds: SmallVec::new(), group: None, ahead: Vec::new() }
    }

    /// The newest event taken stands one place later, here and inside of groups.
    fn move_on(&mut self) {
        self.last.seq += 1;
        let groups = self.group.as_deref_mut().into_iter().chain(self.ahead.iter_mut().map(|(_, group)| group));
        for group in groups {
            group.last.seq += 1;
            for member in &mut group.members {
                match member {
                    MemberState::At(cursor) => cursor.move_on(),
                    MemberState::Done(last) => last.seq += 1,
                    MemberState::Quiet(_) | MemberState::Dead => {}
                }
            }
        }
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
    /// The newest event before the group: those of its steps are younger.
    pub(super) since: Moment,
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
    /// Time has completed it; its newest event, or the one before the group.
    Done(Moment),
    /// It cannot be completed any more, or is not needed.
    Dead,
}

/// What happens to what a run has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The step takes the event at hand.
    Take(StepId),
    /// What these steps have taken after that event does not belong to the match.
    Drop(SmallVec<[StepId; 2]>, u64),
}

/// Changes to what a run has taken.
pub(super) type Edits = SmallVec<[Edit; 1]>;

/// A place that a run goes to in a branch of its own.
pub(super) struct Branch {
    /// The place.
    pub(super) cursor: Cursor,
    /// What is taken on the way.
    pub(super) edits: Edits,
    /// It took the event at hand.
    pub(super) took: bool,
    /// Another one took it by `then each`: here it comes to nothing else.
    pub(super) over: bool,
    /// How many branches the run may have open.
    pub(super) limit: u32,
}

/// What an event did to a place in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not taken; ways may have closed.
    Passed,
    /// A branch took it by `then each`: for the place itself it is over.
    Over,
    /// It was taken.
    Took,
    /// The place cannot be completed any more.
    Gone,
}

impl Fate {
    /// It was not taken here; whether it is over.
    pub(super) fn passed(over: bool) -> Fate {
        if over { Fate::Over } else { Fate::Passed }
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
    pub(super) taken: Shown<'a>,
    /// The run's key, where keys are handed over and it has begun.
    pub(super) key: Option<&'a [Value]>,
    /// The other open branches of the run.
    pub(super) branches: u32,
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
            bound: Some(&self.taken),
            histories: self.offer.histories,
            keys: self.offer.keys,
            with: &[],
            at_us: self.now.at_us,
            as_of_us: None,
            tables: self.offer.tables,
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

    /// Keeps it, once for all who ask.
    pub(super) fn event(&self) -> &Arc<KeptEvent> {
        self.kept.get_or_init(|| Arc::new(self.keep()))
    }

    /// Its partition, time and offset, where nothing else is read of it as any of these steps.
    #[inline]
    pub(super) fn bare(&self, step: StepId, others: &[StepId]) -> Option<(&'a PartitionId, i64, i64)> {
        let Offer { batch, row, .. } = *self.offer;
        let is_bare = batch.places.is_none() && self.keeper.is_unread(step);
        let is_bare = is_bare && others.iter().all(|step| self.keeper.is_unread(*step));
        is_bare.then(|| (&batch.partition, batch.at_us[row], batch.offsets[row]))
    }

    /// Keeps it, for one.
    pub(super) fn keep(&self) -> KeptEvent {
        self.keeper.keep(self.offer.batch, self.offer.row)
    }
}
