//! The key table of a detector: canonical bytes to a dense id, so that a rule's states stand in a vector.

use hashbrown::HashTable;

/// The id of a key while any rule has state for it.
pub(super) type KeyId = u32;

/// The keys that any rule has state for.
#[derive(Default)]
pub(super) struct KeyTable {
    /// The bytes stand in the table itself: a key is found by two cache lines.
    ids: HashTable<Key>,
    entries: Vec<Entry>,
    free: Vec<KeyId>,
    /// How often a key has come or gone: as long as it stays the same, what was found stays true.
    changes: u64,
}

struct Key {
    bytes: Bytes,
    id: KeyId,
}

struct Entry {
    hash: u64,
    /// How many states there are for it; 0 is a free entry.
    holders: u32,
}

/// A key's canonical bytes. Most keys are an id of a few characters.
enum Bytes {
    /// The first so many of these.
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

/// So that [`Bytes`] are no larger than the length makes them.
const SHORT: usize = 22;

impl Bytes {
    fn new(bytes: &[u8]) -> Bytes {
        if bytes.len() > SHORT {
            return Bytes::Long(bytes.into());
        }
        let mut short = [0; SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        Bytes::Short(bytes.len() as u8, short)
    }

    #[inline]
    fn get(&self) -> &[u8] {
        match self {
            Bytes::Short(len, bytes) => &bytes[..usize::from(*len).min(SHORT)],
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl KeyTable {
    /// The id of the key, if it has any state.
    #[inline]
    pub fn find(&self, hash: u64, bytes: &[u8]) -> Option<KeyId> {
        self.ids.find(hash, |key| same(key.bytes.get(), bytes)).map(|key| key.id)
    }

    /// How often a key has come or gone: as long as it stays the same, what was found stays true.
    #[inline]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The id of the key with one more state for it: a new id when it had none.
    pub fn hold(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        let id = self.find(hash, bytes).unwrap_or_else(|| self.add(hash, bytes));
        self.entries[id as usize].holders += 1;
        id
    }

    fn add(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        self.changes += 1;
        let entry = Entry { hash, holders: 0 };
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
        self.ids.insert_unique(hash, Key { bytes: Bytes::new(bytes), id }, |key| entries[key.id as usize].hash);
        id
    }

    /// One state less; the last one frees the id.
    pub fn release(&mut self, id: KeyId) {
        let entry = &mut self.entries[id as usize];
        entry.holders -= 1;
        if entry.holders > 0 {
            return;
        }
        self.changes += 1;
        if let Ok(found) = self.ids.find_entry(entry.hash, |key| key.id == id) {
            found.remove();
        }
        self.free.push(id);
    }

    /// The key's canonical bytes.
    pub fn bytes(&self, id: KeyId) -> &[u8] {
        self.ids.find(self.hash(id), |key| key.id == id).map_or(&[], |key| key.bytes.get())
    }

    /// The key's hash.
    pub fn hash(&self, id: KeyId) -> u64 {
        self.entries[id as usize].hash
    }

    /// All ids, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.ids.iter().map(|key| key.id)
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
