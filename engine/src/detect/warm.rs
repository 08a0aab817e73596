//! Brings the states of the next rows into the processor's cache before they are worked on one by one.
//!
//! A key's state lies behind its place in the key table, its slot and its allocations: each is a miss once there are more
//! keys than the cache holds, and each waits for the one before. Read for many rows at a time, their misses overlap.

use std::hint::black_box;

use smallvec::SmallVec;

use super::keys::Finding;
use super::parcel::{Pick, Rows};
use super::scope::Use;
use super::store::{Shared, Store};

/// So many rows at a time.
pub(super) const ROWS: usize = 32;
/// With more rules than this to a row, their states crowd each other out.
pub(super) const RULES_MAX: usize = 4;

/// Looks up the keys of these rows and reads what the rules keep of them; nothing is found where it is not worth looking.
pub(super) fn warm(
    rows: &Rows,
    picks: &[Pick],
    uses: &[Use],
    rules: &[Box<dyn Store>],
    shared: &Shared,
    found: &mut SmallVec<[Finding; ROWS]>,
) {
    found.clear();
    if uses.len() > RULES_MAX || picks.len() < 2 {
        return;
    }
    for pick in picks {
        let keys = &rows.lanes[pick.lane as usize];
        found.push(shared.keys.finding(keys.hashes[pick.index as usize], keys.bytes(pick.index as usize)));
    }
    for one in uses {
        black_box(rules[one.rule].warm(found));
    }
}
