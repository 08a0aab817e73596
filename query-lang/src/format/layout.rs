//! Where lines break, how far they are indented, and what stands between two tokens.

use super::breaks::Breaks;
use crate::lexer::{Lexed, Token, TokenKind};
use crate::parser::Place;
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// Longer lines are broken.
pub(super) const WIDTH_MAX: usize = 100;
/// Indent of what stands in an item.
pub(super) const BODY: usize = 2;
/// Indent of the parts of a long `with` or `emit`, and of lines that a comment broke.
pub(super) const PART: usize = 8;
/// Keywords of clauses are filled up to this width.
const KEYWORD: usize = 5;

/// The whole text anew.
pub(super) fn lay_out(text: &str, lexed: &Lexed<'_>, outline: &BTreeMap<u32, Place>) -> String {
    let places: Vec<_> = lexed.tokens.iter().map(|token| outline.get(&token.span.start).copied()).collect();
    let mut layout = Layout {
        text,
        lexed,
        places,
        breaks: Breaks::new(),
        out: String::new(),
        line: String::new(),
        indent: 0,
        end: 0,
        comment: 0,
    };
    for item in layout.ranges(|place| place == Place::Item) {
        layout.item(item.start, item.end);
    }
    layout.comments(lexed.tokens.len(), text.len(), 0);
    layout.flush();
    layout.out
}

pub(super) struct Layout<'a> {
    text: &'a str,
    lexed: &'a Lexed<'a>,
    /// What each token is.
    pub(super) places: Vec<Option<Place>>,
    /// Where the lines of the item at hand are broken, because they are long.
    breaks: Breaks,
    out: String,
    /// The line that is being written, without its indent.
    line: String,
    indent: usize,
    /// Where the last token or comment that was written ends in `text`.
    end: usize,
    /// The next comment to be written.
    comment: usize,
}

