//! Sequences: steps, absences, groups, bracketed sub-patterns, quantifiers.

use super::expr::{bound_after, expr};
use super::input::{Expected, Parsed, Place, Stop, Tokens};
use super::keys::by_keys;
use super::limits::{late_limits, limits};
use super::words::{after, bracketed, is_name, list, name, name_of, nested, word};
use crate::ast::{
    Absent, Count, Element, Expr, ExprKind, Group, GroupKind, Link, Name, Node, Quant, Skip, Spanned, Step, Sub,
};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::TokenKind;
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};

/// `step {("then" | "next" | "then each") step}` in brackets, where an error ends the whole.
///
/// ```text
/// seq := element {("then" | "next" | "then" "each") element}
/// ```
fn sequence(input: Tokens<'_>) -> Parsed<'_, Vec<Element>> {
    let (mut rest, first) = element(Link::Start)(input)?;
    let mut seq = vec![first];
    while let (behind, Some(link)) = opt(link).parse(rest)? {
        let (behind, next) = cut(element(link)).parse(behind)?;
        seq.push(next);
        rest = behind;
    }
    Ok((rest, seq))
}

/// `then`, `then each`, `next`.
pub(super) fn link(input: Tokens<'_>) -> Parsed<'_, Link> {
    if input.is_word(0, "then") {
        let each = input.is_word(1, "each");
        return Ok((input.skip(1 + usize::from(each)), if each { Link::ThenEach } else { Link::Then }));
    }
    if input.is_word(0, "next") {
        return Ok((input.skip(1), Link::Next));
    }
    input.expect(Expected::Exactly("next"));
    input.fail(Expected::Exactly("then"))
}

/// One element of a sequence, behind its link.
///
/// ```text
/// element := step | "no" absent | group | "(" seq ")" [quant] {limit}
/// ```
pub(super) fn element<'a>(link: Link) -> impl Fn(Tokens<'a>) -> Parsed<'a, Element> {
    move |input| {
        let (rest, node) = nested(node)(input)?;
        Ok((rest, Element { link, node, span: input.span_to(rest) }))
    }
}

