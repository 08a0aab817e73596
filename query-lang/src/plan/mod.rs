//! The typed plan: what a rule file means, with every name resolved, every type known and every literal converted.
//! It is all that the engine sees of the language. Ids are dense and index the vectors they belong to.
//!
//! Durations and times are microseconds (`i64`). `let` bodies, `param` values and `between` are already put in.

mod expr;
mod keeping;
mod pattern;
mod reads;
mod settle;
mod table;
mod test;
mod walk;
mod window;

pub use expr::{
    ArithOp, CompareOp, Expr, ExprKind, History, HistoryArg, HistoryBound, HistoryFn, HistoryScope, LoopFn,
};
pub use pattern::{
    Absent, Branching, Element, Group, GroupKind, HandOver, Limits, Link, Node, Pattern, Quant, RUNS_MAX, Runs, Skip,
    Step, StepInfo, StepKey, Sub, Within, first_step,
};
pub use table::{RowsFrom, Table, reads_tables};
pub use test::{Expect, ExpectKind, Test, TestLine, TestRow};
pub use walk::Sight;
pub use window::{Every, Window};

use crate::value::{Type, Value};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the vector it belongs to.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A stream, in order of declaration (files by name): the second part of the total order.
    StreamId
);
id!(
    /// A field of a stream.
    FieldId
);
id!(
    /// A table, in order of declaration.
    TableId
);
id!(
    /// A rule, in order of the text.
    RuleId
);
id!(
    /// A step of a pattern that takes events, in order of the text.
    StepId
);
id!(
    /// A history function of a rule.
    HistoryId
);
id!(
    /// A slot of a threshold rule's row: see [`Threshold::slots`].
    SlotId
);

/// Everything that was compiled together.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// All streams from outside, also unused ones; behind them the derived streams that some rule reads, in order of the
    /// text.
    pub streams: Vec<Stream>,
    /// All tables, also unused ones.
    pub tables: Vec<Table>,
    /// All rules, derives and views.
    pub rules: Vec<Rule>,
    /// All tests.
    pub tests: Vec<Test>,
    /// Params with the values in force, by name in order of the text.
    pub params: Vec<(String, Value)>,
}

/// The events of one source and its event-time policy.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its name in the rule file.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The field that is the event time; its type is [`Type::Time`].
    pub timed_by: FieldId,
    /// How far behind its own partition's newest event an event may be, inclusive.
    pub late_us: i64,
    /// How far in front of its record's own timestamp an event may lie, inclusive.
    pub ahead_us: Option<i64>,
    /// When a quiet partition stops holding time back.
    pub idle_us: Option<i64>,
    /// How repeats are known, and left out.
    pub unique: Option<Unique>,
    /// Where its events come from.
    pub origin: Origin,
}

/// `unique by F over D`: an event whose id an admitted event had before is a repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// The parts of the id.
    pub fields: Vec<FieldId>,
    /// For how long an id is remembered, its exact end included, microseconds.
    pub over_us: i64,
}

/// Where the events of a stream come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Origin {
    /// From outside.
    #[default]
    Input,
    /// A rule makes them: the *derived stream* of its alerts, or of the rows of a `derive`.
    Derived {
        /// The rule.
        rule: RuleId,
        /// Hash of all that its rows depend on: part of the fingerprints of the rules that read it.
        definition: u64,
    },
    /// The events of another stream, with what a view knew at each of them as further fields. The compiler makes none: a
    /// look-up says what is meant, and how it is found is left to those who run the plan.
    Widened {
        /// The stream.
        of: StreamId,
        /// The view.
        view: RuleId,
    },
}

impl Stream {
    /// Whether its events come from outside.
    pub fn is_input(&self) -> bool {
        self.origin == Origin::Input
    }
}

/// A field of a stream.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type; a decimal column holds mantissas at exactly this scale as `i64`.
    pub ty: Type,
    /// May be missing.
    pub optional: bool,
    /// Where it stands in the input record: `data.items[0].id` is `[Key data, Key items, Index 0, Key id]`.
    pub path: Vec<PathPart>,
    /// The unit of a time given as a number; `None` is RFC 3339 text.
    pub time_unit: Option<TimeUnit>,
}

/// One part of a path into a nested record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathPart {
    /// A member of an object.
    Key(String),
    /// An element of a list, from 0.
    Index(u32),
}

/// The unit of a numeric `time(..)` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the unit of its name")]
pub enum TimeUnit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// A rule, or a `derive`: what it finds becomes an alert, a row of a derived stream, or both. Or a `view`: what it is shown
/// becomes the rows of a table.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Hash of the canonical typed tree: unchanged by layout, comments and file names.
    pub fingerprint: u64,
    /// `title`, `owner`, `tags`, `runbook`, `references`.
    pub metadata: Vec<(String, Value)>,
    /// The key's parts; empty: the whole stream is one key.
    pub keys: Vec<Key>,
    /// `by x in table`: the keys are those of the table's rows, from each row on and until it is gone.
    pub key_table: Option<TableId>,
    /// What it looks for.
    pub body: Body,
    /// All history functions of the rule, each once.
    pub histories: Vec<History>,
    /// `with` or `emit` fields in order.
    pub fields: Vec<With>,
    /// `having`, over the fields: what it does not hold for is neither alert nor row.
    pub having: Option<Expr>,
    /// The alert; none for a `derive`.
    pub alert: Option<Alert>,
    /// `suppress`.
    pub suppress: Option<Suppress>,
    /// `repeat`: again after each such time while what was alerted lasts, microseconds.
    pub repeat_us: Option<i64>,
    /// `resolve`: the message of the second alert, when it has ended.
    pub resolve: Option<Vec<TemplatePart>>,
    /// The rows of its derived stream; none when no rule reads it.
    pub emits: Option<Emits>,
    /// Of a `view`: the table that it keeps up to date. Nothing is said then: its fields are worked out when it is looked up.
    pub keeps: Option<TableId>,
}

