//! The items of a file, one after the other; after an error on with the next.

use super::clauses::{Form, clauses};
use super::expr::assigned;
use super::input::{Parsed, Place, Tokens};
use super::report::{COMMENT, describe, not_closed, report_error};
use super::streams::{stream, table};
use super::test_item::test;
use super::words::{after, bracketed, is_name, list, name, name_of, sign};
use crate::ast::{Derive, Item, ItemKind, Let, Name, Param, Rule, Spanned, View};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::TokenKind;
use crate::span::Span;
use nom::Parser;
use nom::branch::alt;
use nom::combinator::opt;

const KEYWORDS: [&str; 8] = ["stream", "table", "param", "let", "rule", "derive", "view", "test"];

/// All items.
///
/// ```text
/// file := {item}
/// item := stream | table | param | let | rule | derive | view | test
/// let := "let" name ["(" [name {"," name}] ")"] "=" expr
/// rule := "rule" name "{" {metadata} ["by" keys ["in" name]] (threshold | pattern) [suppress] alert [repeat] [resolve] "}"
/// derive := "derive" name "{" ["by" keys ["in" name]] ({on} | pattern) [window] emit ["having" expr] "}"
/// view := "view" name "{" ["by" keys] {on} emit "}"
/// ```
pub(super) fn file(input: Tokens<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let begin = rest;
        begin.note(Place::Item);
        match item(rest) {
            Ok((behind, node)) => {
                rest = behind;
                items.push(Spanned { node, span: begin.span_to(rest) });
            }
            Err(error) => {
                rest = next_item(begin, report_item(begin, error));
                items.push(Spanned { node: ItemKind::Error, span: begin.span_to(rest) });
            }
        }
    }
    items
}

fn item(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    alt((
        after("stream", stream).map(ItemKind::Stream),
        after("table", table).map(ItemKind::Table),
        param.map(ItemKind::Param),
        after("let", let_item).map(ItemKind::Let),
        after("rule", rule).map(ItemKind::Rule),
        after("derive", derive).map(ItemKind::Derive),
        after("view", view).map(ItemKind::View),
        after("test", test).map(ItemKind::Test),
    ))
    .parse(input)
}

