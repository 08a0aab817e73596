//! Typed expressions. Operands of arithmetic and comparison have one type each: the compiler puts in
//! [`ExprKind::Convert`] where numbers mix, so that no evaluator has to.

use super::{FieldId, HistoryId, SlotId, StepId, TableId};
use crate::stdlib::FunctionId;
use crate::value::{Type, Value};

/// An expression and its type. Any of them may be unknown at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
}

/// The kinds of typed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant; `Value::Null` is unknown.
    Const(Value),
    /// A field of the event at hand (`on ... where`, a step's `where`, `no`, `without`, keys, arguments of loop functions
    /// and of histories in a step's `where`), whose stream is known from where the expression stands.
    Field(FieldId),
    /// A field of the event at hand in a threshold rule's `when`, `with`, template, `suppress by` and history arguments.
    Slot(SlotId),
    /// The event time of the event at hand (`at`). In `with` and template of a pattern: the alert's time.
    At,
    /// A field of the event that an earlier step took; unknown while the step is empty. The step is not a loop.
    Step(StepId, FieldId),
    /// The event time of the event that an earlier step took.
    StepAt(StepId),
    /// A function over the events that a loop took. Inside the loop's own `where` the candidate is not among them.
    Loop {
        /// The loop.
        step: StepId,
        /// The function.
        func: LoopFn,
        /// Its argument over [`ExprKind::Field`]s of the loop's stream; none for `count`.
        arg: Option<Box<Expr>>,
        /// `where c`
        filter: Option<Box<Expr>>,
    },
    /// A part of the rule's key, by position.
    Key(u32),
    /// An earlier `with` field, by position.
    With(u32),
    /// A history function's value at the event at hand.
    History(HistoryId),
    /// `prev(x)` inside an argument or filter of a history function: each event's own event before, of the same key
    /// among the events that the history sees. `n` is 1 for the event before.
    Prev {
        /// What of it.
        arg: Box<Expr>,
        /// How many before.
        n: u32,
    },
    /// `table[k1, k2].field`: a field of the row of this key, as of the time that `at` means here; unknown where there is no
    /// such row, or a part of the key is unknown.
    Lookup {
        /// The table.
        table: TableId,
        /// One expression per part of the table's key, of its type.
        key: Vec<Expr>,
        /// What of the row.
        field: FieldId,
    },
    /// `x in table`: whether the table has a row of this key, as of the same time; unknown where the key is.
    Listed {
        /// The table.
        table: TableId,
        /// One expression per part of the table's key, of its type.
        key: Vec<Expr>,
    },
    /// Three-valued `not`.
    Not(Box<Expr>),
    /// Three-valued `and` of two or more.
    And(Vec<Expr>),
    /// Three-valued `or` of two or more.
    Or(Vec<Expr>),
    /// `-x`; overflow is unknown.
    Negate(Box<Expr>),
    /// `+ - * / %`; overflow and division by zero are unknown.
    Arith(ArithOp, Box<Expr>, Box<Expr>),
    /// `== != < <= > >=` of operands of one type; unknown when either is.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `is` (or `is not`): as `==`, but null is null, and never unknown.
    Is {
        /// `is not`
        negated: bool,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `item in list`: true when equal to an element, else unknown when item, list or an element is null, else false.
    In(Box<Expr>, Box<Expr>),
    /// `like`: `*` any run of characters, everything else itself.
    Like(Box<Expr>, String),
    /// `matches`: the regular expression is found anywhere in the text.
    Matches(Box<Expr>, String),
    /// `if c then a else b`; an unknown condition takes `b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A scalar function.
    Call(FunctionId, Vec<Expr>),
    /// `list[i]`, from 0; outside is unknown.
    Index(Box<Expr>, Box<Expr>),
    /// `[a, b]` with parts that are not constant.
    List(Vec<Expr>),
    /// To the type of this node: int to decimal, int or decimal to float (nearest), decimal to a larger scale.
    Convert(Box<Expr>),
}

impl Expr {
    /// The parts of nested `and`s, in the order of the text: all of them hold when it does.
    pub fn conjuncts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::And(parts) => parts.iter().flat_map(Expr::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// The expressions directly inside of this one, in the order of the text.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Slot(_)
            | ExprKind::At
            | ExprKind::Step(..)
            | ExprKind::StepAt(_)
            | ExprKind::Key(_)
            | ExprKind::With(_)
            | ExprKind::History(_) => Vec::new(),
            ExprKind::Loop { arg, filter, .. } => arg.iter().chain(filter).map(|e| &**e).collect(),
            ExprKind::Prev { arg: inner, .. }
            | ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Like(inner, _)
            | ExprKind::Matches(inner, _)
            | ExprKind::Convert(inner) => vec![inner],
            ExprKind::And(parts)
            | ExprKind::Or(parts)
            | ExprKind::Call(_, parts)
            | ExprKind::List(parts)
            | ExprKind::Lookup { key: parts, .. }
            | ExprKind::Listed { key: parts, .. } => parts.iter().collect(),
            ExprKind::Arith(_, left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::Is { left, right, .. }
            | ExprKind::In(left, right)
            | ExprKind::Index(left, right) => vec![left, right],
            ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
        }
    }

