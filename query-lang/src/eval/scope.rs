//! What an expression can see.

use crate::plan::{FieldId, HistoryId, SlotId, StepId, TableId};
use crate::value::Value;

/// What an expression can see where it stands. Everything is `Null` unless said otherwise, so that a scope names only what
/// it has.
pub trait Scope {
    /// A field of the event at hand.
    fn field(&self, _field: FieldId) -> Value {
        Value::Null
    }

    /// A slot of the event at hand in a threshold rule.
    fn slot(&self, _slot: SlotId) -> Value {
        Value::Null
    }

    /// The time of the event at hand; after a match, the alert's.
    fn at(&self) -> Value {
        Value::Null
    }

    /// A field of the event that a step took.
    fn step(&self, _step: StepId, _field: FieldId) -> Value {
        Value::Null
    }

    /// The time of the event that a step took.
    fn step_at(&self, _step: StepId) -> Value {
        Value::Null
    }

    /// The events that a loop took, in the order taken: a scope for each, with that event at hand.
    fn taken(&self, _step: StepId) -> Vec<Box<dyn Scope + '_>> {
        Vec::new()
    }

    /// A part of the rule's key.
    fn key(&self, _part: u32) -> Value {
        Value::Null
    }

    /// A `with` field.
    fn with(&self, _position: u32) -> Value {
        Value::Null
    }

    /// A table's row of this key, a value per field, as of the time that `at` means here; none where there is no such row.
    fn row(&self, _table: TableId, _key: &[Value]) -> Option<Vec<Value>> {
        None
    }

    /// A history function's value at the event at hand.
    fn history(&self, _history: HistoryId) -> Value {
        Value::Null
    }

    /// In arguments and filters of history functions: a scope with the key's event `n` before this one at hand.
    fn before(&self, _n: u32) -> Option<Box<dyn Scope + '_>> {
        None
    }
}

/// The scope of constants: nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Constant;

impl Scope for Constant {}
