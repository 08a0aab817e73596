//! The distinct predicates of a whole rule set: however many rules ask the same of an event, it is asked once.

use std::collections::BTreeMap;

use crate::event::{Batch, Bitmap};
use crate::expr::{MaskFn, canonical, compile_mask};
use tripline_query_lang::plan::{Expr, StreamId};

/// A predicate, by position among those of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PredicateId(pub usize);

/// The predicates, by stream.
pub(super) struct Predicates {
    by_stream: Vec<Asked>,
}

#[derive(Default)]
struct Asked {
    masks: Vec<MaskFn>,
    ids: BTreeMap<String, PredicateId>,
}

impl Predicates {
    /// None yet, for so many streams.
    pub fn new(streams: usize) -> Predicates {
        Predicates { by_stream: (0..streams).map(|_| Asked::default()).collect() }
    }

    /// The id of a predicate over fields of the stream; compiled when it is new.
    pub fn id(&mut self, stream: StreamId, filter: &Expr) -> PredicateId {
        let asked = &mut self.by_stream[stream.index()];
        let masks = &mut asked.masks;
        *asked.ids.entry(canonical(filter)).or_insert_with(|| {
            masks.push(compile_mask(filter));
            PredicateId(masks.len() - 1)
        })
    }

    /// The answers of all predicates of the batch's stream, by id: a bit per row.
    pub fn answers(&self, batch: &Batch) -> Vec<Bitmap> {
        self.by_stream[batch.stream().index()].masks.iter().map(|mask| mask.eval(batch)).collect()
    }
}
