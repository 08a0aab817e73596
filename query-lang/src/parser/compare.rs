//! Comparisons: one between two sums; a second one behind it is an error with a hint.

use super::expr::{Tree, join, sum};
use super::input::{Parsed, Tokens};
use super::words::word;
use crate::ast::{BinaryOp, ExprKind};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::span::Span;
use nom::Parser;
use nom::combinator::cut;

/// What stands between the operands.
#[derive(Clone, Copy)]
enum Comparison {
    Binary(BinaryOp),
    In { negated: bool },
    Between { negated: bool },
    Like { negated: bool },
    Matches { negated: bool },
}

/// `a < b`, `a is not b`, `a not in b`, `a between b and c`, ...
///
/// ```text
/// comparison := sum [("==" | "!=" | "<" | "<=" | ">" | ">=" | "is" ["not"]) sum]
/// comparison := sum ["not"] ("in" | "like" | "matches") sum
/// comparison := sum ["not"] "between" sum "and" sum
/// ```
pub(super) fn comparison(input: Tokens<'_>) -> Parsed<'_, Tree> {
    let (mut rest, mut left) = sum(input)?;
    let mut before: Option<Span> = None;
    while let Some((behind, op)) = operator(rest) {
        let sign = rest.span_to(behind);
        let (behind, tree) = cut(|input| right_side(input, op, left_of(&mut left))).parse(behind)?;
        left = tree;
        rest = behind;
        match before {
            Some(first) => {
                report_chain(input, first, sign);
                left = Tree::leaf(ExprKind::Error, left.expr.span);
            }
            None => before = Some(sign),
        }
    }
    Ok((rest, left))
}

/// Takes the left side out, to be built into the comparison.
fn left_of(left: &mut Tree) -> Tree {
    let span = left.expr.span;
    std::mem::replace(left, Tree::leaf(ExprKind::Error, span))
}

/// The operator at this place, if there is one.
fn operator(input: Tokens<'_>) -> Option<(Tokens<'_>, Comparison)> {
    const SIGNS: [(&str, BinaryOp); 6] = [
        ("==", BinaryOp::Equal),
        ("!=", BinaryOp::NotEqual),
        ("<", BinaryOp::Less),
        ("<=", BinaryOp::LessEqual),
        (">", BinaryOp::Greater),
        (">=", BinaryOp::GreaterEqual),
    ];
    if input.is_sign(0, "=") {
        // Taken for what it is meant to be.
        let sign = input.peek(0).span;
        let fault = Diagnostic::new(syntax::UNEXPECTED, input.context.file, sign, "`=` compares nothing");
        input.context.report(fault.hint("a comparison is written `==`"));
        return Some((input.skip(1), Comparison::Binary(BinaryOp::Equal)));
    }
    if let Some((_, op)) = SIGNS.iter().find(|(sign, _)| input.is_sign(0, sign)) {
        return Some((input.skip(1), Comparison::Binary(*op)));
    }
    if input.is_word(0, "is") {
        let negated = input.is_word(1, "not");
        let op = if negated { BinaryOp::IsNot } else { BinaryOp::Is };
        return Some((input.skip(1 + usize::from(negated)), Comparison::Binary(op)));
    }
    let negated = input.is_word(0, "not");
    let at = usize::from(negated);
    let op = if input.is_word(at, "in") && !input.context.stops_at_in.get() {
        Comparison::In { negated }
    } else if input.is_word(at, "between") {
        Comparison::Between { negated }
    } else if input.is_word(at, "like") {
        Comparison::Like { negated }
    } else if input.is_word(at, "matches") {
        Comparison::Matches { negated }
    } else {
        return None;
    };
    Some((input.skip(at + 1), op))
}

/// What stands behind the operator, with the operator and the left side.
fn right_side<'a>(input: Tokens<'a>, op: Comparison, left: Tree) -> Parsed<'a, Tree> {
    let (rest, right) = sum(input)?;
    let span = left.expr.span.to(right.expr.span);
    let depth = left.depth.max(right.depth);
    let kind = match op {
        Comparison::Binary(op) => return Ok((rest, join(input, op, left, right))),
        Comparison::Between { negated } => {
            let (rest, _) = word("and")(rest)?;
            let (rest, high) = sum(rest)?;
            let span = span.to(high.expr.span);
            let kind = ExprKind::Between { negated, item: left.expr, low: right.expr, high: high.expr };
            return Ok((rest, Tree::above(input, depth.max(high.depth), kind, span)));
        }
        Comparison::In { negated } => ExprKind::In { negated, item: left.expr, list: right.expr },
        Comparison::Like { negated } => ExprKind::Like { negated, item: left.expr, pattern: right.expr },
        Comparison::Matches { negated } => ExprKind::Matches { negated, item: left.expr, pattern: right.expr },
    };
    Ok((rest, Tree::above(input, depth, kind, span)))
}

/// `a < b < c`.
fn report_chain(input: Tokens<'_>, first: Span, second: Span) {
    input.context.report(
        Diagnostic::new(syntax::CHAINED, input.context.file, second, "comparisons cannot be chained")
            .label("a second comparison")
            .hint("write `a < b and b < c`, or `b between a and c`")
            .related(first, "the first one"),
    );
}
