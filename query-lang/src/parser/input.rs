//! What the parsers read: a slice of tokens with the state of the whole parse beside it, and how they fail.

use super::expr::DEPTH_MAX;
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// What every parser gives: the rest and a value, or where it stopped.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Stop>;

/// The tokens that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    rest: &'a [Token<'a>],
    /// The token before.
    before: Option<&'a Token<'a>>,
    /// How many tokens stand before.
    pub at: usize,
    /// The state of the parse.
    pub context: &'a Context<'a>,
}

/// Something that could stand at a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Expected {
    /// A kind of thing: "a name".
    Thing(&'static str),
    /// This word or sign.
    Exactly(&'static str),
    /// This word, too, but it would make the message long: only offered as "did you mean".
    Also(&'static str),
}

/// What a token is in the layout of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// First of an item.
    Item,
    /// First of a field of a stream or table.
    Field,
    /// First of a clause, and the link of a step.
    Clause,
    /// First of a line of a test.
    Line,
    /// First of a part of `with` or `emit`.
    Part,
    /// The bracket that closes the body of an item.
    Close,
    /// Stands directly behind the token before it.
    Glued,
}

/// What is known beside the place: expectations, diagnostics, depth.
pub(super) struct Context<'a> {
    /// Which of the sources.
    pub file: usize,
    /// Stands behind the last token.
    end: Token<'a>,
    /// The furthest place at which something was expected, and what.
    furthest: RefCell<(usize, BTreeSet<Expected>)>,
    /// What there is to say so far.
    pub diagnostics: RefCell<Vec<Diagnostic>>,
    /// How many brackets are open around the place.
    pub depth: Cell<usize>,
    /// What the formatter needs to know of tokens: by the first byte.
    pub outline: RefCell<BTreeMap<u32, Place>>,
    /// `in` ends an expression here: `by bin: left(card, 6) in watched`.
    pub stops_at_in: Cell<bool>,
}

/// Where a parser stopped, and whether that has been reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stop {
    /// Number of the token.
    pub at: usize,
    /// There is a diagnostic for it.
    pub reported: bool,
}

impl<'a> Context<'a> {
    /// The state before the first token.
    pub fn new(file: usize, end: Token<'a>) -> Self {
        Context {
            file,
            end,
            furthest: RefCell::default(),
            diagnostics: RefCell::default(),
            depth: Cell::new(0),
            outline: RefCell::default(),
            stops_at_in: Cell::new(false),
        }
    }

    /// Adds a diagnostic.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Reports an expression whose tree is too deep, once however long it goes on.
    pub fn report_too_deep(&self, span: Span) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        match diagnostics.last_mut() {
            Some(last) if last.code == syntax::TOO_DEEP && last.span.start == span.start => last.span = span,
            _ => diagnostics.push(
                Diagnostic::new(syntax::TOO_DEEP, self.file, span, "this expression has too many operators in a row")
                    .label(format!("its tree is deeper than {DEPTH_MAX}"))
                    .hint("name parts of it with `let`, or ask `x in [...]`"),
            ),
        }
    }

    /// A clause begins at this token.
    pub fn is_clause(&self, token: Token<'_>) -> bool {
        self.outline.borrow().get(&token.span.start) == Some(&Place::Clause)
    }

    /// How many diagnostics there are.
    pub fn reported(&self) -> usize {
        self.diagnostics.borrow().len()
    }

    /// Notes that something could stand at token `at`.
    fn expect(&self, at: usize, expected: Expected) {
        let mut furthest = self.furthest.borrow_mut();
        if at > furthest.0 {
            *furthest = (at, BTreeSet::new());
        }
        if at == furthest.0 {
            furthest.1.insert(expected);
        }
    }

    /// The furthest place and what was expected there; forgotten with that.
    pub fn take_furthest(&self) -> (usize, Vec<Expected>) {
        let mut furthest = self.furthest.borrow_mut();
        (furthest.0, std::mem::take(&mut furthest.1).into_iter().collect())
    }
}

