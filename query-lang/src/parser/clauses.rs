//! The clauses of a rule, derive or view: read in a loop, checked for their order, each error ending one clause only.

use super::alert::{alert, emit, suppress, to, window, with};
use super::expr::{bound, bound_after, expr};
use super::input::{Expected, Parsed, Place, Stop, Tokens};
use super::items::{begins_item, closed};
use super::keys::by_keys_in_table;
use super::pattern::{absent, element, link, skip, step_name};
use super::report::report_error;
use super::template::template;
use super::words::{after, begins_operand, name_of, word};
use crate::ast::{
    Absent, Alert, Body, Element, Emit, Expr, Keys, Link, Metadata, Name, Node, On, Pattern, Runs, Skip, SpanLimit,
    Spanned, Suppress, Template, Threshold, Window,
};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::TokenKind;
use crate::span::Span;
use nom::Parser;
use nom::combinator::{cut, opt};

/// What the clauses stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Rule,
    Derive,
    View,
}

/// A clause by its first word, and its place in the order.
type Row = (&'static str, u8);

/// The place of `on` and `match`.
const MATCH: u8 = 4;

const RULE: &[Row] = &[
    ("title", 0),
    ("owner", 0),
    ("tags", 0),
    ("runbook", 0),
    ("references", 0),
    ("by", 1),
    ("within", 2),
    ("runs", 3),
    ("on", MATCH),
    ("match", MATCH),
    ("when", 5),
    ("without", 5),
    ("after", 6),
    ("suppress", 7),
    ("alert", 8),
    ("with", 9),
    ("to", 10),
    ("repeat", 11),
    ("resolve", 12),
];

const DERIVE: &[Row] = &[
    ("by", 1),
    ("within", 2),
    ("runs", 3),
    ("on", MATCH),
    ("match", MATCH),
    ("without", 5),
    ("after", 6),
    ("every", 7),
    ("session", 7),
    ("emit", 8),
    ("having", 9),
];

const VIEW: &[Row] = &[("by", 1), ("on", MATCH), ("emit", 8)];

/// Clauses that may stand several times.
const REPEATABLE: [&str; 2] = ["on", "without"];

impl Form {
    fn rows(self) -> &'static [Row] {
        match self {
            Form::Rule => RULE,
            Form::Derive => DERIVE,
            Form::View => VIEW,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Form::Rule => "rule",
            Form::Derive => "derive",
            Form::View => "view",
        }
    }
}

/// The clauses that were read.
#[derive(Default)]
pub(super) struct Clauses {
    pub metadata: Vec<Metadata>,
    pub by: Option<Keys>,
    on: Vec<On>,
    pub alert: Option<Alert>,
    pub suppress: Option<Suppress>,
    pub repeat: Option<Spanned<Expr>>,
    pub resolve: Option<Template>,
    pub window: Option<Spanned<Window>>,
    pub emit: Vec<Emit>,
    pub having: Option<Expr>,
    within: Option<SpanLimit>,
    runs: Option<Spanned<Runs>>,
    when: Option<(Expr, Option<Expr>)>,
    seq: Option<(Vec<Element>, Span)>,
    without: Vec<Absent>,
    skip: Option<Spanned<Skip>>,
    with: Vec<(Name, Expr)>,
    to: Vec<Name>,
    /// Every clause with its place in the order, as they stand.
    seen: Vec<(Row, Span)>,
}

/// Reads clauses up to and with the closing bracket.
///
/// ```text
/// metadata := ("title" | "owner" | "runbook") text | ("tags" | "references") expr
/// threshold := on {on} [when]
/// pattern := ["within" span] ["runs" (bound | "latest")] "match" seq {"without" absent} ["after" "match" "skip" skip]
/// repeat := "repeat" bound
/// resolve := "resolve" template
/// ```
pub(super) fn clauses<'a>(input: Tokens<'a>, form: Form, name: &Name, open: Span) -> (Tokens<'a>, Clauses) {
    let mut clauses = Clauses::default();
    let mut rest = input;
    let what = format!("{} `{}`", form.noun(), name.text);
    let reported = input.context.reported();
    loop {
        if let Some(behind) = closed(rest, open, &what) {
            rest = behind;
            break;
        }
        let begin = rest;
        let Some(row) = row_at(rest, form) else {
            let place = clauses.report_no_clause(begin, form, false);
            rest = next_clause(begin, place, form, false);
            continue;
        };
        begin.note(Place::Clause);
        clauses.check_order(rest, row);
        rest = match clauses.clause(rest, row.0, form) {
            Ok((behind, ())) => behind,
            Err(error) => next_clause(begin, report_error(begin, error), form, false),
        };
        clauses.seen.push((row, begin.span_to(rest)));
    }
    clauses.finish(input, form, name, reported);
    (rest, clauses)
}

