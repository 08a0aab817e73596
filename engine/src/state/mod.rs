//! State that can be written out and read back: key groups, and the byte format of a chunk.

mod bytes;

pub use bytes::{Put, Take};

/// Key groups: fixed for ever within a deployment; a key's group is `hash(key) % KEY_GROUPS`.
pub const KEY_GROUPS: u16 = 1024;

/// The group of a key with this hash.
pub fn key_group(hash: u64) -> u16 {
    (hash % u64::from(KEY_GROUPS)) as u16
}

/// Why bytes could not be read back as state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The bytes end too early.
    #[error("state is cut short: {what} needs {need} more bytes")]
    Cut {
        /// What was being read.
        what: &'static str,
        /// How many bytes are missing.
        need: usize,
    },
    /// A value is not one that could have been written.
    #[error("state is damaged: {what}")]
    Damaged {
        /// What does not fit.
        what: String,
    },
}
