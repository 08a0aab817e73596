//! Where each distinct value of a window stands: for the most frequent value, and for the distinct ones in order.

use std::collections::{BTreeSet, VecDeque};

use hashbrown::HashMap;

use super::cell::Cell;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// The most frequent; of equals the one seen first.
    Frequency,
    /// The one seen first.
    Age,
}

/// The distinct values of a window, in an order.
#[derive(Debug)]
pub(super) struct Occurrences {
    rank: Rank,
    /// The indices of each value's entries, ascending.
    by_value: HashMap<Cell, VecDeque<u64>>,
    /// (what counts against it, index of its first entry)
    order: BTreeSet<(u64, u64)>,
}

impl Occurrences {
    pub(super) fn new(rank: Rank) -> Occurrences {
        Occurrences { rank, by_value: HashMap::new(), order: BTreeSet::new() }
    }

    fn place(rank: Rank, entries: &VecDeque<u64>) -> Option<(u64, u64)> {
        let against = match rank {
            Rank::Frequency => u64::MAX - entries.len() as u64,
            Rank::Age => 0,
        };
        entries.front().map(|first| (against, *first))
    }

    /// An entry has entered.
    pub(super) fn add(&mut self, index: u64, value: Cell) {
        let entries = self.by_value.entry(value).or_default();
        if let Some(place) = Self::place(self.rank, entries) {
            self.order.remove(&place);
        }
        entries.push_back(index);
        self.order.extend(Self::place(self.rank, entries));
    }

    /// The oldest entry of this value has left.
    pub(super) fn remove(&mut self, value: &Cell) {
        let Some(entries) = self.by_value.get_mut(value) else { return };
        if let Some(place) = Self::place(self.rank, entries) {
            self.order.remove(&place);
        }
        entries.pop_front();
        match Self::place(self.rank, entries) {
            Some(place) => drop(self.order.insert(place)),
            None => drop(self.by_value.remove(value)),
        }
    }

    /// The index of the first entry of each value, in the order.
    pub(super) fn firsts(&self) -> impl Iterator<Item = u64> + '_ {
        self.order.iter().map(|(_, first)| *first)
    }

    /// How often the most frequent value occurs.
    pub(super) fn top_count(&self) -> Option<u64> {
        self.order.first().map(|(against, _)| u64::MAX - against)
    }
}
