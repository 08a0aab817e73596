//! Brings the states of the next rows into the processor's cache before they are worked on one by one.
//!
//! A key's state lies behind its place in the key table, its slot and its allocations: each is a miss once there are more
//! keys than the cache holds, and each waits for the one before. Read for many rows at a time, their misses overlap.
//! On a sliding sum over 100,000 cards (`benches run q6`) it is worth 10 to 20 %.

use std::hint::black_box;

use smallvec::SmallVec;

use super::keys::KeyId;
use super::parcel::{Pick, Rows};
use super::scope::Use;
use super::store::{Hint, Shared, Store};

/// So many rows at a time.
pub(super) const ROWS: usize = 32;
/// With more rules than this to a row, their states crowd each other out.
const RULES_MAX: usize = 4;

/// What was found of some rows' keys; nothing of any of them where it was not worth looking.
pub(super) struct Warm {
    changes: u64,
    found: SmallVec<[Option<KeyId>; ROWS]>,
}

impl Warm {
    /// Of a row's key, by position.
    #[inline]
    pub fn hint(&self, index: usize) -> Option<Hint> {
        self.found.get(index).map(|found| Hint { changes: self.changes, found: *found })
    }
}

/// Looks up the keys of these rows and reads what the rules keep of them.
pub(super) fn warm(rows: &Rows, picks: &[Pick], uses: &[Use], rules: &[Box<dyn Store>], shared: &Shared) -> Warm {
    let changes = shared.keys.changes();
    if uses.len() > RULES_MAX || picks.len() < 2 {
        return Warm { changes, found: SmallVec::new() };
    }
    let find = |pick: &Pick| {
        let keys = &rows.lanes[pick.lane as usize];
        shared.keys.find(keys.hashes[pick.index as usize], keys.bytes(pick.index as usize))
    };
    let found: SmallVec<[Option<KeyId>; ROWS]> = picks.iter().map(find).collect();
    for one in uses {
        black_box(rules[one.rule].warm(&found));
    }
    Warm { changes, found }
}
