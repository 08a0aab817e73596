//! What bounds a step or group: `by`, `over`, `within`, `until`, `limit`, in any order, each once.

use super::expr::{bound_after, expr};
use super::input::{Expected, Parsed, Tokens};
use super::keys::by_keys;
use super::words::after;
use crate::ast::Limits;
use crate::diagnostics::{Diagnostic, codes::syntax};
use nom::Parser;

const WORDS: [&str; 5] = ["by", "over", "within", "until", "limit"];

/// Any number of limits.
///
/// ```text
/// limit := "by" keys | "over" bound | "within" bound | "until" expr | "limit" bound
/// ```
pub(super) fn limits(input: Tokens<'_>) -> Parsed<'_, Limits> {
    let mut limits = Limits::default();
    let mut rest = input;
    while let Some(word) = limit_word(rest) {
        rest = limit(rest, word, &mut limits)?.0;
    }
    for word in WORDS {
        rest.expect(Expected::Also(word));
    }
    Ok((rest, limits))
}

/// Limits behind the `where` of a step: reported, and taken all the same.
pub(super) fn late_limits<'a>(input: Tokens<'a>, limits: &mut Limits) -> Parsed<'a, ()> {
    let mut rest = input;
    while let Some(word) = limit_word(rest) {
        input.context.report(
            Diagnostic::new(
                syntax::OUT_OF_ORDER,
                input.context.file,
                rest.peek(0).span,
                format!("`{word}` stands behind the step's `where`"),
            )
            .label("a limit of this step")
            .hint(format!(
                "the limits of a step stand before its `where`; a `{word}` of the whole rule before `match`"
            )),
        );
        rest = limit(rest, word, limits)?.0;
    }
    Ok((rest, ()))
}

fn limit_word(input: Tokens<'_>) -> Option<&'static str> {
    WORDS.into_iter().find(|word| input.is_word(0, word))
}

/// One limit, into its place; the second of a kind is reported and dropped.
fn limit<'a>(input: Tokens<'a>, word: &'static str, limits: &mut Limits) -> Parsed<'a, ()> {
    let twice;
    let rest;
    match word {
        "by" => {
            let (behind, keys) = by_keys(input)?;
            (rest, twice) = (behind, limits.by.is_some());
            limits.by.get_or_insert(keys);
        }
        "until" => {
            let (behind, condition) = after("until", expr).parse(input)?;
            (rest, twice) = (behind, limits.until.is_some());
            limits.until.get_or_insert(condition);
        }
        _ => {
            let (place, what) = match word {
                "over" => (&mut limits.over, "a duration"),
                "within" => (&mut limits.within, "a duration"),
                _ => (&mut limits.limit, "a number"),
            };
            let (behind, bound) = bound_after(word, what)(input)?;
            (rest, twice) = (behind, place.is_some());
            place.get_or_insert(bound);
        }
    }
    if twice {
        let span = input.span_to(rest);
        let message = format!("`{word}` stands twice on this step");
        input.context.report(Diagnostic::new(syntax::TWICE, input.context.file, span, message).hint("remove one"));
    }
    Ok((rest, ()))
}
