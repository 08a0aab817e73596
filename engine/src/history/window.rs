//! Which entries of a log a history looks at: a range of indices that only moves forward.

use super::log::Log;
use tripline_query_lang::plan::{HistoryBound, HistoryFn};

/// The bound of a history, and whether the event at hand is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    bound: HistoryBound,
    /// Whether the event at hand is looked at.
    pub(super) includes_current: bool,
}

impl Window {
    /// The window of a function with this bound; `first_seen` looks at what was before, whatever its bound.
    pub(super) fn new(func: &HistoryFn, bound: HistoryBound) -> Window {
        let to_now = matches!(bound, HistoryBound::Time(_) | HistoryBound::Last(_) | HistoryBound::Forever);
        Window { bound, includes_current: to_now && *func != HistoryFn::FirstSeen }
    }

    /// How far it reaches.
    pub(super) fn bound(self) -> HistoryBound {
        self.bound
    }

    /// Whether entries are told apart by how many events ago they were.
    pub(super) fn counts_events(self) -> bool {
        matches!(self.bound, HistoryBound::Last(_) | HistoryBound::PreviousLast(_))
    }

    /// Whether it is a time that ended some time ago.
    pub(super) fn ends_before(self) -> bool {
        matches!(self.bound, HistoryBound::Before { .. })
    }

    /// The age from which on nothing is seen any more, exclusive; `None`: never by time.
    pub(super) fn longest_us(self) -> Option<i64> {
        self.bound.reach_us()
    }

    /// One past the last entry that is seen at `now_us`, from `to` on.
    pub(super) fn enters(self, log: &Log, mut to: u64, now_us: i64) -> u64 {
        let HistoryBound::Before { gap_us, .. } = self.bound else { return log.end() };
        let limit = now_us.saturating_sub(gap_us);
        while log.at_us(to).is_some_and(|at| at < limit) {
            to += 1;
        }
        to
    }

    /// The first entry that is still seen at `now_us`, from `from` on. `nth` is the event at hand, counted from 1; 0 while
    /// there is none.
    pub(super) fn leaves(self, log: &Log, mut from: u64, now_us: i64, nth: u64) -> u64 {
        if let Some(longest) = self.longest_us() {
            let limit = now_us.saturating_sub(longest);
            while log.at_us(from).is_some_and(|at| at < limit) {
                from += 1;
            }
        } else if let HistoryBound::Last(n) | HistoryBound::PreviousLast(n) = self.bound {
            let first = (nth + u64::from(self.includes_current)).saturating_sub(u64::from(n));
            while log.nth(from).is_some_and(|nth| nth < first) {
                from += 1;
            }
        }
        from
    }

    /// Whether an event so many of the key's events before the one at hand, and so much older, is seen.
    pub(super) fn sees(self, back: u64, age_us: i64) -> bool {
        match self.bound {
            HistoryBound::Time(span) | HistoryBound::PreviousTime(span) => age_us <= span,
            HistoryBound::Before { span_us, gap_us } => age_us > gap_us && age_us <= span_us.saturating_add(gap_us),
            HistoryBound::Last(n) => back < u64::from(n),
            HistoryBound::PreviousLast(n) => back <= u64::from(n),
            HistoryBound::Forever => true,
        }
    }
}
