//! The tree of a rule file, as written: names are text, nothing is checked. The parser always yields one, with
//! `Error` nodes where it could not read.
//!
//! The whole language is here (items, clauses, patterns, expressions), also where a later stage says "not supported yet".

mod expr;
mod pattern;

use crate::span::Span;

pub use expr::{BinaryOp, Call, Expr, ExprKind, Over, Unit};
pub use pattern::{
    Absent, Count, Element, Group, GroupKind, Limits, Link, Node, Pattern, Quant, Runs, Skip, SpanLimit, Step, Sub,
};

/// A parsed file: its items in order of the text.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct File {
    /// Streams, params, rules, tests, ...
    pub items: Vec<Item>,
}

/// A name with its place; backquotes are taken off.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name itself.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Anything with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// What stands there.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

/// One item of a file with its whole range.
pub type Item = Spanned<ItemKind>;

/// The eight kinds of item.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `stream NAME { fields } timed by F, late D, ...`
    Stream(Stream),
    /// `table NAME key F { fields }`
    Table(Table),
    /// `param NAME = literal`
    Param(Param),
    /// `let NAME(args) = expr`
    Let(Let),
    /// `rule NAME { ... }`
    Rule(Rule),
    /// `derive NAME { ... }`
    Derive(Derive),
    /// `view NAME { ... }`
    View(View),
    /// `test "..." { ... }`
    Test(Test),
    /// Text that the parser skipped.
    Error,
}

/// The events of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its name.
    pub name: Name,
    /// Its fields in order of the text.
    pub fields: Vec<Field>,
    /// `timed by F`; missing is an error that a later stage reports.
    pub timed_by: Option<Name>,
    /// `late D`
    pub late: Option<Expr>,
    /// `ahead D`
    pub ahead: Option<Expr>,
    /// `idle D`
    pub idle: Option<Expr>,
    /// `unique by F over D`
    pub unique: Option<Unique>,
}

/// `unique by F over D`.
#[derive(Clone, Debug, PartialEq)]
pub struct Unique {
    /// The identifying fields.
    pub by: Vec<Name>,
    /// How long an id is remembered.
    pub over: Expr,
    /// The whole clause.
    pub span: Span,
}

/// A field of a stream or table.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type as written.
    pub ty: TypeRef,
    /// `from "a.b[0].c"`, without the quotes.
    pub from: Option<Name>,
}

/// A type as written: `decimal(2)`, `time(ms)`, `list of text`, with `?`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeRef {
    /// `text`, `decimal`, `list`, ...
    pub name: Name,
    /// What stands in brackets: `2` or `ms`.
    pub arg: Option<Name>,
    /// The `T` of `list of T`.
    pub item: Option<Box<TypeRef>>,
    /// Ends in `?`.
    pub optional: bool,
    /// The whole type.
    pub span: Span,
}

/// Reference data: the newest row of each key.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Key fields.
    pub keys: Vec<Name>,
    /// Fields.
    pub fields: Vec<Field>,
    /// `late D`
    pub late: Option<Expr>,
}

/// `param NAME = literal or list`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `let NAME(args) = expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// Its arguments, possibly none.
    pub args: Vec<Name>,
    /// What is put in where it is used.
    pub body: Expr,
}

/// A rule: detects, and alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: Name,
    /// `title "..."`, `owner "..."`, `tags [..]`, `runbook "..."`, `references [..]`.
    pub metadata: Vec<Metadata>,
    /// `by ...`
    pub by: Option<Keys>,
    /// `on ... when` or `match ...`.
    pub body: Body,
    /// `alert ...`; missing is reported by a later stage.
    pub alert: Option<Alert>,
    /// An `alert` stands there, whether it could be read or not.
    pub says_alert: bool,
    /// `suppress D [by f, ...]`
    pub suppress: Option<Suppress>,
    /// `repeat D`
    pub repeat: Option<Spanned<Expr>>,
    /// `resolve "template"`
    pub resolve: Option<Template>,
}

/// One metadata line.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// `title`, `owner`, ...
    pub name: Name,
    /// A text or a list of texts.
    pub value: Expr,
}

/// What a rule, derive or view looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `on ... when ...`
    Threshold(Threshold),
    /// `match ...`
    Pattern(Pattern),
    /// Neither could be read.
    Error(Span),
}