fn row_at(input: Tokens<'_>, form: Form) -> Option<Row> {
    form.rows().iter().find(|(word, _)| input.is_word(0, word)).copied()
}

/// The next clause, closing bracket or item behind `place`, which lies in the clause that begins at `begin`; within
/// `match` also the next `then` or `next`.
fn next_clause<'a>(begin: Tokens<'a>, place: Tokens<'a>, form: Form, in_match: bool) -> Tokens<'a> {
    let mut rest = if place.at > begin.at { place } else { begin.skip(1) };
    // Brackets that were opened since the clause began.
    let mut open = begin.brackets_to(rest);
    while !rest.is_empty() {
        let token = rest.peek(0);
        if open == 0 && rest.is_sign(0, "}") || begins_item(rest) {
            break;
        }
        let is_border = row_at(rest, form).is_some() || in_match && link(rest).is_ok();
        if is_border && (token.begins_line || open == 0 && begins_operand_of_clause(rest)) {
            break;
        }
        open = match token.kind {
            TokenKind::Sign("{") => open + 1,
            TokenKind::Sign("}") => open.saturating_sub(1),
            _ => open,
        };
        rest = rest.skip(1);
    }
    rest
}

/// A name follows, or something that a clause can begin with; so the word is hardly a name itself.
fn begins_operand_of_clause(input: Tokens<'_>) -> bool {
    begins_operand(input, 1) && !input.is_sign(1, "-")
}

impl Clauses {
    /// One clause, into its place.
    fn clause<'a>(&mut self, input: Tokens<'a>, first: &'static str, form: Form) -> Parsed<'a, ()> {
        let rest = match first {
            "title" | "owner" | "tags" | "runbook" | "references" => {
                let (rest, (name, value)) = cut((name_of("metadata"), expr)).parse(input)?;
                self.metadata.push(Metadata { name, value });
                rest
            }
            "by" => keep(by_keys_in_table(input)?, &mut self.by),
            "within" => keep(after("within", span_limit).parse(input)?, &mut self.within),
            "runs" => keep(runs(input)?, &mut self.runs),
            "on" => {
                let (rest, on) = on(input)?;
                self.on.push(on);
                rest
            }
            "when" => keep(when(input)?, &mut self.when),
            "match" => {
                let (rest, seq) = self.sequence(input, form);
                let span = input.span_to(rest);
                self.seq.get_or_insert((seq, span));
                rest
            }
            "without" => {
                let (rest, mut absent) = cut(absent("without", false)).parse(input.skip(1))?;
                absent.span = input.span_to(rest);
                self.without.push(absent);
                rest
            }
            "after" => {
                let words = (word("after"), word("match"), word("skip"), skip);
                let (rest, (_, _, _, node)) = cut(words).parse(input)?;
                keep((rest, Spanned { node, span: input.span_to(rest) }), &mut self.skip)
            }
            "suppress" => keep(suppress(input)?, &mut self.suppress),
            "alert" => keep(alert(input)?, &mut self.alert),
            "with" => {
                let (rest, mut with) = with(input)?;
                self.with.append(&mut with);
                rest
            }
            "to" => {
                let (rest, mut to) = to(input)?;
                self.to.append(&mut to);
                rest
            }
            "repeat" => {
                let (rest, node) = cut(bound("a duration")).parse(without_every(input.skip(1)))?;
                keep((rest, Spanned { node, span: input.span_to(rest) }), &mut self.repeat)
            }
            "resolve" => keep(after("resolve", template).parse(input)?, &mut self.resolve),
            "every" | "session" => keep(window(input)?, &mut self.window),
            "emit" => {
                let (rest, mut emit) = emit(input)?;
                self.emit.append(&mut emit);
                rest
            }
            _ => keep(after("having", expr).parse(input)?, &mut self.having),
        };
        Ok((rest, ()))
    }

    /// A clause that stands behind one of a later place, or a second time, is reported; it is read all the same.
    fn check_order(&self, input: Tokens<'_>, (word, rank): Row) {
        let span = input.peek(0).span;
        let diagnostic = |code, message: String| Diagnostic::new(code, input.context.file, span, message);
        let same = self.seen.iter().find(|((seen, _), _)| *seen == word);
        if let Some((_, first)) = same.filter(|_| !REPEATABLE.contains(&word)) {
            let twice = diagnostic(syntax::TWICE, format!("`{word}` stands twice"));
            return input.context.report(twice.related(*first, "the first one").hint("remove one"));
        }
        if let Some(((later, _), place)) = self.seen.iter().find(|((_, seen), _)| *seen > rank) {
            let mut moved = diagnostic(syntax::OUT_OF_ORDER, format!("`{word}` stands behind `{later}`"));
            let is_no = |element: &Element| matches!(element.node, Node::No(_));
            if word == "within" && self.seq.as_ref().and_then(|(seq, _)| seq.last()).is_some_and(is_no) {
                moved = moved.hint("what must not happen for a time is written `no X for 2m`");
            }
            input.context.report(
                moved.label(format!("belongs before `{later}`")).related(*place, format!("`{later}` stands here")),
            );
        }
    }

