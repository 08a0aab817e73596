//! Which events go to the view that they look something up in: those that some reader of what it adds may want.
//!
//! A reader's condition on the widened event is often one on the event as it came, and something that was looked up:
//! `amount > 500.00 and amount > 3 * profile[card].usual`. The first part is known before the hop.

use super::interest::Interest;
use crate::views::Join;
use tripline_query_lang::plan::{Expr, ExprKind, Plan};
use tripline_query_lang::value::Type;

/// By join: what an event must be for a reader to want it; none where each may be wanted. `interests`: what all rules that
/// run want to see, apart from what views are asked.
pub(super) fn prefilters(plan: &Plan, joins: &[Join], interests: &[Interest<'_>]) -> Vec<Option<Expr>> {
    let mut found: Vec<Option<Expr>> = vec![None; joins.len()];
    // Those that go on from a join stand behind it.
    for (index, join) in joins.iter().enumerate().rev() {
        let own = plan.streams[join.from.index()].fields.len();
        let rules = interests.iter().filter(|interest| interest.stream == join.to).map(|interest| interest.filter);
        let further =
            joins.iter().zip(&found).filter(|(next, _)| next.from == join.to).map(|(_, found)| found.as_ref());
        let wanted = rules.chain(further).map(|filter| known_before(filter?, own));
        found[index] = wanted.collect::<Option<Vec<Expr>>>().and_then(any);
    }
    found
}

/// What of a condition looks at the first `own` fields alone: where that does not hold, the condition does not. None:
/// nothing of it.
pub(crate) fn known_before(filter: &Expr, own: usize) -> Option<Expr> {
    let is_known = |part: &&Expr| only_fields_before(part, own);
    match &filter.kind {
        ExprKind::And(parts) => {
            let mut known: Vec<Expr> = parts.iter().filter(is_known).cloned().collect();
            match known.len() {
                0 | 1 => known.pop(),
                _ => Some(Expr { kind: ExprKind::And(known), ty: Type::Bool }),
            }
        }
        _ => Some(filter).filter(is_known).cloned(),
    }
}

fn only_fields_before(expr: &Expr, own: usize) -> bool {
    match &expr.kind {
        ExprKind::Field(field) => field.index() < own,
        _ => expr.children().into_iter().all(|child| only_fields_before(child, own)),
    }
}

/// Any of these, each once.
fn any(filters: Vec<Expr>) -> Option<Expr> {
    let mut parts: Vec<Expr> = Vec::new();
    for filter in filters {
        if !parts.contains(&filter) {
            parts.push(filter);
        }
    }
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Expr { kind: ExprKind::Or(parts), ty: Type::Bool }),
    }
}
