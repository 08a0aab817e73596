//! The compiled form of a pattern: programs of leaves joined by ways.
//!
//! A bracket is flattened into its program: what remains of it is a *level*, a counter with limits that a run holds while
//! it is inside. A group (`any of`, `all of`, `N of`) is a leaf whose members are programs of their own.
//! `a then (b then no x then c){2} then d` becomes
//!
//! ```text
//!            +---- then, level 0 counts on (no x is behind: b follows c) ----+
//!            v                                                               |
//!  start -> a -- then, enter level 0 --> b -- then, unless x --> c ----------+
//!                                                                +-- then, leave level 0 (2 rounds are over) --> d -> end
//! ```
//!
//! The ways out of a leaf stand in order of preference: the first that fits is taken. So `greedy` is an order, an optional
//! step is a way that passes over it, and `each` is a pair of ways that are not exclusive.

use std::sync::Arc;

use tripline_query_lang::plan::{Skip, StepId};

use super::condition::Part;

/// Ways out of one leaf, as a set.
pub(super) type WaySet = u64;

/// The most ways that may lead out of one leaf.
pub(super) const MAX_WAYS: usize = 64;

/// A sequence with all brackets in it flattened: the whole pattern, or a member of a group.
pub(super) struct Program {
    /// What can take events.
    pub(super) leaves: Vec<Leaf>,
    /// Brackets and quantified steps.
    pub(super) levels: Vec<Level>,
    /// Where it starts.
    pub(super) entry: Crossing,
    /// It is the whole pattern.
    pub(super) top: bool,
    /// It is in a member of `all of` or `N of`: what another member takes may give it more time by `within`.
    pub(super) beside: bool,
}

/// Takes events: a step, or a group of them.
pub(super) struct Leaf {
    /// Which.
    pub(super) body: LeafBody,
    /// The levels around it, outermost first.
    pub(super) levels: Vec<usize>,
    /// Each event at most this after the matched event before it, microseconds: the least of its own and its brackets'.
    pub(super) within_us: Option<i64>,
    /// What follows.
    pub(super) after: Crossing,
}

/// The kinds of leaf.
pub(super) enum LeafBody {
    /// Takes one event.
    Step(StepId, Part),
    /// Alternatives, or members in any order.
    Group(Box<Group>),
}

/// `any of`, `all of`, `N of`.
pub(super) struct Group {
    /// How many members are needed; none is `any of`.
    pub(super) need: Option<usize>,
    /// The members.
    pub(super) members: Vec<Member>,
    /// First to last event, microseconds.
    pub(super) over_us: Option<i64>,
    /// `next` before it: its events follow one another without a gap.
    pub(super) strict: bool,
    /// Time alone can complete a member: it is open from the moment it is waited for.
    pub(super) timed: bool,
    /// Roles that any event must have one of to matter inside.
    pub(super) interest: u64,
}

/// A member of a group.
pub(super) enum Member {
    /// Takes events; with the steps in it.
    Program(Program, Vec<StepId>),
    /// `no X for D`.
    No(Part, i64),
}

/// A quantified step or a bracket.
pub(super) struct Level {
    /// Rounds at least; 0 where a round may be empty.
    pub(super) min: u32,
    /// Rounds at most.
    pub(super) max: Option<u32>,
    /// First to last event, microseconds.
    pub(super) over_us: Option<i64>,
    /// Ends the loop.
    pub(super) until: Option<Part>,
}

/// Everything between one leaf and those that may follow it.
#[derive(Default)]
pub(super) struct Crossing {
    /// In order of preference.
    pub(super) ways: Vec<Way>,
    /// The choices between them.
    pub(super) order: Order,
    /// All of them.
    pub(super) all: WaySet,
    /// Ways that only the very next event can take.
    pub(super) strict: WaySet,
    /// Ways that open after a time.
    pub(super) held: WaySet,
    /// Ways to groups that time alone can complete.
    pub(super) timed: WaySet,
    /// Ways that begin a new round.
    pub(super) repeating: WaySet,
    /// The only step that follows, if it sets a bar.
    pub(super) barred: Option<usize>,
    /// All ways lead to steps, and at most one of them is taken at an event.
    pub(super) plain: bool,
    /// What is forbidden on the way.
    pub(super) guards: Vec<Guard>,
    /// What ends a loop that goes on by these ways.
    pub(super) untils: Vec<Until>,
    /// The way to the end.
    pub(super) end: Option<End>,
    /// Roles that any event must have one of to matter here.
    pub(super) interest: u64,
}

/// A tree of choices between ways.
#[derive(Default)]
pub(super) enum Order {
    /// Nothing to choose.
    #[default]
    None,
    /// A way.
    Way(usize),
    /// The first side is preferred.
    Pick {
        /// Whether both sides are followed.
        both: Both,
        /// Preferred.
        first: Box<Order>,
        /// Otherwise.
        second: Box<Order>,
    },
}

/// Whether both sides of a choice are followed, each in a branch of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Both {
    /// One choice.
    Never,
    /// `each`
    Always,
    /// `greedy each`: what fits the first side goes there alone.
    UnlessFirst,
}

/// `until` of a level that the leaf is in.
pub(super) struct Until {
    /// The level.
    pub(super) level: usize,
    /// The ways that stay inside.
    pub(super) ways: WaySet,
}

