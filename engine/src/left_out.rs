//! Records that were left out, by kind, with the first of each: what a person is told who keeps none of them.

use std::sync::{Mutex, PoisonError};

use crate::event::PartitionId;
use crate::io::{SideKind, SideRecord};

/// The records of one kind: late, quarantined, or dead letters of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Why the first was.
    pub kind: SideKind,
    /// How many there are.
    pub count: u64,
    /// Where the first lies: the lowest by topic, partition and offset.
    pub partition: PartitionId,
    /// Its offset there; a file's line.
    pub offset: i64,
}

/// All of a run. There are few kinds, so that its size is bounded.
#[derive(Debug, Default)]
pub struct LeftOuts(Mutex<Vec<LeftOut>>);

impl LeftOuts {
    /// Adds these.
    pub fn add(&self, records: &[SideRecord]) {
        if records.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for SideRecord { kind, partition, offset, .. } in records {
            let new = || LeftOut { kind: kind.clone(), count: 1, partition: partition.clone(), offset: *offset };
            match all.iter_mut().find(|known| is_same(&known.kind, kind)) {
                None => all.push(new()),
                Some(known) => {
                    let count = known.count + 1;
                    let place = |id: &PartitionId, offset: i64| (id.topic.clone(), id.partition, offset);
                    if place(partition, *offset) < place(&known.partition, known.offset) {
                        *known = new();
                    }
                    known.count = count;
                }
            }
        }
    }

    /// The kinds, the most frequent first.
    pub fn kinds(&self) -> Vec<LeftOut> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.sort_by_key(|kind| (std::cmp::Reverse(kind.count), kind.partition.topic.clone(), kind.offset));
        all
    }
}

fn is_same(one: &SideKind, other: &SideKind) -> bool {
    match (one, other) {
        (SideKind::DeadLetter(one), SideKind::DeadLetter(other)) => one.class == other.class,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{RecordError, Stage};
    use tripline_query_lang::plan::StreamId;

    #[test]
    fn each_kind_has_its_count_and_the_first_by_place() {
        let side = |topic: &str, offset, kind| SideRecord {
            kind,
            partition: PartitionId { stream: StreamId(0), topic: topic.into(), partition: 0 },
            offset,
            timestamp_us: None,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        let dead = |class, message: &str| {
            SideKind::DeadLetter(RecordError { stage: Stage::Decode, class, message: message.to_owned() })
        };
        let all = LeftOuts::default();
        all.add(&[side("b", 1, dead("x", "b1")), side("a", 7, SideKind::Late { behind_us: 1 })]);
        all.add(&[side("a", 9, dead("x", "a9")), side("a", 3, dead("x", "a3")), side("a", 5, dead("y", "a5"))]);
        let found = all.kinds();
        let shown: Vec<_> = found.iter().map(|one| (one.count, &*one.partition.topic, one.offset)).collect();
        assert_eq!(shown, [(3, "a", 3), (1, "a", 5), (1, "a", 7)]);
        assert_eq!(found[0].kind, dead("x", "a3"));
    }
}
