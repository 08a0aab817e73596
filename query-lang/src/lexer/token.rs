//! A token: what it is, its text, its place.

use crate::ast::Unit;
use crate::span::Span;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// As written, with quotes.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
    /// It is the first token of its line. The grammar does not care; recovery from errors does.
    pub begins_line: bool,
}

/// The kinds of token. Keywords are words: they are known by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or a name.
    Word,
    /// A name in backquotes.
    Quoted,
    /// `12`
    Int,
    /// `12.50`
    Decimal,
    /// `1.5e3`
    Float,
    /// `30s`
    Duration(Unit),
    /// `"text"`, escapes unresolved.
    Text,
    /// An operator or a bracket.
    Sign(&'static str),
    /// A number with letters behind it that are no unit.
    BadNumber,
    /// A text without its closing quote.
    OpenText,
    /// A backquoted name without its closing backquote.
    OpenName,
    /// Characters that are not of the language.
    Unknown,
    /// Behind the last token.
    End,
}

impl<'a> Token<'a> {
    /// The digits of a duration, without its unit.
    pub fn digits(&self) -> &'a str {
        self.text.trim_end_matches(|c: char| !c.is_ascii_digit())
    }

    /// The name that a word or a backquoted name is.
    pub fn name(&self) -> &'a str {
        self.text.trim_matches('`')
    }
}
