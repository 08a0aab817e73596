//! From a parser that stopped to a diagnostic; and how to get on behind it.

use super::input::{Expected, Stop, Tokens};
use super::words::RESERVED;
use crate::diagnostics::{Diagnostic, codes::syntax, nearest};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;

/// Longer words of the user are cut in messages.
const QUOTED_CHARS_MAX: usize = 40;

/// Says what was expected at the furthest place that was reached from `input` on, and gives that place.
/// `at` is where the parser stopped; `reported` says that there is a diagnostic for it.
pub(super) fn report<'a>(input: Tokens<'a>, at: usize, reported: bool) -> Tokens<'a> {
    let (furthest, expected) = input.context.take_furthest();
    if reported {
        return input.skip_to(at);
    }
    let place = input.skip_to(at.max(furthest));
    let expected = if furthest >= at { expected } else { Vec::new() };
    let closes = |one: &Expected| matches!(one, Expected::Exactly(")" | "]"));
    let open = expected.iter().any(closes).then(|| input.open_bracket(place)).flatten();
    let diagnostic = unexpected(place, &expected);
    input.context.report(match open {
        Some(open) => diagnostic.related(open, "opened here"),
        None => diagnostic,
    });
    place
}

/// As [`report`], for what a parser gave.
pub(super) fn report_error<'a>(input: Tokens<'a>, error: nom::Err<Stop>) -> Tokens<'a> {
    match error {
        nom::Err::Error(stop) | nom::Err::Failure(stop) => report(input, stop.at, stop.reported),
        nom::Err::Incomplete(_) => input,
    }
}

/// Things that a reserved word in backquotes would be.
const NAMES: [&str; 5] = ["name", "stream", "field", "type", "expression"];

