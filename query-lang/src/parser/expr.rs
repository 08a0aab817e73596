//! Expressions, by precedence: `or` < `and` < `not` < comparisons < `+ -` < `* / %` < `-x` < `.field`, `[i]`, calls.
//!
//! Chains of operators are read in a loop. `and` and `or` become balanced trees, the others lean to the left; so the
//! depth of a tree is bounded, and later stages may recurse over it.

use super::compare::comparison;
use super::history;
use super::input::{Expected, Parsed, Place, Tokens};
use super::words::{begins_operand, bracketed, is_name, list, name, nested, sign, text, word};
use crate::ast::{BinaryOp, Call, Expr, ExprKind, Spanned, Unit};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::TokenKind;
use crate::span::Span;
use nom::Parser;
use nom::combinator::{cut, opt};

/// Nodes above each other in the tree of one expression.
pub(super) const DEPTH_MAX: usize = 256;

/// An expression with the depth of its tree.
pub(super) struct Tree {
    pub expr: Expr,
    pub depth: usize,
}

impl Tree {
    /// A node without others below it.
    pub fn leaf(kind: ExprKind, span: Span) -> Self {
        Tree { expr: Box::new(Spanned { node: kind, span }), depth: 1 }
    }

    /// A node above others of this depth. Too deep, it becomes an error node.
    pub fn above(input: Tokens<'_>, depth: usize, kind: ExprKind, span: Span) -> Self {
        if depth < DEPTH_MAX {
            return Tree { expr: Box::new(Spanned { node: kind, span }), depth: depth + 1 };
        }
        input.context.report_too_deep(span);
        Tree::leaf(ExprKind::Error, span)
    }
}