/// A `no` that some ways cross.
pub(super) struct Guard {
    /// What is forbidden.
    pub(super) part: Arc<Part>,
    /// How long, microseconds; none: until the way is taken.
    pub(super) hold_us: Option<i64>,
    /// Only the very next event is looked at.
    pub(super) next: bool,
    /// Its number among the `no`s that stand first in the pattern.
    pub(super) leading: Option<usize>,
    /// The ways that cross it.
    pub(super) ways: WaySet,
    /// The ways that are lost when it is broken: those, and those that lead back before it.
    pub(super) kills: WaySet,
}

impl Guard {
    /// At which of the open ways an event is tested, and whether before that way is tried: `next no` before the first that
    /// crosses it, any other behind the last, whose event may be one that it forbids. Where none of those is open any more,
    /// rounds that lead back are tested; what a greedy loop takes, which comes before them, is not.
    pub(super) fn asked_at(&self, open: WaySet) -> Option<(usize, bool)> {
        let first = |set: WaySet| set.trailing_zeros() as usize;
        let last = |set: WaySet| (WaySet::BITS - 1 - set.leading_zeros()) as usize;
        let crossing = self.ways & open;
        let back = self.kills & open;
        match (crossing, back) {
            (0, 0) => None,
            (0, back) if self.next || first(back) > last(self.ways) => Some((first(back), true)),
            (0, back) => Some((last(back), false)),
            (crossing, _) if self.next => Some((first(crossing), true)),
            (crossing, _) => Some((last(crossing), false)),
        }
    }
}

/// How an end is reached.
pub(super) struct End {
    /// Its way.
    pub(super) way: usize,
    /// Ways that stay open, in branches, for a run that has come to the end.
    pub(super) rest: WaySet,
    /// Ways to what is optional at the very end: they take nothing.
    pub(super) idle: WaySet,
    /// Ways that an event takes alone, by `greedy each`.
    pub(super) first: WaySet,
    /// Ways that must be closed before, where no `no` stands last: loops that are `greedy`.
    pub(super) behind: WaySet,
    /// The longest `for` of the `no`s that stand last.
    pub(super) hold_us: Option<i64>,
    /// A `no` without `for` stands last: it waits for the rule's `within`.
    pub(super) waits_within: bool,
    /// `next no` stands last: it waits for the next event.
    pub(super) waits_next: bool,
}

impl End {
    /// Something has to stay away before it is reached.
    pub(super) fn waits(&self) -> bool {
        self.waits_for_time() || self.waits_next
    }

    /// Something has to stay away until a time.
    pub(super) fn waits_for_time(&self) -> bool {
        self.hold_us.is_some() || self.waits_within
    }
}

/// From one leaf to another, or to the end.
pub(super) struct Way {
    /// Where to; none is the end.
    pub(super) target: Option<usize>,
    /// How many of the leaf's levels go on.
    pub(super) keep: usize,
    /// The innermost of those begins a new round.
    pub(super) repeat: bool,
    /// By `then each`: the run that does not take it goes on waiting.
    pub(super) spawns: bool,
    /// Branches that a run may have open besides the one that goes on waiting.
    pub(super) limit: u32,
    /// The longest `for` of the `no`s on it, microseconds: it opens after that.
    pub(super) hold_us: Option<i64>,
}

/// The whole pattern.
pub(super) struct Graph {
    /// The steps.
    pub(super) program: Program,
    /// `without`.
    pub(super) without: Vec<Part>,
    /// `after match skip`.
    pub(super) skip: Skip,
    /// Rule `within`, microseconds.
    pub(super) within_us: Option<i64>,
    /// Rule `within N events`.
    pub(super) within_events: Option<u64>,
    /// Number of steps.
    pub(super) steps: usize,
}

impl Graph {
    /// Whether the place of an event among all events of the key matters.
    pub(super) fn counts_positions(&self) -> bool {
        self.within_events.is_some() || self.program.counts_positions()
    }
}

impl Program {
    fn counts_positions(&self) -> bool {
        let member = |member: &Member| matches!(member, Member::Program(program, _) if program.counts_positions());
        let leaf = |leaf: &Leaf| {
            leaf.after.counts_positions()
                || matches!(&leaf.body, LeafBody::Group(group) if group.strict || group.members.iter().any(member))
        };
        self.entry.counts_positions() || self.leaves.iter().any(leaf)
    }
}

impl Graph {
    /// Whether a run can go on in several branches.
    pub(super) fn branches(&self) -> bool {
        self.program.branches()
    }
}

impl Program {
    fn branches(&self) -> bool {
        let crossing = |after: &Crossing| after.order.branches() || after.ways.iter().any(|way| way.spawns);
        let member = |member: &Member| matches!(member, Member::Program(program, _) if program.branches());
        let leaf = |leaf: &Leaf| {
            crossing(&leaf.after) || matches!(&leaf.body, LeafBody::Group(group) if group.members.iter().any(member))
        };
        crossing(&self.entry) || self.leaves.iter().any(leaf)
    }
}

impl Crossing {
    fn counts_positions(&self) -> bool {
        self.strict != 0 || self.guards.iter().any(|guard| guard.next)
    }
}

impl Program {
    /// The part that sets a bar behind a leaf.
    #[inline]
    pub(super) fn barred_part(&self, after: &Crossing) -> Option<&Part> {
        match &self.leaves[after.barred?].body {
            LeafBody::Step(_, part) => Some(part),
            LeafBody::Group(_) => None,
        }
    }
}
