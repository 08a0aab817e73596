//! Parcels: the rows of a batch that a scope wants, with their keys, on the way to the workers that own them.

use std::sync::Arc;

use super::Program;
use super::out::unanswered;
use super::predicates::Answers;
use super::scope::{Route, unite};
use super::unique::Judged;
use crate::event::{Batch, Bitmap};
use crate::expr::KeyRows;
use crate::state::{KEY_GROUPS, key_group};

/// What [`Program::prepare`] found in a batch.
pub struct Prepared {
    /// One parcel per scope and worker that has any rows.
    pub parcels: Vec<Parcel>,
    /// How many rows went to the rules: all but those that are looked at for repeats first.
    pub rows: usize,
    /// How many of them no rule wants.
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
    /// Finds the rows of a batch that some rule wants, and whose they are. Of a stream that has repeats left out, rows that
    /// have an id are looked at first.
    pub fn prepare(&self, batch: &Arc<Batch>, workers: usize) -> Prepared {
        let stream = batch.stream();
        let answers = Arc::new(self.predicates.answers(batch));
        let mut uniques = self.scopes.iter().enumerate().filter_map(|(index, s)| Some((index, s.unique.as_ref()?)));
        let Some((scope, unique)) = uniques.find(|(_, unique)| unique.stream == stream) else {
            return self.to_rules(batch, &answers, None, workers);
        };
        let mut placed = Bitmap::ones(batch.len());
        let mut lanes = vec![KeyRows::default()];
        unique.id.keys(batch, &mut placed, &mut lanes[0]);
        let mut picks = Vec::new();
        add_picks(&placed, 0, &mut picks);
        in_total_order(batch, &mut picks);
        let without = Bitmap::from_fn(batch.len(), |row| !placed.get(row));
        let mut prepared = self.to_rules(batch, &answers, Some(&without), workers);
        let rows = Arc::new(Rows { batch: batch.clone(), answers, lanes });
        prepared.parcels.extend(parcels(scope, &rows, picks, workers));
        prepared
    }

    /// The rows that were admitted, on their way to the rules.
    pub(super) fn prepare_admitted(&self, judged: &Judged, workers: usize) -> Prepared {
        self.to_rules(&judged.rows.batch, &judged.rows.answers, Some(&judged.admitted), workers)
    }

    /// `of`: which rows; none is all.
    fn to_rules(&self, batch: &Arc<Batch>, answers: &Arc<Answers>, of: Option<&Bitmap>, workers: usize) -> Prepared {
        let stream = batch.stream().index();
        let mut wanted = Bitmap::zeros(batch.len());
        let mut keyless = Bitmap::zeros(batch.len());
        let mut found = Vec::new();
        let mut unasked: Vec<(usize, Bitmap)> = Vec::new();
        for (index, scope) in self.scopes.iter().enumerate() {
            let counts = (&mut wanted, &mut keyless, &mut unasked);
            let (lanes, picks) = pick(&scope.routes[stream], (batch, answers, of), counts);
            if picks.is_empty() {
                continue;
            }
            let rows = Arc::new(Rows { batch: batch.clone(), answers: answers.clone(), lanes });
            found.extend(parcels(index, &rows, picks, workers));
        }
        let rows = of.map_or(batch.len(), Bitmap::count_ones);
        let (filtered, mut keyless) = (rows - wanted.count_ones(), keyless.count_ones());
        for (join, rows) in unasked {
            let batch = Arc::new(unanswered(&self.joins[join], self.running(), self.needed(), batch, &rows));
            let further = self.prepare(&batch, workers);
            found.extend(further.parcels);
            keyless += further.keyless;
        }
        Prepared { parcels: found, rows, filtered, keyless }
    }
}

/// The rows of one scope as a parcel for each worker that has any.
fn parcels(scope: usize, rows: &Arc<Rows>, picks: Vec<Pick>, workers: usize) -> impl Iterator<Item = Parcel> {
    let hands = deal(picks, &rows.lanes, workers).into_iter();
    hands.map(move |(worker, picks)| Parcel { scope, worker, rows: rows.clone(), picks: picks.into() })
}

/// The keys of the rows that the routes of a scope want, by lane, and a pick for each in the total order.
pub(super) fn pick(
    routes: &[Route],
    (batch, answers, of): (&Batch, &Answers, Option<&Bitmap>),
    (wanted, keyless, unasked): (&mut Bitmap, &mut Bitmap, &mut Vec<(usize, Bitmap)>),
) -> (Vec<KeyRows>, Vec<Pick>) {
    let mut lanes = Vec::new();
    let mut picks = Vec::new();
    for (lane, route) in routes.iter().enumerate() {
        let mut all = route.wants.rows(&route.visits, answers, batch.len());
        if let Some(of) = of {
            all.words_mut().iter_mut().zip(of.words()).for_each(|(word, of)| *word &= of);
        }
        let mut placed = all.clone();
        let mut keys = KeyRows::default();
        route.key.keys(batch, &mut placed, &mut keys);
        unite(wanted, &all);
        let own = route.own.as_ref().map_or_else(|| all.clone(), |own| own.rows(&route.visits, answers, batch.len()));
        without(&own, &placed, keyless);
        for join in &route.joins {
            let mut rows = Bitmap::zeros(batch.len());
            without(&all, &placed, &mut rows);
            if rows.count_ones() > 0 {
                unasked.push((*join, rows));
            }
        }
        add_picks(&placed, lane as u32, &mut picks);
        lanes.push(keys);
    }
    in_total_order(batch, &mut picks);
    (lanes, picks)
}

/// Appends a pick for each of these rows, whose keys come in their order.
fn add_picks(rows: &Bitmap, lane: u32, picks: &mut Vec<Pick>) {
    picks.reserve(rows.count_ones());
    let mut index = 0u32;
    for (number, word) in rows.words().iter().enumerate() {
        let start = number as u32 * u64::BITS;
        if *word == u64::MAX {
            // Many rules want every row.
            picks.extend((0..u64::BITS).map(|bit| Pick { row: start + bit, lane, index: index + bit }));
            index += u64::BITS;
            continue;
        }
        let mut left = *word;
        while left != 0 {
            picks.push(Pick { row: start + left.trailing_zeros(), lane, index });
            left &= left - 1;
            index += 1;
        }
    }
}

/// Rows of a batch are in the order of their offsets; only their times may be out of order.
fn in_total_order(batch: &Batch, picks: &mut [Pick]) {
    let order = |pick: &Pick| (batch.at_us[pick.row as usize], pick.row, pick.lane);
    if !picks.is_sorted_by_key(order) {
        picks.sort_unstable_by_key(order);
    }
}

/// Adds the rows of `all` that are not `placed`.
fn without(all: &Bitmap, placed: &Bitmap, out: &mut Bitmap) {
    let words = out.words_mut().iter_mut().zip(all.words().iter().zip(placed.words()));
    words.for_each(|(out, (all, placed))| *out |= all & !placed);
}

/// Which keys one of several workers has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The worker, from 0.
    pub worker: usize,
    /// How many there are.
    pub workers: usize,
}

impl Share {
    /// Of one worker alone.
    pub const ALL: Share = Share { worker: 0, workers: 1 };

    /// Whether the worker has the keys of this group.
    pub fn has(self, group: u16) -> bool {
        owner(group, self.workers) == self.worker
    }

    /// Whether the worker has the key with this hash.
    pub(super) fn has_key(self, hash: u64) -> bool {
        self.has(key_group(hash))
    }
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
