//! Text to tokens, by hand. Never fails: what is not of the language becomes a token that says so, with its place.
//! Comments are kept beside the tokens, so that the formatter can put them back.

mod text;
mod token;

pub use text::{Decoded, decode};
pub use token::{Token, TokenKind};

use crate::ast::Unit;
use crate::span::Span;

/// The tokens of a text in order, and its comments.
#[derive(Clone, Debug, PartialEq)]
pub struct Lexed<'a> {
    /// Without blanks and comments, and without an end token.
    pub tokens: Vec<Token<'a>>,
    /// Each comment from its `--` up to and without the line's end.
    pub comments: Vec<Span>,
}

/// Cuts a whole text into tokens.
pub fn lex(text: &str) -> Lexed<'_> {
    let mut lexer = Lexer::new(text, 0);
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
    }
    Lexed { tokens, comments: lexer.comments }
}

/// Signs of two characters come first, so that `<=` is not `<`.
const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "{", "}", "(", ")", "[", "]", ":", ",", ".", "=", "<", ">", "+", "-", "*", "/", "%", "?"];

/// Reads one token after the other.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    comments: Vec<Span>,
}

impl<'a> Lexer<'a> {
    /// Begins at byte `at` of `text`.
    pub fn new(text: &'a str, at: usize) -> Self {
        Lexer { text, at: text.floor_char_boundary(at), comments: Vec::new() }
    }

    /// The next byte to be read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The next token, none at the end of the text.
    pub fn next_token(&mut self) -> Option<Token<'a>> {
        let before = self.at;
        self.skip_blanks();
        let start = self.at;
        let begins_line = before == 0 || self.text[before..start].contains('\n');
        let kind = match self.peek()? {
            '"' => self.quoted('"', TokenKind::Text, TokenKind::OpenText),
            '`' => self.quoted('`', TokenKind::Quoted, TokenKind::OpenName),
            // A text of other languages, whole; an apostrophe alone is a sign that is none.
            '\'' if self.closes_on_line('\'') => self.quoted('\'', TokenKind::Unknown, TokenKind::Unknown),
            c if c.is_ascii_digit() => self.number(),
            c if begins_word(c) => {
                self.skip_while(continues_word);
                TokenKind::Word
            }
            _ => self.sign(),
        };
        Some(Token { kind, text: &self.text[start..self.at], span: Span::new(start, self.at), begins_line })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    /// Passes over blanks and comments, and keeps the comments.
    fn skip_blanks(&mut self) {
        loop {
            // A byte order mark is no content.
            self.skip_while(|c| c.is_whitespace() || c == '\u{FEFF}');
            if !self.rest().starts_with("--") {
                return;
            }
            let start = self.at;
            self.skip_while(|c| c != '\n');
            let comment = self.text[start..self.at].trim_end();
            self.comments.push(Span::new(start, start + comment.len()));
        }
    }

    /// A text or a backquoted name: to its closing quote, at most to the end of the line.
    fn quoted(&mut self, quote: char, closed: TokenKind, open: TokenKind) -> TokenKind {
        self.at += 1;
        let mut escaped = false;
        for (at, c) in self.rest().char_indices() {
            match c {
                '\n' | '\r' => {
                    self.at += at;
                    return open;
                }
                _ if escaped => escaped = false,
                '\\' if quote == '"' => escaped = true,
                c if c == quote => {
                    self.at += at + 1;
                    return closed;
                }
                _ => {}
            }
        }
        self.at = self.text.len();
        open
    }

    /// The quote at this place has a second one on its line.
    fn closes_on_line(&self, quote: char) -> bool {
        let line = self.rest().lines().next().unwrap_or_default();
        line.matches(quote).nth(1).is_some()
    }

    /// `12`, `12.50`, `1.5e3` or `30s`; with letters behind it that are no unit, a bad number.
    fn number(&mut self) -> TokenKind {
        self.skip_while(|c| c.is_ascii_digit());
        let mut kind = TokenKind::Int;
        if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1;
            self.skip_while(|c| c.is_ascii_digit());
            kind = TokenKind::Decimal;
        }
        let exponent = self.rest().strip_prefix(['e', 'E']).map(|rest| rest.trim_start_matches(['+', '-']));
        if exponent.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
            self.at += 1;
            // One sign; a second one makes it a bad number below.
            self.at += usize::from(self.rest().starts_with(['+', '-']));
            if !self.rest().starts_with(|c: char| c.is_ascii_digit()) {
                return TokenKind::BadNumber;
            }
            self.skip_while(|c| c.is_ascii_digit());
            kind = TokenKind::Float;
        }
        let letters = self.at;
        self.skip_while(continues_word);
        match &self.text[letters..self.at] {
            "" => kind,
            unit if kind == TokenKind::Int => Unit::of(unit).map_or(TokenKind::BadNumber, TokenKind::Duration),
            _ => TokenKind::BadNumber,
        }
    }

    /// A sign of the language, or a run of characters that are none.
    fn sign(&mut self) -> TokenKind {
        if let Some(sign) = sign_at(self.rest()) {
            self.at += sign.len();
            return TokenKind::Sign(sign);
        }
        let rest = self.rest();
        let end = rest.char_indices().skip(1).find(|&(at, c)| {
            let known = c.is_whitespace() || c.is_ascii_digit() || begins_word(c) || c == '"' || c == '`';
            known || sign_at(&rest[at..]).is_some()
        });
        self.at += end.map_or(rest.len(), |(at, _)| at);
        TokenKind::Unknown
    }
}

fn sign_at(rest: &str) -> Option<&'static str> {
    SIGNS.iter().find(|sign| rest.starts_with(**sign)).copied()
}

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
