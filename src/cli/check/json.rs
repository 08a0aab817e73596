//! What `check` found as one JSON object, for machines. The shape is docs/reference/check.schema.json.

use serde::Serialize;
use tripline_query_lang::Source;
use tripline_query_lang::bill::{Amount, Rate, RuleBill};
use tripline_query_lang::diagnostics::{Diagnostic, Lines, codes};
use tripline_query_lang::span::Span;

use super::super::job::Prepared;
use crate::config::Complaint;

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    files: Vec<&'a str>,
    diagnostics: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configuration: Vec<Wrong<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bill: Option<Bill<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    file: &'a str,
    #[serde(flatten)]
    place: Place,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
}

/// What is wrong with the configuration, the command line, or files.
#[derive(Serialize)]
struct Wrong<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    message: &'a str,
}

impl<'a> From<&'a Complaint> for Wrong<'a> {
    fn from(one: &'a Complaint) -> Self {
        Wrong { file: one.file.as_deref(), line: one.line, message: &one.message }
    }
}

#[derive(Serialize)]
struct Place {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place,
    note: &'a str,
}

#[derive(Serialize)]
struct Bill<'a> {
    rate: f64,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    rule: &'a str,
    events: Option<u64>,
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    countless: bool,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    clause: &'a str,
    holds: &'a str,
    events: Option<u64>,
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    countless: bool,
}

/// The object when nothing could be read.
pub fn nothing(why: &str) -> String {
    let configuration = vec![Wrong { file: None, line: None, message: why }];
    let report = Report { ok: false, files: Vec::new(), diagnostics: Vec::new(), configuration, bill: None };
    serde_json::to_string(&report).expect("texts are JSON")
}

/// The object in one line.
pub fn report(prepared: &Prepared, bill: Option<(&[RuleBill], Rate)>) -> String {
    let Prepared { sources, compiled, .. } = prepared;
    let configuration: Vec<Wrong<'_>> = prepared.all_complaints().into_iter().map(Wrong::from).collect();
    let lines: Vec<Lines<'_>> = sources.iter().map(|source| Lines::new(&source.text)).collect();
    let report = Report {
        ok: compiled.plan.is_some() && configuration.is_empty(),
        files: sources.iter().map(|source| source.name.as_str()).collect(),
        diagnostics: compiled.diagnostics.iter().map(|one| said(one, sources, &lines)).collect(),
        configuration,
        bill: bill.map(|(bills, rate)| Bill { rate: rate.per_second(), rules: bills.iter().map(rule).collect() }),
    };
    serde_json::to_string(&report).expect("texts and numbers are JSON")
}

fn said<'a>(one: &'a Diagnostic, sources: &'a [Source], lines: &[Lines<'_>]) -> Said<'a> {
    let lines = lines.get(one.file);
    let place = |span: Span| Place { start: position(lines, span.start), end: position(lines, span.end) };
    Said {
        code: one.code.0,
        name: codes::find(one.code.0).map_or("", |entry| entry.name),
        severity: if one.code.is_error() { "error" } else { "warning" },
        file: sources.get(one.file).map_or("", |source| &source.name),
        place: place(one.span),
        message: &one.message,
        label: one.label.as_deref(),
        hint: one.hint.as_deref(),
        related: one.related.iter().map(|(span, note)| Related { place: place(*span), note }).collect(),
    }
}

/// A file that is not there (a param from outside) has only its start.
fn position(lines: Option<&Lines<'_>>, byte: u32) -> Position {
    let (line, column) = lines.map_or((1, 1), |lines| lines.position(byte));
    Position { line, column, byte }
}

fn rule(bill: &RuleBill) -> Rule<'_> {
    let bounded = Amount::bounded;
    let items = bill.items.iter().map(|item| Item {
        clause: &item.clause,
        holds: &item.holds,
        events: bounded(item.events),
        bytes: bounded(item.bytes),
        countless: item.events.is_countless() || item.bytes.is_countless(),
    });
    let (events, bytes) = (bill.events(), bill.bytes());
    let countless = events.is_countless() || bytes.is_countless();
    Rule { rule: &bill.rule, events: bounded(events), bytes: bounded(bytes), countless, items: items.collect() }
}
