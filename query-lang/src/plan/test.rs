//! A `test` block, resolved against its rules.

use super::{FieldId, RuleId, StreamId, TableId};
use crate::span::Span;
use crate::value::Value;

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub title: String,
    /// Where it stands: file by position among the sources, and range.
    pub file: usize,
    /// The whole item.
    pub span: Span,
    /// Params that it overrides: compile again with these before running it.
    pub params: Vec<(String, Value)>,
    /// Events in order of arrival.
    pub lines: Vec<TestLine>,
    /// Rows of tables in order of arrival.
    pub rows: Vec<TestRow>,
    /// `end at D`: absolute, microseconds, inclusive.
    pub end_us: Option<i64>,
    /// What must come.
    pub expects: Vec<Expect>,
}

/// An event of a test.
#[derive(Clone, Debug)]
pub struct TestLine {
    /// Its stream.
    pub stream: StreamId,
    /// The fields that are given, converted to the field's type; all others are missing, required ones too.
    pub fields: Vec<(FieldId, Value)>,
    /// Event time, absolute, microseconds.
    pub at_us: i64,
    /// The record's own time, if given, absolute, microseconds.
    pub arriving_us: Option<i64>,
    /// The line.
    pub span: Span,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct TestRow {
    /// Its table.
    pub table: TableId,
    /// The fields that are given, converted to the field's type; the key's are among them, all others are missing.
    pub fields: Vec<(FieldId, Value)>,
    /// From when on it holds, absolute, microseconds.
    pub at_us: i64,
    /// The line.
    pub span: Span,
}

/// An expectation.
#[derive(Clone, Debug)]
pub struct Expect {
    /// What.
    pub kind: ExpectKind,
    /// The line.
    pub span: Span,
}

/// The kinds of expectation.
#[derive(Clone, Debug)]
pub enum ExpectKind {
    /// One alert that has these values and this time.
    Alert {
        /// The rule.
        rule: RuleId,
        /// Key parts or `with` fields, by name, and their values converted to the field's type.
        fields: Vec<(String, Value)>,
        /// Absolute, microseconds.
        at_us: Option<i64>,
        /// The second alert, at an episode's end.
        resolved: bool,
    },
    /// No alert of this rule.
    No(RuleId),
    /// No alert, of the rules that the test names, that no expectation met.
    NothingElse,
}
