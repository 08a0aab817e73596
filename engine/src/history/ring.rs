//! The entries of a sliding window, oldest first, in one piece of memory: the event time of each, and its number.
//!
//! Windows are mostly short and numbers mostly small. Then an entry is eight bytes: the lower half of its time, which with
//! the time of the newest entry gives the whole, and the number. A card of the benchmarks has its window in one or two cache
//! lines so.

/// Entries; the owner knows the time of the newest.
#[derive(Debug)]
pub(super) struct Ring {
    /// A power of two of places, or none.
    places: Places,
    head: u32,
    len: u32,
}

#[derive(Debug)]
enum Places {
    Narrow(Box<[(u32, i32)]>),
    Wide(Box<[(i64, i64)]>),
}

/// A new ring has so many places.
const PLACES_MIN: usize = 4;

impl Default for Ring {
    fn default() -> Ring {
        Ring { places: Places::Narrow(Box::default()), head: 0, len: 0 }
    }
}

impl Ring {
    /// Whether entries can be narrow where none is older than the newest by more than this.
    pub(super) fn is_narrow(span_us: i64) -> bool {
        (0..i64::from(u32::MAX)).contains(&span_us)
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// No entries.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn places(&self) -> usize {
        match &self.places {
            Places::Narrow(all) => all.len(),
            Places::Wide(all) => all.len(),
        }
    }

    /// Where the `index`-th entry stands.
    #[inline]
    fn place(&self, index: usize) -> usize {
        (self.head as usize).wrapping_add(index) & self.places().wrapping_sub(1)
    }

    /// The `index`-th entry, given the time of the newest.
    #[inline]
    pub(super) fn get(&self, index: usize, newest_us: i64) -> Option<(i64, i64)> {
        if index >= self.len() {
            return None;
        }
        match &self.places {
            Places::Narrow(all) => {
                let (low, value) = *all.get(self.place(index))?;
                Some((newest_us.wrapping_sub((newest_us as u32).wrapping_sub(low).into()), value.into()))
            }
            Places::Wide(all) => all.get(self.place(index)).copied(),
        }
    }

    /// All entries, given the time of the newest.
    pub(super) fn iter(&self, newest_us: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
        (0..self.len()).filter_map(move |index| self.get(index, newest_us))
    }

    /// The number of the oldest entry, if it is older than a limit.
    #[inline]
    pub(super) fn before(&self, limit_us: i64, newest_us: i64) -> Option<i64> {
        self.get(0, newest_us).filter(|(at_us, _)| *at_us < limit_us).map(|(_, value)| value)
    }

    /// Takes the oldest entry out; there is one.
    #[inline]
    pub(super) fn pop(&mut self) {
        self.head = self.head.wrapping_add(1);
        self.len -= 1;
    }

    /// Appends an entry; `newest_us` is the time of the newest before, if there is any. `narrow`: see [`Ring::is_narrow`].
    #[inline]
    pub(super) fn push(&mut self, (at_us, value): (i64, i64), newest_us: i64, narrow: bool) {
        let fits = narrow && i32::try_from(value).is_ok();
        if self.len() == self.places() || !fits && matches!(self.places, Places::Narrow(_)) {
            self.grow(fits, newest_us);
        }
        let place = self.place(self.len());
        match &mut self.places {
            Places::Narrow(all) => all[place] = (at_us as u32, value as i32),
            Places::Wide(all) => all[place] = (at_us, value),
        }
        self.len += 1;
    }

    /// Makes room. A ring that is wide stays so.
    #[cold]
    fn grow(&mut self, narrow: bool, newest_us: i64) {
        let places = (self.len() * 2).next_power_of_two().max(PLACES_MIN);
        if narrow && matches!(self.places, Places::Narrow(_)) {
            let mut all = vec![(0, 0); places].into_boxed_slice();
            let entries = self.iter(newest_us).map(|(at_us, value)| (at_us as u32, value as i32));
            all.iter_mut().zip(entries).for_each(|(place, entry)| *place = entry);
            self.places = Places::Narrow(all);
        } else {
            let mut all = vec![(0, 0); places].into_boxed_slice();
            all.iter_mut().zip(self.iter(newest_us)).for_each(|(place, entry)| *place = entry);
            self.places = Places::Wide(all);
        }
        self.head = 0;
    }

    /// Reads a little of both ends, so that they are in the cache; what it returns means nothing.
    #[inline]
    pub(super) fn warm(&self) -> i64 {
        let (first, last) = (self.place(0), self.place(self.len()));
        match &self.places {
            Places::Narrow(all) => {
                [first, last].iter().filter_map(|place| all.get(*place)).map(|e| i64::from(e.0)).sum()
            }
            Places::Wide(all) => [first, last].iter().filter_map(|place| all.get(*place)).fold(0, |sum, e| sum ^ e.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A ring with the time of its newest, beside what it should hold.
    #[derive(Default)]
    struct Both {
        ring: Ring,
        newest_us: i64,
        expected: VecDeque<(i64, i64)>,
    }

    impl Both {
        fn push(&mut self, entry: (i64, i64), span_us: i64) {
            while let Some(value) = self.ring.before(entry.0 - span_us, self.newest_us) {
                self.ring.pop();
                assert_eq!(self.expected.pop_front().map(|(_, value)| value), Some(value));
            }
            self.ring.push(entry, self.newest_us, Ring::is_narrow(span_us));
            self.newest_us = entry.0;
            self.expected.push_back(entry);
            assert_eq!(self.ring.iter(self.newest_us).collect::<VecDeque<_>>(), self.expected);
            assert_eq!(self.ring.len(), self.expected.len());
        }
    }

    #[test]
    fn entries_are_what_was_pushed_whatever_their_size() {
        for span_us in [1_000, i64::from(u32::MAX) - 1, i64::from(u32::MAX), 1 << 40] {
            let mut both = Both::default();
            let (mut at_us, step_us) = (-5 * span_us, span_us / 7 + 1);
            for number in 0..200i64 {
                at_us += if number % 50 == 49 { 10 * span_us } else { step_us * (number % 3) };
                let value = if number % 31 == 30 { i64::MAX - number } else { number - 100 };
                both.push((at_us, value), span_us);
            }
        }
    }

    #[test]
    fn a_small_entry_is_eight_bytes() {
        let mut ring = Ring::default();
        ring.push((1 << 50, -7), 0, true);
        assert!(matches!(&ring.places, Places::Narrow(all) if all.len() == PLACES_MIN));
        assert_eq!(ring.iter(1 << 50).collect::<Vec<_>>(), [(1 << 50, -7)]);
        ring.push((1 << 50, 1 << 40), 1 << 50, true);
        assert_eq!(ring.iter(1 << 50).collect::<Vec<_>>(), [(1 << 50, -7), (1 << 50, 1 << 40)]);
    }
}
