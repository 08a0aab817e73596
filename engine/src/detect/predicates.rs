//! The distinct predicates of a whole rule set: however many rules ask the same of an event, it is asked once. Many that
//! differ in a constant are found by an index.

use std::collections::BTreeMap;

use super::constants::Constants;
use crate::event::{Batch, Bitmap};
use crate::expr::{MaskFn, canonical, compile_mask, probe};
use tripline_query_lang::plan::{Expr, StreamId};

/// A predicate, by position among those of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PredicateId(pub usize);

/// The predicates, by stream, while rules are being added.
pub(super) struct Asking {
    by_stream: Vec<(Vec<Expr>, BTreeMap<String, PredicateId>)>,
}

/// The predicates, by stream.
pub(super) struct Predicates {
    by_stream: Vec<Asked>,
}

struct Asked {
    /// By predicate; none for those in the index.
    masks: Vec<Option<MaskFn>>,
    constants: Constants,
}

/// The answers of a stream's predicates for the rows of a batch.
pub(super) struct Answers {
    /// By predicate: a bit per row; none for those in the index.
    masks: Vec<Option<Bitmap>>,
    /// By row, where the hits of the index begin, and their end; empty where there is no index.
    starts: Vec<u32>,
    /// Predicates of the index that hold, by row, ascending.
    hits: Vec<PredicateId>,
}

impl Asking {
    /// None yet, for so many streams.
    pub fn new(streams: usize) -> Asking {
        Asking { by_stream: vec![Default::default(); streams] }
    }

    /// The id of a predicate over fields of the stream.
    pub fn id(&mut self, stream: StreamId, filter: &Expr) -> PredicateId {
        let (asked, ids) = &mut self.by_stream[stream.index()];
        *ids.entry(canonical(filter)).or_insert_with(|| {
            asked.push(filter.clone());
            PredicateId(asked.len() - 1)
        })
    }

    /// Compiles them, with an index or without.
    pub fn finish(self, indexed: bool) -> Predicates {
        Predicates { by_stream: self.by_stream.into_iter().map(|(asked, _)| Asked::new(&asked, indexed)).collect() }
    }
}

impl Asked {
    fn new(asked: &[Expr], indexed: bool) -> Asked {
        let indexable = asked.iter().enumerate().filter(|_| indexed).filter_map(|(id, filter)| {
            let (probe, rest) = probe(filter)?;
            Some((PredicateId(id), probe, rest))
        });
        let constants = Constants::new(indexable.collect());
        let mut is_indexed = vec![false; asked.len()];
        constants.predicates().for_each(|predicate| is_indexed[predicate.0] = true);
        let mask = |(filter, indexed): (&Expr, bool)| (!indexed).then(|| compile_mask(filter));
        Asked { masks: asked.iter().zip(is_indexed).map(mask).collect(), constants }
    }
}

impl Predicates {
    /// Whether the predicate is in the index.
    pub fn is_indexed(&self, stream: usize, predicate: PredicateId) -> bool {
        self.by_stream[stream].masks[predicate.0].is_none()
    }

    /// How many there are of a stream.
    #[cfg(test)]
    pub fn count(&self, stream: usize) -> usize {
        self.by_stream[stream].masks.len()
    }

    /// The answers of all predicates of the batch's stream.
    pub fn answers(&self, batch: &Batch) -> Answers {
        let Asked { masks, constants } = &self.by_stream[batch.stream().index()];
        let masks = masks.iter().map(|mask| mask.as_ref().map(|mask| mask.eval(batch))).collect();
        if constants.is_empty() {
            return Answers { masks, starts: Vec::new(), hits: Vec::new() };
        }
        let mut found = Vec::new();
        constants.hits(batch, &mut found);
        found.sort_unstable();
        let mut starts = Vec::with_capacity(batch.len() + 1);
        let mut next = 0;
        for row in 0..=batch.len() {
            starts.push(next as u32);
            next += found[next..].iter().take_while(|hit| hit.0 as usize == row).count();
        }
        Answers { masks, starts, hits: found.into_iter().map(|(_, predicate)| predicate).collect() }
    }
}

impl Answers {
    /// Whether a predicate holds for a row.
    #[inline]
    pub fn holds(&self, predicate: PredicateId, row: usize) -> bool {
        match &self.masks[predicate.0] {
            Some(mask) => mask.get(row),
            None => self.hits(row).binary_search(&predicate).is_ok(),
        }
    }

    /// The rows for which a predicate holds; none for one that is in the index.
    pub fn mask(&self, predicate: PredicateId) -> Option<&Bitmap> {
        self.masks[predicate.0].as_ref()
    }

    /// The predicates of the index that hold for a row, ascending.
    #[inline]
    pub fn hits(&self, row: usize) -> &[PredicateId] {
        match self.starts.get(row..row + 2) {
            Some(range) => &self.hits[range[0] as usize..range[1] as usize],
            None => &[],
        }
    }

    /// The rows for which predicates of the index hold.
    pub fn rows_hit(&self) -> impl Iterator<Item = (usize, &[PredicateId])> {
        let hit = |row: usize| Some((row, self.hits(row))).filter(|(_, hits)| !hits.is_empty());
        (0..self.starts.len()).filter_map(hit)
    }
}