    /// As [`Expr::children`], to be replaced.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Slot(_)
            | ExprKind::At
            | ExprKind::Step(..)
            | ExprKind::StepAt(_)
            | ExprKind::Key(_)
            | ExprKind::With(_)
            | ExprKind::History(_) => Vec::new(),
            ExprKind::Loop { arg, filter, .. } => arg.iter_mut().chain(filter).map(|e| &mut **e).collect(),
            ExprKind::Prev { arg: inner, .. }
            | ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Like(inner, _)
            | ExprKind::Matches(inner, _)
            | ExprKind::Convert(inner) => vec![inner],
            ExprKind::And(parts)
            | ExprKind::Or(parts)
            | ExprKind::Call(_, parts)
            | ExprKind::List(parts)
            | ExprKind::Lookup { key: parts, .. }
            | ExprKind::Listed { key: parts, .. } => parts.iter_mut().collect(),
            ExprKind::Arith(_, left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::Is { left, right, .. }
            | ExprKind::In(left, right)
            | ExprKind::Index(left, right) => vec![left, right],
            ExprKind::If(condition, then, otherwise) => vec![condition, then, otherwise],
        }
    }
}

/// Arithmetic. Types of the operands are equal except time - time, time ± duration, duration * number, duration / number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the operator of its name")]
pub enum ArithOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the operator of its name")]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl CompareOp {
    /// Whether it holds between two values that have an order; of an order itself: between it and `Ordering::Equal`.
    #[inline]
    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            CompareOp::Equal => left == right,
            CompareOp::NotEqual => left != right,
            CompareOp::Less => left < right,
            CompareOp::LessEqual => left <= right,
            CompareOp::Greater => left > right,
            CompareOp::GreaterEqual => left >= right,
        }
    }

    /// The comparison that holds where this one is false.
    pub fn opposite(self) -> CompareOp {
        match self {
            CompareOp::Equal => CompareOp::NotEqual,
            CompareOp::NotEqual => CompareOp::Equal,
            CompareOp::Less => CompareOp::GreaterEqual,
            CompareOp::LessEqual => CompareOp::Greater,
            CompareOp::Greater => CompareOp::LessEqual,
            CompareOp::GreaterEqual => CompareOp::Less,
        }
    }

    /// The comparison with its sides changed.
    pub fn mirrored(self) -> CompareOp {
        match self {
            CompareOp::Equal | CompareOp::NotEqual => self,
            CompareOp::Less => CompareOp::Greater,
            CompareOp::LessEqual => CompareOp::GreaterEqual,
            CompareOp::Greater => CompareOp::Less,
            CompareOp::GreaterEqual => CompareOp::LessEqual,
        }
    }
}

/// Functions over the events of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the function of its name")]
pub enum LoopFn {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Stddev,
    Distinct,
    First,
    Last,
    Collect,
}

/// One history function of a rule: `count(where c) over 10m`.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The function.
    pub func: HistoryFn,
    /// Which events it looks back over.
    pub scope: HistoryScope,
    /// Its argument and filter.
    pub arg: HistoryArg,
    /// How far.
    pub bound: HistoryBound,
    /// The type of its value.
    pub ty: Type,
}

/// Which events a history function looks back over.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryScope {
    /// Threshold rule: the events that the rule's `on` clauses admit, of the same key. Argument and filter use [`ExprKind::Slot`].
    Admitted,
    /// A step's `where`: all events of the step's stream with the step's key. Argument and filter use [`ExprKind::Field`].
    Step(StepId),
}

/// What a history function reads of each event.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HistoryArg {
    /// The argument; none for `count`.
    pub value: Option<Expr>,
    /// `where c`: only events for which it holds.
    pub filter: Option<Expr>,
    /// `count(NAME)`: only events admitted by these `on` clauses, by position.
    pub only_on: Option<Vec<u32>>,
}

/// The history functions.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryFn {
    /// Number of events (with a value, if there is an argument).
    Count,
    /// Sum; of nothing 0.
    Sum,
    /// Mean, a float.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Sample deviation.
    Stddev,
    /// Nearest rank, p from 0 to 100.
    Percentile(f64),
    /// Number of distinct values.
    Distinct,
    /// `percentile(x, p) .. approx`: by a sketch, within 0.8 %; of durations a duration, otherwise a float.
    PercentileApprox(f64),
    /// `distinct(x) .. approx`: by a sketch, exact up to 512 values, then with a standard error of 1.6 %.
    DistinctApprox,
    /// Most frequent value; of equals the one seen first in the window.
    Mode,
    /// How often the most frequent value occurs.
    ModeCount,
    /// Oldest value in the window.
    First,
    /// Newest value in the window.
    Last,
    /// Distinct values, oldest first, 100 at most.
    Collect,
    /// `prev(x, n)`: the value n events before; unknown when there is none (in the bound).
    Prev(u32),
    /// `first_seen(x)`: no event with this x in the bound before this event.
    FirstSeen,
    /// `ewma(x, half_life)`: exponentially weighted mean, this event excluded; half life in microseconds.
    Ewma(i64),
}

/// How far a history function looks back. Durations are microseconds and include their exact end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistoryBound {
    /// `over D`, this event included.
    Time(i64),
    /// `over last N`, this event included.
    Last(u32),
    /// `over previous D`, this event excluded.
    PreviousTime(i64),
    /// `over previous N`, this event excluded.
    PreviousLast(u32),
    /// `over D before E`: the D that ended E ago, E itself excluded.
    Before {
        /// D
        span_us: i64,
        /// E
        gap_us: i64,
    },
    /// Since the key's first event; also a bare `prev`.
    Forever,
}

impl HistoryBound {
    /// How old an event may be to be seen, microseconds, inclusive; `None`: its age does not matter.
    pub fn reach_us(self) -> Option<i64> {
        match self {
            HistoryBound::Time(us) | HistoryBound::PreviousTime(us) => Some(us),
            HistoryBound::Before { span_us, gap_us } => Some(span_us.saturating_add(gap_us)),
            HistoryBound::Last(_) | HistoryBound::PreviousLast(_) | HistoryBound::Forever => None,
        }
    }
}
