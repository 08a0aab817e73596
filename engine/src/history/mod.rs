//! History functions: sliding aggregates over the events of one key, in the total order.
//!
//! A [`HistoryProgram`] is compiled once for all histories of a rule that look back over the same events (one
//! [`tripline_query_lang::plan::HistoryScope`]) and is shared by all keys; a [`HistoryState`] belongs to one key and keeps
//! only the values that the arguments need, never an event.
//!
//! Histories with the same argument and filter read one log of values; each has its window, a range of that log that only
//! moves forward, and what its function keeps of the entries in it. Every entry is taken in once and out once. Sums of
//! ints and decimals are exact in any order; floats are added up anew in the order of their events, so that a value is
//! always that of a fresh computation, whatever has entered and left before.

mod aggregate;
mod cell;
mod feed;
mod log;
mod moment;
mod occurrences;
mod program;
mod ring;
mod running;
pub(crate) mod sketch;
mod sliding;
mod state;
#[cfg(test)]
mod tests;
mod window;

pub use program::{Glimpse, HistoryProgram};
pub use state::HistoryState;
