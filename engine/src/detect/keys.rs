//! The key table of a detector: canonical bytes to a dense id, so that a rule's states stand in a vector.

use hashbrown::HashTable;

/// The id of a key while any rule has state for it.
pub(super) type KeyId = u32;

/// So many idle keys stay in any case.
const IDLE_MIN: usize = 1_024;

/// The keys that any rule has state for, and idle ones: a key whose last state is gone keeps its place for a while, since
/// most come back. When there are a sixteenth as many as others, all of them go at once.
#[derive(Default)]
pub(super) struct KeyTable {
    /// The bytes stand in the table itself: a key is found by two cache lines.
    ids: HashTable<Key>,
    entries: Vec<Entry>,
    free: Vec<KeyId>,
    /// How many keys are idle.
    idle: usize,
    /// How often a key was added.
    added: u64,
    /// How often idle keys have gone.
    cleared: u64,
}

/// What was found for a key, and when.
#[derive(Clone, Copy)]
pub(super) struct Finding {
    found: Option<KeyId>,
    since: u64,
}

struct Key {
    bytes: Bytes,
    id: KeyId,
}

struct Entry {
    hash: u64,
    /// How many states there are for it; 0: it is idle, or the entry is free.
    holders: u32,
}

impl Finding {
    /// The id that was found.
    #[inline]
    pub fn id(self) -> Option<KeyId> {
        self.found
    }
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
    /// The id of the key, if it has one. An idle key may have it, too.
    #[inline]
    pub fn find(&self, hash: u64, bytes: &[u8]) -> Option<KeyId> {
        self.ids.find(hash, |key| same(key.bytes.get(), bytes)).map(|key| key.id)
    }

    /// As `find`, to be remembered while keys come and go.
    #[inline]
    pub fn finding(&self, hash: u64, bytes: &[u8]) -> Finding {
        let found = self.find(hash, bytes);
        Finding { found, since: if found.is_some() { self.cleared } else { self.added } }
    }

    /// What `find` says now of a key of which this was found; none: it has to be looked for again.
    #[inline]
    pub fn recall(&self, finding: Finding) -> Option<Option<KeyId>> {
        let now = if finding.found.is_some() { self.cleared } else { self.added };
        (finding.since == now).then_some(finding.found)
    }

    /// One more state for the key: its id, a new one when it had none.
    pub fn hold(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        let id = self.find(hash, bytes).unwrap_or_else(|| self.add(hash, bytes));
        self.hold_id(id);
        id
    }

    /// One more state for a key that has an id.
    #[inline]
    pub fn hold_id(&mut self, id: KeyId) {
        let entry = &mut self.entries[id as usize];
        self.idle -= usize::from(entry.holders == 0);
        entry.holders += 1;
    }

    fn add(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        self.added += 1;
        self.idle += 1;
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

    /// One state less; without any the key is idle.
    #[inline]
    pub fn release(&mut self, id: KeyId) {
        let entry = &mut self.entries[id as usize];
        entry.holders -= 1;
        if entry.holders == 0 {
            self.idle += 1;
            if self.idle > self.len() / 16 + IDLE_MIN {
                self.clear_idle();
            }
        }
    }

    #[cold]
    fn clear_idle(&mut self) {
        let KeyTable { ids, entries, free, .. } = self;
        ids.retain(|key| {
            let stays = entries[key.id as usize].holders > 0;
            if !stays {
                free.push(key.id);
            }
            stays
        });
        self.idle = 0;
        self.cleared += 1;
    }

    /// The key's canonical bytes.
    pub fn bytes(&self, id: KeyId) -> &[u8] {
        self.ids.find(self.hash(id), |key| key.id == id).map_or(&[], |key| key.bytes.get())
    }

    /// The key's hash.
    pub fn hash(&self, id: KeyId) -> u64 {
        self.entries[id as usize].hash
    }

    /// The ids of all keys that have a state, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.ids.iter().map(|key| key.id).filter(|id| self.entries[*id as usize].holders > 0)
    }

    /// Number of keys that have a state.
    pub fn len(&self) -> usize {
        self.ids.len() - self.idle
    }
}

/// Most keys have 8 to 16 bytes: two words, which may overlap. That of rules without one is empty.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0 => true,
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_id_while_it_is_idle() {
        let mut keys = KeyTable::default();
        let a = keys.hold(7, b"a");
        // Equal hashes are told apart by the bytes.
        let b = keys.hold(7, b"b");
        assert_eq!((keys.hold(7, b"a"), keys.len()), (a, 2));
        keys.release(a);
        keys.release(a);
        assert_eq!((keys.find(7, b"a"), keys.find(7, b"b"), keys.len()), (Some(a), Some(b), 1));
        assert_eq!(keys.ids().collect::<Vec<_>>(), [b]);
        assert_eq!((keys.hold(7, b"a"), keys.bytes(a), keys.hash(a)), (a, &b"a"[..], 7));
    }

    #[test]
    fn idle_keys_go_when_they_are_many_and_what_was_found_of_them_is_forgotten() {
        let mut keys = KeyTable::default();
        let stays = keys.hold(1, b"stays");
        let (here, nowhere) = (keys.finding(1, b"stays"), keys.finding(9, b"nowhere"));
        assert_eq!((keys.recall(here), keys.recall(nowhere)), (Some(Some(stays)), Some(None)));
        for number in 0..=IDLE_MIN as u64 {
            let id = keys.hold(number, &number.to_be_bytes());
            keys.release(id);
        }
        assert_eq!((keys.len(), keys.idle, keys.ids.len()), (1, 0, 1));
        assert_eq!((keys.recall(here), keys.recall(nowhere)), (None, None));
        assert_eq!((keys.find(1, b"stays"), keys.find(0, &[0; 8])), (Some(stays), None));
    }
}