/// `on ... when ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// One or more `on` clauses.
    pub on: Vec<On>,
    /// `when expr`
    pub when: Option<Expr>,
    /// The `for D` behind `when`.
    pub hold: Option<Expr>,
}

/// `on [name:] stream [where expr]`.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// The name before the colon.
    pub name: Option<Name>,
    /// The stream.
    pub stream: Name,
    /// The admission.
    pub filter: Option<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// `by f` or `by (f, name: expr, f == step.field)`, with `in table` behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// The parts.
    pub parts: Vec<KeyPart>,
    /// `by device in devices`
    pub table: Option<Name>,
    /// The whole clause.
    pub span: Span,
}

/// One part of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyPart {
    /// A field.
    Field(Name),
    /// `name: expr`
    Named(Name, Expr),
    /// `field == step.field`: the key is handed over by an earlier step.
    HandOver {
        /// The field of this step.
        field: Name,
        /// The earlier step.
        step: Name,
        /// Its field.
        from: Name,
    },
}

/// `alert [every event] SEVERITY "template" with ... to ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// `every event`
    pub every_event: bool,
    /// The severity as written.
    pub severity: Name,
    /// The message.
    pub template: Template,
    /// `with name = expr, ...`
    pub with: Vec<(Name, Expr)>,
    /// `to sink, ...`
    pub to: Vec<Name>,
    /// The whole clause.
    pub span: Span,
}

/// A text with `{expr}` in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its parts in order.
    pub parts: Vec<TemplatePart>,
    /// With the quotes.
    pub span: Span,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Literal text, escapes resolved (`{{` is `{`).
    Text(String),
    /// `{expr}`
    Expr(Expr),
}

/// `suppress D [by f, ...]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppress {
    /// How long.
    pub span_limit: Expr,
    /// Per what, besides the key.
    pub by: Vec<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// `derive NAME { ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Derive {
    /// Its name.
    pub name: Name,
    /// `by ...`
    pub by: Option<Keys>,
    /// What it reads.
    pub body: Body,
    /// `every ...`, `session ...`; none is per event or per match.
    pub window: Option<Spanned<Window>>,
    /// `emit ...`
    pub emit: Vec<Emit>,
    /// `having expr`
    pub having: Option<Expr>,
}

/// A window clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `every D [over E] [in zone "..."]`
    Every {
        /// How often a window ends.
        every: Expr,
        /// How long it is, if not `every`.
        over: Option<Expr>,
        /// The time zone.
        zone: Option<Name>,
    },
    /// `session D`
    Session(Expr),
    /// `every N events`
    Count(Expr),
}

/// One output of a derive or view.
#[derive(Clone, Debug, PartialEq)]
pub enum Emit {
    /// `*`
    All(Span),
    /// A field under its own name.
    Field(Name),
    /// `name = expr`
    Named(Name, Expr),
}

/// `view NAME { ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// `by ...`
    pub by: Option<Keys>,
    /// What it reads: events by `on`.
    pub body: Body,
    /// `emit ...`
    pub emit: Vec<Emit>,
}

/// `test "..." { ... }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it shows, without the quotes.
    pub title: Name,
    /// Its lines in order.
    pub lines: Vec<TestLine>,
}

/// A line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestLine {
    /// What it says.
    pub kind: TestLineKind,
    /// The whole line.
    pub span: Span,
}

/// The kinds of test line.
#[derive(Clone, Debug, PartialEq)]
pub enum TestLineKind {
    /// `NAME { field: value } at D [arriving D2]`
    Event {
        /// The stream or table.
        stream: Name,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
        /// `at D`
        at: Expr,
        /// `arriving D2`
        arriving: Option<Expr>,
    },
    /// `param NAME = literal`
    Param(Param),
    /// `end at D`
    End(Expr),
    /// `expect RULE { ... } at D [resolved]`
    Expect {
        /// The rule.
        rule: Name,
        /// Key or with fields.
        fields: Vec<(Name, Expr)>,
        /// `at D`
        at: Option<Expr>,
        /// `resolved`
        resolved: bool,
    },
    /// `expect no RULE`
    ExpectNo(Name),
    /// `expect nothing else`
    ExpectNothingElse,
}