    /// Reports that no clause begins here, with those that could. `in_match` says that the clause `match` is not over.
    fn report_no_clause<'a>(&self, input: Tokens<'a>, form: Form, in_match: bool) -> Tokens<'a> {
        let last = if in_match { MATCH } else { self.seen.last().map_or(0, |(row, _)| row.1) };
        for (word, rank) in form.rows() {
            let fits = *rank >= last && self.may_follow(word, in_match);
            input.expect(if fits { Expected::Exactly(word) } else { Expected::Also(word) });
        }
        report_error(input, nom::Err::Error(Stop { at: input.at, reported: false }))
    }

    /// The elements behind `match`; after an error on at the next link.
    fn sequence<'a>(&self, input: Tokens<'a>, form: Form) -> (Tokens<'a>, Vec<Element>) {
        let mut seq = Vec::new();
        let mut rest = input.skip(1);
        let mut next = Link::Start;
        loop {
            let begin = rest;
            match cut(element(next)).parse(begin) {
                Ok((behind, element)) => {
                    seq.push(element);
                    rest = behind;
                }
                Err(error) => rest = next_clause(begin, report_error(begin, error), form, true),
            }
            let ends = |rest: Tokens<'_>| rest.is_empty() || rest.is_sign(0, "}") || row_at(rest, form).is_some();
            if link(rest).is_err() && !ends(rest) && !begins_item(rest) {
                rest = next_clause(rest, self.report_no_clause(rest, form, true), form, true);
            }
            match link(rest) {
                Ok((behind, link)) => {
                    rest.note(Place::Clause);
                    next = if seq.is_empty() { Link::Start } else { link };
                    rest = behind;
                }
                Err(_) => return (rest, seq),
            }
        }
    }

    /// Clauses of the other form (`on` or `match`) are not offered in messages.
    fn may_follow(&self, word: &str, in_match: bool) -> bool {
        let is_pattern = in_match || self.seq.is_some();
        match word {
            "on" => !is_pattern,
            "match" => self.on.is_empty() && !is_pattern,
            "when" => !self.on.is_empty(),
            "without" | "after" => is_pattern,
            "with" | "to" | "repeat" | "resolve" => self.alert.is_some(),
            // The rarer ones would make every message long.
            "title" | "owner" | "tags" | "runbook" | "references" | "runs" | "suppress" => false,
            _ => !self.seen.iter().any(|((seen, _), _)| *seen == word),
        }
    }

    /// Puts `with` and `to` into the alert, and reports clauses that do not fit each other.
    fn finish(&mut self, input: Tokens<'_>, form: Form, name: &Name, reported: usize) {
        let context = input.context;
        if let Some(alert) = &mut self.alert {
            alert.with = std::mem::take(&mut self.with);
            alert.to = std::mem::take(&mut self.to);
            let parts = self.seen.iter().filter(|((word, _), _)| matches!(*word, "with" | "to"));
            alert.span = parts.fold(alert.span, |span, (_, part)| span.to(*part));
        } else if let Some(((word, _), span)) = self.seen.iter().find(|((word, _), _)| matches!(*word, "with" | "to"))
            && !self.saw("alert")
            && context.reported() == reported
        {
            let message = format!("`{word}` without `alert`");
            let diagnostic = Diagnostic::new(syntax::OUT_OF_ORDER, context.file, *span, message);
            context.report(diagnostic.hint("it belongs behind `alert SEVERITY \"...\"`"));
        }
        let of_pattern = |word: &str| matches!(word, "match" | "within" | "runs" | "without" | "after");
        let of_events = |word: &str| matches!(word, "on" | "when");
        let first = |wanted: &dyn Fn(&str) -> bool| self.seen.iter().find(|((word, _), _)| wanted(word));
        if let (Some((one, one_span)), Some((other, other_span))) = (first(&of_events), first(&of_pattern)) {
            let message = format!("`{}` and `{}` in one {}", one.0, other.0, form.noun());
            context.report(
                Diagnostic::new(syntax::TWO_FORMS, context.file, *other_span, message)
                    .label("belongs to the form `match`")
                    .related(*one_span, "belongs to the form `on`")
                    .hint("write two rules; the second can read the alerts of the first as a stream under its name"),
            );
        } else if !self.saw("on") && !self.saw("match") && context.reported() == reported {
            let wanted = if form == Form::View { "an `on`" } else { "an `on` or a `match`" };
            let message = format!("{} `{}` needs {wanted}", form.noun(), name.text);
            context.report(Diagnostic::new(syntax::UNEXPECTED, context.file, name.span, message));
        }
    }

    /// A clause that begins with this word stands there, whether it could be read or not.
    pub fn saw(&self, word: &str) -> bool {
        self.seen.iter().any(|((seen, _), _)| *seen == word)
    }

    /// Takes out what a rule or derive looks at.
    pub fn body(&mut self, name: &Name) -> Body {
        if let Some((seq, span)) = self.seq.take() {
            let ends = self.seen.iter().filter(|((word, _), _)| matches!(*word, "without" | "after"));
            let span = ends.fold(span, |span, (_, end)| span.to(*end));
            let (within, runs, skip) = (self.within.take(), self.runs.take(), self.skip.take());
            return Body::Pattern(Pattern {
                within,
                runs,
                seq,
                without: std::mem::take(&mut self.without),
                skip,
                span,
            });
        }
        if !self.on.is_empty() {
            let (when, hold) = self.when.take().map_or((None, None), |(when, hold)| (Some(when), hold));
            return Body::Threshold(Threshold { on: std::mem::take(&mut self.on), when, hold });
        }
        Body::Error(name.span)
    }
}

