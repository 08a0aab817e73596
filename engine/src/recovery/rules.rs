//! Which rules, and which time policies, the alerts of a run rest on.

use crate::expr::hash_key;
use tripline_query_lang::plan::{Plan, Stream};

/// Fingerprints that are written with each commit; of more, only what they have in common is.
const FINGERPRINTS_MAX: usize = 256;

/// The rules' fingerprints, and those of the time policies of the streams that they read, ascending; one hash of them all
/// where there are very many, since they stand in each commit.
pub fn fingerprints(plan: &Plan) -> Vec<u64> {
    let read = plan.streams_read();
    let policy = |(stream, read): (&Stream, &bool)| {
        let mut text = format!("{} {} {:?}", stream.name, stream.late_us, stream.ahead_us);
        if let Some(unique) = &stream.unique {
            let id = unique.fields.iter().filter_map(|id| stream.fields.get(id.index()));
            text.extend(id.flat_map(|field| [" ", &field.name]));
            text += &format!(" over {}", unique.over_us);
        }
        read.then(|| hash_key(text.as_bytes()))
    };
    let policies = plan.streams.iter().zip(&read).filter_map(policy);
    let mut all: Vec<u64> = plan.rules.iter().map(|rule| rule.fingerprint).chain(policies).collect();
    all.sort_unstable();
    all.dedup();
    if all.len() > FINGERPRINTS_MAX {
        return vec![hash_key(&all.iter().flat_map(|one| one.to_le_bytes()).collect::<Vec<u8>>())];
    }
    all
}
