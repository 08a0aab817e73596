//! Where a line that is too long is broken: before its weakest words first, and then inside of its brackets.
//!
//! ```text
//! when  n >= 3
//!       and merchant in [
//!         "alpha", "beta",
//!         "gamma"
//!       ]
//!       or not quiet
//! ```
//!
//! It follows from the tokens alone, so that laying out twice changes nothing. Lines with comments in them are left as they
//! are: who comments parts has broken the line already. Words such as `and` may be names; a break there does no harm.

use std::collections::BTreeMap;

use super::layout::{BODY, Layout, PART, WIDTH_MAX};
use crate::lexer::TokenKind;
use crate::parser::Place;

/// How much deeper the inside of brackets stands.
const INSIDE: usize = 2;

/// Lines of tests are rows of a table: they are broken later than others.
const ROW_WIDTH_MAX: usize = 140;

/// Tokens that begin a line of their own, with its indent.
pub(super) type Breaks = BTreeMap<usize, usize>;

/// What parts an expression, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Parting {
    /// Ends a line.
    Comma,
    /// All others begin one.
    Where,
    Then,
    Or,
    And,
    Comparison,
    Sum,
    Product,
}

/// Tokens that are to be laid out.
#[derive(Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    /// Where the first stands.
    column: usize,
    /// The indent of the line on which it stands: brackets close there.
    line: usize,
    /// The indent of further lines.
    base: usize,
}

