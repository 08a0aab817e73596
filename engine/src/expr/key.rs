//! Keys: the canonical bytes of a key's parts, and their hash, for rows of a batch and for values.
//!
//! The bytes of a key are those of its parts, one behind the other. They are injective (equal bytes: equal keys of the
//! same types), free of nulls (a key with a missing part has none) and readable back to values. Their order is fixed and orders timers.

use crate::event::{Batch, Bitmap};
use tripline_query_lang::plan::Expr;
use tripline_query_lang::value::{Type, Value};

/// The hash of a key's canonical bytes: XXH3-64 with a fixed seed, the same for ever.
pub fn hash_key(_bytes: &[u8]) -> u64 {
    unimplemented!()
}

/// Appends the canonical bytes of a key's parts; false (and nothing appended) when a part is null.
pub fn write_key(_parts: &[Value], _out: &mut Vec<u8>) -> bool {
    unimplemented!()
}

/// The parts of a key from its canonical bytes; `None` when they are not those of a key of these types.
pub fn read_key(_bytes: &[u8], _types: &[Type]) -> Option<Vec<Value>> {
    unimplemented!()
}

/// The keys of some rows of a batch, in the order of the rows. Reused from batch to batch.
#[derive(Clone, Debug, Default)]
pub struct KeyRows {
    /// The hash of each key.
    pub hashes: Vec<u64>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl KeyRows {
    /// The canonical bytes of the key of the `index`-th of the rows.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// No rows.
    pub fn clear(&mut self) {
        self.hashes.clear();
        self.ends.clear();
        self.bytes.clear();
    }
}

/// The key expressions of a rule for one stream, compiled. No parts: every row has the empty key.
pub struct KeyFn {}

impl KeyFn {
    /// Compiles local expressions ([`super::is_local`]), one per part of the key.
    pub fn new(_parts: &[Expr]) -> KeyFn {
        unimplemented!()
    }

    /// Replaces what is in `out` by the keys of the rows of `rows`; takes rows that have no key (a part is null) out of `rows`.
    pub fn keys(&self, _batch: &Batch, _rows: &mut Bitmap, _out: &mut KeyRows) {
        unimplemented!()
    }
}
