//! Which events count, and in which order.

use std::collections::BTreeMap;

use tripline_query_lang::plan::Plan;
use tripline_query_lang::value::Value;

use super::Event;

/// The events that count, in the one total order of a run: event time, then stream in order of declaration, topic,
/// partition, offset.
///
/// An event that lies further in front of its record's own timestamp than `ahead` is quarantined: it neither counts nor
/// moves its partition's newest time. An event that lies further behind the newest event that its own partition has
/// shown than `late` is late: it does not count. Both borders are inclusive. Other partitions have no say.
pub(super) fn in_total_order<'a>(plan: &Plan, events: &'a [Event]) -> Vec<&'a Event> {
    let mut by_partition: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
    for event in events {
        by_partition.entry(&event.coordinates.partition).or_default().push(event);
    }
    let mut admitted = Vec::new();
    for (partition, mut events) in by_partition {
        let stream = &plan.streams[partition.stream.index()];
        events.sort_by_key(|e| e.coordinates.offset);
        let mut newest = i64::MIN;
        for event in events {
            let ahead = match (stream.ahead_us, event.record_us) {
                (Some(bound), Some(record)) => event.at_us() > record.saturating_add(bound),
                _ => false,
            };
            if ahead || event.at_us() < newest.saturating_sub(stream.late_us) {
                continue;
            }
            newest = newest.max(event.at_us());
            admitted.push(event);
        }
    }
    admitted.sort_by(|a, b| a.coordinates.cmp(&b.coordinates));
    admitted
}

/// Leaves out every event whose id an event of its stream had that was admitted and is at most as old as is remembered. An
/// id with a missing part is that of no other event.
pub(super) fn without_repeats<'a>(plan: &Plan, events: &[&'a Event]) -> Vec<&'a Event> {
    let mut admitted: Vec<&Event> = Vec::new();
    for event in events.iter().copied() {
        let stream = event.coordinates.partition.stream;
        let Some(unique) = &plan.streams[stream.index()].unique else {
            admitted.push(event);
            continue;
        };
        let id =
            |event: &Event| unique.fields.iter().map(|field| event.values[field.index()].clone()).collect::<Vec<_>>();
        let own = id(event);
        let is_repeat = |earlier: &&Event| {
            earlier.coordinates.partition.stream == stream
                && event.at_us() <= earlier.at_us().saturating_add(unique.over_us)
                && id(earlier) == own
        };
        if own.contains(&Value::Null) || !admitted.iter().any(is_repeat) {
            admitted.push(event);
        }
    }
    admitted
}