impl Layout<'_> {
    pub(super) fn token(&self, index: usize) -> Token<'_> {
        self.lexed.tokens[index]
    }

    /// The ranges of tokens from each one of a kind to the next.
    fn ranges(&self, begins: impl Fn(Place) -> bool) -> Vec<std::ops::Range<usize>> {
        let mut starts: Vec<usize> =
            (0..self.places.len()).filter(|&at| self.places[at].is_some_and(&begins)).collect();
        starts.push(self.places.len());
        starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// One item: short streams and tables on one line, everything else a clause a line.
    fn item(&mut self, start: usize, end: usize) {
        let is_fields = matches!(self.token(start).text, "stream" | "table");
        let one_line = is_fields && !self.has_comment(start, end) && self.width(start, end, true) <= WIDTH_MAX;
        let names = (start..end).filter(|&at| self.places[at] == Some(Place::Field));
        let field_width = names.map(|at| self.token(at).text.width()).max().unwrap_or(0);
        let mut long_clause = false;
        self.breaks = if one_line { Breaks::new() } else { self.breaks(start, end) };
        for at in start..end {
            let place = self.places[at];
            if place == Some(Place::Clause) {
                let next = (at + 1..end).find(|&next| matches!(self.places[next], Some(Place::Clause | Place::Close)));
                long_clause = BODY + self.width(at, next.unwrap_or(end), false) > WIDTH_MAX;
            }
            let indent = match place {
                Some(Place::Item) => Some(0),
                Some(Place::Field | Place::Clause | Place::Line) if !one_line => Some(BODY),
                Some(Place::Close) if !one_line && !self.is_empty_body(at) => Some(0),
                Some(Place::Part) if long_clause && self.token(at - 1).text == "," => Some(PART),
                _ => self.breaks.get(&at).copied(),
            };
            self.comments(at, self.token(at).span.start as usize, indent.unwrap_or(PART));
            self.write(at, indent, one_line);
            let is_type_next = at > start && self.places[at - 1] == Some(Place::Field) && !one_line;
            if is_type_next && self.comments_between(at, at + 1) == 0 {
                let missing = field_width.saturating_sub(self.token(at - 1).text.width());
                self.line.push_str(&" ".repeat(missing));
            }
        }
    }

    /// `{ }` with nothing in it.
    fn is_empty_body(&self, close: usize) -> bool {
        self.token(close - 1).text == "{" && self.comments_between(close - 1, close) == 0
    }

    /// Columns of the tokens on one line.
    pub(super) fn width(&self, start: usize, end: usize, one_line: bool) -> usize {
        (start..end)
            .map(|at| self.token(at).text.width() + if at > start { self.gap(at, one_line).width() } else { 0 })
            .sum()
    }

    /// Writes a token: on a line of its own with `indent`, or behind the one before.
    fn write(&mut self, at: usize, indent: Option<usize>, one_line: bool) {
        if indent.is_some() {
            self.flush();
        }
        if self.line.is_empty() {
            let lines = self.lines_before(self.token(at).span.start as usize);
            if indent.is_some() && self.wants_blank(at, lines) {
                self.out.push('\n');
            }
            self.indent = indent.unwrap_or(PART);
        } else {
            let gap = self.gap(at, one_line);
            self.line.push_str(gap);
        }
        let token = self.lexed.tokens[at];
        self.line.push_str(token.text);
        self.end = token.span.end as usize;
    }

    /// What stands between a token and the one before it on a line.
    fn gap(&self, at: usize, one_line: bool) -> &'static str {
        let (before, token) = (self.token(at - 1), self.token(at));
        let place = self.places[at];
        let glues =
            |token: Token<'_>, signs: &[&str]| matches!(token.kind, TokenKind::Sign(sign) if signs.contains(&sign));
        // Two minus signs together would begin a comment.
        let is_glued = place == Some(Place::Glued) && !(glues(before, &["-"]) && glues(token, &["-"]));
        if is_glued || glues(before, &["(", "[", "."]) || glues(token, &[")", "]", ",", ":", ".", "?"]) {
            return "";
        }
        if glues(before, &["{"]) && glues(token, &["}"]) {
            return "";
        }
        if one_line && place == Some(Place::Field) && !glues(before, &["{"]) {
            return "  ";
        }
        if self.places[at - 1] == Some(Place::Clause) && before.kind == TokenKind::Word && token.text != "each" {
            return &"      "[before.text.len().min(KEYWORD)..];
        }
        " "
    }

    fn comments_between(&self, one: usize, other: usize) -> usize {
        let Some(next) = self.lexed.tokens.get(other) else { return 0 };
        let (start, end) = (self.token(one).span.end, next.span.start);
        let comments = &self.lexed.comments;
        comments.partition_point(|span| span.start < end) - comments.partition_point(|span| span.start < start)
    }

    pub(super) fn has_comment(&self, start: usize, end: usize) -> bool {
        (start..end - 1).any(|at| self.comments_between(at, at + 1) > 0)
    }

    /// Writes the comments before byte `until`, where token `next` stands, which begins a line with `indent`.
    fn comments(&mut self, next: usize, until: usize, indent: usize) {
        while let Some(span) =
            self.lexed.comments.get(self.comment).copied().filter(|span| (span.start as usize) < until)
        {
            let comment = span.text(self.text);
            let lines = self.lines_before(span.start as usize);
            if lines == 0 && !self.line.is_empty() {
                self.line.push_str("  ");
                self.line.push_str(comment);
                self.flush();
            } else {
                self.flush();
                // Inside of an item it moves with the line that it explains; a bracket's comment belongs to the body.
                let closes = self.places.get(next).copied().flatten() == Some(Place::Close);
                self.indent = if closes { BODY } else { indent };
                let is_between_items =
                    self.places.get(next).copied().flatten() == Some(Place::Item) && !self.follows_comment();
                let blank =
                    if is_between_items { self.wants_blank(next, lines) } else { lines > 1 && !self.follows_open() };
                if blank && !self.out.is_empty() {
                    self.out.push('\n');
                }
                self.line.push_str(comment);
                self.flush();
            }
            self.comment += 1;
            self.end = span.end as usize;
        }
    }

    /// Line breaks between what was written last and `start`.
    fn lines_before(&self, start: usize) -> usize {
        self.text.get(self.end..start).unwrap_or("").matches('\n').count()
    }

    /// A comment was written last.
    fn follows_comment(&self) -> bool {
        self.comment > 0 && self.lexed.comments[self.comment - 1].end as usize == self.end
    }

    /// The bracket that opens a body was written last.
    fn follows_open(&self) -> bool {
        self.text.get(..self.end).is_some_and(|text| text.ends_with('{')) && !self.follows_comment()
    }

    /// A blank line stands before the line that token `at` begins, or before its comments. There were so many line breaks.
    fn wants_blank(&self, at: usize, lines: usize) -> bool {
        let has_blank = lines > 1;
        match self.places[at] {
            _ if self.out.is_empty() || self.follows_open() || self.breaks.contains_key(&at) => false,
            Some(Place::Close | Place::Part) => false,
            // Comments stand right above what they explain; params and lets may stand together.
            Some(Place::Item) if !self.line_is_own_comment() => {
                has_blank || !(self.is_short(at) && self.is_short_before(at))
            }
            _ => has_blank,
        }
    }

    /// The last line written is a comment alone.
    fn line_is_own_comment(&self) -> bool {
        self.out.lines().next_back().is_some_and(|line| line.trim_start().starts_with("--"))
    }

    fn is_short(&self, item: usize) -> bool {
        matches!(self.token(item).text, "param" | "let")
    }

    fn is_short_before(&self, item: usize) -> bool {
        (0..item).rev().find(|&at| self.places[at] == Some(Place::Item)).is_some_and(|at| self.is_short(at))
    }

    /// Ends the line.
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.out.push_str(&" ".repeat(self.indent));
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }
}
