//! Tokens to a tree. Always yields a file, with error nodes where text could not be read, and everything that is wrong.
//!
//! Built on nom over a slice of tokens ([`input`]). A keyword decides (`cut`): behind it nothing else is tried. Every
//! small parser notes what it expected, and a message lists what was expected at the furthest place reached ([`report`]).
//! After an error the parse goes on at the next clause ([`clauses`]) or item ([`items`]).

mod alert;
mod clauses;
mod compare;
mod expr;
mod history;
mod input;
mod items;
mod keys;
mod limits;
mod pattern;
mod report;
mod streams;
mod template;
mod test_item;
mod words;

use crate::ast;
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::{Token, TokenKind, lex};
use crate::span::Span;
pub(crate) use input::Place;
use input::{Context, Tokens};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthChar;

/// Parses one file. `file` is its position among the sources, for the diagnostics, which come in order of their place.
pub fn parse(file: usize, text: &str) -> (ast::File, Vec<Diagnostic>) {
    let (tree, diagnostics, _) = parse_with_outline(file, text);
    (tree, diagnostics)
}

/// As [`parse`], with what tokens are in the layout, by their first byte.
pub(crate) fn parse_with_outline(file: usize, text: &str) -> (ast::File, Vec<Diagnostic>, BTreeMap<u32, Place>) {
    if u32::try_from(text.len()).is_err() {
        let message = "the file is larger than 4 GiB";
        let diagnostic = Diagnostic::new(syntax::TOO_LARGE, file, Span::default(), message);
        return (ast::File::default(), vec![diagnostic], BTreeMap::new());
    }
    let mut tokens = lex(text).tokens;
    let end = tokens.last().map_or(0, |last| last.span.end);
    let span = Span { start: end, end };
    let context = Context::new(file, Token { kind: TokenKind::End, text: "", span, begins_line: true });
    report_strangers(&mut tokens, &context);
    let items = items::file(Tokens::new(&tokens, &context));
    let mut diagnostics = context.diagnostics.take();
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    (ast::File { items }, diagnostics, context.outline.take())
}

/// Reports tokens that are none of the language. Those of other languages are taken for what they mean there, the
/// others are taken out.
fn report_strangers(tokens: &mut Vec<Token<'_>>, context: &Context<'_>) {
    let mut in_comment = false;
    tokens.retain_mut(|token| {
        in_comment &= !token.begins_line;
        if in_comment {
            return false;
        }
        if let Some(diagnostic) = stranger(token, context.file) {
            context.report(diagnostic);
        }
        if token.kind != TokenKind::Unknown {
            return true;
        }
        in_comment = token.text == "#";
        match meant(token.text) {
            Some((kind, text)) => (token.kind, token.text) = (kind, text),
            None if is_single_quoted(token.text) => token.kind = TokenKind::Text,
            None => return false,
        }
        true
    });
}

fn is_single_quoted(text: &str) -> bool {
    text.len() > 1 && text.starts_with('\'') && text.ends_with('\'')
}

/// What signs of other languages mean.
fn meant(text: &str) -> Option<(TokenKind, &'static str)> {
    let sign = |sign| (TokenKind::Sign(sign), sign);
    Some(match text {
        "&&" | "&" => (TokenKind::Word, "and"),
        "||" | "|" => (TokenKind::Word, "or"),
        "!" => (TokenKind::Word, "not"),
        "–" | "—" | "−" => sign("-"),
        "≤" => sign("<="),
        "≥" => sign(">="),
        "≠" => sign("!="),
        _ => return None,
    })
}

fn stranger(token: &Token<'_>, file: usize) -> Option<Diagnostic> {
    let diagnostic = |code, message: &str| Diagnostic::new(code, file, token.span, message);
    Some(match token.kind {
        TokenKind::OpenText => diagnostic(syntax::NOT_CLOSED, "this text is not closed")
            .hint("a text ends at `\"` on its line; a line break in it is written `\\n`"),
        TokenKind::OpenName => diagnostic(syntax::NOT_CLOSED, "this name is not closed")
            .hint("a name in backquotes ends at a backquote on its line"),
        TokenKind::Quoted if token.name().is_empty() => {
            diagnostic(syntax::UNEXPECTED, "expected a name between the backquotes")
        }
        TokenKind::BadNumber => {
            diagnostic(syntax::BAD_NUMBER, &format!("`{}` is not a number or duration", token.text))
                .hint(sum_of_units(token.text).unwrap_or_else(|| number_hint(token.text).to_owned()))
        }
        TokenKind::Unknown if is_single_quoted(token.text) => {
            diagnostic(syntax::UNKNOWN_CHARACTER, "a text in single quotes")
                .hint("texts stand in double quotes: `\"..\"`")
        }
        TokenKind::Unknown => {
            if let Some(c) = token.text.chars().next().filter(|_| token.text.chars().all(is_invisible)) {
                let message = format!("an invisible character, U+{:04X}, is not part of the language", u32::from(c));
                return Some(
                    diagnostic(syntax::UNKNOWN_CHARACTER, &message).hint("remove it; such come along with copied text"),
                );
            }
            let found = diagnostic(syntax::UNKNOWN_CHARACTER, &format!("`{}` is not part of the language", token.text));
            match stranger_hint(token.text) {
                Some(hint) => found.hint(hint),
                None => found,
            }
        }
        _ => return None,
    })
}

/// `1m30s` is written in its smallest unit: `90s`.
fn sum_of_units(text: &str) -> Option<String> {
    const UNITS: [(&str, u64); 6] =
        [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];
    let (mut rest, mut sum, mut smallest) = (text, 0_u64, None);
    while !rest.is_empty() {
        let letters = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..letters].parse().ok()?;
        let behind = &rest[letters..];
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let unit = *UNITS.iter().find(|(unit, _)| *unit == &behind[..end])?;
        sum = sum.checked_add(number.checked_mul(unit.1)?)?;
        smallest = smallest.filter(|(_, us): &(&str, u64)| *us <= unit.1).or(Some(unit));
        rest = &behind[end..];
    }
    let (unit, us) = smallest?;
    Some(format!("a duration has one unit: `{}{unit}`", sum / us))
}

fn is_invisible(c: char) -> bool {
    c.width().unwrap_or(0) == 0
}

fn number_hint(text: &str) -> &'static str {
    if text.contains('_') {
        "digits stand together, without `_`"
    } else if text.contains('.') {
        "a duration is a whole number with its unit: `1500ms` for one and a half seconds"
    } else {
        "a duration has one unit directly behind its number: `us`, `ms`, `s`, `m`, `h` or `d`"
    }
}

fn stranger_hint(text: &str) -> Option<&'static str> {
    Some(match text {
        "&&" | "&" => "write `and`",
        "||" | "|" => "write `or`",
        "!" => "write `not`",
        ";" => "nothing stands between clauses and items",
        "'" | "“" | "”" | "„" => "texts stand in straight double quotes",
        "#" => "a comment begins with `--`",
        "–" | "—" | "−" => "a minus is written `-`",
        "≤" => "write `<=`",
        "≥" => "write `>=`",
        "≠" => "write `!=`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
