//! How many bytes the engine needs for what a key holds, rounded up: for the state bill, and documented with it. Tests of
//! the engine hold its own structures against these.
//!
//! Tables and queues grow by doubling, so that a process may reserve up to twice of what they hold.

use crate::value::Type;

/// A key's place in the tables of its scope, and its first events' bookkeeping.
pub const KEY: u64 = 192;
/// What a history function keeps of a key apart from the values: its range, its sum.
pub const HISTORY: u64 = 160;
/// An event time in a window.
pub const TIME: u64 = 8;
/// What counting by `last N` adds to a value.
pub const NTH: u64 = 8;
/// A distinct value in a table of how often each is there.
pub const DISTINCT: u64 = 48;
/// A distinct value with its places, for `mode`, `mode_count` and `collect`.
pub const PLACES: u64 = 112;
/// Into how many pieces of time `approx` cuts a window.
pub const PANES: u64 = 16;
/// A sketch of `distinct .. approx`.
pub const SKETCH_DISTINCT: u64 = 12_288;
/// A sketch of `percentile .. approx`: all bins of both signs.
pub const SKETCH_PERCENTILE: u64 = 131_072;
/// An open episode.
pub const EPISODE: u64 = 24;
/// When an alert was said, for `suppress`.
pub const SUPPRESSED: u64 = 64;
/// An event's id, for `unique by`.
pub const ID: u64 = 72;
/// What a pattern needs of a key apart from runs and events.
pub const PATTERN: u64 = 256;
/// An open run.
pub const RUN: u64 = 320;
/// A step's range of the events that a run has taken.
pub const SPAN: u64 = 16;
/// An event that runs have taken: its coordinates.
pub const TAKEN: u64 = 120;
/// A field that is kept of it.
pub const CELL: u64 = 24;
/// Letters of a text that nothing says the length of.
pub const TEXT: u64 = 24;
/// Items of a list that nothing says the length of.
pub const LIST_ITEMS: u64 = 8;

/// A value of this type that is kept.
pub fn value(ty: &Type) -> u64 {
    match ty {
        Type::Bool | Type::Int | Type::Float | Type::Decimal(_) | Type::Time | Type::Duration => 8,
        Type::Text => CELL + TEXT,
        Type::Point => 16 + CELL,
        Type::List(item) => CELL + LIST_ITEMS * value(item),
        Type::Null => 0,
    }
}
