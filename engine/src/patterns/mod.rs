//! Patterns: a plan's `match ... then ...` compiled to a machine that is fed one key's events in the total order.
//!
//! A [`Machine`] belongs to a rule and is shared by all keys; a [`KeyState`] belongs to one key. The caller evaluates
//! the part of each role's condition that looks at the candidate alone (as masks over whole batches) and hands over the
//! answer as bits; the machine evaluates the rest.

use std::sync::Arc;

use crate::event::{Batch, Coordinates};
use crate::expr::Row;
use crate::state::StateError;
use tripline_query_lang::plan::{Expr, Plan, Rule, StepId, StepKey, StreamId};
use tripline_query_lang::value::Value;

/// A part that an event can play in a pattern: fill a step, break a `no`, break a `without`, end a loop by `until`.
#[derive(Clone, Debug)]
pub struct Role {
    /// Only events of this stream.
    pub stream: StreamId,
    /// Whose key is this.
    pub key: StepKey,
    /// The part of the condition that looks at the candidate alone; none holds always.
    pub local: Option<Expr>,
}

/// An event of one key, offered to a machine.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The batch.
    pub batch: &'a Arc<Batch>,
    /// The row.
    pub row: usize,
    /// Bit `i`: the event is of role `i`'s stream, has this key by role `i`'s key, and the local part of its condition holds.
    pub roles: u64,
    /// The rule's history functions at this event, by id; empty when it has none.
    pub histories: &'a [Value],
    /// The key's parts.
    pub keys: &'a [Value],
}

/// What is kept of an event that a run took: its coordinates, and the fields that later conditions or the alert read.
pub trait Kept: Row {
    /// Where it stands in the input.
    fn coordinates(&self) -> Coordinates;
}

/// An event that a match took.
pub type Taken = Arc<dyn Kept + Send + Sync>;

/// A complete match.
pub struct Match {
    /// The alert's time, microseconds.
    pub at_us: i64,
    /// Event time at which it came about: the event's at hand, or the deadline that was passed; `i64::MAX` at the end of the input.
    pub time_us: i64,
    /// The event at hand completed it (and not time).
    pub by_event: bool,
    /// The taken events, in order of the steps and within a step in the order taken.
    pub taken: Vec<(StepId, Taken)>,
    /// The deadline that an absence waited for, microseconds.
    pub deadline_us: Option<i64>,
    /// Starts of this key were refused, or branches cut by `limit`, since its last match.
    pub incomplete: bool,
}

/// A pattern, compiled: shared by all keys of its rule.
pub struct Machine {}

/// What one key has open: runs, counters, deadlines. `Default` is a key never seen.
#[derive(Default)]
pub struct KeyState {}

impl Machine {
    /// Compiles the rule's pattern. The rule's body is a pattern.
    pub fn new(_plan: &Plan, _rule: &Rule) -> Machine {
        unimplemented!()
    }

    /// The parts that events can play, 64 at most; an offer's bits are by position here.
    pub fn roles(&self) -> &[Role] {
        unimplemented!()
    }

    /// Must also be offered events of this stream that fill no role (`next`, `within N events`, `prev`): all of the key.
    pub fn needs_every_event(&self, _stream: StreamId) -> bool {
        unimplemented!()
    }

    /// Takes one event of the key. Events come in the total order; deadlines strictly before the event's time are
    /// handled first. Complete matches are appended to `out` in the order of the language.
    pub fn event(&self, _state: &mut KeyState, _offer: Offer<'_>, _out: &mut Vec<Match>) {
        unimplemented!()
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: fires deadlines, ends runs that can
    /// no longer complete.
    pub fn advance(&self, _state: &mut KeyState, _watermark_us: i64, _keys: &[Value], _out: &mut Vec<Match>) {
        unimplemented!()
    }

    /// The input is finite and has ended: as `advance` to the end of time, and what waits for the end fires.
    pub fn finish(&self, _state: &mut KeyState, _keys: &[Value], _out: &mut Vec<Match>) {
        unimplemented!()
    }

    /// `advance` with a watermark above this has something to do; `None`: never by itself.
    pub fn next_deadline(&self, _state: &KeyState) -> Option<i64> {
        unimplemented!()
    }

    /// Nothing is open: the key may be forgotten.
    pub fn is_idle(&self, _state: &KeyState) -> bool {
        unimplemented!()
    }

    /// Number of open runs, for metrics and for the test that nothing is left.
    pub fn open_runs(&self, _state: &KeyState) -> usize {
        unimplemented!()
    }

    /// Appends the key's state to a chunk.
    pub fn write(&self, _state: &KeyState, _out: &mut Vec<u8>) {
        unimplemented!()
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub fn read(&self, _bytes: &mut &[u8]) -> Result<KeyState, StateError> {
        unimplemented!()
    }
}
