//! Parcels: the rows of a batch that a scope wants, with their keys, on the way to the workers that own them.

use std::sync::Arc;

use super::Program;
use super::predicates::Answers;
use super::scope::{Scope, unite};
use crate::event::{Batch, Bitmap};
use crate::expr::KeyRows;
use crate::expr::hash_key;
use crate::state::{KEY_GROUPS, key_group};

/// What [`Program::prepare`] found in a batch.
pub struct Prepared {
    /// One parcel per scope and worker that has any rows.
    pub parcels: Vec<Parcel>,
    /// How many rows no rule wants.
    pub filtered: usize,
    /// How many rows some rule wants but cannot place, since a part of their key is missing.
    pub keyless: usize,
}

/// The rows of one batch that one worker's detector of one scope wants, with their predicates' answers and keys.
/// Cheap to clone: the rows themselves are shared.
#[derive(Clone)]
pub struct Parcel {
    /// The scope, from 0.
    pub scope: usize,
    /// The worker, from 0.
    pub worker: usize,
    pub(super) rows: Arc<Rows>,
    /// In the total order; one row's picks are neighbours, in the order of the lanes.
    pub(super) picks: Arc<[Pick]>,
}

/// What the parcels of one batch and scope share.
pub(super) struct Rows {
    pub batch: Arc<Batch>,
    /// The answers of the stream's predicates.
    pub answers: Arc<Answers>,
    /// The keys, by route.
    pub lanes: Vec<KeyRows>,
}

/// A row under one of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    /// The row of the batch.
    pub row: u32,
    /// The route that it came by.
    pub lane: u32,
    /// The position of its key in the lane.
    pub index: u32,
}

/// The worker that has a key group: groups are spread evenly, in contiguous ranges.
pub(super) fn owner(group: u16, workers: usize) -> usize {
    usize::from(group) * workers / usize::from(KEY_GROUPS)
}

impl Program {
    /// Finds the rows of a batch that some rule wants, and whose they are.
    pub fn prepare(&self, batch: &Arc<Batch>, workers: usize) -> Prepared {
        let stream = batch.stream().index();
        let answers = Arc::new(self.predicates.answers(batch));
        let mut wanted = Bitmap::zeros(batch.len());
        let mut keyless = Bitmap::zeros(batch.len());
        let mut parcels = Vec::new();
        for (index, scope) in self.scopes.iter().enumerate() {
            let (lanes, picks) = pick(scope, stream, batch, &answers, &mut wanted, &mut keyless);
            if picks.is_empty() {
                continue;
            }
            let rows = Arc::new(Rows { batch: batch.clone(), answers: answers.clone(), lanes });
            for (worker, picks) in deal(picks, &rows.lanes, workers) {
                parcels.push(Parcel { scope: index, worker, rows: rows.clone(), picks: picks.into() });
            }
        }
        Prepared { parcels, filtered: batch.len() - wanted.count_ones(), keyless: keyless.count_ones() }
    }
}

/// The keys of the rows that the scope wants, by lane, and a pick for each in the total order.
fn pick(
    scope: &Scope,
    stream: usize,
    batch: &Batch,
    answers: &Answers,
    wanted: &mut Bitmap,
    keyless: &mut Bitmap,
) -> (Vec<KeyRows>, Vec<Pick>) {
    let mut lanes = Vec::new();
    let mut picks = Vec::new();
    for (lane, route) in scope.routes[stream].iter().enumerate() {
        let all = route.wants.rows(&route.visits, answers, batch.len());
        let mut placed = all.clone();
        let mut keys = KeyRows::default();
        route.key.keys(batch, &mut placed, &mut keys);
        unite(wanted, &all);
        let words = keyless.words_mut().iter_mut().zip(all.words().iter().zip(placed.words()));
        words.for_each(|(out, (all, placed))| *out |= all & !placed);
        picks.reserve(keys.hashes.len());
        for (index, row) in placed.iter_ones().enumerate() {
            picks.push(Pick { row: row as u32, lane: lane as u32, index: index as u32 });
        }
        lanes.push(keys);
    }
    // Rows of a batch are in the order of their offsets; only their times may be out of order.
    let order = |pick: &Pick| (batch.at_us[pick.row as usize], pick.row, pick.lane);
    if !picks.is_sorted_by_key(order) {
        picks.sort_unstable_by_key(order);
    }
    (lanes, picks)
}

/// Whether events without a key come to this worker.
pub fn has_empty_key(worker: usize, workers: usize) -> bool {
    worker == owner(key_group(hash_key(&[])), workers)
}

/// The picks of each worker that has any, in their order.
fn deal(picks: Vec<Pick>, lanes: &[KeyRows], workers: usize) -> Vec<(usize, Vec<Pick>)> {
    if workers <= 1 {
        return vec![(0, picks)];
    }
    let mut hands = vec![Vec::new(); workers];
    for pick in picks {
        let hash = lanes[pick.lane as usize].hashes[pick.index as usize];
        hands[owner(key_group(hash), workers)].push(pick);
    }
    hands.into_iter().enumerate().filter(|(_, hand)| !hand.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_spread_evenly_in_ranges() {
        for workers in 1..20 {
            let owners: Vec<usize> = (0..KEY_GROUPS).map(|group| owner(group, workers)).collect();
            assert!(owners.is_sorted());
            for worker in 0..workers {
                let share = owners.iter().filter(|owner| **owner == worker).count();
                assert!(share.abs_diff(usize::from(KEY_GROUPS) / workers) <= 1, "{share} of {workers}");
            }
        }
    }
}
