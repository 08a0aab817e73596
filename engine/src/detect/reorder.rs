//! Puts the rows of many parcels into the total order, below the watermark.
//!
//! A parcel is a sorted run already. Runs lie in a heap by their next row; the smallest is drained until it passes the
//! next smallest, so input that is nearly in order costs one comparison a row and no heap work.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use super::parcel::{Parcel, Pick, Rows};
use crate::event::Batch;

/// Rows that wait for the watermark.
#[derive(Default)]
pub(super) struct Reorder {
    runs: BinaryHeap<Run>,
    waiting: usize,
}

/// What is left of a parcel; never empty.
pub(super) struct Run {
    /// The rows.
    pub rows: Arc<Rows>,
    /// In the total order.
    pub picks: Arc<[Pick]>,
    next: usize,
}

/// A row, by its place in the total order.
#[derive(Clone, Copy)]
struct Place<'a> {
    batch: &'a Batch,
    row: usize,
}

impl Place<'_> {
    fn cmp(&self, other: &Place<'_>) -> Ordering {
        self.batch.compare(self.row, other.batch, other.row)
    }
}

impl Run {
    fn place(&self, index: usize) -> Place<'_> {
        Place { batch: &self.rows.batch, row: self.picks[index].row as usize }
    }

    fn at_us(&self, index: usize) -> i64 {
        self.rows.batch.at_us[self.picks[index].row as usize]
    }

    /// The first position from `next` on that lies at or above the watermark or, if there is one, behind `limit`.
    fn end(&self, watermark_us: Option<i64>, limit: Option<Place<'_>>) -> usize {
        let goes = |index: &usize| {
            watermark_us.is_none_or(|w| self.at_us(*index) < w)
                && limit.is_none_or(|limit| self.place(*index).cmp(&limit).is_le())
        };
        let len = self.picks.len();
        if goes(&(len - 1)) {
            return len;
        }
        self.next + (self.next..len).take_while(goes).count()
    }
}

impl Ord for Run {
    /// The run whose next row comes first is the greatest: on top of the heap.
    fn cmp(&self, other: &Run) -> Ordering {
        other.place(other.next).cmp(&self.place(self.next))
    }
}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Run) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Run) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Run {}

impl Reorder {
    /// Takes rows.
    pub fn push(&mut self, parcel: Parcel) {
        self.waiting += parcel.picks.len();
        if !parcel.picks.is_empty() {
            self.runs.push(Run { rows: parcel.rows, picks: parcel.picks, next: 0 });
        }
    }

    /// Number of picks that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// All that waits, in no particular order.
    pub fn rows(&self) -> impl Iterator<Item = (&Rows, &Pick)> {
        self.runs.iter().flat_map(|run| run.picks[run.next..].iter().map(|pick| (&*run.rows, pick)))
    }

    /// Gives out all rows below the watermark (`None`: all) in the total order, as stretches of runs.
    pub fn release(&mut self, watermark_us: Option<i64>, mut take: impl FnMut(&Run, Range<usize>)) {
        while self.runs.peek().is_some_and(|run| watermark_us.is_none_or(|w| run.at_us(run.next) < w)) {
            let Some(mut run) = self.runs.pop() else { return };
            let limit = self.runs.peek();
            let end = run.end(watermark_us, limit.map(|limit| limit.place(limit.next)));
            take(&run, run.next..end);
            self.waiting -= end - run.next;
            run.next = end;
            if run.next < run.picks.len() {
                self.runs.push(run);
            }
        }
    }
}
