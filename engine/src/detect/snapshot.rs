//! The state of a key group as bytes: magic, version, group, then for each rule of the scope its fingerprint, the length
//! of what follows, and its keys with their states, ordered by the keys' canonical bytes. Equal state is equal bytes.

use super::Detector;
use super::keys::KeyId;
use crate::expr::hash_key;
use crate::state::{Put, StateError, Take, key_group};

const MAGIC: [u8; 4] = *b"TLKG";
const VERSION: u8 = 1;

impl Detector {
    /// Writes out the state of one key group (of 1,024); empty when the group has none. Waiting rows are not in it: they
    /// are replayed.
    pub fn write_group(&self, group: u16) -> Vec<u8> {
        let table = &self.shared.keys;
        let mut keys: Vec<KeyId> = table.ids().filter(|id| key_group(table.hash(*id)) == group).collect();
        let unique = self.program.scopes[self.scope].unique.as_ref();
        let ids = unique.and_then(|_| self.ids.written(group));
        if keys.is_empty() && ids.is_none() {
            return Vec::new();
        }
        keys.sort_unstable_by(|a, b| table.bytes(*a).cmp(table.bytes(*b)));
        let mut out = MAGIC.to_vec();
        out.put_u8(VERSION);
        out.put_u32(u32::from(group));
        out.put_len(self.rules.len() + usize::from(unique.is_some()));
        for (fingerprint, store) in self.fingerprints().zip(&self.rules) {
            out.put_u64(fingerprint);
            let mut section = Vec::new();
            store.write(&keys, table, &mut section);
            out.put_bytes(&section);
        }
        if let Some(unique) = unique {
            out.put_u64(unique.fingerprint);
            out.put_bytes(&ids.unwrap_or_default());
        }
        out
    }

    /// Reads a key group back into an empty detector. States of rules that no longer run are passed over. After an
    /// error the detector is of no use.
    pub fn read_group(&mut self, group: u16, bytes: &[u8]) -> Result<(), StateError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut bytes = bytes;
        let damaged = |what: String| StateError::Damaged { what };
        for expected in MAGIC {
            if bytes.take_u8("the magic number")? != expected {
                return Err(damaged("it does not begin like the state of a key group".to_owned()));
            }
        }
        let version = bytes.take_u8("the version")?;
        if version != VERSION {
            return Err(damaged(format!("its version is {version}, and this program reads {VERSION}")));
        }
        let written = bytes.take_u32("the key group")?;
        if written != u32::from(group) {
            return Err(damaged(format!("it is of key group {written}, not {group}")));
        }
        for _ in 0..bytes.take_len("rules")? {
            let fingerprint = bytes.take_u64("a rule's fingerprint")?;
            let section = bytes.take_bytes("a rule's states")?;
            let place = self.fingerprints().position(|of_rule| of_rule == fingerprint);
            if let Some(place) = place {
                self.read_rule(place, group, &section)?;
            } else if self.program.scopes[self.scope].unique.as_ref().is_some_and(|u| u.fingerprint == fingerprint) {
                let mut section = &section[..];
                self.ids.read(group, &mut section)?;
                none_left(section)?;
            }
        }
        if bytes.is_empty() { Ok(()) } else { Err(damaged(format!("{} bytes are left over", bytes.len()))) }
    }

    fn read_rule(&mut self, place: usize, group: u16, mut section: &[u8]) -> Result<(), StateError> {
        let hash = |key: &[u8]| Some(hash_key(key)).filter(|hash| key_group(*hash) == group);
        self.rules[place].read(&mut section, &hash, &mut self.shared)?;
        none_left(section)
    }

    /// Of the rules of the scope, in the order of the stores.
    fn fingerprints(&self) -> impl Iterator<Item = u64> {
        self.program.scopes[self.scope].rules.iter().map(|rule| self.program.fingerprint(*rule))
    }
}

fn none_left(section: &[u8]) -> Result<(), StateError> {
    if section.is_empty() {
        return Ok(());
    }
    Err(StateError::Damaged { what: format!("{} bytes of a rule are left over", section.len()) })
}
