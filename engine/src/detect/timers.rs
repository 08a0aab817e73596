//! Deadlines of keys, in a heap. A slot that is armed has one live entry; a later entry of the same slot may still lie in
//! the heap when an earlier one was needed, and is passed over when its time comes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::keys::KeyId;

/// When a slot's deadline stands in the heap: `NEVER` if none does.
pub(super) const NEVER: i64 = i64::MAX;

/// The deadlines of one detector.
#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
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
    /// Adds a deadline of a slot for which `armed` stands in the heap, if it is earlier.
    pub fn arm(&mut self, timer: Timer, armed: &mut i64) {
        if timer.deadline_us < *armed {
            *armed = timer.deadline_us;
            self.heap.push(Reverse(timer));
        }
    }

    /// Takes out the earliest that is below the watermark.
    pub fn pop(&mut self, watermark_us: i64) -> Option<Timer> {
        let Reverse(first) = *self.heap.peek()?;
        if first.deadline_us >= watermark_us {
            return None;
        }
        self.heap.pop();
        Some(first)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}
