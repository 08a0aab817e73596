//! Chains hold what trying all combinations finds.

use proptest::prelude::*;

use crate::patterns::chains::{Chains, Visitor};
use crate::patterns::run::Moment;

/// By place, the steps that an event is at, as bits.
type Events = Vec<u8>;

fn moment(place: usize) -> Moment {
    Moment { seq: place as u64, at_us: place as i64 }
}

/// All combinations of one event a step, by places, in order: without the step that completes them.
fn slow(events: &[u8], from: usize, rows: usize) -> Vec<Vec<usize>> {
    let is_at = |place: &usize, step: usize| events[*place] >> step & 1 == 1;
    let mut found: Vec<Vec<usize>> = (from..events.len()).filter(|at| is_at(at, 0)).map(|at| vec![at]).collect();
    for step in 1..rows {
        let longer = |chain: &Vec<usize>| {
            let after = (chain[step - 1] + 1..events.len()).filter(|at| is_at(at, step));
            after.map(|at| [&chain[..], &[at]].concat()).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

fn fed(events: &[u8], span: usize, rows: usize) -> Chains<usize> {
    let mut chains = Chains::new(rows);
    for (place, steps) in events.iter().enumerate() {
        chains.expire(|start| (start.seq as usize) + span < place);
        for step in (0..rows).rev().filter(|step| steps >> step & 1 == 1) {
            chains.push(step, moment(place), false, || place);
        }
    }
    chains
}

#[derive(Default)]
struct Shown {
    at: Vec<usize>,
    all: Vec<Vec<usize>>,
}

impl Visitor<'_, usize> for Shown {
    fn put(&mut self, row: usize, event: &usize) {
        self.at.truncate(row);
        self.at.push(*event);
    }

    fn show(&mut self) {
        self.all.push(self.at.clone());
    }
}

fn shown(chains: &Chains<usize>) -> Vec<Vec<usize>> {
    let mut shown = Shown::default();
    if let Some(complete) = chains.complete() {
        complete.visit(&mut shown);
        assert_eq!(shown.all.len() as u64, complete.count());
    }
    shown.all
}

proptest! {
    #[test]
    fn they_are_all_combinations_whose_start_is_not_over(
        events in proptest::collection::vec(0u8..8, 0..30), span in 1usize..20, rows in 1usize..4
    ) {
        let events: Events = events;
        let mut chains = fed(&events, span, rows);
        let from = events.len().saturating_sub(1 + span);
        prop_assert_eq!(shown(&chains), slow(&events, from, rows));
        // The count is that of the oldest start, whatever it has taken.
        let oldest = chains.oldest().map(|oldest| oldest.event);
        let of_oldest = |rows| slow(&events, from, rows).iter().filter(|chain| Some(chain[0]) == oldest).count() as u64;
        prop_assert_eq!(chains.count(), (1..=rows).map(of_oldest).sum::<u64>());
        // What leaves is what it counts; the others stay.
        let left = chains.leave();
        prop_assert_eq!(left.len() as u64, (1..=rows).map(of_oldest).sum::<u64>());
        let others = |chain: &Vec<usize>| Some(chain[0]) != oldest;
        prop_assert_eq!(shown(&chains), slow(&events, from, rows).into_iter().filter(others).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_taken_does_not_go_on_besides() {
    let mut chains = Chains::new(3);
    for (place, step) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 1), (5, 2)] {
        chains.push(step, moment(place), step == 2, || place);
    }
    assert_eq!(shown(&chains), [[0, 1, 3], [0, 2, 3], [0, 4, 5]]);
    assert_eq!(chains.count(), 1 + 3);
    chains.take_complete();
    assert_eq!((shown(&chains), chains.count()), (Vec::new(), 1));
}

#[test]
fn nothing_is_kept_behind_the_oldest_start() {
    let mut chains = fed(&[1, 2, 2, 4, 1, 2, 4], 100, 3);
    chains.forget(1);
    assert_eq!(shown(&chains), [[4, 5, 6]]);
    assert_eq!(chains.rows().map(|(range, ..)| range.count()).collect::<Vec<_>>(), [1, 1, 1]);
    chains.expire(|_| true);
    assert_eq!(chains.rows().map(|(range, ..)| range.count()).sum::<usize>(), 0);
    assert!(!chains.push(1, moment(9), false, || 9), "nothing to go on from");
}
