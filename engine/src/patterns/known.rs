//! Where keys are handed over, all keys of a rule share one state. Since when each of them is known, and when what must
//! stay away before its first step was last seen, is kept here; of other rules it stands in the key's own state.

use std::collections::BTreeMap;

use crate::state::{Put, StateError, Take};

/// By the key's bytes.
#[derive(Default)]
pub(super) struct Known {
    keys: BTreeMap<Box<[u8]>, Since>,
}

/// What is known of one key.
struct Since {
    /// Time of its first event, microseconds.
    first_us: i64,
    /// When each `no` that stands first was last broken, microseconds.
    leading: Vec<Option<i64>>,
}

impl Known {
    /// Nothing yet.
    pub(super) const fn new() -> Known {
        Known { keys: BTreeMap::new() }
    }

    /// An event of the key.
    pub(super) fn see(&mut self, key: Box<[u8]>, at_us: i64) {
        self.keys.entry(key).or_insert_with(|| Since { first_us: at_us, leading: Vec::new() });
    }

    /// An event of the key that must stay away before the first step.
    pub(super) fn note(&mut self, key: &[u8], no: usize, at_us: i64) {
        let Some(since) = self.keys.get_mut(key) else { return };
        if since.leading.len() <= no {
            since.leading.resize(no + 1, None);
        }
        since.leading[no] = Some(at_us);
    }

    /// The key has been known since that time, and nothing that must stay away came from then on.
    pub(super) fn allows(&self, key: &[u8], no: Option<usize>, since_us: i64) -> bool {
        let Some(since) = self.keys.get(key) else { return false };
        let seen = no.and_then(|no| since.leading.get(no).copied().flatten());
        since.first_us <= since_us && seen.is_none_or(|seen_us| seen_us < since_us)
    }

    /// Appends it to a chunk.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.keys.len());
        for (key, since) in &self.keys {
            out.put_bytes(key);
            out.put_i64(since.first_us);
            out.put_len(since.leading.len());
            since.leading.iter().for_each(|seen| out.put_option_i64(*seen));
        }
    }

    /// Reads it back.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Known, StateError> {
        let mut known = Known::new();
        for _ in 0..bytes.take_len("known keys")? {
            let key = bytes.take_bytes("known key")?.into();
            let first_us = bytes.take_i64("first event")?;
            let mut leading = Vec::new();
            for _ in 0..bytes.take_len("leading absences")? {
                leading.push(bytes.take_option_i64("leading absence")?);
            }
            known.keys.insert(key, Since { first_us, leading });
        }
        Ok(known)
    }
}
