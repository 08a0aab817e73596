//! The shape of expressions: which look at the event at hand alone, how a conjunction splits, which are the same.

use tripline_query_lang::plan::Expr;

/// Whether it looks at the event at hand alone: fields, `at`, constants and what is computed of them.
pub fn is_local(_expr: &Expr) -> bool {
    unimplemented!()
}

/// Splits a condition into the part that looks at the candidate alone and the rest; it holds when both hold.
pub fn split_local(_expr: &Expr) -> (Option<Expr>, Option<Expr>) {
    unimplemented!()
}

/// The same for expressions that mean the same by their form (order of `and` and `or`, side of a constant, `not` of a
/// comparison): predicates with equal stream and equal canonical text share a mask.
pub fn canonical(_expr: &Expr) -> String {
    unimplemented!()
}
