//! Bars: what keeps most candidates away from most runs, at the cost of comparing two integers.
//!
//! In `b: tx where amount > a.amount` one side looks at the candidate alone and the other at the run alone. The run's side
//! is computed when the run arrives at `a`, the candidate's once for all runs, both as a rank: an integer in the order of the
//! values (for `==` a hash will do). Only where the ranks compare is the whole condition asked.

use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, HandOver, StepId};
use tripline_query_lang::value::{Type, Value};

use crate::expr::{Scene, compile_decimal, compile_float, compile_int, compile_value, hash_key, is_local, write_key};

/// A comparison of the candidate with the run that must hold.
pub(super) struct Bar {
    op: CompareOp,
    candidate: RankFn,
    run: RankFn,
    /// What the condition says beyond it.
    beyond: Beyond,
    /// The only step that the run's side reads, and only its fields.
    step: Option<StepId>,
}

/// What a condition says beyond its bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// Nothing: where ranks are known, the bar decides.
    Nothing,
    /// More.
    More,
}

type RankFn = Box<dyn Fn(&Scene<'_>) -> Rank + Send + Sync>;

/// A value as an integer in the order of its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rank {
    /// There is none: the whole condition decides.
    #[default]
    Open,
    /// The value is unknown: no comparison holds.
    Unknown,
    /// The value.
    At(i64),
}

impl Bar {
    /// The bar that a condition sets, if it has one.
    pub(super) fn of(rest: Option<&Expr>, handed: &[HandOver]) -> Option<Bar> {
        let handed = handed.iter().find(|pair| is_of_run(&pair.from));
        let handed = handed.and_then(|pair| Bar::between(CompareOp::Equal, &pair.own, &pair.from));
        handed.or_else(|| {
            let parts = rest?.conjuncts();
            let sole = parts.len() == 1;
            let bar = parts.into_iter().find_map(Bar::of_part)?;
            Some(if sole { bar } else { Bar { beyond: Beyond::More, ..bar } })
        })
    }

    fn of_part(part: &Expr) -> Option<Bar> {
        let ExprKind::Compare(op, left, right) = &part.kind else { return None };
        if is_local(left) && is_of_run(right) {
            Bar::between(*op, left, right)
        } else if is_local(right) && is_of_run(left) {
            Bar::between(op.mirrored(), right, left)
        } else {
            None
        }
    }

    fn between(op: CompareOp, candidate: &Expr, run: &Expr) -> Option<Bar> {
        let same_type = candidate.ty == run.ty;
        // Ranks of texts are hashes.
        let beyond = if matches!(run.ty, Type::Text | Type::Bool) { Beyond::More } else { Beyond::Nothing };
        let step = only_step(run);
        let (candidate, run) = (rank(candidate, op)?, rank(run, op)?);
        same_type.then_some(Bar { op, candidate, run, beyond, step })
    }

    /// Where both ranks are known, it is the whole condition.
    pub(super) fn is_all(&self) -> bool {
        self.beyond == Beyond::Nothing
    }

    /// Whether the run's side reads fields of this step alone.
    pub(super) fn reads_only(&self, step: StepId) -> bool {
        self.step == Some(step)
    }

    /// Whether the runs that a candidate passes stand side by side, in the order of [`Bar::key`].
    pub(super) fn has_order(&self) -> bool {
        self.op != CompareOp::NotEqual
    }

    /// Whether the comparison is `==`.
    pub(super) fn is_equality(&self) -> bool {
        self.op == CompareOp::Equal
    }

    /// Whether equal sides pass.
    pub(super) fn includes(&self) -> bool {
        matches!(self.op, CompareOp::Equal | CompareOp::LessEqual | CompareOp::GreaterEqual)
    }

    /// A rank of either side so that a candidate passes the runs whose key is greater than its own.
    pub(super) fn key(&self, rank: i64) -> i64 {
        match self.op {
            CompareOp::Greater | CompareOp::GreaterEqual => !rank,
            _ => rank,
        }
    }

