//! The values that one argument had at the events of one key, oldest first: shared by all histories over that argument.

use std::collections::VecDeque;

use super::cell::Cell;
use crate::state::{Put, StateError, Take};

/// Entries have ascending indices that never change while the state lives; old ones go away at the front.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The index of the front.
    base: u64,
    /// Event times, not falling.
    at_us: VecDeque<i64>,
    /// Which event of the key it was, counted from 1; kept only where a window counts events.
    nth: VecDeque<u64>,
    values: Series,
}

/// One value an entry, as small as the values allow.
#[derive(Debug, Default)]
enum Series {
    /// No values (yet): the argument of a bare `count()`.
    #[default]
    Nothing,
    Ints(VecDeque<i64>),
    Floats(VecDeque<f64>),
    Cells(VecDeque<Cell>),
}

impl Series {
    fn push(&mut self, value: Cell) {
        match (&mut *self, value) {
            (Series::Ints(all), Cell::Int(v)) => all.push_back(v),
            (Series::Floats(all), Cell::Float(v)) => all.push_back(v),
            (Series::Cells(all), value) => all.push_back(value),
            (Series::Nothing, Cell::Int(v)) => *self = Series::Ints(VecDeque::from([v])),
            (Series::Nothing, Cell::Float(v)) => *self = Series::Floats(VecDeque::from([v])),
            (Series::Nothing, value) => *self = Series::Cells(VecDeque::from([value])),
            // The first mantissa of more than 64 bits.
            (Series::Ints(all), value) => {
                *self = Series::Cells(all.drain(..).map(Cell::Int).chain([value]).collect());
            }
            (Series::Floats(all), value) => {
                *self = Series::Cells(all.drain(..).map(Cell::Float).chain([value]).collect());
            }
        }
    }

    fn pop(&mut self) {
        match self {
            Series::Nothing => {}
            Series::Ints(all) => drop(all.pop_front()),
            Series::Floats(all) => drop(all.pop_front()),
            Series::Cells(all) => drop(all.pop_front()),
        }
    }

    fn get(&self, position: usize) -> Option<Cell> {
        match self {
            Series::Nothing => None,
            Series::Ints(all) => all.get(position).copied().map(Cell::Int),
            Series::Floats(all) => all.get(position).copied().map(Cell::Float),
            Series::Cells(all) => all.get(position).cloned(),
        }
    }
}

impl Log {
    /// The index of the first entry.
    pub(super) fn start(&self) -> u64 {
        self.base
    }

    /// One past the index of the last entry.
    pub(super) fn end(&self) -> u64 {
        self.base + self.at_us.len() as u64
    }

    fn position(&self, index: u64) -> usize {
        index.wrapping_sub(self.base) as usize
    }

    /// The event time of an entry.
    pub(super) fn at_us(&self, index: u64) -> Option<i64> {
        self.at_us.get(self.position(index)).copied()
    }

    /// Which event of the key an entry was.
    pub(super) fn nth(&self, index: u64) -> Option<u64> {
        self.nth.get(self.position(index)).copied()
    }

    /// The value of an entry; none where the log has no values.
    pub(super) fn cell(&self, index: u64) -> Option<Cell> {
        self.values.get(self.position(index))
    }

    /// The values of some entries as floats, in order.
    pub(super) fn floats(&self, from: u64, to: u64) -> impl Iterator<Item = f64> + Clone + '_ {
        let all = if let Series::Floats(all) = &self.values { Some(all) } else { None };
        let (from, to) = (self.position(from), self.position(to));
        all.into_iter().flat_map(move |all| all.range(from.min(all.len())..to.min(all.len())).copied())
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, at_us: i64, nth: Option<u64>, value: Option<Cell>) {
        self.at_us.push_back(at_us);
        self.nth.extend(nth);
        if let Some(value) = value {
            self.values.push(value);
        }
    }

    /// Forgets the entries before `index`.
    pub(super) fn forget(&mut self, index: u64) {
        while self.base < index && self.at_us.pop_front().is_some() {
            self.nth.pop_front();
            self.values.pop();
            self.base += 1;
        }
        if self.at_us.is_empty() && self.at_us.capacity() > 64 {
            let base = self.base;
            *self = Log { base, ..Log::default() };
        }
    }

    /// Appends all entries to a chunk. Indices start from 0 when they are read back.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.at_us.len());
        let mut before = 0i64;
        for index in self.base..self.end() {
            let at_us = self.at_us(index).unwrap_or(before);
            out.put_i64(at_us.wrapping_sub(before));
            before = at_us;
            out.put_u64(self.nth(index).unwrap_or(0));
            Cell::write(self.cell(index).as_ref(), out);
        }
    }

    /// Takes what [`Log::write`] has put.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Log, StateError> {
        let mut log = Log::default();
        let mut before = 0i64;
        for _ in 0..bytes.take_len("a history's entries")? {
            before = before.wrapping_add(bytes.take_i64("a history's time")?);
            let nth = Some(bytes.take_u64("a history's count")?).filter(|nth| *nth != 0);
            log.push(before, nth, Cell::read(bytes)?);
        }
        Ok(log)
    }
}
