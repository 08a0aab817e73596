//! `unique by F over D`: an event whose id an admitted event had in the last D is left out, ahead of all rules.
//!
//! Repeats may come on other partitions than the first, so events are judged in the total order, each at the worker that has
//! its id. What is admitted goes on to the rules with its own coordinates, as if nothing had stood before them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::{HashMap, HashTable};
use smallvec::SmallVec;

use super::out::Out;
use super::parcel::{Pick, Rows};
use crate::event::{Bitmap, PartitionId};
use crate::expr::{KeyFn, hash_key};
use crate::state::{Put, StateError, Take, key_group};
use tripline_query_lang::plan::{Expr, ExprKind, Plan, StreamId, Unique};
use tripline_query_lang::value::Type;

/// The id of a stream's events, compiled.
pub(super) struct IdProgram {
    /// The stream.
    pub stream: StreamId,
    /// An event's id; one with a missing part has none, and is no repeat.
    pub id: KeyFn,
    /// Names the state in snapshots.
    pub fingerprint: u64,
    over_us: i64,
}

impl IdProgram {
    /// Compiles the clause of a stream; with the types of the id's parts.
    pub fn new(plan: &Plan, stream: StreamId, unique: &Unique) -> (IdProgram, Vec<Type>) {
        let declared = &plan.streams[stream.index()];
        let fields = unique.fields.iter().filter_map(|id| Some((*id, declared.fields.get(id.index())?)));
        let mut name = format!("unique {} {}", declared.name, unique.over_us);
        fields.clone().for_each(|(_, field)| name.extend([" ", &field.name]));
        let types: Vec<Type> = fields.clone().map(|(_, field)| field.ty.clone()).collect();
        let parts: Vec<Expr> =
            fields.map(|(id, field)| Expr { kind: ExprKind::Field(id), ty: field.ty.clone() }).collect();
        let program = IdProgram {
            stream,
            id: KeyFn::new(&parts),
            fingerprint: hash_key(name.as_bytes()),
            over_us: unique.over_us,
        };
        (program, types)
    }
}

/// The ids of one stream and worker that an event may still repeat.
#[derive(Default)]
pub(super) struct Ids {
    /// By the time of the event that was admitted, ascending.
    known: VecDeque<Id>,
    /// How many have gone off its front.
    gone: u64,
    /// The ids by their hash, each counted from the first that ever was.
    numbers: HashTable<u64>,
    /// They were read back, and are not in the order of time yet.
    is_disordered: bool,
}

struct Id {
    at_us: i64,
    hash: u64,
    bytes: SmallVec<[u8; 24]>,
}

/// Rows of a batch that were judged.
pub(super) struct Judged {
    /// The batch, and more of it than was judged.
    pub rows: Arc<Rows>,
    /// Those that are admitted.
    pub admitted: Bitmap,
}

/// Events that were left out.
pub struct Repeats {
    /// Where they came from.
    pub partition: PartitionId,
    /// How many.
    pub events: usize,
}

impl Ids {
    /// Judges a stretch of rows, which come in the total order.
    pub fn judge(&mut self, program: &IdProgram, rows: &Arc<Rows>, picks: &[Pick], range: Range<usize>, out: &mut Out) {
        let Some(keys) = rows.lanes.first() else { return };
        let places = &mut out.judged_places;
        let place = *places.entry(Arc::as_ptr(rows) as usize).or_insert(out.judged.len());
        if place == out.judged.len() {
            out.judged.push(Judged { rows: rows.clone(), admitted: Bitmap::zeros(rows.batch.len()) });
        }
        let admitted = &mut out.judged[place].admitted;
        let mut events = 0;
        for pick in &picks[range] {
            let (row, index) = (pick.row as usize, pick.index as usize);
            let at_us = rows.batch.at_us[row];
            self.forget(at_us, program.over_us);
            if self.admit(at_us, keys.hashes[index], keys.bytes(index)) {
                admitted.set(row, true);
            } else {
                events += 1;
            }
        }
        if events > 0 {
            out.repeats.push(Repeats { partition: rows.batch.partition.clone(), events });
        }
    }

    /// Whether no event that is remembered has the id; then this one is.
    fn admit(&mut self, at_us: i64, hash: u64, bytes: &[u8]) -> bool {
        let Ids { known, gone, numbers, .. } = self;
        if numbers.find(hash, |number| known[(number - *gone) as usize].bytes[..] == *bytes).is_some() {
            return false;
        }
        let number = *gone + known.len() as u64;
        known.push_back(Id { at_us, hash, bytes: SmallVec::from_slice(bytes) });
        numbers.insert_unique(hash, number, |number| known[(number - *gone) as usize].hash);
        true
    }

