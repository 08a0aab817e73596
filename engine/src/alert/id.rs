//! An alert's id: the same for the same events under the same rule, however often they are replayed.

use twox_hash::XxHash3_128;

use super::{Alert, Witness};
use crate::event::{Cause, Hop, Position};
use crate::state::Put;
use tripline_query_lang::plan::Plan;

/// What an id is given for: what has come about. What is said of it later has the same id.
const FIRED: u8 = 0;

/// Where a derived event stands. Rules go in by fingerprint, streams by name.
fn put_place(bytes: &mut Vec<u8>, place: &Position, plan: &Plan) {
    let (mut time_us, mut cause) = (place.time_us, &place.cause);
    while let Cause::Later { time_us: then, cause: by } = cause {
        bytes.put_i64(*then);
        (time_us, cause) = (*then, by);
    }
    bytes.put_i64(time_us);
    bytes.put_bool(*cause == Cause::Timer);
    if let Cause::Event { stream, topic, partition, offset } = cause {
        bytes.put_text(super::stream_name(plan, *stream));
        bytes.put_text(topic);
        bytes.put_i64(i64::from(*partition));
        bytes.put_i64(*offset);
    }
    bytes.put_len(place.path.len());
    for Hop { rule, key, sequence } in &place.path {
        bytes.put_u64(plan.rules.get(*rule as usize).map_or(0, |rule| rule.fingerprint));
        bytes.put_bytes(key);
        bytes.put_u32(*sequence);
    }
}

impl Alert {
    /// 128 bits of XXH3 over the rule's fingerprint, the key, the coordinates of the events that it rests on, its kind and its
    /// deadline, as 32 lower-case hex digits. Streams go in by name: the order of declaration does not matter.
    pub fn id(&self, plan: &Plan) -> String {
        let mut bytes = Vec::new();
        bytes.put_u64(plan.rules.get(self.rule.index()).map_or(0, |rule| rule.fingerprint));
        bytes.put_bytes(self.position.key());
        bytes.put_u8(FIRED);
        bytes.put_len(self.evidence.len());
        for evidence in &self.evidence {
            match &evidence.what {
                Witness::Event(event) => {
                    bytes.put_bool(true);
                    bytes.put_i64(event.at_us);
                    bytes.put_text(super::stream_name(plan, event.partition.stream.0));
                    bytes.put_text(&event.partition.topic);
                    bytes.put_i64(i64::from(event.partition.partition));
                    bytes.put_i64(event.offset);
                    event.place.iter().for_each(|place| put_place(&mut bytes, place, plan));
                }
                Witness::Deadline(at_us) => {
                    bytes.put_bool(false);
                    bytes.put_i64(*at_us);
                }
            }
        }
        format!("{:032x}", XxHash3_128::oneshot(&bytes))
    }
}