impl<'a> Tokens<'a> {
    /// All tokens of a text.
    pub fn new(tokens: &'a [Token<'a>], context: &'a Context<'a>) -> Self {
        Tokens { rest: tokens, before: None, at: 0, context }
    }

    /// The `n`-th token from here, the end token behind the last.
    pub fn peek(&self, n: usize) -> Token<'a> {
        self.rest.get(n).copied().unwrap_or(self.context.end)
    }

    /// The token before this place, where it may be a keyword that was read as a name: it begins a line, and no clause.
    pub fn misread(&self) -> Option<Token<'a>> {
        let before = self.before.filter(|token| token.kind == TokenKind::Word && token.begins_line);
        before.copied().filter(|token| !self.context.is_clause(*token))
    }

    /// The token before this place.
    pub fn before(&self) -> Option<Token<'a>> {
        self.before.copied()
    }

    /// Nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The rest behind the next `n` tokens.
    pub fn skip(&self, n: usize) -> Self {
        self.take_from(n.min(self.rest.len()))
    }

    /// The same place as token number `at`, which must not lie before this one.
    pub fn skip_to(&self, at: usize) -> Self {
        self.skip(at.saturating_sub(self.at))
    }

    /// The `n`-th token from here is this word.
    pub fn is_word(&self, n: usize, word: &str) -> bool {
        let token = self.peek(n);
        token.kind == TokenKind::Word && token.text == word
    }

    /// The `n`-th token from here is this sign.
    pub fn is_sign(&self, n: usize, sign: &str) -> bool {
        matches!(self.peek(n).kind, TokenKind::Sign(found) if found == sign)
    }

    /// Notes what the next token is in the layout.
    pub fn note(&self, place: Place) {
        self.context.outline.borrow_mut().insert(self.peek(0).span.start, place);
    }

    /// Notes what could stand here.
    pub fn expect(&self, expected: Expected) {
        self.context.expect(self.at, expected);
    }

    /// Notes what could stand here, and stops.
    pub fn fail<T>(self, expected: Expected) -> Parsed<'a, T> {
        self.expect(expected);
        Err(nom::Err::Error(Stop { at: self.at, reported: false }))
    }

    /// The last `(` or `[` between here and `later` that is not closed there.
    pub fn open_bracket(&self, later: Tokens<'_>) -> Option<Span> {
        let mut open = Vec::new();
        for token in self.rest.iter().take(later.at.saturating_sub(self.at)) {
            match token.kind {
                TokenKind::Sign("(" | "[") => open.push(token.span),
                TokenKind::Sign(")" | "]") => drop(open.pop()),
                _ => {}
            }
        }
        open.pop()
    }

    /// How many `{` from here up to `later` are still open there.
    pub fn brackets_to(&self, later: Tokens<'_>) -> usize {
        let between = self.rest.iter().take(later.at.saturating_sub(self.at));
        between.fold(0, |open: usize, token| match token.kind {
            TokenKind::Sign("{") => open + 1,
            TokenKind::Sign("}") => open.saturating_sub(1),
            _ => open,
        })
    }

    /// From the next token up to what was read before `rest`.
    pub fn span_to(&self, rest: Tokens<'a>) -> Span {
        let start = self.peek(0).span;
        match rest.at.checked_sub(self.at + 1).and_then(|last| self.rest.get(last)) {
            Some(last) => start.to(last.span),
            None => Span { start: start.start, end: start.start },
        }
    }
}

impl ParseError<Tokens<'_>> for Stop {
    fn from_error_kind(input: Tokens<'_>, _: ErrorKind) -> Self {
        Stop { at: input.at, reported: false }
    }

    fn append(_: Tokens<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        if self.at > other.at { self } else { other }
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = Token<'a>;
    type Iter = std::iter::Copied<std::slice::Iter<'a, Token<'a>>>;
    type IterIndices = std::iter::Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.rest.len()
    }

    fn take(&self, index: usize) -> Self {
        Tokens { rest: &self.rest[..index], ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        let before = index.checked_sub(1).map(|last| &self.rest[last]).or(self.before);
        Tokens { rest: &self.rest[index..], before, at: self.at + index, ..*self }
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest.iter().position(|token| predicate(*token))
    }

    fn iter_elements(&self) -> Self::Iter {
        self.rest.iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.rest.len() { Ok(count) } else { Err(Needed::new(count - self.rest.len())) }
    }
}