    /// All further events have this time or a later one: what lies further back than `over_us` is not repeated any more.
    pub fn forget(&mut self, now_us: i64, over_us: i64) {
        self.put_in_order();
        let horizon_us = now_us.saturating_sub(over_us);
        while self.known.front().is_some_and(|id| id.at_us < horizon_us)
            && let Some(id) = self.known.pop_front()
        {
            if let Ok(found) = self.numbers.find_entry(id.hash, |number| *number == self.gone) {
                found.remove();
            }
            self.gone += 1;
        }
    }

    /// As [`Ids::forget`], by the watermark.
    pub fn expire(&mut self, program: &IdProgram, watermark_us: i64) {
        self.forget(watermark_us, program.over_us);
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Those of a key group, if there are any, in the order of their bytes.
    pub fn written(&self, group: u16) -> Option<Vec<u8>> {
        let mut ids: Vec<&Id> = self.known.iter().filter(|id| key_group(id.hash) == group).collect();
        if ids.is_empty() {
            return None;
        }
        ids.sort_unstable_by(|a, b| a.bytes.cmp(&b.bytes));
        let mut out = Vec::new();
        out.put_len(ids.len());
        for id in ids {
            out.put_bytes(&id.bytes);
            out.put_i64(id.at_us);
        }
        Some(out)
    }

    /// Takes those of a key group off the front of `bytes`.
    pub fn read(&mut self, group: u16, bytes: &mut &[u8]) -> Result<(), StateError> {
        const WHAT: &str = "an event's id";
        let damaged = |what: &str| StateError::Damaged { what: what.to_owned() };
        for _ in 0..bytes.take_len(WHAT)? {
            let id = bytes.take_bytes(WHAT)?;
            let (at_us, hash) = (bytes.take_i64(WHAT)?, hash_key(&id));
            if key_group(hash) != group {
                return Err(damaged("an event's id is of another group"));
            }
            if !self.admit(at_us, hash, &id) {
                return Err(damaged("an event's id stands there twice"));
            }
            self.is_disordered = true;
        }
        Ok(())
    }

    fn put_in_order(&mut self) {
        if self.is_disordered {
            let mut all = std::mem::take(self).known;
            all.make_contiguous().sort_by_key(|id| id.at_us);
            for id in all {
                self.admit(id.at_us, id.hash, &id.bytes);
            }
        }
    }
}

/// Where a batch stands among those that were judged.
pub(super) type Places = HashMap<usize, usize>;

#[cfg(test)]
mod tests {
    use super::*;
    use tripline_query_lang::bill::sizes::ID;

    #[test]
    fn an_id_is_known_up_to_its_exact_end() {
        let mut ids = Ids::default();
        let mut admit = |at_us: i64, id: &[u8]| {
            ids.forget(at_us, 10);
            (ids.admit(at_us, hash_key(id), id), ids.len())
        };
        assert_eq!(admit(0, b"a"), (true, 1));
        assert_eq!(admit(5, b"b"), (true, 2));
        assert_eq!(admit(10, b"a"), (false, 2));
        // The repeat at 10 was not admitted, and does not count.
        assert_eq!(admit(11, b"a"), (true, 2));
        assert_eq!(admit(21, b"a"), (false, 1));
        assert_eq!(admit(22, b"a"), (true, 1));
    }

    #[test]
    fn an_id_is_no_larger_than_the_bill_says() {
        // With its number in the hash table, which is at least half full, and letters of its own if it is long.
        assert!(size_of::<Id>() as u64 + 2 * 9 <= ID, "an id has {} bytes", size_of::<Id>());
    }

    #[test]
    fn what_is_read_back_is_what_was_written() {
        let mut ids = Ids::default();
        for (at_us, id) in [(1, "x"), (1, "y"), (2, "z"), (3, "w")] {
            assert!(ids.admit(at_us, hash_key(id.as_bytes()), id.as_bytes()));
        }
        ids.forget(12, 10);
        let mut back = Ids::default();
        for group in 0..crate::state::KEY_GROUPS {
            let Some(bytes) = ids.written(group) else { continue };
            assert_eq!(back.read(group, &mut &bytes[..]), Ok(()));
            assert_eq!(back.written(group), Some(bytes));
        }
        assert!(!back.admit(12, hash_key(b"z"), b"z") && back.admit(12, hash_key(b"x"), b"x"));
        back.forget(13, 10);
        assert_eq!(back.len(), 2);
    }
}
