//! The tree of a pattern: section `match ... then ...` of a rule, as written.

use super::{Expr, Keys, Name, Spanned};
use crate::span::Span;

/// `match ... then ...` with what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// `within span` of the whole match.
    pub within: Option<SpanLimit>,
    /// `runs N` or `runs latest`.
    pub runs: Option<Spanned<Runs>>,
    /// The steps; the first element's link is [`Link::Start`].
    pub seq: Vec<Element>,
    /// `without ...`, any number.
    pub without: Vec<Absent>,
    /// `after match skip ...`
    pub skip: Option<Spanned<Skip>>,
    /// From `match` to the end of the pattern.
    pub span: Span,
}

/// A limit of a match: `D`, `N events` or `forever`.
#[derive(Clone, Debug, PartialEq)]
pub enum SpanLimit {
    /// Event time.
    Time(Expr),
    /// Positions among the key's events.
    Events(Expr),
    /// No limit.
    Forever(Span),
}

/// `runs ...`.
#[derive(Clone, Debug, PartialEq)]
pub enum Runs {
    /// At most so many open runs.
    Max(Expr),
    /// `runs latest`
    Latest,
}

/// Where other runs go on after a match.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    /// `past last event`
    PastLast,
    /// `to next event`
    ToNext,
    /// `to first NAME`
    ToFirst(Name),
    /// `to last NAME`
    ToLast(Name),
    /// `none`
    None,
}

/// How an element follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// The first element.
    Start,
    /// `then`
    Then,
    /// `next`
    Next,
    /// `then each`
    ThenEach,
}

/// One element of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The word before it.
    pub link: Link,
    /// What it is.
    pub node: Node,
    /// The element, without the link.
    pub span: Span,
}

/// The kinds of element.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `name: stream quant limits where expr`
    Step(Step),
    /// `no stream by keys for D where expr`
    No(Absent),
    /// `any of (...)`, `all of (...)`, `2 of (...)`
    Group(Group),
    /// `( seq ) quant limits`
    Sub(Sub),
}

/// A step that takes events.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The name before the colon.
    pub name: Option<Name>,
    /// The stream.
    pub stream: Name,
    /// `? * + {n} ...`
    pub quant: Option<Quant>,
    /// `by`, `over`, `within`, `until`, `limit`.
    pub limits: Limits,
    /// The condition.
    pub filter: Option<Expr>,
}

/// `no X` and `without X`.
#[derive(Clone, Debug, PartialEq)]
pub struct Absent {
    /// The stream.
    pub stream: Name,
    /// Its own key.
    pub by: Option<Keys>,
    /// `for D`; never on `without`.
    pub hold: Option<Expr>,
    /// The condition.
    pub filter: Option<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// Alternatives, or members in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which.
    pub kind: GroupKind,
    /// The members: each a step, a `no`, a group or a sub-pattern.
    pub members: Vec<Element>,
    /// Limits of the whole group.
    pub limits: Limits,
}

/// The kinds of group.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupKind {
    /// `any of`
    AnyOf,
    /// `all of`
    AllOf,
    /// `N of`; N is a number or a param.
    NOf(Expr),
}

/// A bracketed sub-pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub {
    /// Its elements.
    pub seq: Vec<Element>,
    /// `? * + {n} ...`
    pub quant: Option<Quant>,
    /// Limits of the whole.
    pub limits: Limits,
}

/// How often: `?` is 0..1, `*` is 0.., `+` is 1.., `{n,m}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quant {
    /// At least.
    pub min: Count,
    /// At most; none is unbounded.
    pub max: Option<Count>,
    /// `greedy`
    pub greedy: bool,
    /// `each`
    pub each: bool,
    /// `consecutive`
    pub consecutive: bool,
    /// The quantifier with its words.
    pub span: Span,
}

/// A number, or the name of a param.
#[derive(Clone, Debug, PartialEq)]
pub enum Count {
    /// As written.
    Number(u32),
    /// By name.
    Named(Expr),
}

/// What bounds a step or group.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Limits {
    /// `by keys`
    pub by: Option<Keys>,
    /// `over D`
    pub over: Option<Expr>,
    /// `within D`
    pub within: Option<Expr>,
    /// `until expr`
    pub until: Option<Expr>,
    /// `limit N`
    pub limit: Option<Expr>,
}
