//! A predicate that looks at one event alone, evaluated over a whole batch to a bit per row: 64 rows at a time, without
//! any memory but the result's. What `and` and `or` have already decided is not looked at again.

use super::kernel::{self, ROWS};
use super::mask_leaf::{Leaf, leaf};
use super::shape::normal;
use super::{BatchRow, BoolFn, Scene, compile_bool};
use crate::event::{Batch, Bitmap};
use tripline_query_lang::plan::{Expr, ExprKind};

/// A predicate over the rows of a batch.
pub struct MaskFn(Node);

/// The answer for 64 rows: ones where it holds, ones where it is unknown, never both.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    pub(super) holds: u64,
    pub(super) unknown: u64,
}

enum Node {
    Leaf(Leaf),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// What has no kernel: row by row.
    Rows(BoolFn),
}

/// Compiles a predicate for which [`super::is_local`] holds.
pub fn compile_mask(expr: &Expr) -> MaskFn {
    MaskFn(node(&normal(expr)))
}

fn node(expr: &Expr) -> Node {
    match &expr.kind {
        ExprKind::Not(inner) => Node::Not(Box::new(node(inner))),
        ExprKind::And(parts) => Node::And(cheapest_first(parts)),
        ExprKind::Or(parts) => Node::Or(cheapest_first(parts)),
        _ => leaf(expr).map_or_else(|| Node::Rows(compile_bool(expr)), Node::Leaf),
    }
}

/// Kernels first, so that rows that they decide are spared the slow parts. The order never changes the answer.
fn cheapest_first(parts: &[Expr]) -> Vec<Node> {
    let mut nodes: Vec<Node> = parts.iter().map(node).collect();
    nodes.sort_by_key(Node::cost);
    nodes
}

impl MaskFn {
    /// A one per row for which the predicate holds: neither false nor unknown.
    pub fn eval(&self, batch: &Batch) -> Bitmap {
        let mut rows = Bitmap::ones(batch.len());
        for (index, word) in rows.words_mut().iter_mut().enumerate() {
            *word = self.0.word(batch, index, *word).holds;
        }
        rows
    }
}

impl Node {
    /// A guess of what 64 rows cost.
    fn cost(&self) -> u32 {
        match self {
            Node::Leaf(leaf) => leaf.cost(),
            Node::Not(inner) => inner.cost(),
            Node::And(parts) | Node::Or(parts) => parts.iter().map(Node::cost).sum(),
            Node::Rows(_) => 100,
        }
    }

    /// The answer for those rows of word `index` that are wanted; zeros for all others.
    fn word(&self, batch: &Batch, index: usize, wanted: u64) -> Word {
        if wanted == 0 {
            return Word::default();
        }
        match self {
            Node::Leaf(leaf) => leaf.word(batch, index, wanted),
            Node::Not(inner) => {
                let Word { holds, unknown } = inner.word(batch, index, wanted);
                Word { holds: wanted & !holds & !unknown, unknown }
            }
            Node::And(parts) => {
                let (mut open, mut unknown) = (wanted, 0);
                for part in parts {
                    let word = part.word(batch, index, open);
                    open &= word.holds | word.unknown;
                    unknown |= word.unknown;
                }
                Word { holds: open & !unknown, unknown: open & unknown }
            }
            Node::Or(parts) => {
                let (mut open, mut unknown) = (wanted, 0);
                for part in parts {
                    let word = part.word(batch, index, open);
                    open &= !word.holds;
                    unknown |= word.unknown;
                }
                Word { holds: wanted & !open, unknown: open & unknown }
            }
            Node::Rows(test) => row_by_row(batch, index, wanted, |row| test(&Scene::of_row(&row))),
        }
    }
}

/// Asks for each wanted row.
fn row_by_row(batch: &Batch, index: usize, wanted: u64, test: impl Fn(BatchRow<'_>) -> Option<bool>) -> Word {
    let mut word = Word::default();
    let mut left = wanted;
    while left != 0 {
        let bit = left & left.wrapping_neg();
        left ^= bit;
        match test(BatchRow { batch, row: index * ROWS + bit.trailing_zeros() as usize }) {
            Some(true) => word.holds |= bit,
            Some(false) => {}
            None => word.unknown |= bit,
        }
    }
    word
}

/// The answer from two-valued bits and a column's validity.
#[inline]
pub(super) fn where_valid(bits: u64, validity: Option<&Bitmap>, index: usize, wanted: u64) -> Word {
    let valid = validity.map_or(u64::MAX, |v| v.words()[index]);
    Word { holds: wanted & bits & valid, unknown: wanted & !valid }
}

/// A bit per row of word `index` for which `test` holds.
#[inline]
pub(super) fn bits_of<T: Copy>(values: &[T], index: usize, test: impl Fn(T) -> bool) -> u64 {
    kernel::bits(kernel::rows(values, index), test)
}
