//! A pattern: the tree of section 5 of the language with every step resolved.

use super::{Expr, StepId, StreamId};
pub use crate::ast::Link;

/// `match ... then ...` and what holds for the whole match.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// All steps that take events, by [`StepId`], in order of the text.
    pub steps: Vec<StepInfo>,
    /// The tree.
    pub seq: Vec<Element>,
    /// Rule `within`; `None` where every later step has its own.
    pub within: Option<Within>,
    /// `runs`.
    pub runs: Runs,
    /// `without` clauses.
    pub without: Vec<Absent>,
    /// `after match skip`.
    pub skip: Skip,
}

impl Pattern {
    /// The stream and key of every step, `no` and `without`.
    pub fn keys(&self) -> Vec<(StreamId, &StepKey)> {
        fn inside<'p>(seq: &'p [Element], keys: &mut Vec<(StreamId, &'p StepKey)>) {
            for element in seq {
                match &element.node {
                    // Among the pattern's steps.
                    Node::Step(_) => {}
                    Node::No(absent) => keys.push((absent.stream, &absent.key)),
                    Node::Group(group) => inside(&group.members, keys),
                    Node::Sub(sub) => inside(&sub.seq, keys),
                }
            }
        }
        let mut keys: Vec<_> = self.steps.iter().map(|step| (step.stream, &step.key)).collect();
        keys.extend(self.without.iter().map(|absent| (absent.stream, &absent.key)));
        inside(&self.seq, &mut keys);
        keys
    }

    /// Whether a step, a `no` or a `without` takes its key from an earlier step. Then no event says by itself whose it is.
    pub fn hands_over(&self) -> bool {
        self.keys().iter().any(|(_, key)| key.is_handed_over())
    }
}

/// The first step of a sequence that takes events, in order of the text.
pub fn first_step(seq: &[Element]) -> Option<StepId> {
    seq.iter().find_map(|element| match &element.node {
        Node::Step(step) => Some(step.id),
        Node::No(_) => None,
        Node::Group(group) => first_step(&group.members),
        Node::Sub(sub) => first_step(&sub.seq),
    })
}

/// A step that takes events, apart from its place in the tree.
#[derive(Clone, Debug)]
pub struct StepInfo {
    /// Its name; steps without one are called `step1`, `step2`, ... by their position among all steps.
    pub name: String,
    /// The stream.
    pub stream: StreamId,
    /// Takes more than one event: its own quantifier or that of a bracket around it has a maximum over 1.
    pub is_loop: bool,
    /// A match may be complete without it.
    pub may_be_empty: bool,
    /// Its key.
    pub key: StepKey,
    /// Its condition, over fields of its stream and earlier steps.
    pub filter: Option<Expr>,
}

/// Where a step's key comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKey {
    /// One expression per part of the rule's key, over fields of the step's stream.
    Own(Vec<Expr>),
    /// Handed over by earlier steps: every pair must be equal.
    HandOver(Vec<HandOver>),
}

impl StepKey {
    /// It comes from an earlier step.
    pub fn is_handed_over(&self) -> bool {
        matches!(self, StepKey::HandOver(_))
    }
}

/// `field == step.field`.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    /// Over fields of this step's stream.
    pub own: Expr,
    /// Over an earlier step.
    pub from: Expr,
}

/// The limit of a whole match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Last minus first matched event, microseconds, inclusive.
    Time(i64),
    /// Difference of the positions among the key's events of the named streams, inclusive.
    Events(u32),
    /// None.
    Forever,
}

/// How many runs of a key may be open where a rule does not say.
pub const RUNS_MAX: u32 = 100_000;

/// How many runs of a key may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// At most so many; `Max(1)` is a meaning. The default is [`RUNS_MAX`].
    Max(u32),
    /// A run that arrives at a step takes the place of the run of its key that waits there.
    Latest,
}

/// Which other runs of the key end at a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Those that began at or before the match's last matched event.
    PastLast,
    /// Those that began with the match's first event.
    ToNext,
    /// Those that began before the first event of this step.
    ToFirst(StepId),
    /// Those that began before the last event of this step.
    ToLast(StepId),
    /// None.
    None,
}

/// One element of a sequence.
#[derive(Clone, Debug)]
pub struct Element {
    /// The word before it.
    pub link: Link,
    /// What it is.
    pub node: Node,
}

/// The kinds of element.
#[derive(Clone, Debug)]
pub enum Node {
    /// Takes events.
    Step(Step),
    /// `no X`
    No(Absent),
    /// Alternatives, or members in any order.
    Group(Group),
    /// A bracket.
    Sub(Sub),
}

/// A step's place in the tree.
#[derive(Clone, Debug)]
pub struct Step {
    /// See [`Pattern::steps`].
    pub id: StepId,
    /// How often; none is once.
    pub quant: Option<Quant>,
    /// Its limits.
    pub limits: Limits,
}

/// `no X`, `no X for D`, `without X`.
#[derive(Clone, Debug)]
pub struct Absent {
    /// The stream.
    pub stream: StreamId,
    /// Its key.
    pub key: StepKey,
    /// `for D`, microseconds.
    pub hold_us: Option<i64>,
    /// The condition, over fields of the stream and earlier steps (`without`: the first).
    pub filter: Option<Expr>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Which.
    pub kind: GroupKind,
    /// The members; each one's link is [`Link::Start`].
    pub members: Vec<Element>,
    /// Limits of the whole.
    pub limits: Limits,
}

/// The kinds of group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// The first to complete wins.
    AnyOf,
    /// So many distinct members, any order; `all of` has the number of members.
    Of(u32),
}

/// A bracketed sub-pattern.
#[derive(Clone, Debug)]
pub struct Sub {
    /// Its elements; the first one's link is [`Link::Start`].
    pub seq: Vec<Element>,
    /// How often; none is once.
    pub quant: Option<Quant>,
    /// Limits of the whole.
    pub limits: Limits,
}

/// How often. Rounds are joined by the word before the element (`match`: as `then`), inside by `next` if `consecutive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quant {
    /// At least.
    pub min: u32,
    /// At most; none is unbounded.
    pub max: Option<u32>,
    /// `greedy`
    pub greedy: bool,
    /// `each`
    pub branching: Branching,
    /// `consecutive`
    pub consecutive: bool,
}

/// Whether every choice is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branching {
    /// One choice.
    One,
    /// `each`: every length from the minimum on.
    Each,
}

/// What bounds a step or group. Microseconds, inclusive.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// First to last event of the loop or group.
    pub over_us: Option<i64>,
    /// Each event at most this after the matched event before it.
    pub within_us: Option<i64>,
    /// Ends the loop.
    pub until: Option<Expr>,
    /// Branches per run.
    pub limit: Option<u32>,
}
