//! The smallest parsers: signs, words, names, texts, lists; and the guard on depth.

use super::input::{Expected, Parsed, Stop, Tokens};
use super::items::begins_item;
use crate::ast::Name;
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::{Token, TokenKind, decode};
use nom::Parser;
use nom::combinator::cut;
use nom::sequence::preceded;

/// Words that are names only in backquotes.
pub(super) const RESERVED: &[&str] = &["true", "false", "null", "not", "if", "no", "any", "all", "each"];

/// Words that stand between two operands.
const INFIX: &[&str] = &["and", "or", "in", "is", "like", "matches", "between"];

/// Brackets, calls and patterns in each other. The parser recurses that deep; unoptimised, that fits a stack of 2 MiB.
pub(super) const NESTING_MAX: usize = 64;

/// This sign.
pub(super) fn sign<'a>(sign: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Token<'a>> {
    move |input| match input.peek(0) {
        token if token.kind == TokenKind::Sign(sign) => Ok((input.skip(1), token)),
        _ => input.fail(Expected::Exactly(sign)),
    }
}

/// This word.
pub(super) fn word<'a>(word: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Token<'a>> {
    move |input| match input.peek(0) {
        token if token.kind == TokenKind::Word && token.text == word => Ok((input.skip(1), token)),
        _ => input.fail(Expected::Exactly(word)),
    }
}

/// Behind this word, which decides: then `parser`.
pub(super) fn after<'a, T>(
    keyword: &'static str,
    parser: impl Parser<Tokens<'a>, Output = T, Error = Stop>,
) -> impl Parser<Tokens<'a>, Output = T, Error = Stop> {
    preceded(word(keyword), cut(parser))
}

/// One or more, with commas between.
pub(super) fn list<'a, T>(
    item: impl Parser<Tokens<'a>, Output = T, Error = Stop>,
) -> impl Parser<Tokens<'a>, Output = Vec<T>, Error = Stop> {
    // A comma decides: something follows.
    let mut item = item;
    move |input: Tokens<'a>| {
        let (mut rest, first) = item.parse(input)?;
        let mut items = vec![first];
        while let Ok((behind, _)) = sign(",")(rest) {
            let (behind, next) = cut(|input| item.parse(input)).parse(behind)?;
            items.push(next);
            rest = behind;
        }
        Ok((rest, items))
    }
}

/// `( parser )`, one level deeper; the opening bracket decides.
pub(super) fn bracketed<'a, T>(
    open: &'static str,
    parser: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
    close: &'static str,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    let mut parser = parser;
    move |input| {
        let (inside, _) = sign(open)(input)?;
        let context = input.context;
        let stops_at_in = context.stops_at_in.replace(false);
        let result = cut(nested(&mut parser)).parse(inside).and_then(|(rest, value)| {
            let (rest, _) = cut(sign(close)).parse(rest)?;
            Ok((rest, value))
        });
        context.stops_at_in.set(stops_at_in);
        result
    }
}

/// One level deeper; refused beyond [`NESTING_MAX`].
pub(super) fn nested<'a, T>(
    parser: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    let mut parser = parser;
    move |input| {
        let context = input.context;
        if context.depth.get() >= NESTING_MAX {
            context.report(
                Diagnostic::new(syntax::TOO_DEEP, context.file, input.peek(0).span, "this nests too deep")
                    .label(format!("more than {NESTING_MAX} levels"))
                    .hint("name parts of it with `let`"),
            );
            return Err(nom::Err::Failure(Stop { at: input.at, reported: true }));
        }
        context.depth.set(context.depth.get() + 1);
        let result = parser(input);
        context.depth.set(context.depth.get() - 1);
        result
    }
}

/// A name: a word that is not reserved, or one in backquotes.
pub(super) fn name(input: Tokens<'_>) -> Parsed<'_, Name> {
    name_of("a name")(input)
}

/// A name that the message calls `what`.
pub(super) fn name_of<'a>(what: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Name> {
    move |input| {
        if !is_name(input, 0) {
            return input.fail(Expected::Thing(what));
        }
        let token = input.peek(0);
        Ok((input.skip(1), Name { text: token.name().to_owned(), span: token.span }))
    }
}

/// A text, its escapes resolved; the span has the quotes.
pub(super) fn text(input: Tokens<'_>) -> Parsed<'_, Name> {
    let token = input.peek(0);
    if token.kind != TokenKind::Text && token.kind != TokenKind::OpenText {
        return input.fail(Expected::Thing("a text in quotes"));
    }
    let decoded = decode(&token);
    report_escapes(input, &decoded.bad_escapes);
    Ok((input.skip(1), Name { text: decoded.text, span: token.span }))
}

/// Reports escapes that are none.
pub(super) fn report_escapes(input: Tokens<'_>, escapes: &[crate::span::Span]) {
    for span in escapes {
        input.context.report(
            Diagnostic::new(syntax::BAD_ESCAPE, input.context.file, *span, "this escape is not known")
                .hint("known are `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u{...}`; a backslash itself is `\\\\`"),
        );
    }
}

/// The `n`-th token from here can be a name.
pub(super) fn is_name(input: Tokens<'_>, n: usize) -> bool {
    let token = input.peek(n);
    match token.kind {
        TokenKind::Quoted | TokenKind::OpenName => true,
        // `rule x {` is nowhere a name with something behind it: the item before it is not complete.
        TokenKind::Word => !RESERVED.contains(&token.text) && !begins_item(input.skip(n)),
        _ => false,
    }
}

/// The `n`-th token from here begins an operand. A word that stands between operands (`in`, `like`, ...) does so only
/// when nothing that could be its right side follows.
pub(super) fn begins_operand(input: Tokens<'_>, n: usize) -> bool {
    let token = input.peek(n);
    match token.kind {
        TokenKind::Word if INFIX.contains(&token.text) => !begins_simple_operand(input, n + 1),
        _ => begins_simple_operand(input, n),
    }
}

fn begins_simple_operand(input: Tokens<'_>, n: usize) -> bool {
    match input.peek(n).kind {
        TokenKind::Sign(sign) => matches!(sign, "(" | "[" | "-"),
        TokenKind::End => false,
        _ => true,
    }
}

/// Separated by commas, in brackets.
pub(super) fn in_brackets<'a, T>(
    item: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl Parser<Tokens<'a>, Output = Vec<T>, Error = Stop> {
    let mut item = item;
    bracketed("(", move |input| list(&mut item).parse(input), ")")
}
