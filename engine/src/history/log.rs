//! The values that one argument had at the events of one key, oldest first: shared by all histories over that argument.

use std::collections::VecDeque;

use super::cell::Cell;
use crate::state::{Put, StateError, Take};

/// Entries have ascending indices that never change while the state lives; old ones go away at the front.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The index of the front.
    base: u64,
    entries: Entries,
    /// Which event of the key each was, counted from 1; kept only where a window counts events.
    nth: VecDeque<u64>,
}

/// Event times, not falling, each with its value; as small as the values allow, and in one piece of memory.
#[derive(Debug)]
enum Entries {
    /// The argument of a bare `count()`; and any log that is empty still.
    Times(VecDeque<i64>),
    Ints(VecDeque<(i64, i64)>),
    Floats(VecDeque<(i64, f64)>),
    Cells(VecDeque<(i64, Cell)>),
}

impl Default for Entries {
    fn default() -> Entries {
        Entries::Times(VecDeque::new())
    }
}

impl Entries {
    fn len(&self) -> usize {
        match self {
            Entries::Times(all) => all.len(),
            Entries::Ints(all) => all.len(),
            Entries::Floats(all) => all.len(),
            Entries::Cells(all) => all.len(),
        }
    }

    #[inline]
    fn at_us(&self, position: usize) -> Option<i64> {
        match self {
            Entries::Times(all) => all.get(position).copied(),
            Entries::Ints(all) => all.get(position).map(|entry| entry.0),
            Entries::Floats(all) => all.get(position).map(|entry| entry.0),
            Entries::Cells(all) => all.get(position).map(|entry| entry.0),
        }
    }

    #[inline]
    fn cell(&self, position: usize) -> Option<Cell> {
        match self {
            Entries::Times(_) => None,
            Entries::Ints(all) => all.get(position).map(|entry| Cell::Int(entry.1)),
            Entries::Floats(all) => all.get(position).map(|entry| Cell::Float(entry.1)),
            Entries::Cells(all) => all.get(position).map(|entry| entry.1.clone()),
        }
    }

    #[inline]
    fn push(&mut self, at_us: i64, value: Option<Cell>) {
        match (&mut *self, value) {
            (Entries::Ints(all), Some(Cell::Int(v))) => all.push_back((at_us, v)),
            (Entries::Floats(all), Some(Cell::Float(v))) => all.push_back((at_us, v)),
            (Entries::Cells(all), Some(value)) => all.push_back((at_us, value)),
            (Entries::Times(all), None) => all.push_back(at_us),
            (_, value) => self.push_other(at_us, value),
        }
    }

    /// The first entry of a log, and the first that does not go with the others: a mantissa of more than 64 bits.
    #[cold]
    fn push_other(&mut self, at_us: i64, value: Option<Cell>) {
        if let (0, Some(value)) = (self.len(), &value) {
            *self = match value {
                Cell::Int(_) => Entries::Ints(VecDeque::new()),
                Cell::Float(_) => Entries::Floats(VecDeque::new()),
                _ => Entries::Cells(VecDeque::new()),
            };
        } else {
            let entries = 0..self.len();
            let both = |position| Some((self.at_us(position)?, self.cell(position)?));
            *self = Entries::Cells(entries.filter_map(both).collect());
        }
        match (self, value) {
            (Entries::Ints(all), Some(Cell::Int(v))) => all.push_back((at_us, v)),
            (Entries::Floats(all), Some(Cell::Float(v))) => all.push_back((at_us, v)),
            (Entries::Cells(all), Some(value)) => all.push_back((at_us, value)),
            // An argument has a value at every entry, or there is none.
            _ => {}
        }
    }

    fn pop(&mut self) {
        match self {
            Entries::Times(all) => drop(all.pop_front()),
            Entries::Ints(all) => drop(all.pop_front()),
            Entries::Floats(all) => drop(all.pop_front()),
            Entries::Cells(all) => drop(all.pop_front()),
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
        self.base + self.entries.len() as u64
    }

    fn position(&self, index: u64) -> usize {
        index.wrapping_sub(self.base) as usize
    }

    /// The event time of an entry.
    #[inline]
    pub(super) fn at_us(&self, index: u64) -> Option<i64> {
        self.entries.at_us(self.position(index))
    }

    /// Which event of the key an entry was.
    pub(super) fn nth(&self, index: u64) -> Option<u64> {
        self.nth.get(self.position(index)).copied()
    }

    /// The value of an entry; none where the log has no values.
    #[inline]
    pub(super) fn cell(&self, index: u64) -> Option<Cell> {
        self.entries.cell(self.position(index))
    }

    /// The whole number of an entry; 0 for what is none.
    #[inline]
    pub(super) fn whole(&self, index: u64) -> i128 {
        match &self.entries {
            Entries::Ints(all) => all.get(self.position(index)).map_or(0, |entry| i128::from(entry.1)),
            _ => self.cell(index).map_or(0, |cell| cell.as_i128()),
        }
    }

    /// The values of some entries as floats, in order.
    pub(super) fn floats(&self, from: u64, to: u64) -> impl Iterator<Item = f64> + Clone + '_ {
        let all = if let Entries::Floats(all) = &self.entries { Some(all) } else { None };
        let (from, to) = (self.position(from), self.position(to));
        all.into_iter().flat_map(move |all| all.range(from.min(all.len())..to.min(all.len())).map(|entry| entry.1))
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, at_us: i64, nth: Option<u64>, value: Option<Cell>) {
        self.entries.push(at_us, value);
        self.nth.extend(nth);
    }

    /// Forgets the entries before `index`.
    pub(super) fn forget(&mut self, index: u64) {
        while self.base < index.min(self.end()) {
            self.entries.pop();
            self.nth.pop_front();
            self.base += 1;
        }
    }

    /// Appends all entries to a chunk. Indices start from 0 when they are read back.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.entries.len());
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
