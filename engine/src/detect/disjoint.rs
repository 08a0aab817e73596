//! Finds the rows whose keys come in one partition alone: they need not be merged with those of others.
//!
//! Rules see the events of a *key* in the total order. A topic of several partitions is mostly keyed as the rules are, so a key
//! lies in one partition, and merging partitions row by row would cut what is worked on together into stretches of a row or
//! two. Nothing has to be declared: keys are looked at, and those that come in several partitions are merged.

use super::parcel::Pick;
use super::reorder::Run;

/// Slots for each row: with four times as many, one row in ten is merged for nothing.
const SLOTS_PER_ROW: usize = 4;

/// Runs that follow each other, of which a table of [`Homes`] can tell so many apart.
const CHAINS_MAX: usize = u8::MAX as usize - 1;

/// The slot of keys that come in several chains.
const SEVERAL: u8 = u8::MAX;

/// Where keys are at home: by hash the chain of runs that has them, from 1.
#[derive(Default)]
pub(super) struct Homes {
    slots: Vec<u8>,
}

impl Homes {
    /// Splits runs, which come in the order of their first rows, and of which all rows are to be released: first those
    /// whose keys no other chain of runs has, in an order that is right for each key, then those that have to be merged.
    pub fn split(&mut self, runs: Vec<Run>) -> (Vec<Run>, Vec<Run>) {
        let chains = chains(&runs);
        let count = chains.iter().copied().max().unwrap_or(0);
        if count <= 1 {
            return (runs, Vec::new());
        }
        if count > CHAINS_MAX {
            return (Vec::new(), runs);
        }
        let rows = runs.iter().map(Run::len).sum::<usize>();
        self.slots.clear();
        self.slots.resize((rows * SLOTS_PER_ROW).next_power_of_two(), 0);
        for (run, chain) in runs.iter().zip(&chains) {
            for pick in run.left() {
                let slot = self.slot(run.hash(pick));
                let home = &mut self.slots[slot];
                *home = if *home == 0 || *home == *chain as u8 { *chain as u8 } else { SEVERAL };
            }
        }
        let (mut alone, mut mixed) = (Vec::new(), Vec::new());
        for run in runs {
            let is_mixed = |pick: &&Pick| self.slots[self.slot(run.hash(pick))] == SEVERAL;
            match run.left().iter().filter(is_mixed).count() {
                0 => alone.push(run),
                some if some == run.len() => mixed.push(run),
                _ => {
                    let (of_several, of_one): (Vec<Pick>, Vec<Pick>) = run.left().iter().partition(is_mixed);
                    alone.push(run.with(of_one));
                    mixed.push(run.with(of_several));
                }
            }
        }
        (alone, mixed)
    }

    fn slot(&self, hash: u64) -> usize {
        // The lowest bits say which worker has the key.
        (hash >> 32) as usize & (self.slots.len() - 1)
    }
}

/// The chain of each run, from 1: in a chain, each run begins where the one before has ended.
fn chains(runs: &[Run]) -> Vec<usize> {
    let mut lasts: Vec<&Run> = Vec::new();
    let place = |run| {
        let follows = |last: &&Run| last.is_followed_by(run);
        let chain = lasts.iter().position(follows).unwrap_or(lasts.len());
        match lasts.get_mut(chain) {
            Some(last) => *last = run,
            None => lasts.push(run),
        }
        chain + 1
    };
    runs.iter().map(place).collect()
}
