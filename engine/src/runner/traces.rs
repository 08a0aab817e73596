//! Trace contexts (W3C `traceparent`) of events, kept for a while for the alerts that rest on these events.
//!
//! They are beside the engine's state on purpose: a link to a trace is no part of an alert's meaning or bytes. So an alert
//! that rests on an event of long ago, or on one read before a restart, may have fewer links, and nothing else differs; so may
//! one that rests on the first of a topic's events that have any, after many that had none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::alert::{Alert, Witness};
use crate::event::{Cause, Coordinates, PartitionId};
use crate::io::Headers;
use tripline_query_lang::plan::StreamId;

/// The header that carries a trace context.
pub const HEADER: &str = "traceparent";

/// Contexts that are kept of a partition; older ones make room.
const KEPT: usize = 65_536;

/// A context is 55 bytes; anything much longer is none.
const LENGTH_MAX: usize = 256;

/// The contexts of one partition by offset, ascending.
type Kept = VecDeque<(i64, Vec<u8>)>;

/// The contexts of all partitions, shared by ingest and sink threads.
#[derive(Debug, Default)]
pub struct Traces {
    /// Most inputs have none: then nothing is locked.
    any: AtomicBool,
    partitions: Mutex<BTreeMap<PartitionId, Kept>>,
}

impl Traces {
    /// Keeps the context of a record, if its headers have one. Offsets of a partition come in ascending order.
    pub fn keep(&self, partition: &PartitionId, offset: i64, headers: &dyn Headers) {
        let Some(context) = headers.value_of(HEADER, LENGTH_MAX) else { return };
        let mut partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = partitions.entry(partition.clone()).or_default();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((offset, context));
        self.any.store(true, Ordering::Relaxed);
    }

    /// The contexts of the events that an alert rests on, in their order, each once.
    pub fn of(&self, alert: &Alert) -> Vec<Vec<u8>> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut links: Vec<Vec<u8>> = Vec::new();
        for evidence in &alert.evidence {
            let Witness::Event(event) = &evidence.what else { continue };
            let Some((partition, offset)) = origin(event) else { continue };
            let Some(kept) = partitions.get(&partition) else { continue };
            let found = kept.binary_search_by_key(&offset, |(offset, _)| *offset).ok();
            if let Some((_, context)) = found.and_then(|at| kept.get(at))
                && !links.contains(context)
            {
                links.push(context.clone());
            }
        }
        links
    }
}

/// Where the record lies that an event is of; of a derived event, the one from outside that brought it about in the end.
fn origin(event: &Coordinates) -> Option<(PartitionId, i64)> {
    let Some(place) = &event.place else { return Some((event.partition.clone(), event.offset)) };
    let mut cause = &place.cause;
    while let Cause::Later { cause: by, .. } = cause {
        cause = by;
    }
    match cause {
        Cause::Event { stream, topic, partition, offset } => {
            let id = PartitionId { stream: StreamId(*stream), topic: topic.clone(), partition: *partition };
            Some((id, *offset))
        }
        Cause::Timer | Cause::Later { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Evidence;
    use crate::io::{Header, Hop, Position};
    use tripline_query_lang::plan::RuleId;

    fn partition(number: i32) -> PartitionId {
        PartitionId { stream: StreamId(0), topic: "payments".into(), partition: number }
    }

    fn header(name: &str, value: &str) -> Vec<Header> {
        vec![("other".to_owned(), None), (name.to_owned(), Some(value.as_bytes().to_vec()))]
    }

    fn alert_on(events: &[(i32, i64)]) -> Alert {
        let evidence = |&(number, offset): &(i32, i64)| Evidence {
            step: "payment".into(),
            what: Witness::Event(Coordinates { at_us: 0, partition: partition(number), offset, place: None }),
        };
        Alert {
            position: Position {
                time_us: 0,
                cause: Cause::Timer,
                path: vec![Hop { rule: 0, key: Vec::new(), sequence: 0 }],
            },
            rule: RuleId(0),
            key: Vec::new(),
            at_us: 0,
            state: crate::alert::AlertState::Firing,
            message: String::new(),
            fields: Vec::new(),
            evidence: events.iter().map(evidence).collect(),
            incomplete: false,
        }
    }

    #[test]
    fn an_alert_has_the_contexts_of_its_events_each_once() {
        let traces = Traces::default();
        assert!(traces.of(&alert_on(&[(0, 1)])).is_empty());
        traces.keep(&partition(0), 1, &header("traceparent", "a"));
        traces.keep(&partition(0), 5, &header("TraceParent", "b"));
        traces.keep(&partition(1), 5, &header("traceparent", "a"));
        traces.keep(&partition(1), 6, &header("tracestate", "c"));
        let links = traces.of(&alert_on(&[(0, 5), (0, 1), (0, 2), (1, 5), (1, 6)]));
        assert_eq!(links, [b"b".to_vec(), b"a".to_vec()]);
    }

    #[test]
    fn a_derived_event_has_the_context_of_what_brought_it_about() {
        let traces = Traces::default();
        traces.keep(&partition(2), 7, &header("traceparent", "a"));
        let event = Cause::Event { stream: 0, topic: "payments".into(), partition: 2, offset: 7 };
        let mut alert = alert_on(&[(0, 0)]);
        let mut links = |cause: Cause| {
            let place = Position { time_us: 5, cause, path: Vec::new() };
            let derived = PartitionId { stream: StreamId(9), topic: "".into(), partition: 0 };
            let place = Some(std::sync::Arc::new(place));
            alert.evidence[0].what = Witness::Event(Coordinates { at_us: 5, partition: derived, offset: 0, place });
            traces.of(&alert)
        };
        assert_eq!(links(event.clone()), [b"a".to_vec()]);
        assert_eq!(links(Cause::Later { time_us: 6, cause: Box::new(event) }), [b"a".to_vec()]);
        assert!(links(Cause::Timer).is_empty());
    }

    #[test]
    fn old_contexts_make_room() {
        let traces = Traces::default();
        for offset in 0..=KEPT as i64 {
            traces.keep(&partition(0), offset, &header("traceparent", &offset.to_string()));
        }
        assert!(traces.of(&alert_on(&[(0, 0)])).is_empty());
        assert_eq!(traces.of(&alert_on(&[(0, 1), (0, KEPT as i64)])).len(), 2);
    }
}
