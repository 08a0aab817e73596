//! All rules of one stage over the keys of one worker: a thin wrapper of a [`Stage`].

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use timely::communication::Pull;
use timely::container::NoopBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::Message;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::generic::{InputHandleCore, OutputBuilder};

use super::{After, Fat, Inbound, Load, Outbound, TickEnd, by_worker, inbound};
use crate::alert::Alerts;
use crate::detect::{Program, Share, Stage};
use crate::event::Position;
use crate::expr::hash_key;
use crate::metrics::Metrics;
use crate::tables::Tables;
use crate::views::Shelf;

/// The rows of a stage for each later one.
type Rows<'scope> = Vec<Stream<'scope, u64, Fat<Inbound>>>;

/// What a stage is made of.
pub struct StageParts {
    /// The rules.
    pub program: Arc<Program>,
    /// Which stage.
    pub stage: usize,
    /// How many sink shards there are.
    pub shards: usize,
    /// The worker's tables, which the first stage fills.
    pub tables: Rc<Tables>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Where rows of views go at the end of the run.
    pub shelf: Arc<Shelf>,
}

/// Detects, and splits what it finds: alerts by sink shard, shard `s` is at worker `s % workers`; rows of derived streams
/// by the stage that reads them, from the next one on.
pub fn detect<'scope>(
    input: Stream<'scope, u64, Fat<Inbound>>,
    parts: StageParts,
) -> (Stream<'scope, u64, Fat<Outbound>>, Rows<'scope>) {
    let scope = input.scope();
    let (worker, peers) = (scope.index(), scope.peers());
    let mut builder = OperatorBuilder::new(format!("detect {}", parts.stage), scope);
    if peers == 1 {
        let input = builder.new_input(input, Pipeline);
        build(builder, input, parts, (worker, peers))
    } else {
        let input = builder.new_input(input, by_worker());
        build(builder, input, parts, (worker, peers))
    }
}

/// A tick's end, and the right to send at that tick: alerts, then rows for each later stage.
type Open = (Vec<Capability<u64>>, Arc<TickEnd>);

fn build<'scope, P: Pull<Message<u64, Fat<Inbound>>> + 'static>(
    mut builder: OperatorBuilder<'scope, u64>,
    mut input: InputHandleCore<u64, Fat<Inbound>, P>,
    StageParts { program, stage, shards, tables, metrics, shelf }: StageParts,
    (worker, peers): (usize, usize),
) -> (Stream<'scope, u64, Fat<Outbound>>, Rows<'scope>) {
    let (output, found_stream) = builder.new_output();
    let mut output: OutputBuilder<u64, NoopBuilder<Fat<Outbound>>> = OutputBuilder::from(output);
    let (mut row_outputs, mut row_streams) = (Vec::new(), Vec::new());
    for _ in stage + 1..program.stages() {
        let (output, stream) = builder.new_output();
        row_outputs.push(OutputBuilder::<u64, NoopBuilder<Fat<Inbound>>>::from(output));
        row_streams.push(stream);
    }
    let mut rules = Stage::new(program.clone(), stage, Share { worker, workers: peers }, tables.clone());
    builder.build(move |_capabilities| {
        let mut open: BTreeMap<u64, Open> = BTreeMap::new();
        move |frontiers| {
            input.for_each(|capability, items| {
                for item in items.0.drain(..) {
                    match item.load {
                        Load::Parcel(parcel) => rules.push(parcel),
                        Load::Changes(changes) => tables.take(changes.iter().cloned()),
                        Load::End(end) => {
                            let kept = |port| capability.retain_least(port).expect("a message has one tick");
                            open.insert(end.tick, ((0..=row_outputs.len()).map(kept).collect(), end));
                        }
                    }
                }
            });
            let mut output = output.activate();
            while let Some(entry) = open.first_entry() {
                if frontiers[0].less_equal(entry.key()) {
                    break;
                }
                let (capabilities, end) = entry.remove();
                if let Some(start_us) = end.start_us {
                    rules.begin(start_us);
                }
                let found = rules.advance(end.watermark_us, end.after == After::Finished);
                if end.after != After::Next
                    && let Some(watermark_us) = end.watermark_us
                {
                    rules.show(watermark_us.saturating_sub(1), &shelf);
                }
                metrics.keyless(found.keyless);
                metrics.refused(found.refused);
                metrics.judged(&found.admitted, &found.repeats);
                let mut by_stage = inbound(found.parcels, &program);
                for (later, rows) in row_outputs.iter_mut().enumerate() {
                    let mut items = Fat(std::mem::take(&mut by_stage[stage + 1 + later]));
                    if !items.0.is_empty() {
                        rows.activate().session_with_builder(&capabilities[1 + later]).give_container(&mut items);
                    }
                }
                let mut found = Fat(split(found.alerts, &end, shards, peers));
                output.session_with_builder(&capabilities[0]).give_container(&mut found);
            }
        }
    });
    (found_stream, row_streams)
}

/// A key's alerts always go to one shard.
pub(crate) fn split(alerts: Alerts, end: &Arc<TickEnd>, shards: usize, peers: usize) -> Vec<Outbound> {
    let of = |shard| Outbound { worker: shard % peers, shard, end: end.clone(), alerts: Alerts::default() };
    let mut found: Vec<Outbound> = (0..shards).map(of).collect();
    let shard = |position: &Position| (hash_key(position.key()) >> 32) as usize % shards;
    for alert in alerts.one {
        found[shard(&alert.position)].alerts.one.push(alert);
    }
    for together in alerts.together {
        found[shard(&together.0)].alerts.together.push(together);
    }
    found
}
