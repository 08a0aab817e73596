//! A predicate that looks at one event alone, evaluated over a whole batch to a bit per row.

use crate::event::{Batch, Bitmap};
use tripline_query_lang::plan::Expr;

/// A predicate over the rows of a batch.
pub struct MaskFn {}

impl MaskFn {
    /// A one per row for which the predicate holds: neither false nor unknown.
    pub fn eval(&self, _batch: &Batch) -> Bitmap {
        unimplemented!()
    }

    /// As [`MaskFn::eval`], for the rows of `among` only; all others are zero.
    pub fn eval_among(&self, _batch: &Batch, _among: &Bitmap) -> Bitmap {
        unimplemented!()
    }
}

/// Compiles a predicate for which [`super::is_local`] holds.
pub fn compile_mask(_expr: &Expr) -> MaskFn {
    unimplemented!()
}
