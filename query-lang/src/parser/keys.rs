//! `by card`, `by (merchant, bin: left(card, 6))`, `by device == reset.device`, `by device in devices`.

use super::expr::expr;
use super::input::{Expected, Parsed, Tokens};
use super::words::{in_brackets, name, name_of, sign, word};
use crate::ast::{KeyPart, Keys};
use crate::diagnostics::{Diagnostic, codes::syntax};
use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

/// `by keys` of a step.
///
/// ```text
/// keys := key | "(" key {"," key} ")"
/// key := name | name ":" expr | name "==" name "." name
/// ```
pub(super) fn by_keys(input: Tokens<'_>) -> Parsed<'_, Keys> {
    let (rest, parts) = by_parts(input)?;
    Ok((rest, Keys { parts, table: None, span: input.span_to(rest) }))
}

/// `by keys [in table]` of a rule, derive or view.
pub(super) fn by_keys_in_table(input: Tokens<'_>) -> Parsed<'_, Keys> {
    let before = input.context.stops_at_in.replace(true);
    let table = opt(preceded(word("in"), cut(name_of("the name of a table"))));
    let result = (by_parts_with_commas, table).parse(input);
    input.context.stops_at_in.set(before);
    let (rest, (parts, table)) = result?;
    Ok((rest, Keys { parts, table, span: input.span_to(rest) }))
}

/// `by a, b`: reported, and taken for `by (a, b)`.
fn by_parts_with_commas(input: Tokens<'_>) -> Parsed<'_, Vec<KeyPart>> {
    let (mut rest, mut parts) = by_parts(input)?;
    if !rest.is_sign(0, ",") {
        return Ok((rest, parts));
    }
    let first = input.skip(1);
    while rest.is_sign(0, ",") {
        let (behind, part) = cut(key).parse(rest.skip(1))?;
        parts.push(part);
        rest = behind;
    }
    let span = first.span_to(rest);
    let fault =
        Diagnostic::new(syntax::UNEXPECTED, input.context.file, span, "a key of several parts without brackets");
    let names: Vec<&str> = parts.iter().map(name_of_part).collect();
    input.context.report(fault.hint(format!("write `by ({})`", names.join(", "))));
    Ok((rest, parts))
}

fn name_of_part(part: &KeyPart) -> &str {
    match part {
        KeyPart::Field(name) | KeyPart::Named(name, _) | KeyPart::HandOver { field: name, .. } => &name.text,
    }
}

fn by_parts(input: Tokens<'_>) -> Parsed<'_, Vec<KeyPart>> {
    let (rest, _) = word("by")(input)?;
    if rest.is_sign(0, "(") {
        return in_brackets(key).parse(rest);
    }
    let (rest, part) = cut(key).parse(rest)?;
    Ok((rest, vec![part]))
}

fn key(input: Tokens<'_>) -> Parsed<'_, KeyPart> {
    let (rest, field) = name_of("a key field")(input)?;
    if rest.is_sign(0, ":") {
        let (rest, value) = cut(expr).parse(rest.skip(1))?;
        return Ok((rest, KeyPart::Named(field, value)));
    }
    if rest.is_sign(0, "==") {
        let handed = (name_of("the name of an earlier step"), sign("."), name);
        let (rest, (step, _, from)) = cut(handed).parse(rest.skip(1))?;
        return Ok((rest, KeyPart::HandOver { field, step, from }));
    }
    rest.expect(Expected::Also(":"));
    Ok((rest, KeyPart::Field(field)))
}
