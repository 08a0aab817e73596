//! Deadlines of keys. A slot that is armed has one live entry; a later entry of the same slot may still be there when an
//! earlier one was needed, and is passed over when its time comes.
//!
//! Deadlines of about the next second lie in a heap, those further on unsorted by the second: with many keys most of them
//! wait long, and a heap of all of them is a miss a level.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::keys::KeyId;

/// When a slot's deadline stands in the heap: `NEVER` if none does.
pub(super) const NEVER: i64 = i64::MAX;

/// The deadlines of one detector.
pub(super) struct Timers {
    /// Those of the seconds up to `until`.
    near: BinaryHeap<Reverse<Timer>>,
    /// All others, by [`second`].
    far: BTreeMap<i64, Vec<Timer>>,
    until: i64,
    len: usize,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers { near: BinaryHeap::new(), far: BTreeMap::new(), until: i64::MIN, len: 0 }
    }
}

/// Which stretch of about a second a time lies in.
fn second(us: i64) -> i64 {
    us >> 20
}

/// A deadline of one rule's state of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    /// There is something to do when the watermark is above this, microseconds.
    pub deadline_us: i64,
    /// The rule, by position in the scope.
    pub rule: u32,
    /// The key.
    pub key: KeyId,
}

impl Timers {
    /// Adds a deadline of a slot for which `armed` stands here, if it is earlier.
    pub fn arm(&mut self, timer: Timer, armed: &mut i64) {
        if timer.deadline_us >= *armed {
            return;
        }
        *armed = timer.deadline_us;
        self.len += 1;
        if second(timer.deadline_us) <= self.until {
            self.near.push(Reverse(timer));
        } else {
            self.far.entry(second(timer.deadline_us)).or_default().push(timer);
        }
    }

    /// Takes out the earliest that is below the watermark.
    pub fn pop(&mut self, watermark_us: i64) -> Option<Timer> {
        while self.near.peek().is_none_or(|first| first.0.deadline_us >= watermark_us) {
            let next = self.far.first_entry().filter(|next| *next.key() <= second(watermark_us))?;
            self.until = *next.key();
            self.near.extend(next.remove().into_iter().map(Reverse));
        }
        self.len -= 1;
        self.near.pop().map(|first| first.0)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        *self = Timers::default();
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_up_in_order() {
        let mut timers = Timers::default();
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as i64
        };
        let mut waiting = Vec::new();
        for watermark_us in (0..20_000_000).step_by(700_000) {
            for key in 0..50 {
                let timer = Timer { deadline_us: watermark_us + random() % 9_000_000 - 1_000_000, rule: 0, key };
                timers.arm(timer, &mut NEVER.clone());
                waiting.push(timer);
            }
            waiting.sort();
            let due = waiting.partition_point(|timer| timer.deadline_us < watermark_us);
            let expected: Vec<Timer> = waiting.drain(..due).collect();
            assert_eq!(std::iter::from_fn(|| timers.pop(watermark_us)).collect::<Vec<_>>(), expected);
            assert_eq!(timers.len(), waiting.len());
        }
    }
}
