//! Takes batches from the ingest side, finds the rows that rules want, and ships them as parcels.

use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use timely::container::NoopBuilder;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, Stream};
use timely::scheduling::SyncActivator;

use super::{After, Fat, Inbound, Load, Work, inbound};
use crate::detect::Program;
use crate::metrics::Metrics;

/// Batches that are taken before other operators get their turn.
const BATCHES_PER_TURN: usize = 16;

/// The source of one worker, with a stream for each stage. Its activator wakes the worker when there is work.
pub fn source<'scope>(
    scope: Scope<'scope, u64>,
    work: Receiver<Work>,
    program: Arc<Program>,
    metrics: Arc<Metrics>,
) -> (Vec<Stream<'scope, u64, Fat<Inbound>>>, SyncActivator) {
    let (worker, peers) = (scope.index(), scope.peers());
    let mut builder = OperatorBuilder::new("source".to_owned(), scope);
    let info = builder.operator_info();
    let wake = scope.worker().sync_activator_for(info.address.to_vec());
    let again = scope.worker().activator_for(Rc::clone(&info.address));
    let (mut outputs, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..program.stages() {
        let (output, stream) = builder.new_output();
        outputs.push(OutputBuilder::<u64, NoopBuilder<Fat<Inbound>>>::from(output));
        streams.push(stream);
    }
    builder.build(move |mut capabilities| {
        move |_frontiers| {
            let mut outputs: Vec<_> = outputs.iter_mut().map(OutputBuilder::activate).collect();
            for _ in 0..BATCHES_PER_TURN {
                if capabilities.is_empty() {
                    return;
                }
                match work.try_recv() {
                    Ok(Work::Batch(partition, batch)) => {
                        let prepared = program.prepare(&batch, peers);
                        metrics.prepared(partition, prepared.rows, prepared.filtered);
                        metrics.keyless(prepared.keyless);
                        for ((output, tick), items) in
                            outputs.iter_mut().zip(&capabilities).zip(inbound(prepared.parcels, &program))
                        {
                            output.session_with_builder(tick).give_container(&mut Fat(items));
                        }
                    }
                    Ok(Work::Changes(changes)) => {
                        // Stages share the worker's tables: the first fills them.
                        if let (Some(output), Some(tick)) = (outputs.first_mut(), capabilities.first()) {
                            let mut items = Fat(vec![Inbound { worker, load: Load::Changes(changes) }]);
                            output.session_with_builder(tick).give_container(&mut items);
                        }
                    }
                    Ok(Work::Close(end)) => {
                        let (next, after) = (end.tick + 1, end.after);
                        for (output, tick) in outputs.iter_mut().zip(&capabilities) {
                            let mut items = Fat(vec![Inbound { worker, load: Load::End(end.clone()) }]);
                            output.session_with_builder(tick).give_container(&mut items);
                        }
                        match after {
                            After::Next => capabilities.iter_mut().for_each(|tick| tick.downgrade(&next)),
                            After::Finished | After::Stopped => capabilities.clear(),
                        }
                    }
                    Err(TryRecvError::Empty) => return,
                    Err(TryRecvError::Disconnected) => {
                        capabilities.clear();
                        return;
                    }
                }
            }
            again.activate();
        }
    });
    (streams, wake)
}
