//! History functions: sliding aggregates over the events of one key, in the total order.
//!
//! A [`HistoryProgram`] is compiled once for all histories of a rule that look back over the same events (one
//! [`HistoryScope`]) and is shared by all keys; a [`HistoryState`] belongs to one key and keeps only the values that the
//! arguments need, never an event.

use crate::expr::Scene;
use crate::state::StateError;
use tripline_query_lang::plan::{History, HistoryScope};
use tripline_query_lang::value::Value;

/// The histories of one rule and scope, compiled.
pub struct HistoryProgram {}

/// What one key keeps. `Default` is a key never seen.
#[derive(Default)]
pub struct HistoryState {}

impl HistoryProgram {
    /// Compiles those of the rule's histories that have this scope; `None` when there are none.
    pub fn new(_histories: &[History], _scope: &HistoryScope) -> Option<HistoryProgram> {
        unimplemented!()
    }

    /// Takes the next event of the key in the total order, and sets the values of this program's histories at this event in
    /// `values` (by [`tripline_query_lang::plan::HistoryId`], as long as the rule's histories; others stay as they are).
    /// `on` is the `on` clause that admitted the event (0 in the scope of a step). The scene needs `row`, `slots` and `at_us`.
    pub fn push(&self, _state: &mut HistoryState, _on: u32, _scene: &Scene<'_>, _values: &mut [Value]) {
        unimplemented!()
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: forgets what no later event can see.
    /// Returns whether nothing is left: the key may be forgotten.
    pub fn expire(&self, _state: &mut HistoryState, _watermark_us: i64) -> bool {
        unimplemented!()
    }

    /// `expire` with a watermark above this forgets all that ends with time; `None`: nothing does.
    pub fn next_expiry(&self, _state: &HistoryState) -> Option<i64> {
        unimplemented!()
    }

    /// Appends the key's state to a chunk.
    pub fn write(&self, _state: &HistoryState, _out: &mut Vec<u8>) {
        unimplemented!()
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub fn read(&self, _bytes: &mut &[u8]) -> Result<HistoryState, StateError> {
        unimplemented!()
    }
}