fn node(input: Tokens<'_>) -> Parsed<'_, Node> {
    if input.is_word(0, "no") {
        let (rest, mut absent) = cut(absent("no", true)).parse(input.skip(1))?;
        absent.span = input.span_to(rest);
        return Ok((rest, Node::No(absent)));
    }
    if input.is_sign(0, "(") {
        let (rest, seq) = bracketed("(", sequence, ")")(input)?;
        let (rest, quant) = opt(quant).parse(rest)?;
        let (rest, limits) = limits(rest)?;
        return Ok((rest, Node::Sub(Sub { seq, quant, limits })));
    }
    if let Some((rest, kind)) = group_kind(input) {
        let members = |input| list(element(Link::Start)).parse(input);
        let (rest, members) = cut(bracketed("(", members, ")")).parse(rest)?;
        let (rest, limits) = limits(rest)?;
        return Ok((rest, Node::Group(Group { kind, members, limits })));
    }
    if input.is_word(0, "any") || input.is_word(0, "all") {
        return input.skip(1).fail(Expected::Exactly("of"));
    }
    for starter in ["no", "any of", "all of"] {
        input.expect(Expected::Also(starter));
    }
    step(input).map(|(rest, step)| (rest, Node::Step(step)))
}

/// `any of`, `all of`, `2 of`, `wanted of`.
///
/// ```text
/// group := ("any" | "all" | int | name) "of" "(" element {"," element} ")" {limit}
/// ```
fn group_kind(input: Tokens<'_>) -> Option<(Tokens<'_>, GroupKind)> {
    if !input.is_word(1, "of") {
        return None;
    }
    let token = input.peek(0);
    let counted = |node: ExprKind| GroupKind::NOf(Expr::new(Spanned { node, span: token.span }));
    let kind = match token.kind {
        TokenKind::Word if token.text == "any" => GroupKind::AnyOf,
        TokenKind::Word if token.text == "all" => GroupKind::AllOf,
        TokenKind::Int => counted(ExprKind::Int(token.text.to_owned())),
        _ if is_name(input, 0) && input.is_sign(2, "(") => counted(ExprKind::Name(token.name().to_owned())),
        _ => return None,
    };
    Some((input.skip(2), kind))
}

/// `[name ":"] stream [quant] {limit} ["where" expr]`
///
/// ```text
/// step := [name ":"] name [quant] {limit} ["where" expr]
/// ```
fn step(input: Tokens<'_>) -> Parsed<'_, Step> {
    let (rest, name) = step_name(input)?;
    let (rest, stream) = name_of("a stream")(rest)?;
    if name.is_none() {
        rest.expect(Expected::Also(":"));
    }
    let (rest, quant) = opt(quant).parse(rest)?;
    let (rest, mut limits) = limits(rest)?;
    let (rest, filter) = opt(after("where", expr)).parse(rest)?;
    let (rest, ()) = late_limits(rest, &mut limits)?;
    Ok((rest, Step { name, stream, quant, limits, filter }))
}

/// `name:` if there is one.
pub(super) fn step_name(input: Tokens<'_>) -> Parsed<'_, Option<Name>> {
    if !input.is_sign(1, ":") {
        return Ok((input, None));
    }
    let (rest, name) = name(input)?;
    Ok((rest.skip(1), Some(name)))
}

/// What stands behind `no` or `without`: `stream ["by" keys] ["for" D] ["where" expr]`.
///
/// ```text
/// absent := name ["by" keys] ["for" bound] ["where" expr]
/// ```
pub(super) fn absent<'a>(word: &'static str, waits: bool) -> impl Fn(Tokens<'a>) -> Parsed<'a, Absent> {
    move |input| {
        let (rest, stream) = name_of("a stream")(input)?;
        let (rest, by) = opt(by_keys).parse(rest)?;
        let (rest, hold) = if waits { opt(bound_after("for", "a duration")).parse(rest)? } else { (rest, None) };
        let (rest, filter) = opt(after("where", expr)).parse(rest)?;
        // `for` behind the condition is a frequent slip.
        let (rest, hold) = if waits && hold.is_none() { late_hold(rest, word, &stream)? } else { (rest, hold) };
        Ok((rest, Absent { stream, by, hold, filter, span: input.span_to(rest) }))
    }
}

/// `for D` behind the condition: reported, and taken all the same.
fn late_hold<'a>(input: Tokens<'a>, word: &str, stream: &Name) -> Parsed<'a, Option<Expr>> {
    let (rest, hold) = opt(bound_after("for", "a duration")).parse(input)?;
    if hold.is_some() {
        let message = "`for` stands behind `where`";
        input.context.report(
            Diagnostic::new(syntax::OUT_OF_ORDER, input.context.file, input.peek(0).span, message)
                .hint(format!("it belongs before it: `{word} {} for ... where ...`", stream.text)),
        );
    }
    Ok((rest, hold))
}

/// `?`, `*`, `+`, `{n}`, `{n,}`, `{n,m}` and the words behind it.
///
/// ```text
/// quant := ("?" | "*" | "+" | "{" times ["," [times]] "}") {"greedy" | "each" | "consecutive"}
/// times := int | name
/// ```
fn quant(input: Tokens<'_>) -> Parsed<'_, Quant> {
    let (mut rest, (min, max)) = match input.peek(0).kind {
        TokenKind::Sign("?") => (input.skip(1), (Count::Number(0), Some(Count::Number(1)))),
        TokenKind::Sign("*") => (input.skip(1), (Count::Number(0), None)),
        TokenKind::Sign("+") => (input.skip(1), (Count::Number(1), None)),
        TokenKind::Sign("{") => bracketed("{", counts, "}")(input)?,
        _ => return Err(nom::Err::Error(Stop { at: input.at, reported: false })),
    };
    for n in 0..rest.at - input.at {
        input.skip(n).note(Place::Glued);
    }
    let mut quant = Quant { min, max, greedy: false, each: false, consecutive: false, span: input.span_to(rest) };
    loop {
        let flag = match rest.peek(0) {
            token if token.kind != TokenKind::Word => break,
            token => match token.text {
                "greedy" => &mut quant.greedy,
                "each" => &mut quant.each,
                "consecutive" => &mut quant.consecutive,
                _ => break,
            },
        };
        if std::mem::replace(flag, true) {
            break;
        }
        rest = rest.skip(1);
    }
    quant.span = input.span_to(rest);
    Ok((rest, quant))
}

/// `n`, `n,` or `n,m`.
fn counts(input: Tokens<'_>) -> Parsed<'_, (Count, Option<Count>)> {
    let (rest, min) = count(input)?;
    if !rest.is_sign(0, ",") {
        rest.expect(Expected::Exactly(","));
        return Ok((rest, (min.clone(), Some(min))));
    }
    let (rest, max) = opt(count).parse(rest.skip(1))?;
    Ok((rest, (min, max)))
}

/// A whole number that fits a count, or a param; a larger one is reported and taken as the largest.
fn count(input: Tokens<'_>) -> Parsed<'_, Count> {
    let token = input.peek(0);
    if is_name(input, 0) {
        let node = ExprKind::Name(token.name().to_owned());
        return Ok((input.skip(1), Count::Named(Expr::new(Spanned { node, span: token.span }))));
    }
    if token.kind != TokenKind::Int {
        return input.fail(Expected::Thing("a whole number"));
    }
    let count = token.text.parse().unwrap_or_else(|_| {
        let message = format!("a count is at most {}", u32::MAX);
        input.context.report(Diagnostic::new(syntax::TOO_LARGE, input.context.file, token.span, message));
        u32::MAX
    });
    Ok((input.skip(1), Count::Number(count)))
}

/// `skip past last event`, `skip to first NAME`, ... behind `after match`.
///
/// ```text
/// skip := "past" "last" "event" | "to" "next" "event" | "to" ("first" | "last") name | "none"
/// ```
pub(super) fn skip(input: Tokens<'_>) -> Parsed<'_, Skip> {
    let step = || cut(name_of("the name of a step"));
    let to = alt((
        (word("next"), cut(word("event"))).map(|_| Skip::ToNext),
        (word("first"), step()).map(|(_, name)| Skip::ToFirst(name)),
        (word("last"), step()).map(|(_, name)| Skip::ToLast(name)),
    ));
    alt((
        (word("past"), cut((word("last"), word("event")))).map(|_| Skip::PastLast),
        (word("to"), cut(to)).map(|(_, skip)| skip),
        word("none").map(|_| Skip::None),
    ))
    .parse(input)
}
