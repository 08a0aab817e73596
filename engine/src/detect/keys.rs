//! The key table of a detector: canonical bytes to a dense id, so that a rule's states stand in a vector.

use hashbrown::HashTable;
use smallvec::SmallVec;

/// The id of a key while any rule has state for it.
pub(super) type KeyId = u32;

/// The keys that any rule has state for.
#[derive(Default)]
pub(super) struct KeyTable {
    ids: HashTable<KeyId>,
    entries: Vec<Entry>,
    free: Vec<KeyId>,
}

struct Entry {
    hash: u64,
    /// Most keys are an id of a few characters.
    bytes: SmallVec<[u8; 24]>,
    /// How many states there are for it; 0 is a free entry.
    holders: u32,
}

impl KeyTable {
    /// The id of the key, if it has any state.
    pub fn find(&self, hash: u64, bytes: &[u8]) -> Option<KeyId> {
        let is_it = |id: &KeyId| same(&self.entries[*id as usize].bytes, bytes);
        self.ids.find(hash, is_it).copied()
    }

    /// Whether it is still the id of this key.
    pub fn is(&self, id: KeyId, bytes: &[u8]) -> bool {
        self.entries.get(id as usize).is_some_and(|entry| entry.holders > 0 && same(&entry.bytes, bytes))
    }

    /// The id of the key with one more state for it: a new id when it had none.
    pub fn hold(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        let id = self.find(hash, bytes).unwrap_or_else(|| self.add(hash, bytes));
        self.entries[id as usize].holders += 1;
        id
    }

    fn add(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        let entry = Entry { hash, bytes: SmallVec::from_slice(bytes), holders: 0 };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as KeyId
            }
        };
        let entries = &self.entries;
        self.ids.insert_unique(hash, id, |id| entries[*id as usize].hash);
        id
    }

    /// One state less; the last one frees the id.
    pub fn release(&mut self, id: KeyId) {
        let entry = &mut self.entries[id as usize];
        entry.holders -= 1;
        if entry.holders > 0 {
            return;
        }
        entry.bytes = SmallVec::new();
        if let Ok(found) = self.ids.find_entry(entry.hash, |other| *other == id) {
            found.remove();
        }
        self.free.push(id);
    }

    /// The key's canonical bytes.
    pub fn bytes(&self, id: KeyId) -> &[u8] {
        &self.entries[id as usize].bytes
    }

    /// The key's hash.
    pub fn hash(&self, id: KeyId) -> u64 {
        self.entries[id as usize].hash
    }

    /// All ids, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.ids.iter().copied()
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// The key of rules without one is empty: nothing is compared.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_free_again_when_its_last_state_is_gone() {
        let mut keys = KeyTable::default();
        let a = keys.hold(7, b"a");
        // Equal hashes are told apart by the bytes.
        let b = keys.hold(7, b"b");
        assert_eq!((keys.hold(7, b"a"), keys.len()), (a, 2));
        keys.release(a);
        assert_eq!(keys.find(7, b"a"), Some(a));
        keys.release(a);
        assert_eq!((keys.find(7, b"a"), keys.find(7, b"b"), keys.len()), (None, Some(b), 1));
        assert_eq!(keys.hold(9, b"c"), a);
        assert_eq!((keys.bytes(a), keys.hash(a)), (&b"c"[..], 9));
    }
}
