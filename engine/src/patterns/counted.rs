//! What a counter has open of one key: a row of the events that its loop has taken, oldest first, three words each.
//!
//! Most keys have a few, all of one partition, and nothing is kept of them but where they stand: the partition is said once.
//! Where rules read fields of these, or they come from several places, what is kept stands in a second row beside it.

use std::collections::VecDeque;
use std::ops::Range;

use tripline_query_lang::plan::StepId;

use super::kept::KeptEvent;
use super::run::Keeping;
use crate::event::{Coordinates, PartitionId};
use crate::expr::Row;

/// The events that the loop has taken.
#[derive(Default)]
pub(super) struct Counted {
    row: VecDeque<Counting>,
    /// Where they come from, if nothing is kept beside.
    from: Option<PartitionId>,
    /// What is kept of each.
    #[expect(clippy::box_collection, reason = "most keys have none, and there are as many of these as keys")]
    kept: Option<Box<VecDeque<KeptEvent>>>,
}

/// An event of the row.
#[derive(Clone, Copy)]
pub(super) struct Counting {
    /// Its time, microseconds.
    pub(super) at_us: i64,
    /// Where it stands in its partition.
    offset: i64,
    /// A run began with it.
    pub(super) starts: bool,
}

impl Counted {
    /// The events.
    #[inline]
    pub(super) fn row(&self) -> &VecDeque<Counting> {
        &self.row
    }

    /// Adds the event at hand, as this step or, with others, as any of them.
    pub(super) fn push(&mut self, keeping: &Keeping<'_>, step: StepId, others: &[StepId], starts: bool) {
        match keeping.bare(step, others) {
            Some((partition, at_us, offset)) if self.is_of(partition) => {
                self.from.get_or_insert_with(|| partition.clone());
                self.row.push_back(Counting { at_us, offset, starts });
            }
            _ => self.push_kept(keeping.keep(), starts),
        }
    }

    /// Adds an event that is read back.
    pub(super) fn restore(&mut self, event: KeptEvent, starts: bool) {
        let Coordinates { at_us, partition, offset, place } = event.place();
        if place.is_none() && !event.has_fields() && self.is_of(partition) {
            self.from.get_or_insert_with(|| partition.clone());
            self.row.push_back(Counting { at_us: *at_us, offset: *offset, starts });
        } else {
            self.push_kept(event, starts);
        }
    }

    /// Nothing is kept beside, and all come from this partition.
    #[inline]
    fn is_of(&self, partition: &PartitionId) -> bool {
        self.kept.is_none() && self.from.as_ref().is_none_or(|from| from == partition)
    }

    fn push_kept(&mut self, event: KeptEvent, starts: bool) {
        let mut kept = self.kept.take().unwrap_or_else(|| Box::new(self.events(0..self.row.len()).collect()));
        self.row.push_back(Counting { at_us: event.at_us(), offset: event.place().offset, starts });
        kept.push_back(event);
        self.kept = Some(kept);
    }

    /// What is kept of some of them.
    pub(super) fn events(&self, range: Range<usize>) -> impl Iterator<Item = KeptEvent> {
        range.filter_map(|index| match (&self.kept, &self.from) {
            (Some(kept), _) => kept.get(index).cloned(),
            (None, from) => {
                let Counting { at_us, offset, .. } = *self.row.get(index)?;
                Some(KeptEvent::bare(Coordinates { at_us, partition: from.clone()?, offset, place: None }))
            }
        })
    }

    /// Forgets so many of the oldest.
    pub(super) fn forget(&mut self, oldest: usize) {
        if oldest == self.row.len() {
            return self.clear();
        }
        self.row.drain(..oldest);
        self.kept.iter_mut().for_each(|kept| drop(kept.drain(..oldest)));
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.row.clear();
        (self.from, self.kept) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tripline_query_lang::plan::StreamId;

    fn event(partition: i32, at_us: i64) -> KeptEvent {
        let partition = PartitionId { stream: StreamId(0), topic: "t".into(), partition };
        KeptEvent::bare(Coordinates { at_us, partition, offset: at_us * 10, place: None })
    }

    #[test]
    fn events_are_what_they_were_whatever_partitions_they_come_from() {
        for partitions in [[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0]] {
            let all: Vec<KeptEvent> = (1..).zip(partitions).map(|(at_us, partition)| event(partition, at_us)).collect();
            let mut counted = Counted::default();
            all.iter().for_each(|event| counted.restore(event.clone(), true));
            assert_eq!(counted.kept.is_none(), partitions == [0; 4]);
            assert_eq!(counted.events(0..4).collect::<Vec<_>>(), all);
            counted.forget(1);
            assert_eq!(counted.events(1..3).collect::<Vec<_>>(), all[2..]);
            counted.forget(3);
            assert!(counted.row().is_empty() && counted.kept.is_none() && counted.from.is_none());
        }
    }
}
