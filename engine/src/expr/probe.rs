//! The constant by which an index can find a predicate: `merchant == "m7"`, `amount > 100.00`.

use std::sync::Arc;

use super::mask_leaf::{Ints, Leaf, leaf};
use super::shape::{conjunction, is_local, normal};
use super::{BatchRow, BoolFn, Row, Scene, compile_bool};
use crate::event::Batch;
use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, FieldId};
use tripline_query_lang::value::Value;

/// A comparison of one column with a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// A text field is this.
    Text(FieldId, Arc<str>),
    /// An integer column (a decimal's mantissas) is this.
    Int(FieldId, i64),
    /// It is at least this.
    AtLeast(FieldId, i64),
    /// It is at most this.
    AtMost(FieldId, i64),
}

/// What else must hold of a row.
pub enum Rest {
    /// Nothing.
    Nothing,
    /// An integer column lies between two numbers, both included: most often that is all.
    Between(FieldId, i64, i64),
    /// This.
    Asked(BoolFn),
}

impl Rest {
    fn new(parts: Vec<Expr>) -> Rest {
        if let [part] = &parts[..]
            && let Some(Leaf::Range { column: Ints::Field(field), low, high, negated: false }) = leaf(part)
        {
            return Rest::Between(field, low, high);
        }
        conjunction(parts).map_or(Rest::Nothing, |rest| Rest::Asked(compile_bool(&rest)))
    }

    /// Whether it holds.
    #[inline]
    pub fn holds(&self, batch: &Batch, row: usize) -> bool {
        match self {
            Rest::Nothing => true,
            Rest::Between(field, low, high) => {
                BatchRow { batch, row }.int(*field).is_some_and(|value| (*low..=*high).contains(&value))
            }
            Rest::Asked(rest) => rest(&Scene::of_row(&BatchRow { batch, row })) == Some(true),
        }
    }
}

/// A predicate as a comparison with a constant and what else must hold; `None` if it has no such comparison. Equality is
/// preferred: it leaves the fewest rows.
pub fn probe(expr: &Expr) -> Option<(Probe, Rest)> {
    let normal = normal(expr);
    let mut parts: Vec<Expr> = normal.conjuncts().into_iter().cloned().collect();
    let probes: Vec<Option<Probe>> = parts.iter().map(of_part).collect();
    let is_equality = |probe: &Option<Probe>| matches!(probe, Some(Probe::Text(..) | Probe::Int(..)));
    let place = probes.iter().position(is_equality).or_else(|| probes.iter().position(Option::is_some))?;
    parts.remove(place);
    Some((probes.into_iter().nth(place)??, Rest::new(parts)))
}

/// A predicate over one event as the least value of a column, and what else must hold; `None` if it is no such predicate.
pub fn limit(expr: &Expr) -> Option<(FieldId, i64, Option<Expr>)> {
    let normal = normal(expr);
    let mut parts: Vec<Expr> = normal.conjuncts().into_iter().cloned().collect();
    let found = parts.iter().position(|part| matches!(of_part(part), Some(Probe::AtLeast(..))))?;
    let Probe::AtLeast(field, least) = of_part(&parts.remove(found))? else { return None };
    parts.iter().all(is_local).then(|| (field, least, conjunction(parts)))
}

fn of_part(part: &Expr) -> Option<Probe> {
    if let ExprKind::Compare(CompareOp::Equal, left, right) = &part.kind
        && let (ExprKind::Field(field), ExprKind::Const(Value::Text(text))) = (&left.kind, &right.kind)
    {
        return Some(Probe::Text(*field, text.clone()));
    }
    match leaf(part)? {
        Leaf::Range { column: Ints::Field(field), low, high, negated: false } => match (low, high) {
            (low, high) if low == high => Some(Probe::Int(field, low)),
            (low, i64::MAX) => Some(Probe::AtLeast(field, low)),
            (i64::MIN, high) => Some(Probe::AtMost(field, high)),
            _ => None,
        },
        _ => None,
    }
}