fn unexpected(place: Tokens<'_>, expected: &[Expected]) -> Diagnostic {
    let found = place.peek(0);
    let file = place.context.file;
    let name = expected.iter().find_map(|expected| match expected {
        Expected::Thing(what) if NAMES.iter().any(|word| what.contains(word)) => Some(what),
        _ => None,
    });
    if let Some(what) = name
        && found.kind == TokenKind::Word
        && RESERVED.contains(&found.text)
    {
        let message = format!("`{}` is a word of the language, expected {what}", found.text);
        let reserved = Diagnostic::new(syntax::RESERVED, file, found.span, message);
        if found.text == "not" && what.contains("stream") {
            return reserved.hint("what must not happen is written `no`: `then no login for 5m`");
        }
        return reserved.hint(format!("as a name it stands in backquotes: `` `{}` ``", found.text));
    }
    let message = match expected {
        [] => format!("unexpected {}", describe(found)),
        expected => format!("expected {}, found {}", alternatives(expected), describe(found)),
    };
    let diagnostic = Diagnostic::new(syntax::UNEXPECTED, file, found.span, message);
    match slip(place, expected).or_else(|| hint(found, expected)) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// Words that begin a clause: at the beginning of a line, one that was taken for a name hardly is one.
const CLAUSES: [&str; 11] =
    ["by", "on", "when", "match", "then", "next", "without", "suppress", "alert", "with", "emit"];

/// Frequent slips that have a hint of their own.
fn slip(place: Tokens<'_>, expected: &[Expected]) -> Option<String> {
    let found = place.peek(0);
    let no_thing = || !expected.iter().any(|expected| matches!(expected, Expected::Thing(_)));
    if let Some(word) = place.misread().map(|token| token.text).filter(|word| CLAUSES.contains(word)) {
        return Some(format!("`{word}` was read as a name: what stands before it is not complete"));
    }
    if let Some(number) = place.before().filter(|before| before.kind == TokenKind::Int)
        && matches!(found.text, "us" | "ms" | "s" | "m" | "h" | "d")
    {
        return Some(format!("the unit stands directly behind its number: `{}{}`", number.text, found.text));
    }
    if let Some(hint) = habit(place) {
        return Some(hint);
    }
    match found.text {
        "," if matches!(expected, [Expected::Exactly(")")]) => {
            Some("a list stands in square brackets: `[1, 2]`".to_owned())
        }
        "=" if no_thing() => Some("a comparison is written `==`".to_owned()),
        "at" | "resolved" if expected.contains(&Expected::Exactly("{")) => {
            Some("its fields stand in brackets, also where there are none: `expect r { } at 5m`".to_owned())
        }
        "before" => Some("only a time moves back: `over 1d before 1h`".to_owned()),
        "every" | "session" | "emit" | "having" if expected.contains(&Expected::Exactly("alert")) => {
            Some("windows and their rows are made by a `derive`, which a rule reads as a stream".to_owned())
        }
        "events" => Some("only the `within` of the whole rule, before `match`, can count events".to_owned()),
        "when" if no_thing() => {
            Some("a condition stands in the `where` of `on`; that of a derive also in `having`".to_owned())
        }
        _ => None,
    }
}

/// What is written otherwise in other languages.
fn habit(place: Tokens<'_>) -> Option<String> {
    let found = place.peek(0);
    let next = place.peek(1);
    let before = place.before();
    let is_glued = |one: Token<'_>, other: Token<'_>| one.span.end == other.span.start;
    let follows = |sign: &str| before.is_some_and(|before| before.text == sign && is_glued(before, found));
    match found.text {
        ">" if follows("=") => Some("at least is written `>=`".to_owned()),
        ">" if follows("<") => Some("different is written `!=`".to_owned()),
        "/" if follows("/") => Some(COMMENT.to_owned()),
        "," if before.is_some_and(|before| before.kind == TokenKind::Int && is_glued(before, found))
            && next.kind != TokenKind::Word
            && is_glued(found, next)
            && next.text.bytes().take_while(u8::is_ascii_digit).count() == 3 =>
        {
            let thousands = before.map_or("", |before| before.text);
            Some(format!("digits of a number stand together: `{thousands}{}`", next.text))
        }
        "contains" => Some("`contains` is a function: `contains(text, \"part\")`".to_owned()),
        severity if before.is_some_and(|before| before.text == "alert") && SEVERITIES.contains(&severity) => {
            Some("`alert` was read as a name: what stands before it is not complete".to_owned())
        }
        word if before.is_some_and(|before| before.kind == TokenKind::Int)
            && UNITS.iter().any(|(_, words)| words.contains(&word)) =>
        {
            let unit = UNITS.iter().find(|(_, words)| words.contains(&word)).map_or("m", |(unit, _)| unit);
            let number = before.map_or("10", |before| before.text);
            Some(format!("a duration has its unit directly behind its number: `{number}{unit}`"))
        }
        _ => None,
    }
}

/// What a text that looks like a comment of another language gets.
pub(super) const COMMENT: &str = "a comment begins with `--`";

const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// Units as people write them out.
const UNITS: [(&str, &[&str]); 4] = [
    ("s", &["sec", "secs", "second", "seconds"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("h", &["hour", "hours"]),
    ("d", &["day", "days"]),
];

fn hint(found: Token<'_>, expected: &[Expected]) -> Option<String> {
    let words = || {
        expected.iter().filter_map(|expected| match expected {
            Expected::Exactly(word) | Expected::Also(word) if word.len() > 1 => Some(*word),
            _ => None,
        })
    };
    match found.kind {
        TokenKind::Word => nearest(found.text, words()).map(|near| format!("did you mean `{near}`?")),
        _ => None,
    }
}

/// `a name`, `` `a` or `b` ``, `` `a`, `b` or `c` ``.
fn alternatives(expected: &[Expected]) -> String {
    let only_also = expected.iter().all(|expected| matches!(expected, Expected::Also(_)));
    let mut words: Vec<String> = expected
        .iter()
        .filter_map(|expected| match expected {
            Expected::Thing(what) => Some((*what).to_owned()),
            Expected::Exactly(word) => Some(format!("`{word}`")),
            Expected::Also(word) => only_also.then(|| format!("`{word}`")),
        })
        .collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

/// What was found, in the user's words.
pub(super) fn describe(found: Token<'_>) -> String {
    let short: String = match found.text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &found.text[..end]),
        None => found.text.to_owned(),
    };
    match found.kind {
        TokenKind::End => "the end of the file".to_owned(),
        TokenKind::Text | TokenKind::OpenText => format!("the text {short}"),
        TokenKind::Quoted | TokenKind::OpenName => format!("the name {short}"),
        _ => format!("`{short}`"),
    }
}

/// Reports a bracket that is not closed.
pub(super) fn not_closed(place: Tokens<'_>, open: Span, what: &str) {
    place.context.take_furthest();
    place.context.report(
        Diagnostic::new(
            syntax::NOT_CLOSED,
            place.context.file,
            place.peek(0).span,
            format!("expected `}}` at the end of {what}, found {}", describe(place.peek(0))),
        )
        .related(open, "opened here"),
    );
}