impl Rule {
    /// A rule that looks for this and has these fields; whatever else it may say is left out.
    pub fn draft(name: String, keys: Vec<Key>, body: Body, histories: Vec<History>, fields: Vec<With>) -> Rule {
        Rule {
            name,
            fingerprint: 0,
            metadata: Vec::new(),
            keys,
            key_table: None,
            body,
            histories,
            fields,
            having: None,
            alert: None,
            suppress: None,
            repeat_us: None,
            resolve: None,
            emits: None,
            keeps: None,
        }
    }

    /// The window of a `derive` that has one.
    pub fn window(&self) -> Option<&Window> {
        match &self.body {
            Body::Threshold(threshold) => threshold.window.as_ref(),
            Body::Pattern(_) => None,
        }
    }

    /// What an expression stands for: where it is the name of a `with` field, that field's value.
    pub fn through_with<'a>(&'a self, mut expr: &'a Expr) -> &'a Expr {
        // A field reads only fields before it, so this ends.
        while let ExprKind::With(index) = expr.kind {
            let Some(with) = self.fields.get(index as usize) else { break };
            expr = &with.expr;
        }
        expr
    }

    /// What it is called: `rule`, `derive` or `view`.
    pub fn word(&self) -> &'static str {
        match (&self.alert, self.keeps) {
            (_, Some(_)) => "view",
            (Some(_), None) => "rule",
            (None, None) => "derive",
        }
    }

    /// `alert every event`
    pub fn is_every_event(&self) -> bool {
        self.alert.as_ref().is_some_and(|alert| alert.every_event)
    }

    /// How bad it is; what a `derive` finds is no more than information.
    pub fn severity(&self) -> Severity {
        self.alert.as_ref().map_or(Severity::Info, |alert| alert.severity)
    }
}

/// The rows that a rule makes for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emits {
    /// The derived stream.
    pub stream: StreamId,
    /// Where the value of each of its fields comes from.
    pub columns: Vec<Emitted>,
}

/// Where a value of a derived stream comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// A part of the key, by position; behind them, a window's start and end.
    Key(u32),
    /// One of [`Rule::fields`], by position.
    Field(u32),
    /// The time of the alert or row.
    At,
}

/// A part of a rule's key.
#[derive(Clone, Debug)]
pub struct Key {
    /// The field's name, or the name before the colon.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// What a rule looks for.
#[derive(Clone, Debug)]
pub enum Body {
    /// `on ... when`
    Threshold(Threshold),
    /// `match ... then`
    Pattern(Pattern),
}

/// `on ... when`.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// The `on` clauses; an event is admitted by the first of its stream whose filter holds.
    pub on: Vec<On>,
    /// The fields that `when`, `with`, template, suppress and histories read, by name.
    pub slots: Vec<Slot>,
    /// Of a `derive`: a row is given for each window that is over, and not for events. Behind the parts of the rule's key
    /// then stand the window's start and end: [`ExprKind::Key`] of the number of parts, and of one more.
    pub window: Option<Window>,
    /// `None`: every admitted event alerts.
    pub when: Option<Expr>,
    /// `when c for D`: the episode opens when `when` has held at every event for this long, microseconds.
    pub hold_us: Option<i64>,
    /// The longest `over` that `when` uses, through `with` names too, in microseconds (`over D before E` is D + E): an
    /// episode ends when the key's last admitted event is older than this. `None`: nothing but an event ends it.
    pub episode_us: Option<i64>,
}

/// `on [name:] stream where filter`.
#[derive(Clone, Debug)]
pub struct On {
    /// The name before the colon.
    pub name: Option<String>,
    /// The stream.
    pub stream: StreamId,
    /// The admission, over [`ExprKind::Field`]s of the stream.
    pub filter: Option<Expr>,
    /// One expression per part of the rule's key, over fields of the stream.
    pub keys: Vec<Expr>,
    /// For each slot of the threshold: the field of this stream, or `None` where it is missing.
    pub fields: Vec<Option<FieldId>>,
}

/// A field as a threshold rule sees it, whichever stream the event came from.
#[derive(Clone, Debug)]
pub struct Slot {
    /// As written: `amount` or `d.amount`.
    pub name: String,
    /// Its type, the same in every stream that has it.
    pub ty: Type,
}

/// What an alert says.
#[derive(Clone, Debug)]
pub struct Alert {
    /// `alert every event`
    pub every_event: bool,
    /// How bad.
    pub severity: Severity,
    /// The message.
    pub template: Vec<TemplatePart>,
    /// `to` sinks; empty: the default sink.
    pub to: Vec<String>,
}

/// A `with` or `emit` field.
#[derive(Clone, Debug)]
pub struct With {
    /// Its name.
    pub name: String,
    /// Its value; [`ExprKind::With`] may stand only for earlier ones.
    pub expr: Expr,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the severity of its name")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// As written in a rule file and in an alert.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// A part of a message.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Literal text.
    Text(String),
    /// `{expr}`; unknown shows `-`.
    Expr(Expr),
}

/// `suppress D by ...`: one alert per key (and `by`) in this time, its exact end included.
#[derive(Clone, Debug)]
pub struct Suppress {
    /// How long, microseconds.
    pub span_us: i64,
    /// Per what, besides the key.
    pub by: Vec<Expr>,
}
