//! What a branch waits for, and what is left of the pattern behind it.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{Absent, Element, Limits, Quant, StepId, Sub, Within};

use super::fit::frames;

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

/// Events taken for these steps from this one on.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    /// The steps of a member.
    pub steps: Range<u32>,
    /// The first event that its group could have taken.
    pub from: usize,
}

impl Dropped {
    /// Whether an event that a step took is among them.
    pub fn has(&self, step: StepId, event: usize) -> bool {
        event >= self.from && self.steps.contains(&step.0)
    }
}

/// An event that has been taken.
#[derive(Clone, Copy)]
pub(super) struct Past {
    /// By which step.
    pub step: StepId,
    /// Its position among the key's events.
    pub event: usize,
    /// Its time.
    pub at_us: i64,
}

/// What a way waits for.
#[derive(Clone)]
pub(super) enum Goal<'p> {
    /// An event for this step.
    Step(StepId),
    /// An event for one of the members.
    Members(Members<'p>),
    /// An event for the first step of one of the alternatives.
    Either(Either<'p>),
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
    /// The first event that could go to the group.
    pub from: usize,
}

/// An `any of` that has not begun. What begins it goes into it with all alternatives, and takes no other way.
#[derive(Clone)]
pub(super) struct Either<'p> {
    /// The race of its alternatives.
    pub race: u64,
    /// The branches of the alternatives, by position in the text.
    pub branches: Branches<'p>,
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
#[derive(Clone)]
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
    /// The first event that could go to this round.
    pub round_from: usize,
    /// The member of a group that it is in could have ended before this round.
    pub spare: bool,
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
    /// The first event that could go to it.
    pub from: usize,
}

/// Where a branch stands when the tree is unfolded.
#[derive(Clone)]
pub(super) struct Here<'a, 'p> {
    /// The events taken so far, in order.
    pub taken: Vec<Past>,
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
    /// The time of the event that began the run.
    pub start_us: i64,
    /// The next race's number.
    pub races: &'a Cell<u64>,
}

impl Here<'_, '_> {
    /// The time of the newest event.
    pub fn last_us(&self) -> Option<i64> {
        self.taken.last().map(|past| past.at_us)
    }

    /// The first event that can still come.
    pub fn next(&self) -> usize {
        self.taken.last().map_or(0, |past| past.event + 1)
    }
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

/// A member that goes on by `each` in a branch of its own, and is complete in another.
pub(super) fn is_spare(ways: &[Way<'_>]) -> bool {
    let of = |way: &Way<'_>| match &way.goal {
        Goal::Either(either) => either.branches.iter().any(|ways| is_spare(ways)),
        _ => frames(&way.rest).any(|frame| matches!(&frame.kind, FrameKind::Round(r) if r.spare)),
    };
    ways.iter().any(of)
}

/// Its loop is `greedy`: what it takes is not tested by a `no` behind it.
pub(super) fn is_greedy_spare(ways: &[Way<'_>]) -> bool {
    let spare = |frame: &Frame<'_>| matches!(&frame.kind, FrameKind::Round(r) if r.spare && r.quant.greedy);
    ways.iter().any(|way| frames(&way.rest).any(spare))
}

impl Guard<'_> {
    /// It is still in force when time has brought a branch on.
    pub fn outlasts_time(&self) -> bool {
        matches!(self, Guard::No { until_us: None, next_only: false, last: false, .. } | Guard::Loop(_))
    }
}

impl<'p> Way<'p> {
    fn is_done(&self) -> bool {
        matches!(self.goal, Goal::Done)
    }

    /// The same way in another race: whoever goes on waiting for an `any of` begins it in a race of its own.
    pub fn in_race(mut self, from: u64, to: u64) -> Way<'p> {
        let other = |race: Race| if race.race == from { Race { race: to, ..race } } else { race };
        let all = |ways: &mut Vec<Way<'p>>| *ways = ways.drain(..).map(|way| way.in_race(from, to)).collect();
        self.rest = renamed(&self.rest, &other);
        self.won = self.won.into_iter().map(other).collect();
        match &mut self.goal {
            Goal::Members(members) => members.ways.iter_mut().for_each(all),
            Goal::Either(either) => either.branches.iter_mut().for_each(all),
            _ => {}
        }
        for guard in &mut self.guards {
            if let Guard::Loop(ways) = guard {
                all(ways);
            }
        }
        self
    }
}

fn renamed<'p>(rest: &Rest<'p>, other: &impl Fn(Race) -> Race) -> Rest<'p> {
    let frame = rest.as_ref()?;
    let kind = match &frame.kind {
        FrameKind::Alternative(race) => FrameKind::Alternative(other(*race)),
        kind => kind.clone(),
    };
    Some(Rc::new(Frame { kind, up: renamed(&frame.up, other) }))
}

impl<'p> Members<'p> {
    /// Those that may still take events: of a complete group, the greedy ones if there are any.
    pub fn going_on(&self) -> impl Iterator<Item = &Vec<Way<'p>>> {
        let only_greedy = self.complete() >= self.need && self.is_greedy();
        let goes_on = move |ways: &&Vec<Way<'p>>| !only_greedy || !matches!(ways.first(), Some(w) if w.is_done());
        self.ways.iter().filter(goes_on)
    }
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
