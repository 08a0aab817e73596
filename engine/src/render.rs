//! A plan's dataflow on one worker: source, a detect for each stage, sink, joined by exchanges that one worker does without.

use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use timely::dataflow::operators::core::Concatenate;
use timely::dataflow::{Scope, Stream};
use timely::scheduling::SyncActivator;
use timely::worker::Worker;

use crate::detect::Program;
use crate::metrics::Metrics;
use crate::operators::{self, Fat, Outlets, StageParts, Work};
use crate::tables::Tables;
use crate::views::Shelf;

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
    /// Where rows of views go at the end of the run.
    pub shelf: Arc<Shelf>,
}

/// Builds the dataflow; returns what wakes its source.
///
/// ```text
/// source -+-> detect 0 -+-> sink
///         |     | rows  |
///         +-> detect 1 -+
/// ```
pub fn render(worker: &mut Worker, parts: Parts) -> SyncActivator {
    let Parts { program, work, outlets, metrics, shelf } = parts;
    let shards = outlets.turns.len();
    let tables = Rc::new(Tables::new(program.plan()));
    worker.dataflow::<u64, _, _>(|scope| {
        let (parcels, wake) = operators::source(scope, work, program.clone(), metrics.clone());
        // By stage: what it reads from outside, and of each earlier stage.
        let mut inputs: Vec<Vec<_>> = parcels.into_iter().map(|parcels| vec![parcels]).collect();
        let mut alerts = Vec::new();
        for stage in 0..inputs.len() {
            let input = joined(scope, std::mem::take(&mut inputs[stage]));
            let (program, tables) = (program.clone(), tables.clone());
            let (metrics, shelf) = (metrics.clone(), shelf.clone());
            let parts = StageParts { program, stage, shards, tables, metrics, shelf };
            let (found, rows) = operators::detect(input, parts);
            alerts.push(found);
            inputs[stage + 1..].iter_mut().zip(rows).for_each(|(input, rows)| input.push(rows));
        }
        operators::sink(joined(scope, alerts), outlets);
        wake
    })
}

/// One stream of several; one alone stays as it is.
fn joined<'scope, T: Clone + 'static>(
    scope: Scope<'scope, u64>,
    mut streams: Vec<Stream<'scope, u64, Fat<T>>>,
) -> Stream<'scope, u64, Fat<T>> {
    match streams.pop() {
        Some(only) if streams.is_empty() => only,
        last => scope.concatenate(streams.into_iter().chain(last)),
    }
}
