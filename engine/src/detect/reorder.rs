//! Puts the rows of many parcels into the total order, below the watermark.
//!
//! A parcel is a sorted run already. Runs lie in a heap by their next row; the smallest is drained until it passes the
//! next smallest, so input that is nearly in order costs one comparison a row and no heap work.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use super::disjoint::Homes;
use super::parcel::{Parcel, Pick, Rows};
use crate::event::Batch;

/// Rows that wait for the watermark.
#[derive(Default)]
pub(super) struct Reorder {
    runs: BinaryHeap<Run>,
    waiting: usize,
    homes: Homes,
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
    /// What is left.
    pub fn left(&self) -> &[Pick] {
        &self.picks[self.next..]
    }

    /// How many rows are left.
    pub fn len(&self) -> usize {
        self.picks.len() - self.next
    }

    /// The hash of a row's key.
    pub fn hash(&self, pick: &Pick) -> u64 {
        self.rows.lanes[pick.lane as usize].hashes[pick.index as usize]
    }

    /// Whether the other run is of the same partition, and all of it comes after this.
    pub fn is_followed_by(&self, other: &Run) -> bool {
        let last = self.place(self.picks.len() - 1);
        self.rows.batch.partition == other.rows.batch.partition && last.cmp(&other.place(other.next)).is_lt()
    }

    /// Others of its rows, in their order.
    pub fn with(&self, picks: Vec<Pick>) -> Run {
        Run { rows: self.rows.clone(), picks: picks.into(), next: 0 }
    }

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

    /// Gives out all rows below the watermark (`None`: all) as stretches of runs: those of each key in the total order.
    pub fn release_keys(&mut self, watermark_us: Option<i64>, mut take: impl FnMut(&Run, Range<usize>)) {
        let mut runs = Vec::new();
        while self.runs.peek().is_some_and(|run| watermark_us.is_none_or(|w| run.at_us(run.next) < w)) {
            let Some(mut run) = self.runs.pop() else { return };
            let end = run.end(watermark_us, None);
            if end < run.picks.len() {
                self.runs.push(Run { rows: run.rows.clone(), picks: run.picks.clone(), next: end });
                run = run.with(run.picks[run.next..end].to_vec());
            }
            runs.push(run);
        }
        let (alone, mixed) = self.homes.split(runs);
        for run in alone {
            self.waiting -= run.len();
            take(&run, run.next..run.picks.len());
        }
        // All of it lies below the watermark, and is merged before anything else.
        self.runs.extend(mixed);
        self.release(watermark_us, take);
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
