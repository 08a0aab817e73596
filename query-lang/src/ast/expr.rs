//! The tree of an expression, as written.

use super::{Name, Spanned};

/// An expression with its place.
pub type Expr = Box<Spanned<ExprKind>>;

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `12`; digits as written, so that a later stage can say that they do not fit.
    Int(String),
    /// `12.50`, digits as written.
    Decimal(String),
    /// `1.5e3`
    Float(String),
    /// `30s`: the number as written, and its unit.
    Duration(String, Unit),
    /// `"text"`, escapes resolved.
    Text(String),
    /// A bare name: field, key, param, let, with name.
    Name(String),
    /// `step.field`, `table[key].field`
    Member(Expr, Name),
    /// `x[i]`, `table[k1, k2]`
    Index(Expr, Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `f(args) window`
    Call(Call),
    /// `not x`
    Not(Expr),
    /// `-x`
    Negate(Expr),
    /// `a or b`, `a + b`, `a == b`, `a is b`, ...
    Binary(BinaryOp, Expr, Expr),
    /// `x [not] between a and b`
    Between {
        /// `not`
        negated: bool,
        /// The item.
        item: Expr,
        /// The lower border.
        low: Expr,
        /// The upper border.
        high: Expr,
    },
    /// `x [not] in y`
    In {
        /// `not`
        negated: bool,
        /// The item.
        item: Expr,
        /// The list.
        list: Expr,
    },
    /// `x [not] like "ab*"`
    Like {
        /// `not`
        negated: bool,
        /// The text.
        item: Expr,
        /// The pattern.
        pattern: Expr,
    },
    /// `x [not] matches "regex"`
    Matches {
        /// `not`
        negated: bool,
        /// The text.
        item: Expr,
        /// The pattern.
        pattern: Expr,
    },
    /// `if c then a else b`
    If(Expr, Expr, Expr),
    /// What could not be read.
    Error,
}

/// Units of a duration literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `us`
    Microsecond,
    /// `ms`
    Millisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
}

/// Operators between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the operator of its name")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A call: scalar function, history function, let, or function over a loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// `where c` inside the brackets.
    pub filter: Option<Expr>,
    /// `over ...` behind the brackets.
    pub over: Option<Spanned<Over>>,
    /// `approx` behind it.
    pub approx: bool,
}

/// The window of a history function.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// `over D`
    Time(Expr),
    /// `over last N`
    Last(Expr),
    /// `over previous D` or `over previous N`: decided by the type.
    Previous(Expr),
    /// `over D before E`
    Before(Expr, Expr),
    /// `over forever`
    Forever,
}
