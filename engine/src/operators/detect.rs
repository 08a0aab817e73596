//! All rules over the keys of one worker: a thin wrapper of [`Detector`]s, one for each key scope.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use timely::container::NoopBuilder;
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;

use super::{After, Fat, Inbound, Load, Outbound, TickEnd, by_worker};
use crate::alert::Alert;
use crate::detect::{Detector, Program, has_empty_key};
use crate::expr::hash_key;
use crate::tables::Tables;

/// Detects, and splits what it finds into `shards`; shard `s` is at worker `s % workers`.
pub fn detect<'scope>(
    input: Stream<'scope, u64, Fat<Inbound>>,
    program: Arc<Program>,
    shards: usize,
) -> Stream<'scope, u64, Fat<Outbound>> {
    let scope = input.scope();
    let (worker, peers) = (scope.index(), scope.peers());
    let mut builder = OperatorBuilder::new("detect".to_owned(), scope);
    if peers == 1 {
        let input = builder.new_input(input, Pipeline);
        build(builder, input, program, shards, (worker, peers))
    } else {
        let input = builder.new_input(input, by_worker());
        build(builder, input, program, shards, (worker, peers))
    }
}

type Input<P> = timely::dataflow::operators::generic::InputHandleCore<u64, Fat<Inbound>, P>;
type Message = timely::dataflow::channels::Message<u64, Fat<Inbound>>;

fn build<'scope, P: timely::communication::Pull<Message> + 'static>(
    mut builder: OperatorBuilder<'scope, u64>,
    mut input: Input<P>,
    program: Arc<Program>,
    shards: usize,
    (worker, peers): (usize, usize),
) -> Stream<'scope, u64, Fat<Outbound>> {
    let (output, stream) = builder.new_output();
    let mut output: OutputBuilder<u64, NoopBuilder<Fat<Outbound>>> = OutputBuilder::from(output);
    let has_empty_key = has_empty_key(worker, peers);
    let tables = Rc::new(Tables::new(program.plan()));
    let detector = |scope| Detector::new(program.clone(), scope).with_tables(tables.clone());
    let mut detectors: Vec<Detector> = (0..program.scopes()).map(detector).collect();
    builder.build(move |_capabilities| {
        let mut open: BTreeMap<u64, (Capability<u64>, Arc<TickEnd>)> = BTreeMap::new();
        move |frontiers| {
            input.for_each(|capability, items| {
                for item in items.0.drain(..) {
                    match item.load {
                        Load::Parcel(parcel) => detectors[parcel.scope].push(parcel),
                        Load::Changes(changes) => tables.take(changes.iter().cloned()),
                        Load::End(end) => {
                            let kept = capability.retain_least(0).expect("a message has one tick");
                            open.insert(end.tick, (kept, end));
                        }
                    }
                }
            });
            let mut output = output.activate();
            while let Some(entry) = open.first_entry() {
                if frontiers[0].less_equal(entry.key()) {
                    break;
                }
                let (capability, end) = entry.remove();
                let alerts = advance(&mut detectors, &tables, &program, &end, has_empty_key);
                let mut found = Fat(split(alerts, &end, shards, peers));
                output.session_with_builder(&capability).give_container(&mut found);
            }
        }
    });
    stream
}

/// What the detectors find up to a tick's end: tables first, since all look-ups are as of times before it.
/// `has_empty_key`: events without a key come to these detectors.
pub(crate) fn advance(
    detectors: &mut [Detector],
    tables: &Tables,
    program: &Program,
    end: &TickEnd,
    has_empty_key: bool,
) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if let Some(start_us) = end.start_us.filter(|_| has_empty_key) {
        detectors.iter_mut().for_each(|detector| detector.begin(start_us));
    }
    if let Some(watermark_us) = end.watermark_us {
        tables.advance(watermark_us);
        detectors.iter_mut().for_each(|detector| detector.advance(watermark_us, &mut alerts));
        tables.compact(program.looked_up_from(watermark_us));
    }
    if end.after == After::Finished {
        tables.advance(i64::MAX);
        detectors.iter_mut().for_each(|detector| detector.finish(&mut alerts));
    }
    alerts
}

/// A key's alerts always go to one shard.
pub(crate) fn split(alerts: Vec<Alert>, end: &Arc<TickEnd>, shards: usize, peers: usize) -> Vec<Outbound> {
    let of = |shard| Outbound { worker: shard % peers, shard, end: end.clone(), alerts: Vec::new() };
    let mut found: Vec<Outbound> = (0..shards).map(of).collect();
    for alert in alerts {
        let shard = (hash_key(&alert.position.key) >> 32) as usize % shards;
        found[shard].alerts.push(alert);
    }
    found
}
