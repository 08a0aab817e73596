//! The event time of one partition: which of its events are late or too far ahead, and what it allows to be released.

use std::collections::VecDeque;

use tripline_query_lang::plan::{Stream, Table};

/// What an event's time means for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    InTime,
    /// It lies further behind than `late` allows.
    Late {
        /// By so many microseconds beyond the bound.
        behind_us: i64,
        /// Its own partition would have allowed it, but time had gone on without the partition.
        by_floor: bool,
    },
    /// It lies further in front of its record than `ahead` allows, and moves nothing.
    Quarantined {
        /// By so many microseconds beyond the bound.
        beyond_us: i64,
    },
}

/// The event time of one partition. What it says depends on the partition's records and on logged decisions alone.
#[derive(Clone, Debug)]
pub struct PartitionClock {
    late_us: i64,
    ahead_us: Option<i64>,
    newest_us: Option<i64>,
    floor_us: Option<i64>,
    /// Floors of decisions at offsets that are not reached yet, ascending.
    floors: VecDeque<(i64, i64)>,
    next: i64,
}

impl PartitionClock {
    /// A partition of this stream whose oldest retained offset is `first`.
    pub fn new(stream: &Stream, first: i64) -> Self {
        PartitionClock {
            late_us: stream.late_us,
            ahead_us: stream.ahead_us,
            newest_us: None,
            floor_us: None,
            floors: VecDeque::new(),
            next: first,
        }
    }

    /// A partition of a table's topic whose oldest retained offset is `first`.
    pub fn of_table(table: &Table, first: i64) -> Self {
        PartitionClock {
            late_us: table.late_us,
            ahead_us: None,
            newest_us: None,
            floor_us: None,
            floors: VecDeque::new(),
            next: first,
        }
    }

    /// A decision taken by an earlier process: from offset `from` on, events before `floor_us` are late.
    pub fn replay_floor(&mut self, from: i64, floor_us: i64) {
        let at = self.floors.partition_point(|(other, _)| *other <= from);
        self.floors.insert(at, (from, floor_us));
        self.enter_floors(self.next);
    }

    /// A decision taken now: events from the next offset on that lie before `floor_us` are late.
    pub fn set_floor(&mut self, floor_us: i64) {
        self.floor_us = self.floor_us.max(Some(floor_us));
    }

    /// The next offset: one more than the newest that was judged or passed.
    pub fn next(&self) -> i64 {
        self.next
    }

    /// A record that did not become an event.
    pub fn pass(&mut self, offset: i64) {
        self.next = self.next.max(offset.saturating_add(1));
        self.enter_floors(self.next);
    }

    /// Judges the event at this offset; `timestamp_us` is its record's own time.
    #[inline]
    pub fn judge(&mut self, offset: i64, at_us: i64, timestamp_us: Option<i64>) -> Verdict {
        if !self.floors.is_empty() {
            self.enter_floors(offset);
        }
        let verdict = self.verdict(at_us, timestamp_us);
        if verdict == Verdict::InTime {
            self.newest_us = self.newest_us.max(Some(at_us));
        }
        self.pass(offset);
        verdict
    }

    /// From when on the row at this offset holds, whose record has this time: a row that comes late is not lost, it holds
    /// from the time on up to which the table was known. Says, too, whether that is so only since time had gone on
    /// without the table.
    pub fn place(&mut self, offset: i64, at_us: i64) -> (i64, bool) {
        self.enter_floors(offset);
        let own = self.own_bound();
        let known = own.max(self.floor_us).unwrap_or(i64::MIN);
        let by_floor = at_us < known && self.floor_us > own;
        self.newest_us = self.newest_us.max(Some(at_us));
        self.pass(offset);
        (at_us.max(known), by_floor)
    }