/// `param NAME = value`, also as a line of a test.
///
/// ```text
/// param := "param" name "=" expr
/// ```
pub(super) fn param(input: Tokens<'_>) -> Parsed<'_, Param> {
    after("param", (name_of("the name of a param"), assigned)).map(|(name, value)| Param { name, value }).parse(input)
}

fn let_item(input: Tokens<'_>) -> Parsed<'_, Let> {
    let args = bracketed("(", |input| opt(list(name)).parse(input), ")");
    let (rest, name) = name_of("the name of a `let`")(input)?;
    if rest.is_sign(0, "(") {
        rest.note(Place::Glued);
    }
    let (rest, (args, body)) = (opt(args), assigned).parse(rest)?;
    Ok((rest, Let { name, args: args.flatten().unwrap_or_default(), body }))
}

fn rule(input: Tokens<'_>) -> Parsed<'_, Rule> {
    let (rest, (name, open)) = opened(input, "the name of a rule")?;
    let (rest, mut clauses) = clauses(rest, Form::Rule, &name, open);
    let body = clauses.body(&name);
    let says_alert = clauses.saw("alert");
    let (metadata, by, alert) = (clauses.metadata, clauses.by, clauses.alert);
    let (suppress, repeat, resolve) = (clauses.suppress, clauses.repeat, clauses.resolve);
    Ok((rest, Rule { name, metadata, by, body, alert, says_alert, suppress, repeat, resolve }))
}

fn derive(input: Tokens<'_>) -> Parsed<'_, Derive> {
    let (rest, (name, open)) = opened(input, "the name of a stream")?;
    let (rest, mut clauses) = clauses(rest, Form::Derive, &name, open);
    let body = clauses.body(&name);
    let (by, window, emit, having) = (clauses.by, clauses.window, clauses.emit, clauses.having);
    Ok((rest, Derive { name, by, body, window, emit, having }))
}

fn view(input: Tokens<'_>) -> Parsed<'_, View> {
    let (rest, (name, open)) = opened(input, "the name of a view")?;
    let (rest, mut clauses) = clauses(rest, Form::View, &name, open);
    let body = clauses.body(&name);
    Ok((rest, View { name, by: clauses.by, body, emit: clauses.emit }))
}

/// `NAME {`
fn opened<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, (Name, Span)> {
    (name_of(what), sign("{")).map(|(name, open)| (name, open.span)).parse(input)
}

/// An item begins here: its keyword with what must follow it.
pub(super) fn begins_item(input: Tokens<'_>) -> bool {
    let token = input.peek(0);
    if token.kind != TokenKind::Word || !KEYWORDS.contains(&token.text) {
        return false;
    }
    match token.text {
        "test" => input.peek(1).kind == TokenKind::Text,
        "param" => is_name(input, 1) && input.is_sign(2, "="),
        "let" => is_name(input, 1) && (input.is_sign(2, "=") || input.is_sign(2, "(")),
        "table" => is_name(input, 1) && input.is_word(2, "key"),
        _ => is_name(input, 1) && input.is_sign(2, "{"),
    }
}

/// The beginning of the next item behind `place`, which lies in the item that begins at `begin`.
fn next_item<'a>(begin: Tokens<'a>, place: Tokens<'a>) -> Tokens<'a> {
    let mut rest = if place.at > begin.at { place } else { begin.skip(1) };
    let mut open = begin.brackets_to(rest);
    while !rest.is_empty() {
        let token = rest.peek(0);
        // Outside of brackets the keyword at the beginning of a line is enough, whatever is wrong behind it.
        let keyword = token.kind == TokenKind::Word && KEYWORDS.contains(&token.text);
        if begins_item(rest) && (open == 0 || token.begins_line) || keyword && token.begins_line && open == 0 {
            break;
        }
        open = match rest.peek(0).kind {
            TokenKind::Sign("{") => open + 1,
            TokenKind::Sign("}") => open.saturating_sub(1),
            _ => open,
        };
        rest = rest.skip(1);
    }
    rest
}

/// As [`report_error`]; where no item begins, the message is about items.
fn report_item<'a>(begin: Tokens<'a>, error: nom::Err<super::input::Stop>) -> Tokens<'a> {
    let token = begin.peek(0);
    if token.kind == TokenKind::Word && KEYWORDS.contains(&token.text) {
        return report_error(begin, error);
    }
    begin.context.take_furthest();
    let diagnostic = |code, message: String| Diagnostic::new(code, begin.context.file, token.span, message);
    if token.kind != TokenKind::Word || !token.begins_line {
        let unexpected = diagnostic(syntax::UNEXPECTED, format!("unexpected {}", describe(token)));
        begin.context.report(match token.kind {
            TokenKind::Sign("=") => unexpected.hint("a comparison is written `==`"),
            TokenKind::Sign("}") => unexpected.hint("this bracket closes nothing; remove it"),
            TokenKind::Sign("/") if matches!(begin.peek(1).text, "/" | "*") => unexpected.hint(COMMENT),
            _ => unexpected.label("what stands before is complete, and no item begins here"),
        });
        return begin;
    }
    let items = "`stream`, `table`, `param`, `let`, `rule`, `derive`, `view` or `test`";
    let message = format!("no item begins with `{}`, expected {items}", token.text);
    begin.context.report(diagnostic(syntax::NO_ITEM, message).did_you_mean(token.text, KEYWORDS));
    begin
}

/// Ends the body of an item at its `}`; without one, at the next item or the end of the file.
pub(super) fn closed<'a>(input: Tokens<'a>, open: Span, what: &str) -> Option<Tokens<'a>> {
    if input.is_sign(0, "}") {
        input.note(Place::Close);
        return Some(input.skip(1));
    }
    if input.is_empty() || begins_item(input) {
        not_closed(input, open, what);
        return Some(input);
    }
    None
}