    /// The candidate's rank.
    pub(super) fn candidate(&self, scene: &Scene<'_>) -> Rank {
        (self.candidate)(scene)
    }

    /// The run's rank.
    pub(super) fn run(&self, scene: &Scene<'_>) -> Rank {
        (self.run)(scene)
    }

    /// Whether the comparison may hold.
    #[inline]
    pub(super) fn lets_pass(&self, candidate: Rank, run: Rank) -> bool {
        let (Rank::At(candidate), Rank::At(run)) = (candidate, run) else {
            return candidate != Rank::Unknown && run != Rank::Unknown;
        };
        self.op.holds(candidate, run)
    }
}

/// Whether it looks at what the run has taken and at nothing else: it is the same for all candidates.
fn is_of_run(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Step(..) | ExprKind::StepAt(_) | ExprKind::Loop { .. } | ExprKind::Const(_) => true,
        ExprKind::Field(_)
        | ExprKind::Slot(_)
        | ExprKind::At
        | ExprKind::Key(_)
        | ExprKind::With(_)
        | ExprKind::History(_)
        | ExprKind::Prev { .. }
        | ExprKind::Lookup { .. }
        | ExprKind::Listed { .. } => false,
        _ => expr.children().into_iter().all(is_of_run),
    }
}

/// The only step that an expression reads, if it reads no more than fields of one.
fn only_step(expr: &Expr) -> Option<StepId> {
    match &expr.kind {
        ExprKind::Step(step, _) | ExprKind::StepAt(step) => Some(*step),
        ExprKind::Loop { .. } => None,
        _ => {
            let mut steps = expr.children().into_iter().map(only_step);
            let first = steps.next()??;
            steps.all(|step| step == Some(first)).then_some(first)
        }
    }
}

fn rank(expr: &Expr, op: CompareOp) -> Option<RankFn> {
    let number = |value: Option<i64>| value.map_or(Rank::Unknown, Rank::At);
    Some(match expr.ty {
        Type::Int | Type::Time | Type::Duration => {
            let value = compile_int(expr);
            Box::new(move |scene| number(value(scene)))
        }
        Type::Decimal(_) => {
            let value = compile_decimal(expr);
            Box::new(move |scene| match value(scene).map(i64::try_from) {
                None => Rank::Unknown,
                Some(Ok(mantissa)) => Rank::At(mantissa),
                Some(Err(_)) => Rank::Open,
            })
        }
        Type::Float => {
            let value = compile_float(expr);
            Box::new(move |scene| number(value(scene).map(float_rank)))
        }
        Type::Text | Type::Bool if op == CompareOp::Equal => {
            let value = compile_value(expr);
            Box::new(move |scene| hash_rank(value(scene)))
        }
        _ => return None,
    })
}

/// An integer in the order of floats; both zeros are one.
fn float_rank(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn hash_rank(value: Value) -> Rank {
    let mut bytes = Vec::new();
    if write_key(&[value], &mut bytes) { Rank::At(hash_key(&bytes) as i64) } else { Rank::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_ranks_are_in_the_order_of_floats() {
        let floats = [f64::MIN, -1.5, -1e-300, -0.0, 1e-300, 1.0, 1.5, f64::MAX];
        assert!(floats.windows(2).all(|pair| float_rank(pair[0]) < float_rank(pair[1])));
        assert_eq!(float_rank(-0.0), float_rank(0.0));
    }

    #[test]
    fn what_is_unknown_never_passes_and_what_has_no_rank_is_asked() {
        let always = || -> RankFn { Box::new(|_| Rank::Open) };
        let bar =
            Bar { op: CompareOp::NotEqual, candidate: always(), run: always(), beyond: Beyond::Nothing, step: None };
        assert!(!bar.lets_pass(Rank::Unknown, Rank::At(1)));
        assert!(!bar.lets_pass(Rank::Open, Rank::Unknown));
        assert!(bar.lets_pass(Rank::Open, Rank::At(1)));
        assert!(bar.lets_pass(Rank::At(2), Rank::At(1)));
        assert!(!bar.lets_pass(Rank::At(1), Rank::At(1)));
    }
}
