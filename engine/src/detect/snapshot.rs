//! The state of a key group as bytes: magic, version, group, then sections, each its fingerprint, the length of what
//! follows, and that. For each rule of the scope there is one with its keys and their states, ordered by the keys'
//! canonical bytes; beside them there may be one for ids that may be repeated, and one for what a detector knows of time.
//! Equal state is equal bytes.

use super::Detector;
use super::keys::KeyId;
use super::unique::IdProgram;
use crate::expr::hash_key;
use crate::state::{Put, StateError, Take, key_group};

const MAGIC: [u8; 4] = *b"TLKG";
const VERSION: u8 = 1;

/// What the sections beside those of rules are named by.
const TIME: &[u8] = b"time";
const ROWS: &[u8] = b"rows";

impl Detector {
    /// Writes out the state of one key group (of 1,024); empty when the group has none. Rows that wait for the watermark are
    /// not in it: they are replayed.
    pub fn write_group(&self, group: u16) -> Vec<u8> {
        let table = &self.shared.keys;
        let mut keys: Vec<KeyId> = table.ids().filter(|id| key_group(table.hash(*id)) == group).collect();
        let beside = self.beside(group);
        if keys.is_empty() && beside.is_empty() {
            return Vec::new();
        }
        keys.sort_unstable_by(|a, b| table.bytes(*a).cmp(table.bytes(*b)));
        let mut out = MAGIC.to_vec();
        out.put_u8(VERSION);
        out.put_u32(u32::from(group));
        out.put_len(self.rules.len() + beside.len());
        for (fingerprint, store) in self.fingerprints().zip(&self.rules) {
            out.put_u64(fingerprint);
            let mut section = Vec::new();
            store.write(&keys, table, &mut section);
            out.put_bytes(&section);
        }
        for (name, section) in beside {
            out.put_u64(name);
            out.put_bytes(&section);
        }
        out
    }

    /// The sections beside those of rules: ids, where time is, rows that wait.
    fn beside(&self, group: u16) -> Vec<(u64, Vec<u8>)> {
        let mut sections = Vec::new();
        if let Some(unique) = &self.program.scopes[self.scope].unique {
            sections.extend(self.ids.written(group).map(|ids| (unique.fingerprint, ids)));
        }
        let keeps_time = self.lag_us() > 0 || !self.listed.is_empty();
        if keeps_time && self.passed_us > i64::MIN && self.share.has(group) {
            let mut time = Vec::new();
            time.put_i64(self.passed_us);
            sections.push((hash_key(TIME), time));
        }
        sections.extend(self.written_rows(group).map(|rows| (hash_key(ROWS), rows)));
        sections
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
            self.read_section(fingerprint, group, &section)?;
        }
        if bytes.is_empty() { Ok(()) } else { Err(damaged(format!("{} bytes are left over", bytes.len()))) }
    }

    fn read_section(&mut self, name: u64, group: u16, mut section: &[u8]) -> Result<(), StateError> {
        let is_ids = |unique: &IdProgram| unique.fingerprint == name;
        let place = self.fingerprints().position(|of_rule| of_rule == name);
        if let Some(place) = place {
            let hash = |key: &[u8]| Some(hash_key(key)).filter(|hash| key_group(*hash) == group);
            self.rules[place].read(&mut section, &hash, &mut self.shared)?;
        } else if self.program.scopes[self.scope].unique.as_ref().is_some_and(is_ids) {
            self.ids.read(group, &mut section)?;
        } else if name == hash_key(TIME) {
            self.passed_us = self.passed_us.max(section.take_i64("where time is")?);
        } else if name == hash_key(ROWS) {
            self.read_rows(group, &mut section)?;
        } else {
            return Ok(());
        }
        if section.is_empty() {
            return Ok(());
        }
        Err(StateError::Damaged { what: format!("{} bytes of a section are left over", section.len()) })
    }

    /// Of the rules of the scope, in the order of the stores.
    fn fingerprints(&self) -> impl Iterator<Item = u64> {
        self.program.scopes[self.scope].rules.iter().map(|rule| self.program.fingerprint(*rule))
    }
}
