//! A plan's dataflow on one worker: source, detect, sink, joined by exchanges that one worker does without.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use timely::scheduling::SyncActivator;
use timely::worker::Worker;

use crate::detect::Program;
use crate::metrics::Metrics;
use crate::operators::{self, Outlets, Work};

/// What a worker's dataflow is made of.
pub struct Parts {
    /// The rules.
    pub program: Arc<Program>,
    /// Batches and tick ends.
    pub work: Receiver<Work>,
    /// Where alerts leave.
    pub outlets: Outlets,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// Builds the dataflow; returns what wakes its source.
pub fn render(worker: &mut Worker, parts: Parts) -> SyncActivator {
    let Parts { program, work, outlets, metrics } = parts;
    let shards = outlets.turns.len();
    worker.dataflow::<u64, _, _>(|scope| {
        let (parcels, wake) = operators::source(scope, work, program.clone(), metrics);
        let alerts = operators::detect(parcels, program, shards);
        operators::sink(alerts, outlets);
        wake
    })
}
