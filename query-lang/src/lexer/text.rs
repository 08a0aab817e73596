//! The inside of texts: escapes resolved, each resolved byte with its place in the file.

use super::{Token, TokenKind};
use crate::span::Span;

/// A text with its escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// Where each byte of `text` comes from, in the file.
    places: Vec<Span>,
    /// Where the text ends in the file, without its quote.
    end: u32,
    /// Escapes that are none.
    pub bad_escapes: Vec<Span>,
}

impl Decoded {
    /// The place in the file of a range of the resolved text.
    pub fn place(&self, start: usize, end: usize) -> Span {
        let end_of_text = Span { start: self.end, end: self.end };
        let first = self.places.get(start).copied().unwrap_or(end_of_text);
        match end.checked_sub(1).filter(|&last| last >= start) {
            Some(last) => first.to(self.places.get(last).copied().unwrap_or(end_of_text)),
            None => Span { end: first.start, ..first },
        }
    }

    fn push(&mut self, c: char, place: Span) {
        self.text.push(c);
        self.places.resize(self.text.len(), place);
    }
}

/// Resolves the escapes of a text token, closed or not.
pub fn decode(token: &Token<'_>) -> Decoded {
    // The parser takes a text in single quotes for what it is meant to be.
    let body = token.text.strip_prefix(['"', '\'']).unwrap_or(token.text);
    let body = if token.kind == TokenKind::Text { body.strip_suffix(['"', '\'']).unwrap_or(body) } else { body };
    let base = token.span.start as usize + 1;
    let mut decoded = Decoded { text: String::new(), places: Vec::new(), end: 0, bad_escapes: Vec::new() };
    let mut at = 0;
    while let Some(c) = body[at..].chars().next() {
        if c != '\\' {
            decoded.push(c, Span::new(base + at, base + at + c.len_utf8()));
            at += c.len_utf8();
            continue;
        }
        let (resolved, length) = escape(&body[at..]);
        let place = Span::new(base + at, base + at + length);
        match resolved {
            Some(c) => decoded.push(c, place),
            None => decoded.bad_escapes.push(place),
        }
        at += length;
    }
    decoded.end = (base + at) as u32;
    decoded
}

/// What the escape at the beginning of `rest` stands for, and how many bytes it takes.
fn escape(rest: &str) -> (Option<char>, usize) {
    let Some(c) = rest[1..].chars().next() else { return (None, 1) };
    let simple = match c {
        '"' | '\\' => c,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode_escape(rest),
        _ => return (None, 1 + c.len_utf8()),
    };
    (Some(simple), 2)
}

/// `\u{1F4A9}`: one to six hexadecimal digits.
fn unicode_escape(rest: &str) -> (Option<char>, usize) {
    let Some(digits) = rest.strip_prefix("\\u{") else { return (None, 2) };
    let Some(end) = digits.find('}').filter(|&end| end > 0 && end <= 6) else { return (None, 3) };
    let digits = &digits[..end];
    let value = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten();
    (value.and_then(char::from_u32), 4 + end)
}
