//! The windows of history functions: `over 10m`, `over last 5`, `over previous 1h`, `over 1d before 1h`, `over forever`.

use super::expr::{Tree, bound_tree};
use super::input::{Parsed, Tokens};
use super::words::begins_operand;
use crate::ast::{Over, Spanned};
use nom::Parser;
use nom::combinator::cut;

/// A window with the depth of its tree.
type Deep = (usize, Spanned<Over>);

/// What stands behind a call: its window with the depth of its tree, and `approx`.
pub(super) fn window(input: Tokens<'_>) -> Parsed<'_, (Option<Deep>, bool)> {
    let (mut rest, mut over, mut approx) = (input, None, false);
    loop {
        if rest.is_word(0, "approx") && !approx {
            approx = true;
            rest = rest.skip(1);
        } else if rest.is_word(0, "over") && over.is_none() {
            let (behind, (depth, node)) = cut(span).parse(rest.skip(1))?;
            over = Some((depth, Spanned { node, span: rest.span_to(behind) }));
            rest = behind;
        } else {
            return Ok((rest, (over, approx)));
        }
    }
}

/// What stands behind `over`.
///
/// ```text
/// over := bound ["before" bound] | "last" bound | "previous" bound | "forever"
/// ```
fn span(input: Tokens<'_>) -> Parsed<'_, (usize, Over)> {
    const WHAT: &str = "a duration or a param";
    if input.is_word(0, "forever") {
        return Ok((input.skip(1), (0, Over::Forever)));
    }
    // `last` and `previous` may be names of params, too.
    if input.is_word(0, "last") && begins_operand(input, 1) {
        let (rest, Tree { expr, depth }) = cut(|input| bound_tree(input, "a number")).parse(input.skip(1))?;
        return Ok((rest, (depth, Over::Last(expr))));
    }
    if input.is_word(0, "previous") && begins_operand(input, 1) {
        let (rest, tree) = cut(|input| bound_tree(input, "a duration or a number")).parse(input.skip(1))?;
        return Ok((rest, (tree.depth, Over::Previous(tree.expr))));
    }
    let (rest, length) = bound_tree(input, WHAT)?;
    if !rest.is_word(0, "before") {
        return Ok((rest, (length.depth, Over::Time(length.expr))));
    }
    let (rest, gap) = cut(|input| bound_tree(input, WHAT)).parse(rest.skip(1))?;
    Ok((rest, (length.depth.max(gap.depth), Over::Before(length.expr, gap.expr))))
}