impl Layout<'_> {
    /// The breaks of an item.
    pub(super) fn breaks(&self, start: usize, end: usize) -> Breaks {
        let mut breaks = Breaks::new();
        if matches!(self.token(start).text, "param" | "let") {
            self.fit(Stretch { start, end, column: 0, line: 0, base: BODY }, &mut breaks);
        }
        let begins = |at: &usize| matches!(self.places[*at], Some(Place::Clause | Place::Line | Place::Close));
        let starts: Vec<usize> = (start..end).filter(begins).chain([end]).collect();
        for pair in starts.windows(2) {
            match self.places[pair[0]] {
                Some(Place::Clause) => self.clause(pair[0], pair[1], &mut breaks),
                Some(Place::Line) => {
                    let line = Stretch { start: pair[0], end: pair[1], column: BODY, line: BODY, base: BODY + INSIDE };
                    if BODY + self.width(line.start, line.end, false) > ROW_WIDTH_MAX {
                        self.fit(line, &mut breaks);
                    }
                }
                _ => {}
            }
        }
        breaks
    }

    /// A clause, or each of its parts.
    fn clause(&self, start: usize, end: usize, breaks: &mut Breaks) {
        let mut starts: Vec<usize> = (start..end).filter(|at| self.places[*at] == Some(Place::Part)).collect();
        if starts.is_empty() {
            return self.fit(Stretch { start, end, column: BODY, line: PART, base: PART }, breaks);
        }
        starts.push(end);
        for part in starts.windows(2) {
            let part = Stretch { start: part[0], end: part[1], column: PART, line: PART, base: PART + INSIDE };
            self.fit(part, breaks);
        }
    }

    fn fit(&self, stretch: Stretch, breaks: &mut Breaks) {
        let Stretch { start, end, column, line, base } = stretch;
        if start >= end || column + self.width(start, end, false) <= WIDTH_MAX || self.has_comment(start, end) {
            return;
        }
        match self.partings(start, end) {
            Some((Parting::Comma, commas)) => self.items(stretch, &commas, breaks),
            Some((_, words)) => {
                self.fit(Stretch { end: words[0], base: base + INSIDE, ..stretch }, breaks);
                for (position, word) in words.iter().enumerate() {
                    let end = words.get(position + 1).copied().unwrap_or(end);
                    breaks.insert(*word, base);
                    let part = Stretch { start: *word, end, column: base, line: base, base: base + INSIDE };
                    self.fit(part, breaks);
                }
            }
            None => {
                let Some((open, close)) = self.widest_bracket(start, end) else { return };
                let inside = line + INSIDE;
                breaks.insert(open + 1, inside);
                breaks.insert(close, line);
                let content = Stretch { start: open + 1, end: close, column: inside, line: inside, base: inside };
                self.fit(content, breaks);
            }
        }
    }

    /// Items with commas between: short ones fill lines, others have a line each.
    fn items(&self, stretch: Stretch, commas: &[usize], breaks: &mut Breaks) {
        let Stretch { start, end, base, .. } = stretch;
        let mut starts = vec![start];
        starts.extend(commas.iter().map(|comma| comma + 1));
        starts.push(end);
        let are_short = starts.windows(2).all(|item| item[1] - item[0] <= 2);
        let mut column = stretch.column;
        for (position, item) in starts.windows(2).enumerate() {
            let width = self.width(item[0], item[1], false);
            if position > 0 && (!are_short || column + 1 + width > WIDTH_MAX) {
                breaks.insert(item[0], base);
                column = base;
            } else if position > 0 {
                column += 1;
            }
            if !are_short {
                let line = if position == 0 { stretch.line } else { base };
                self.fit(Stretch { start: item[0], end: item[1], column, line, base: base + INSIDE }, breaks);
            }
            column += width;
        }
    }

    /// The weakest words or commas outside of brackets; never the first token, nor a comma at the end.
    fn partings(&self, start: usize, end: usize) -> Option<(Parting, Vec<usize>)> {
        let mut found: BTreeMap<Parting, Vec<usize>> = BTreeMap::new();
        let (mut depth, mut betweens) = (0usize, 0usize);
        for at in start..end {
            match self.token(at).text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "between" if depth == 0 => betweens += 1,
                // Of `between a and b`.
                "and" if depth == 0 && betweens > 0 => betweens -= 1,
                _ if depth > 0 || at == start || at + 1 == end => {}
                _ => {
                    if let Some(parting) = self.parting(at) {
                        found.entry(parting).or_default().push(at);
                    }
                }
            }
        }
        found.into_iter().next()
    }

    fn parting(&self, at: usize) -> Option<Parting> {
        let token = self.token(at);
        match (token.kind, token.text) {
            (TokenKind::Sign(_), ",") => Some(Parting::Comma),
            (TokenKind::Word, "where") => Some(Parting::Where),
            (TokenKind::Word, "then" | "next" | "else") => Some(Parting::Then),
            (TokenKind::Word, "or") => Some(Parting::Or),
            (TokenKind::Word, "and") => Some(Parting::And),
            (TokenKind::Sign(_), "==" | "!=" | "<" | "<=" | ">" | ">=") => Some(Parting::Comparison),
            // What follows a sign of its own stands directly behind it.
            (TokenKind::Sign(_), "+" | "-") if !self.is_glued(at) && !self.is_glued(at + 1) => Some(Parting::Sum),
            (TokenKind::Sign(_), "*" | "/" | "%") if !self.is_glued(at) => Some(Parting::Product),
            _ => None,
        }
    }

    fn is_glued(&self, at: usize) -> bool {
        self.places.get(at).copied().flatten() == Some(Place::Glued)
    }

    /// The brackets that hold most; not those of quantifiers.
    fn widest_bracket(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let mut open: Vec<usize> = Vec::new();
        let mut widest: Option<(usize, usize)> = None;
        for at in start..end {
            match self.token(at).text {
                "(" | "[" | "{" => open.push(at),
                ")" | "]" | "}" => {
                    let Some(from) = open.pop() else { continue };
                    let is_outer = open.is_empty() && at > from + 1 && !self.is_glued(from + 1);
                    let is_wider = widest.is_none_or(|(a, b)| self.width(from, at, false) > self.width(a, b, false));
                    if is_outer && is_wider {
                        widest = Some((from, at));
                    }
                }
                _ => {}
            }
        }
        widest
    }
}
