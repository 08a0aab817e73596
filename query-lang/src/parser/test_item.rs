//! `test "..." { ... }`: events in, expectations, each line by itself.

use super::expr::{expr, moment};
use super::input::{Expected, Parsed, Place, Tokens};
use super::items::{closed, param};
use super::report::report_error;
use super::words::{after, bracketed, list, name_of, sign, text, word};
use crate::ast::{Expr, Name, Test, TestLine, TestLineKind};
use crate::lexer::TokenKind;
use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

/// Behind `test`: `"title" { lines }`.
///
/// ```text
/// test := "test" text "{" {line} "}"
/// line := name values "at" moment ["arriving" moment]
/// line := param | "end" "at" moment | "expect" expectation
/// ```
pub(super) fn test(input: Tokens<'_>) -> Parsed<'_, Test> {
    let (mut rest, (title, open)) = (text, sign("{")).parse(input)?;
    let mut lines = Vec::new();
    loop {
        // `param x = 1` begins an item, too; here it is a line.
        let is_param = rest.is_word(0, "param");
        if !is_param && let Some(behind) = closed(rest, open.span, "the test") {
            return Ok((behind, Test { title, lines }));
        }
        rest.note(Place::Line);
        rest = match line(rest) {
            Ok((behind, kind)) => {
                lines.push(TestLine { kind, span: rest.span_to(behind) });
                behind
            }
            Err(error) => next_line(rest, report_error(rest, error)),
        };
    }
}

/// The next line of text that begins with a word, or the closing bracket, behind `place` in the line from `begin` on.
fn next_line<'a>(begin: Tokens<'a>, place: Tokens<'a>) -> Tokens<'a> {
    let mut rest = if place.at > begin.at { place } else { begin.skip(1) };
    let mut open = begin.brackets_to(rest);
    while !rest.is_empty() {
        let token = rest.peek(0);
        let is_word = matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
        // Fields of an event may stand on lines of their own, but those have a colon.
        if is_word && token.begins_line && !rest.is_sign(1, ":") {
            break;
        }
        open = match token.kind {
            TokenKind::Sign("{") => open + 1,
            TokenKind::Sign("}") if open == 0 => break,
            TokenKind::Sign("}") => open - 1,
            _ => open,
        };
        rest = rest.skip(1);
    }
    rest
}

fn line(input: Tokens<'_>) -> Parsed<'_, TestLineKind> {
    // A stream may be called `param`, `end` or `expect`: then a bracket follows.
    if !input.is_sign(1, "{") {
        if input.is_word(0, "param") {
            return param.map(TestLineKind::Param).parse(input);
        }
        if input.is_word(0, "end") {
            return after("end", after("at", moment)).map(TestLineKind::End).parse(input);
        }
        if input.is_word(0, "expect") {
            return cut(expectation).parse(input.skip(1));
        }
        for starter in ["expect", "param", "end"] {
            input.expect(Expected::Exactly(starter));
        }
    }
    let at = preceded(word("at"), cut(moment));
    let mut parts = (name_of("the name of a stream or table"), cut(values), cut(at), opt(after("arriving", moment)));
    let (rest, (stream, fields, at, arriving)) = parts.parse(input)?;
    Ok((rest, TestLineKind::Event { stream, fields, at, arriving }))
}

/// Behind `expect`: `no RULE`, `nothing else`, or `RULE { fields } at D [resolved]`.
///
/// ```text
/// expectation := "no" name | "nothing" "else" | name values ["at" moment] ["resolved"]
/// ```
fn expectation(input: Tokens<'_>) -> Parsed<'_, TestLineKind> {
    const RULE: &str = "the name of a rule";
    if input.is_word(0, "no") {
        return cut(name_of(RULE)).map(TestLineKind::ExpectNo).parse(input.skip(1));
    }
    if input.is_word(0, "nothing") && !input.is_sign(1, "{") {
        return cut(word("else")).map(|_| TestLineKind::ExpectNothingElse).parse(input.skip(1));
    }
    input.expect(Expected::Also("no"));
    input.expect(Expected::Also("nothing"));
    let mut parts = (name_of(RULE), values, opt(after("at", moment)), opt(word("resolved")));
    let (rest, (rule, fields, at, resolved)) = parts.parse(input)?;
    Ok((rest, TestLineKind::Expect { rule, fields, at, resolved: resolved.is_some() }))
}

/// `{ name: value, ... }`
///
/// ```text
/// values := "{" [name ":" expr {"," name ":" expr}] "}"
/// ```
fn values(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, Expr)>> {
    let value = |input| (name_of("a field"), preceded(cut(sign(":")), cut(expr))).parse(input);
    let values = |input| opt(list(value)).parse(input);
    bracketed("{", values, "}").map(Option::unwrap_or_default).parse(input)
}
