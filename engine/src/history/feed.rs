//! The events and values that some histories look at: one filter and one argument, evaluated once an event.

use super::cell::{Cell, CellFn, compile_cell};
use crate::expr::{BoolFn, Scene, compile_bool};
use tripline_query_lang::plan::{Expr, ExprKind, HistoryArg};

/// A filter and an argument, compiled.
pub(super) struct Feed {
    only_on: Option<Vec<u32>>,
    filter: Option<BoolFn>,
    arg: Option<CellFn>,
}

/// What a feed has for an event.
pub(super) struct Look {
    /// The event is one of those that the histories see.
    pub(super) admitted: bool,
    /// The argument, whether admitted or not; `None`: missing, or there is none.
    pub(super) value: Option<Cell>,
}

impl Feed {
    pub(super) fn new(arg: &HistoryArg) -> Feed {
        Feed {
            only_on: arg.only_on.clone(),
            filter: arg.filter.as_ref().map(compile_bool),
            arg: arg.value.as_ref().map(compile_cell),
        }
    }

    /// Whether it has values.
    pub(super) fn has_values(&self) -> bool {
        self.arg.is_some()
    }

    /// Looks at an event that this `on` clause admitted.
    pub(super) fn look(&self, on: u32, scene: &Scene<'_>) -> Look {
        let admitted = self.only_on.as_ref().is_none_or(|clauses| clauses.contains(&on))
            && self.filter.as_ref().is_none_or(|holds| holds(scene) == Some(true));
        Look { admitted, value: self.arg.as_ref().and_then(|arg| arg(scene)) }
    }
}

/// Takes every `prev(x, n)` out of an expression: `take` gets `x` and `n`, inner ones first, and says at which position of
/// the scene's `with` its value will stand.
pub(super) fn lift_prev(expr: &mut Expr, take: &mut impl FnMut(Expr, u32) -> u32) {
    for child in expr.children_mut() {
        lift_prev(child, take);
    }
    if let ExprKind::Prev { arg, n } = &expr.kind {
        expr.kind = ExprKind::With(take((**arg).clone(), *n));
    }
}