/// `repeat every 5m`: reported, and taken without the word.
fn without_every(input: Tokens<'_>) -> Tokens<'_> {
    if !input.is_word(0, "every") || !begins_operand(input, 1) || input.peek(1).begins_line {
        return input;
    }
    let fault = Diagnostic::new(syntax::UNEXPECTED, input.context.file, input.peek(0).span, "`every` behind `repeat`");
    input.context.report(fault.hint("write how long to wait between two alerts: `repeat 5m`"));
    input.skip(1)
}

/// The first of a kind stays.
fn keep<'a, T>((rest, value): (Tokens<'a>, T), place: &mut Option<T>) -> Tokens<'a> {
    place.get_or_insert(value);
    rest
}

/// `D`, `N events`, `forever`.
///
/// ```text
/// span := bound | bound "events" | "forever"
/// ```
fn span_limit(input: Tokens<'_>) -> Parsed<'_, SpanLimit> {
    if input.is_word(0, "forever") {
        return Ok((input.skip(1), SpanLimit::Forever(input.peek(0).span)));
    }
    let (rest, limit) = bound("a duration, a number of events or `forever`")(input)?;
    if rest.is_word(0, "events") {
        return Ok((rest.skip(1), SpanLimit::Events(limit)));
    }
    rest.expect(Expected::Also("events"));
    Ok((rest, SpanLimit::Time(limit)))
}

/// `runs N` or `runs latest`.
fn runs(input: Tokens<'_>) -> Parsed<'_, Spanned<Runs>> {
    let (rest, node) = match input.skip(1) {
        latest if latest.is_word(0, "latest") => (latest.skip(1), Runs::Latest),
        count => cut(bound("a number or `latest`")).map(Runs::Max).parse(count)?,
    };
    Ok((rest, Spanned { node, span: input.span_to(rest) }))
}

/// `on [name:] stream [where expr]`.
///
/// ```text
/// on := "on" [name ":"] name ["where" expr]
/// ```
fn on(input: Tokens<'_>) -> Parsed<'_, On> {
    let parts = (step_name, name_of("a stream"), opt(after("where", expr)));
    let (rest, (name, stream, filter)) = cut(parts).parse(input.skip(1))?;
    Ok((rest, On { name, stream, filter, span: input.span_to(rest) }))
}

/// `when expr [for D]`.
///
/// ```text
/// when := "when" expr ["for" bound]
/// ```
fn when(input: Tokens<'_>) -> Parsed<'_, (Expr, Option<Expr>)> {
    let (rest, when) = after("when", (expr, opt(bound_after("for", "a duration")))).parse(input)?;
    if when.1.is_none() || !(rest.is_word(0, "and") || rest.is_word(0, "or")) {
        return Ok((rest, when));
    }
    let message = format!("`{}` stands behind `for`", rest.peek(0).text);
    let fault = Diagnostic::new(syntax::OUT_OF_ORDER, input.context.file, rest.peek(0).span, message);
    input.context.report(fault.hint("`for` is said of the whole condition, and stands last: `when a and b for 10m`"));
    let (rest, _) = cut(expr).parse(rest.skip(1))?;
    Ok((rest, when))
}