    #[inline]
    fn verdict(&self, at_us: i64, timestamp_us: Option<i64>) -> Verdict {
        if let (Some(ahead_us), Some(timestamp_us)) = (self.ahead_us, timestamp_us) {
            let ahead = at_us.saturating_sub(timestamp_us);
            if ahead > ahead_us {
                return Verdict::Quarantined { beyond_us: ahead.saturating_sub(ahead_us) };
            }
        }
        let own = self.own_bound();
        let bound = own.max(self.floor_us);
        match bound {
            Some(bound) if at_us < bound => {
                Verdict::Late { behind_us: bound.saturating_sub(at_us), by_floor: own.is_none_or(|own| at_us >= own) }
            }
            _ => Verdict::InTime,
        }
    }

    fn own_bound(&self) -> Option<i64> {
        self.newest_us.map(|newest| newest.saturating_sub(self.late_us))
    }

    /// All further events of the partition that count have this time or a later one; `None` before the first.
    pub fn watermark_us(&self) -> Option<i64> {
        self.own_bound().max(self.floor_us)
    }

    fn enter_floors(&mut self, offset: i64) {
        while let Some((_, floor_us)) = self.floors.pop_front_if(|(from, _)| *from <= offset) {
            self.set_floor(floor_us);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tripline_query_lang::plan::FieldId;

    fn clock(late_us: i64, ahead_us: Option<i64>) -> PartitionClock {
        let stream = Stream {
            name: "s".to_owned(),
            fields: Vec::new(),
            timed_by: FieldId(0),
            late_us,
            ahead_us,
            idle_us: None,
            unique: None,
            origin: Default::default(),
        };
        PartitionClock::new(&stream, 0)
    }

    #[test]
    fn the_exact_bound_of_late_counts() {
        let mut clock = clock(5, None);
        assert_eq!(clock.watermark_us(), None);
        assert_eq!(clock.judge(0, 100, None), Verdict::InTime);
        assert_eq!(clock.watermark_us(), Some(95));
        assert_eq!(clock.judge(1, 95, None), Verdict::InTime);
        assert_eq!(clock.judge(2, 94, None), Verdict::Late { behind_us: 1, by_floor: false });
        assert_eq!(clock.watermark_us(), Some(95));
    }

    #[test]
    fn an_event_too_far_ahead_moves_nothing() {
        let mut clock = clock(0, Some(60));
        assert_eq!(clock.judge(0, 160, Some(100)), Verdict::InTime);
        assert_eq!(clock.judge(1, 162, Some(101)), Verdict::Quarantined { beyond_us: 1 });
        assert_eq!(clock.watermark_us(), Some(160));
        assert_eq!(clock.judge(2, i64::MAX, Some(i64::MIN)), Verdict::Quarantined { beyond_us: i64::MAX - 60 });
        assert_eq!(clock.judge(3, 500, None), Verdict::InTime);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let mut clock = clock(i64::MAX, None);
        assert_eq!(clock.judge(0, i64::MIN, None), Verdict::InTime);
        assert_eq!(clock.judge(1, i64::MAX, None), Verdict::InTime);
        assert_eq!(clock.watermark_us(), Some(0));
        assert_eq!(clock.judge(i64::MAX, i64::MIN, None), Verdict::Late { behind_us: i64::MAX, by_floor: false });
    }

    #[test]
    fn a_replayed_floor_holds_from_its_offset_on() {
        let mut clock = clock(5, None);
        clock.replay_floor(2, 50);
        clock.judge(0, 10, None);
        assert_eq!(clock.watermark_us(), Some(5));
        assert_eq!(clock.judge(1, 20, None), Verdict::InTime);
        assert_eq!(clock.watermark_us(), Some(50), "offset 2 is next: its floor already holds");
        assert_eq!(clock.judge(2, 40, None), Verdict::Late { behind_us: 10, by_floor: true });
        assert_eq!(clock.judge(3, 50, None), Verdict::InTime);
        clock.set_floor(30);
        assert_eq!(clock.watermark_us(), Some(50), "a floor never sinks");
    }
}
