//! Takes batches from the ingest side, finds the rows that rules want, and ships them as parcels.

use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use timely::container::NoopBuilder;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::{Scope, Stream};
use timely::scheduling::SyncActivator;

use super::{After, Fat, Inbound, Load, Work};
use crate::detect::Program;
use crate::metrics::Metrics;

/// Batches that are taken before other operators get their turn.
const BATCHES_PER_TURN: usize = 16;

/// The source of one worker. Its activator wakes the worker when there is work.
pub fn source<'scope>(
    scope: Scope<'scope, u64>,
    work: Receiver<Work>,
    program: Arc<Program>,
    metrics: Arc<Metrics>,
) -> (Stream<'scope, u64, Fat<Inbound>>, SyncActivator) {
    let (worker, peers) = (scope.index(), scope.peers());
    let mut builder = OperatorBuilder::new("source".to_owned(), scope);
    let info = builder.operator_info();
    let wake = scope.worker().sync_activator_for(info.address.to_vec());
    let again = scope.worker().activator_for(Rc::clone(&info.address));
    let (output, stream) = builder.new_output();
    let mut output: OutputBuilder<u64, NoopBuilder<Fat<Inbound>>> = OutputBuilder::from(output);
    builder.build(move |mut capabilities| {
        let mut capability = capabilities.pop();
        move |_frontiers| {
            let mut output = output.activate();
            for _ in 0..BATCHES_PER_TURN {
                let Some(tick) = &mut capability else { return };
                match work.try_recv() {
                    Ok(Work::Batch(partition, batch)) => {
                        let mut prepared = program.prepare(&batch, peers);
                        metrics.prepared(partition, batch.len(), prepared.filtered);
                        metrics.keyless(prepared.keyless);
                        let inbound = |parcel: crate::detect::Parcel| Inbound {
                            worker: parcel.worker,
                            load: Load::Parcel(parcel),
                        };
                        let mut items = Fat(prepared.parcels.drain(..).map(inbound).collect());
                        output.session_with_builder(&*tick).give_container(&mut items);
                    }
                    Ok(Work::Changes(changes)) => {
                        let mut items = Fat(vec![Inbound { worker, load: Load::Changes(changes) }]);
                        output.session_with_builder(&*tick).give_container(&mut items);
                    }
                    Ok(Work::Close(end)) => {
                        let (next, after) = (end.tick + 1, end.after);
                        let mut items = Fat(vec![Inbound { worker, load: Load::End(end) }]);
                        output.session_with_builder(&*tick).give_container(&mut items);
                        match after {
                            After::Next => tick.downgrade(&next),
                            After::Finished | After::Stopped => capability = None,
                        }
                    }
                    Err(TryRecvError::Empty) => return,
                    Err(TryRecvError::Disconnected) => {
                        capability = None;
                        return;
                    }
                }
            }
            again.activate();
        }
    });
    (stream, wake)
}
