//! What a branch waits for, and what is left of the pattern behind it.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{Absent, Element, Limits, Quant, StepId, Sub, Within};

/// One thing that a branch waits for.
#[derive(Clone)]
pub(super) struct Way<'p> {
    /// What.
    pub goal: Goal<'p>,
    /// How it follows the matched event before it: `then`, `next`, `then each`.
    pub link: Link,
    /// The `next` counts from the match's last event, whoever took it, and not from the member's own.
    pub common: bool,
    /// What must not come meanwhile.
    pub guards: Vec<Guard<'p>>,
    /// What comes after it, and which brackets it stands in.
    pub rest: Rest<'p>,
    /// The `any of` that are decided for this alternative when this way is taken.
    pub won: Vec<Race>,
    /// Events that belong to no match after all: those of members that a complete `N of` did without.
    pub dropped: Vec<Dropped>,
}

/// Events taken for these steps from this position on.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    /// The steps of a member.
    pub steps: Range<u32>,
    /// Number of events taken when its group was entered.
    pub from: usize,
}

impl Dropped {
    /// What is left of the events.
    pub fn without<T: Copy>(&self, taken: &[(StepId, T)]) -> Vec<(StepId, T)> {
        let keeps =
            |(position, (step, _)): &(usize, &(StepId, T))| *position < self.from || !self.steps.contains(&step.0);
        taken.iter().enumerate().filter(keeps).map(|(_, one)| *one).collect()
    }
}

/// What a way waits for.
#[derive(Clone)]
pub(super) enum Goal<'p> {
    /// An event for this step.
    Step(StepId),
    /// An event for one of the members.
    Members(Members<'p>),
    /// That event time passes this; then on with the rest.
    Deadline(i64),
    /// That the rule's `within N events` is over, for a last `no X`; then complete.
    Positions,
    /// The very next event, which completes the match unless a guard forbids it.
    AnyEvent,
    /// Nothing: the match is complete; at a deadline if an absence completed it.
    Complete(Option<i64>),
    /// Nothing: the member of an `all of` is complete.
    Done,
}

/// The members of an `all of` or `N of`, each with its own ways; [`Goal::Done`] is among those of a complete one.
#[derive(Clone)]
pub(super) struct Members<'p> {
    /// By position in the text.
    pub ways: Vec<Vec<Way<'p>>>,
    /// How many have to be complete.
    pub need: usize,
    /// The members.
    pub of: &'p [Element],
    /// Number of events taken when the group was entered.
    pub from: usize,
}

/// Something that must not come while a way waits.
#[derive(Clone)]
pub(super) enum Guard<'p> {
    /// `no X`: forbidden until this way is taken.
    No {
        /// X
        absent: &'p Absent,
        /// When it ends, for `no X for D`.
        until_us: Option<i64>,
        /// `next no X`: only the very next event is tested.
        next_only: bool,
        /// The event that takes this way is tested as well.
        tests_taken: bool,
        /// Nothing follows it in the text: without `for`, it waits until the rule's `within` is over.
        last: bool,
    },
    /// After `greedy each`: no event that these ways of the loop could take.
    Loop(Vec<Way<'p>>),
    /// A leading `no X for D`: none in the D before the event that takes this way.
    Before(&'p Absent, i64),
}

/// One alternative of one `any of` on its way: which race, and which member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Race {
    /// The race.
    pub race: u64,
    /// The alternative, by position in the text.
    pub member: usize,
}

/// What is left of the pattern, from the inside out.
pub(super) type Rest<'p> = Option<Rc<Frame<'p>>>;

/// One layer of what is left.
pub(super) struct Frame<'p> {
    /// What it is.
    pub kind: FrameKind<'p>,
    /// What comes after it.
    pub up: Rest<'p>,
}

/// The kinds of layer.
pub(super) enum FrameKind<'p> {
    /// The elements that are still to come in a sequence.
    Sequence {
        /// They.
        elements: &'p [Element],
        /// What holds for all of them.
        mode: Mode,
    },
    /// A loop (a step without a quantifier is one of a single round).
    Round(Round<'p>),
    /// A group's limits hold up to here.
    Bracket(Scope<'p>),
    /// An alternative of an `any of` ends here.
    Alternative(Race),
    /// A member of an `all of` ends here.
    Member,
}

/// What holds for all that is inside of a bracket.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// Every step follows by `next`.
    pub strict: bool,
    /// See [`Way::common`].
    pub common: bool,
}

/// A loop on its way.
#[derive(Clone)]
pub(super) struct Round<'p> {
    /// What a round takes.
    pub body: Body<'p>,
    /// How often.
    pub quant: Quant,
    /// The word before the loop.
    pub link: Link,
    /// What holds around it.
    pub mode: Mode,
    /// Rounds that are complete when this one is.
    pub done: u32,
    /// Number of events taken when this round began.
    pub round_from: usize,
    /// Its limits, and where it began.
    pub scope: Scope<'p>,
}

/// What a round takes.
#[derive(Clone, Copy)]
pub(super) enum Body<'p> {
    /// One event.
    Step(StepId),
    /// What is in a bracket.
    Sub(&'p Sub),
}

/// Limits of a loop or group, and which of the taken events count for them.
#[derive(Clone)]
pub(super) struct Scope<'p> {
    /// The limits.
    pub limits: &'p Limits,
    /// The steps inside.
    pub steps: Range<u32>,
    /// Number of events taken when it was entered.
    pub from: usize,
}

/// Where a branch stands when the tree is unfolded.
#[derive(Clone)]
pub(super) struct Here<'a, 'p> {
    /// The steps of the events taken so far, in order, with their times.
    pub taken: Vec<(StepId, i64)>,
    /// Guards met on the way.
    pub guards: Vec<Guard<'p>>,
    /// Races decided on the way.
    pub won: Vec<Race>,
    /// Events left behind on the way.
    pub dropped: Vec<Dropped>,
    /// The deadline that brought the branch here, if it was time.
    pub by_deadline: Option<i64>,
    /// The rule's `within`, for a last `no X`.
    pub within: Option<Within>,
    /// The next race's number.
    pub races: &'a Cell<u64>,
}

/// The branches that a place in the tree unfolds to, each a list of ways.
pub(super) type Branches<'p> = Vec<Vec<Way<'p>>>;

impl Round<'_> {
    /// Rounds that are complete before the one at hand, as far as the minimum counts them.
    pub fn counted(&self) -> u32 {
        self.done.saturating_sub(1).min(self.quant.min)
    }
}

/// A member could end here.
pub(super) fn could_end(ways: &[Way<'_>]) -> bool {
    ways.iter().any(|way| matches!(way.goal, Goal::Done))
}

impl Members<'_> {
    /// A greedy loop of a complete member goes on.
    pub fn is_greedy(&self) -> bool {
        self.ways.iter().any(|ways| ways.first().is_some_and(|first| !matches!(first.goal, Goal::Done)))
    }

    /// How many are complete.
    pub fn complete(&self) -> usize {
        self.ways.iter().filter(|ways| could_end(ways)).count()
    }
}
