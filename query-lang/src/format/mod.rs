//! The one layout of rule files. Only blanks and line breaks change: tokens and comments stay as they are, in order,
//! and that is checked before the text is given out.

mod breaks;
mod layout;

use crate::diagnostics::Diagnostic;
use crate::lexer::{Lexed, lex};
use crate::parser::{parse, parse_with_outline};

/// Why a text was not formatted.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The text does not parse; the diagnostics say why.
    #[error("the text has {} errors", .0.len())]
    Syntax(Vec<Diagnostic>),
    /// The new text would not mean the same: a fault of the formatter, so the text is left alone.
    #[error("the formatted text would not be the same program")]
    Changed,
}

/// The text in the canonical layout. Formatting twice changes nothing more.
///
/// ```
/// let text = tripline_query_lang::format::format("param  floor=500.00 -- euros");
/// assert_eq!(text.ok().as_deref(), Some("param floor = 500.00  -- euros\n"));
/// ```
pub fn format(text: &str) -> Result<String, FormatError> {
    let (_, diagnostics, outline) = parse_with_outline(0, text);
    if !diagnostics.is_empty() {
        return Err(FormatError::Syntax(diagnostics));
    }
    let lexed = lex(text);
    let formatted = layout::lay_out(text, &lexed, &outline);
    if same_program(text, &lexed, &formatted) { Ok(formatted) } else { Err(FormatError::Changed) }
}

/// The same tokens and comments: then the trees are the same but for their places.
fn same_program(text: &str, lexed: &Lexed<'_>, formatted: &str) -> bool {
    let again = lex(formatted);
    let tokens = lexed.tokens.iter().map(|token| (token.kind, token.text));
    let comments = lexed.comments.iter().map(|span| span.text(text));
    tokens.eq(again.tokens.iter().map(|token| (token.kind, token.text)))
        && comments.eq(again.comments.iter().map(|span| span.text(formatted)))
        && parse(0, formatted).1.is_empty()
}

#[cfg(test)]
mod tests;
