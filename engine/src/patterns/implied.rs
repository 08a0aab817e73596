//! What a step's condition implies of the candidate alone.
//!
//! `b: tx where amount > a.amount` asks for the run, but if `a` is `amount > 100` then nothing up to 100 can ever be `b`.
//! Said as part of the role, it keeps such events from being looked at at all.

use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, FieldId, Pattern};
use tripline_query_lang::value::Type;

/// For each step what its events are known to be, as comparisons of a field with a constant.
pub(super) struct Implied {
    steps: Vec<Vec<Bound>>,
}

/// `field op with`.
#[derive(Clone)]
struct Bound {
    field: FieldId,
    op: CompareOp,
    with: Expr,
}

impl Implied {
    /// Of a pattern's steps: a condition looks at earlier ones alone.
    pub(super) fn new(pattern: &Pattern) -> Implied {
        let mut implied = Implied { steps: Vec::new() };
        for step in &pattern.steps {
            let mut bounds = implied.bounds(step.filter.as_ref());
            bounds.extend(step.filter.iter().flat_map(Expr::conjuncts).filter_map(of_constant));
            implied.steps.push(bounds);
        }
        implied
    }

    /// The local part of a condition, with what the rest of it implies.
    pub(super) fn local(&self, filter: &Expr, local: Option<Expr>) -> Option<Expr> {
        let bounds = self.bounds(Some(filter)).into_iter().map(Bound::into_expr);
        let mut parts: Vec<Expr> = local.into_iter().chain(bounds).collect();
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Expr { kind: ExprKind::And(parts), ty: Type::Bool }),
        }
    }

    /// What a condition implies by comparisons with earlier steps.
    fn bounds(&self, filter: Option<&Expr>) -> Vec<Bound> {
        let mut bounds = Vec::new();
        for part in filter.into_iter().flat_map(Expr::conjuncts) {
            let ExprKind::Compare(op, left, right) = &part.kind else { continue };
            let (field, op, step, of) = match (&left.kind, &right.kind) {
                (ExprKind::Field(field), ExprKind::Step(step, of)) => (*field, *op, *step, *of),
                (ExprKind::Step(step, of), ExprKind::Field(field)) => (*field, op.mirrored(), *step, *of),
                _ => continue,
            };
            let known = self.steps.get(step.index()).into_iter().flatten().filter(|known| known.field == of);
            bounds.extend(known.filter_map(|known| {
                let op = chained(op, known.op)?;
                (left.ty == known.with.ty).then(|| Bound { field, op, with: known.with.clone() })
            }));
        }
        bounds
    }
}

impl Bound {
    fn into_expr(self) -> Expr {
        let field = Expr { kind: ExprKind::Field(self.field), ty: self.with.ty.clone() };
        Expr { kind: ExprKind::Compare(self.op, Box::new(field), Box::new(self.with)), ty: Type::Bool }
    }
}

fn of_constant(part: &Expr) -> Option<Bound> {
    let ExprKind::Compare(op, left, right) = &part.kind else { return None };
    let (field, op, with) = match (&left.kind, &right.kind) {
        (ExprKind::Field(field), ExprKind::Const(_)) => (*field, *op, right),
        (ExprKind::Const(_), ExprKind::Field(field)) => (*field, op.mirrored(), left),
        _ => return None,
    };
    (left.ty == right.ty).then(|| Bound { field, op, with: (**with).clone() })
}

/// How `x` compares with a constant, if `x first y` and `y second constant`.
fn chained(first: CompareOp, second: CompareOp) -> Option<CompareOp> {
    use CompareOp::{Equal, Greater, GreaterEqual, Less, LessEqual};
    Some(match (first, second) {
        (Equal, op) => op,
        (op @ (Less | LessEqual | Greater | GreaterEqual), Equal) => op,
        (Less, Less | LessEqual) | (LessEqual, Less) => Less,
        (LessEqual, LessEqual) => LessEqual,
        (Greater, Greater | GreaterEqual) | (GreaterEqual, Greater) => Greater,
        (GreaterEqual, GreaterEqual) => GreaterEqual,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_implied_holds_wherever_both_do() {
        let ops = [
            CompareOp::Equal,
            CompareOp::NotEqual,
            CompareOp::Less,
            CompareOp::LessEqual,
            CompareOp::Greater,
            CompareOp::GreaterEqual,
        ];
        let holds = |op: CompareOp, a: i32, b: i32| match op {
            CompareOp::Equal => a == b,
            CompareOp::NotEqual => a != b,
            CompareOp::Less => a < b,
            CompareOp::LessEqual => a <= b,
            CompareOp::Greater => a > b,
            CompareOp::GreaterEqual => a >= b,
        };
        let mut implied = 0;
        for (first, second) in ops.into_iter().flat_map(|first| ops.map(|second| (first, second))) {
            let Some(op) = chained(first, second) else { continue };
            implied += 1;
            for (x, y, z) in (0..64).map(|i| (i / 16, i / 4 % 4, i % 4)) {
                assert!(!holds(first, x, y) || !holds(second, y, z) || holds(op, x, z), "{first:?} {second:?}");
            }
        }
        assert_eq!(implied, 18);
    }
}
