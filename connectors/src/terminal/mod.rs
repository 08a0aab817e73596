//! Alerts as coloured lines on standard output, each with what it rests on. Colour follows the choice of the process
//! (`--color`, `NO_COLOR`, no terminal: none).

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use serde::Deserialize;
use tripline_engine::io::AlertRecord;
use tripline_query_lang::plan::Severity;

/// Lines of the open transaction, shown when it commits.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    pending: String,
}

/// What a line shows of an alert's body.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    at: std::borrow::Cow<'a, str>,
    #[serde(default)]
    state: String,
    repeat: Option<u32>,
    message: String,
    #[serde(default)]
    evidence: Vec<Witness>,
}

#[derive(Deserialize)]
struct Witness {
    step: String,
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    at: Option<String>,
}

impl Terminal {
    /// Adds an alert.
    pub(crate) fn alert(&mut self, alert: &AlertRecord) {
        self.pending.push_str(&alert_line(alert));
        self.pending.push('\n');
    }

    /// Adds a line of plain text.
    pub(crate) fn text(&mut self, line: &[u8]) {
        self.pending.push_str(&printable(&String::from_utf8_lossy(line)));
        self.pending.push('\n');
    }

    /// Forgets the lines of the open transaction.
    pub(crate) fn rollback(&mut self) {
        self.pending.clear();
    }

    /// Shows the lines of the open transaction.
    pub(crate) fn commit(&mut self) -> Result<(), String> {
        let mut out = anstream::stdout();
        let shown = out.write_all(self.pending.as_bytes()).and_then(|()| out.flush());
        self.pending.clear();
        shown.map_err(|error: io::Error| format!("cannot write to standard output: {error}"))
    }
}

/// What tells that it is not the first of its id.
fn again(body: &Body<'_>) -> String {
    match (&*body.state, body.repeat) {
        ("resolved", _) => " (resolved)".to_owned(),
        (_, Some(count)) => format!(" (repeat {count})"),
        _ => String::new(),
    }
}

/// One alert as one line, styled: time, severity, rule, message, evidence.
pub fn alert_line(alert: &AlertRecord) -> String {
    let dim = Style::new().dimmed();
    let severity = severity_style(alert.severity);
    let mut line = String::new();
    let body: Option<Body<'_>> = serde_json::from_slice(&alert.body).ok();
    let (at, message) = match &body {
        Some(body) => (body.at.as_ref(), printable(&body.message)),
        None => ("", printable(&String::from_utf8_lossy(&alert.body))),
    };
    let (word, rule) = (alert.severity.as_str().to_uppercase(), &alert.rule);
    let again = body.as_ref().map(again).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(line, "{dim}{at}{dim:#} {severity}{word:<8}{severity:#} {rule}{again}: {message}");
    let evidence: Vec<String> = body.iter().flat_map(|body| &body.evidence).map(witness).collect();
    if !evidence.is_empty() {
        let _ = write!(line, " {dim}[{}]{dim:#}", evidence.join(", "));
    }
    line
}

fn witness(witness: &Witness) -> String {
    let step = printable(&witness.step);
    match witness {
        Witness { topic: Some(topic), partition: Some(partition), offset: Some(offset), .. } => {
            format!("{step} {}/{partition}@{offset}", printable(topic))
        }
        Witness { at: Some(at), .. } => format!("{step} until {}", printable(at)),
        _ => step,
    }
}

fn severity_style(severity: Severity) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match severity {
        Severity::Info => colour(AnsiColor::Cyan),
        Severity::Low => colour(AnsiColor::Green),
        Severity::Medium => colour(AnsiColor::Yellow),
        Severity::High => colour(AnsiColor::Red),
        Severity::Critical => colour(AnsiColor::Red).bold().invert(),
    }
}

/// A text from outside without what would steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
