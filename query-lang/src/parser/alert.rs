//! `alert`, `suppress`, windows and `emit`.

use super::expr::{assigned, bound, expr};
use super::input::{Expected, Parsed, Place, Tokens};
use super::template::template;
use super::words::{after, list, name, name_of, sign, text, word};
use crate::ast::{Alert, Emit, Expr, Name, Spanned, Suppress, Window};
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};

/// `alert [every event] SEVERITY "template"`; `with` and `to` are clauses of their own.
///
/// ```text
/// alert := "alert" ["every" "event"] severity template ["with" named {"," named}] ["to" name {"," name}]
/// severity := "info" | "low" | "medium" | "high" | "critical"
/// named := name "=" expr
/// ```
pub(super) fn alert(input: Tokens<'_>) -> Parsed<'_, Alert> {
    let every = opt((word("every"), word("event")));
    let severity = name_of("a severity (`info`, `low`, `medium`, `high`, `critical`)");
    let (rest, (every, severity, template)) = after("alert", (every, severity, template)).parse(input)?;
    let every_event = every.is_some();
    Ok((rest, Alert { every_event, severity, template, with: Vec::new(), to: Vec::new(), span: input.span_to(rest) }))
}

/// `with name = expr, ...`
pub(super) fn with<'a>(input: Tokens<'a>) -> Parsed<'a, Vec<(Name, Expr)>> {
    let part = |input: Tokens<'a>| {
        input.note(Place::Part);
        (name, assigned).parse(input)
    };
    after("with", list(part)).parse(input)
}

/// `to sink, ...`
pub(super) fn to(input: Tokens<'_>) -> Parsed<'_, Vec<Name>> {
    after("to", list(name_of("the name of a sink"))).parse(input)
}

/// `suppress D [by f, ...]`
///
/// ```text
/// suppress := "suppress" bound ["by" expr {"," expr}]
/// ```
pub(super) fn suppress(input: Tokens<'_>) -> Parsed<'_, Suppress> {
    let (rest, (span_limit, by)) =
        after("suppress", (bound("a duration"), opt(after("by", list(expr))))).parse(input)?;
    Ok((rest, Suppress { span_limit, by: by.unwrap_or_default(), span: input.span_to(rest) }))
}

/// `every D [over E] [in zone "..."]`, `every N events`, `session D`.
///
/// ```text
/// window := "every" bound ["over" bound] ["in" "zone" text] | "every" bound "events" | "session" bound
/// ```
pub(super) fn window(input: Tokens<'_>) -> Parsed<'_, Spanned<Window>> {
    let (rest, node) =
        alt((after("every", every), after("session", bound("a duration")).map(Window::Session))).parse(input)?;
    Ok((rest, Spanned { node, span: input.span_to(rest) }))
}

fn every(input: Tokens<'_>) -> Parsed<'_, Window> {
    let (rest, every) = bound("a duration or a number of events")(input)?;
    if rest.is_word(0, "events") {
        return Ok((rest.skip(1), Window::Count(every)));
    }
    rest.expect(Expected::Also("events"));
    let zone = after("in", (word("zone"), text)).map(|(_, zone)| zone);
    let (rest, (over, zone)) = (opt(after("over", bound("a duration"))), opt(zone)).parse(rest)?;
    Ok((rest, Window::Every { every, over, zone }))
}

/// `emit *, name, name = expr, ...`
///
/// ```text
/// emit := "emit" emitted {"," emitted}
/// emitted := "*" | name | named
/// ```
pub(super) fn emit<'a>(input: Tokens<'a>) -> Parsed<'a, Vec<Emit>> {
    let item = |input: Tokens<'a>| {
        input.note(Place::Part);
        alt((
            sign("*").map(|token| Emit::All(token.span)),
            (name, opt(assigned)).map(|(name, value)| match value {
                Some(value) => Emit::Named(name, value),
                None => Emit::Field(name),
            }),
        ))
        .parse(input)
    };
    cut(after("emit", list(item))).parse(input)
}
