//! Puts the alerts of a tick into the total order, shard by shard, and hands them to the shards' threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use timely::communication::Pull;
use timely::dataflow::Stream;
use timely::dataflow::channels::Message;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::generic::InputHandleCore;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

use super::{Fat, Outbound, TickEnd, Turn, TurnSender, by_worker};
use crate::alert::Alerts;

/// What a sink needs: where each shard's thread takes its turns, and whom to tell that a shard has passed a tick.
#[derive(Clone)]
pub struct Outlets {
    /// By shard.
    pub turns: Vec<TurnSender>,
    /// Shard and tick.
    pub passed: Arc<dyn Fn(usize, u64) + Send + Sync>,
}

/// The sink of one worker.
pub fn sink(input: Stream<'_, u64, Fat<Outbound>>, outlets: Outlets) {
    let scope = input.scope();
    let peers = scope.peers();
    let mut builder = OperatorBuilder::new("sink".to_owned(), scope);
    if peers == 1 {
        let input = builder.new_input(input, Pipeline);
        build(builder, input, outlets);
    } else {
        let input = builder.new_input(input, by_worker());
        build(builder, input, outlets);
    }
}

fn build<P: Pull<Message<u64, Fat<Outbound>>> + 'static>(
    builder: OperatorBuilder<'_, u64>,
    mut input: InputHandleCore<u64, Fat<Outbound>, P>,
    outlets: Outlets,
) {
    builder.build(move |_capabilities| {
        let mut open: BTreeMap<(u64, usize), (Arc<TickEnd>, Alerts)> = BTreeMap::new();
        move |frontiers| {
            input.for_each(|_capability, items| {
                for Outbound { shard, end, alerts, .. } in items.0.drain(..) {
                    let slot = open.entry((end.tick, shard)).or_insert_with(|| (end, Alerts::default()));
                    slot.1.extend(alerts);
                }
            });
            while let Some(entry) = open.first_entry() {
                let (tick, shard) = *entry.key();
                if frontiers[0].less_equal(&tick) {
                    break;
                }
                let (end, mut alerts) = entry.remove();
                alerts.sort();
                // A shard's thread that has ended has told why; the run ends with that.
                outlets.turns[shard].send(Turn { end, alerts });
                (outlets.passed)(shard, tick);
            }
        }
    });
}
