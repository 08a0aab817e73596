//! Texts with values in them: `"{card}: {n} payments"`. Each `{expr}` is cut into tokens and parsed by itself, with its
//! places in the file.

use super::expr::expr;
use super::input::{Context, Expected, Parsed, Stop, Tokens};
use super::report::report;
use super::words::report_escapes;
use crate::ast::{Expr, ExprKind, Spanned, Template, TemplatePart};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::{Decoded, Lexer, Token, TokenKind, decode};
use crate::span::Span;

/// A text with its `{expr}` parts.
///
/// ```text
/// template := text
/// ```
pub(super) fn template(input: Tokens<'_>) -> Parsed<'_, Template> {
    let token = input.peek(0);
    if token.kind != TokenKind::Text && token.kind != TokenKind::OpenText {
        return input.fail(Expected::Thing("a text in quotes"));
    }
    let decoded = decode(&token);
    report_escapes(input, &decoded.bad_escapes);
    let before = input.context.reported();
    let parts = parts(input, &decoded);
    let rest = input.skip(1);
    if input.context.reported() > before && rest.peek(0).kind == TokenKind::Word && is_glued(token, rest.peek(0)) {
        // A text inside of the text ended it: what follows is no clause.
        return Err(nom::Err::Failure(Stop { at: rest.at, reported: true }));
    }
    Ok((rest, Template { parts, span: token.span }))
}

/// Nothing stands between them.
fn is_glued(before: Token<'_>, behind: Token<'_>) -> bool {
    before.span.end == behind.span.start
}

fn parts(input: Tokens<'_>, decoded: &Decoded) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(c) = decoded.text[at..].chars().next() {
        let doubled = decoded.text[at + c.len_utf8()..].starts_with(c);
        match c {
            '{' | '}' if doubled => {
                literal.push(c);
                at += 2;
            }
            '{' => {
                if !literal.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut literal)));
                }
                let (value, end) = value(input, decoded, at);
                parts.push(TemplatePart::Expr(value));
                at = end;
            }
            c => {
                if c == '}' {
                    stray(
                        input,
                        decoded.place(at, at + 1),
                        "this brace closes nothing",
                        "a brace as text is written `}}`",
                    );
                }
                literal.push(c);
                at += c.len_utf8();
            }
        }
    }
    if !literal.is_empty() {
        parts.push(TemplatePart::Text(literal));
    }
    parts
}

/// The `{expr}` that begins at byte `open` of the resolved text, and where it ends.
fn value(input: Tokens<'_>, decoded: &Decoded, open: usize) -> (Expr, usize) {
    let mut lexer = Lexer::new(&decoded.text, open + 1);
    let mut tokens = Vec::new();
    let mut close = None;
    while let Some(token) = lexer.next_token() {
        let placed = Token { span: decoded.place(token.span.start as usize, token.span.end as usize), ..token };
        if placed.kind == TokenKind::Sign("}") {
            close = Some(placed);
            break;
        }
        tokens.push(placed);
    }
    let end = lexer.at();
    let whole = decoded.place(open, end);
    let Some(close) = close else {
        stray(input, decoded.place(open, open + 1), "this brace is not closed", NOT_CLOSED);
        return (error(whole), end);
    };
    let context = Context::new(input.context.file, close);
    super::report_strangers(&mut tokens, &context);
    let value = match expr(Tokens::new(&tokens, &context)) {
        Ok((rest, value)) if rest.is_empty() => value,
        Ok((rest, _)) => {
            rest.expect(Expected::Exactly("}"));
            report(rest, rest.at, false);
            error(whole)
        }
        Err(nom::Err::Error(stop) | nom::Err::Failure(stop)) => {
            report(Tokens::new(&tokens, &context), stop.at, stop.reported);
            error(whole)
        }
        Err(nom::Err::Incomplete(_)) => error(whole),
    };
    input.context.diagnostics.borrow_mut().append(&mut context.diagnostics.borrow_mut());
    (value, end)
}

/// What may have happened.
const NOT_CLOSED: &str = "a text inside of braces has its quotes escaped: `{last(x where k == \\\"a\\\")}`, or the expression gets a name by \
                          `with`; a brace as text is written `{{`";

fn error(span: Span) -> Expr {
    Expr::new(Spanned { node: ExprKind::Error, span })
}

fn stray(input: Tokens<'_>, span: Span, message: &str, hint: &str) {
    input.context.report(Diagnostic::new(syntax::TEMPLATE, input.context.file, span, message).hint(hint));
}