/// An expression.
///
/// ```text
/// expr := conjunction {"or" conjunction}
/// conjunction := negation {"and" negation}
/// ```
pub(super) fn expr(input: Tokens<'_>) -> Parsed<'_, Expr> {
    tree(input).map(|(rest, tree)| (rest, tree.expr))
}

/// An expression with its depth.
pub(super) fn tree(input: Tokens<'_>) -> Parsed<'_, Tree> {
    chain(input, "or", BinaryOp::Or, |input| chain(input, "and", BinaryOp::And, negation))
}

/// Operands with the word `op` between them, as a balanced tree.
fn chain<'a>(
    input: Tokens<'a>,
    op: &'static str,
    node: BinaryOp,
    operand: fn(Tokens<'a>) -> Parsed<'a, Tree>,
) -> Parsed<'a, Tree> {
    let (mut rest, first) = operand(input)?;
    if !rest.is_word(0, op) {
        return Ok((rest, first));
    }
    let mut operands = Vec::new();
    flatten(first, node, &mut operands);
    while rest.is_word(0, op) {
        let (behind, next) = cut(operand).parse(rest.skip(1))?;
        flatten(next, node, &mut operands);
        rest = behind;
    }
    Ok((rest, balance(input, operands, node)))
}

/// The operands below nodes of `node`: brackets around a part of the same chain change nothing.
fn flatten(tree: Tree, node: BinaryOp, into: &mut Vec<Tree>) {
    let Tree { expr, depth } = tree;
    match *expr {
        Spanned { node: ExprKind::Binary(op, left, right), .. } if op == node => {
            flatten(Tree { expr: left, depth: depth - 1 }, node, into);
            flatten(Tree { expr: right, depth: depth - 1 }, node, into);
        }
        other => into.push(Tree { expr: Box::new(other), depth }),
    }
}

/// Halves until single operands are left: `n` operands are `log2 n` deep.
fn balance(input: Tokens<'_>, mut operands: Vec<Tree>, node: BinaryOp) -> Tree {
    while operands.len() > 1 {
        let mut paired = Vec::with_capacity(operands.len().div_ceil(2));
        let mut each = operands.into_iter();
        while let Some(left) = each.next() {
            paired.push(match each.next() {
                Some(right) => join(input, node, left, right),
                None => left,
            });
        }
        operands = paired;
    }
    operands.pop().expect("a chain has an operand")
}

/// `left op right`.
pub(super) fn join(input: Tokens<'_>, op: BinaryOp, left: Tree, right: Tree) -> Tree {
    let span = left.expr.span.to(right.expr.span);
    let depth = left.depth.max(right.depth);
    Tree::above(input, depth, ExprKind::Binary(op, left.expr, right.expr), span)
}

/// `not x`.
///
/// ```text
/// negation := "not" negation | comparison
/// ```
fn negation(input: Tokens<'_>) -> Parsed<'_, Tree> {
    if !input.is_word(0, "not") {
        return comparison(input);
    }
    let (rest, inner) = cut(nested(negation)).parse(input.skip(1))?;
    let span = input.span_to(rest);
    Ok((rest, Tree::above(input, inner.depth, ExprKind::Not(inner.expr), span)))
}

/// `a + b - c`.
///
/// ```text
/// sum := product {("+" | "-") product}
/// product := signed {("*" | "/" | "%") signed}
/// ```
pub(super) fn sum(input: Tokens<'_>) -> Parsed<'_, Tree> {
    leaning(input, &[("+", BinaryOp::Add), ("-", BinaryOp::Subtract)], |input| {
        let product = [("*", BinaryOp::Multiply), ("/", BinaryOp::Divide), ("%", BinaryOp::Remainder)];
        leaning(input, &product, minus)
    })
}

/// Operands with one of the signs between them, joined from the left.
fn leaning<'a>(
    input: Tokens<'a>,
    ops: &[(&'static str, BinaryOp)],
    operand: fn(Tokens<'a>) -> Parsed<'a, Tree>,
) -> Parsed<'a, Tree> {
    let (mut rest, mut left) = operand(input)?;
    while let Some((_, op)) = ops.iter().find(|(sign, _)| rest.is_sign(0, sign)) {
        let (behind, right) = cut(operand).parse(rest.skip(1))?;
        left = join(input, *op, left, right);
        rest = behind;
    }
    Ok((rest, left))
}

/// `-x`.
///
/// ```text
/// signed := "-" signed | member
/// ```
fn minus(input: Tokens<'_>) -> Parsed<'_, Tree> {
    if !input.is_sign(0, "-") {
        return postfix(input);
    }
    input.skip(1).note(Place::Glued);
    let (rest, inner) = cut(nested(minus)).parse(input.skip(1))?;
    let span = input.span_to(rest);
    Ok((rest, Tree::above(input, inner.depth, ExprKind::Negate(inner.expr), span)))
}

/// `x.field[i]...`
///
/// ```text
/// member := primary {"." name | "[" expr {"," expr} "]"}
/// ```
fn postfix(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (mut rest, mut tree) = primary(input)?;
    loop {
        if rest.is_sign(0, ".") {
            let (behind, field) = cut(name).parse(rest.skip(1))?;
            tree = Tree::above(input, tree.depth, ExprKind::Member(tree.expr, field), input.span_to(behind));
            rest = behind;
        } else if rest.is_sign(0, "[") {
            rest.note(Place::Glued);
            let (behind, at) = bracketed("[", |input| list(self::tree).parse(input), "]")(rest)?;
            let depth = at.iter().map(|index| index.depth).fold(tree.depth, usize::max);
            let at = at.into_iter().map(|index| index.expr).collect();
            tree = Tree::above(input, depth, ExprKind::Index(tree.expr, at), input.span_to(behind));
            rest = behind;
        } else {
            return Ok((rest, tree));
        }
    }
}

/// A literal, a name, a call, a list, `if`, or an expression in brackets.
///
/// ```text
/// primary := literal | text | "(" expr ")" | "[" [expr {"," expr}] "]" | call | name
/// primary := "if" expr "then" expr "else" expr
/// ```
fn primary(input: Tokens<'_>) -> Parsed<'_, Tree> {
    if let Some(duration) = duration_in_words(input) {
        return Ok((input.skip(2), duration));
    }
    if let Some(kind) = literal(input) {
        return Ok((input.skip(1), Tree::leaf(kind, input.peek(0).span)));
    }
    if matches!(input.peek(0).kind, TokenKind::Text | TokenKind::OpenText) {
        let (rest, text) = text(input)?;
        return Ok((rest, Tree::leaf(ExprKind::Text(text.text), text.span)));
    }
    if input.is_sign(0, "(") {
        return bracketed("(", tree, ")")(input);
    }
    if input.is_sign(0, "[") {
        return list_literal(input);
    }
    if input.is_word(0, "if") {
        return conditional(input);
    }
    if is_name(input, 0) && input.is_sign(1, "(") {
        return call(input);
    }
    if is_name(input, 0) {
        let (rest, name) = name(input)?;
        return Ok((rest, Tree::leaf(ExprKind::Name(name.text), name.span)));
    }
    input.fail(Expected::Thing("an expression"))
}

/// A literal of one token, texts excepted.
///
/// ```text
/// literal := int | decimal | float | duration | "true" | "false" | "null"
/// ```
pub(super) fn literal(input: Tokens<'_>) -> Option<ExprKind> {
    let token = input.peek(0);
    let digits = || token.text.to_owned();
    Some(match token.kind {
        TokenKind::Int => ExprKind::Int(digits()),
        TokenKind::Decimal => ExprKind::Decimal(digits()),
        TokenKind::Float => ExprKind::Float(digits()),
        TokenKind::Duration(unit) => ExprKind::Duration(token.digits().to_owned(), unit),
        // Reported before the parse.
        TokenKind::BadNumber => ExprKind::Error,
        TokenKind::Word => match token.text {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            _ => return None,
        },
        _ => return None,
    })
}

/// `30 days`: reported, and taken for `30d`.
fn duration_in_words(input: Tokens<'_>) -> Option<Tree> {
    let (number, word) = (input.peek(0), input.peek(1));
    if number.kind != TokenKind::Int || word.kind != TokenKind::Word || word.begins_line {
        return None;
    }
    let (unit, letters) = match word.text {
        "millisecond" | "milliseconds" | "millis" => (Unit::Millisecond, "ms"),
        "second" | "seconds" | "sec" | "secs" => (Unit::Second, "s"),
        "minute" | "minutes" | "min" | "mins" => (Unit::Minute, "m"),
        "hour" | "hours" | "hr" | "hrs" => (Unit::Hour, "h"),
        "day" | "days" => (Unit::Day, "d"),
        _ => return None,
    };
    let span = number.span.to(word.span);
    let message = format!("a duration is written `{}{letters}`", number.text);
    input.context.report(Diagnostic::new(syntax::UNEXPECTED, input.context.file, span, message));
    Some(Tree::leaf(ExprKind::Duration(number.text.to_owned(), unit), span))
}

/// `[a, b]`
fn list_literal(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (rest, items) = bracketed("[", |input| opt(list(tree)).parse(input), "]")(input)?;
    let items = items.unwrap_or_default();
    let depth = items.iter().map(|item| item.depth).max().unwrap_or(0);
    let items = items.into_iter().map(|item| item.expr).collect();
    Ok((rest, Tree::above(input, depth, ExprKind::List(items), input.span_to(rest))))
}

/// `if c then a else b`
fn conditional(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let parts = |input| (tree, word("then"), tree, word("else"), tree).parse(input);
    let (rest, (condition, _, then, _, otherwise)) = cut(nested(parts)).parse(input.skip(1))?;
    let depth = condition.depth.max(then.depth).max(otherwise.depth);
    let kind = ExprKind::If(condition.expr, then.expr, otherwise.expr);
    Ok((rest, Tree::above(input, depth, kind, input.span_to(rest))))
}

/// `f(a, b where c) over ... approx`
///
/// ```text
/// call := name "(" [expr {"," expr}] ["where" expr] ")" ["over" over] ["approx"]
/// ```
fn call(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (rest, name) = name(input)?;
    rest.note(Place::Glued);
    let (rest, (args, filter)) = bracketed("(", arguments, ")")(rest)?;
    let (rest, (over, approx)) = history::window(rest)?;
    let depths = args.iter().chain(&filter).map(|tree| tree.depth);
    let depth = depths.chain(over.as_ref().map(|(depth, _)| *depth)).max().unwrap_or(0);
    let call = Call {
        name,
        args: args.into_iter().map(|arg| arg.expr).collect(),
        filter: filter.map(|filter| filter.expr),
        over: over.map(|(_, over)| over),
        approx,
    };
    Ok((rest, Tree::above(input, depth, ExprKind::Call(call), input.span_to(rest))))
}

/// `a, b where c`, each part optional.
fn arguments(input: Tokens<'_>) -> Parsed<'_, (Vec<Tree>, Option<Tree>)> {
    let (mut rest, mut args) = (input, Vec::new());
    if !begins_filter(rest) && !rest.is_sign(0, ")") {
        (rest, args) = list(tree).parse(rest)?;
    }
    if !begins_filter(rest) {
        rest.expect(Expected::Exactly("where"));
        return Ok((rest, (args, None)));
    }
    let (rest, filter) = cut(tree).parse(rest.skip(1))?;
    Ok((rest, (args, Some(filter))))
}

/// `where` with a condition behind it; otherwise it is a name.
fn begins_filter(input: Tokens<'_>) -> bool {
    input.is_word(0, "where") && begins_operand(input, 1)
}

/// A duration, a number or the name of a param, as it bounds windows and counts; anything else in brackets.
///
/// ```text
/// bound := literal | name | "(" expr ")"
/// ```
pub(super) fn bound<'a>(what: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Expr> {
    move |input| bound_tree(input, what).map(|(rest, tree)| (rest, tree.expr))
}

/// A bound with its depth.
pub(super) fn bound_tree<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Tree> {
    if let Some(duration) = duration_in_words(input) {
        return Ok((input.skip(2), duration));
    }
    let bounds = !input.is_word(0, "true") && !input.is_word(0, "false") && !input.is_word(0, "null");
    if let Some(kind) = literal(input).filter(|_| bounds) {
        return Ok((input.skip(1), Tree::leaf(kind, input.peek(0).span)));
    }
    if input.is_sign(0, "(") {
        return bracketed("(", tree, ")")(input);
    }
    if is_name(input, 0) {
        let (rest, name) = name(input)?;
        return Ok((rest, Tree::leaf(ExprKind::Name(name.text), name.span)));
    }
    input.fail(Expected::Thing(what))
}

/// A point in time as tests write it: `90s`, `-1h`, `time("...")`, a param.
///
/// ```text
/// moment := bound | "-" bound | name "(" expr {"," expr} ")"
/// ```
pub(super) fn moment(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if input.is_sign(0, "-") {
        input.skip(1).note(Place::Glued);
        let (rest, inner) = cut(bound("a duration")).parse(input.skip(1))?;
        let node = ExprKind::Negate(inner);
        return Ok((rest, Box::new(Spanned { node, span: input.span_to(rest) })));
    }
    if is_name(input, 0) && input.is_sign(1, "(") {
        let (rest, name) = name(input)?;
        rest.note(Place::Glued);
        let (rest, args) = bracketed("(", |input| list(expr).parse(input), ")")(rest)?;
        let node = ExprKind::Call(Call { name, args, filter: None, over: None, approx: false });
        return Ok((rest, Box::new(Spanned { node, span: input.span_to(rest) })));
    }
    bound("a duration")(input)
}

/// Behind the word `keyword`: a bound.
pub(super) fn bound_after<'a>(keyword: &'static str, what: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Expr> {
    move |input| {
        let (rest, _) = word(keyword)(input)?;
        cut(bound(what)).parse(rest)
    }
}

/// `= expr`
pub(super) fn assigned(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let (rest, _) = sign("=")(input)?;
    cut(expr).parse(rest)
}
