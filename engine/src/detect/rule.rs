//! What all forms of rule have in common (see `Compiled` in `program`): they are shown one key's events in the total order, and time.

use std::sync::Arc;

use super::keys::{KeyId, KeyTable};
use super::out::Out;
use super::parcel::Rows;
use super::scope::Use;
use super::voice::Moment;
use crate::event::Batch;
use crate::expr::{Lookups, read_key};
use crate::patterns::Match;
use crate::state::StateError;
use tripline_query_lang::value::{Type, Value};

/// A row, as one rule sees it under one key.
pub(super) struct Seen<'a> {
    /// The batch.
    pub batch: &'a Arc<Batch>,
    /// The row.
    pub row: usize,
    /// The roles that it can play, a bit each, of the first 64.
    pub roles: u64,
    /// The first of all roles that it can play.
    pub first: Option<u32>,
    /// The histories that see it.
    pub histories: &'a [usize],
    /// The rule must see it in any case.
    pub every: bool,
}

impl<'a> Seen<'a> {
    /// The row as a rule sees it that it came to by this route; `None` when the rule does not want it.
    #[inline]
    pub fn of(rows: &'a Rows, row: usize, one: &'a Use) -> Option<Seen<'a>> {
        let Use { histories, every, .. } = one;
        let mut seen = Seen { batch: &rows.batch, row, roles: 0, first: None, histories, every: *every };
        if let [(role, None)] = &one.roles[..] {
            seen.roles = 1u64.checked_shl(*role).unwrap_or(0);
            seen.first = Some(*role);
            return Some(seen);
        }
        for (role, predicate) in &one.roles {
            if predicate.is_none_or(|predicate| rows.answers.holds(predicate, row)) {
                seen.roles |= 1u64.checked_shl(*role).unwrap_or(0);
                seen.first = seen.first.or(Some(*role));
            }
        }
        (seen.first.is_some() || seen.every || !seen.histories.is_empty()).then_some(seen)
    }
}

impl Seen<'_> {
    /// The moment of the row.
    pub fn moment(&self) -> Moment<'_> {
        Moment::Event(self.batch, self.row)
    }
}

/// Where a rule works: whose key it is, where its alerts go, and room that is reused from event to event.
pub(super) struct Bench<'a> {
    /// Whose key it is.
    pub whose: Whose<'a>,
    /// The types of its parts.
    pub key_types: &'a [Type],
    /// What is found.
    pub out: &'a mut Out,
    /// Values of histories and `with` fields, matches.
    pub scratch: &'a mut Scratch,
    /// The tables, known up to the time at hand.
    pub tables: &'a dyn Lookups,
}

/// Room that is reused from event to event.
#[derive(Default)]
pub(super) struct Scratch {
    /// The rule's histories at the event at hand.
    pub histories: Vec<Value>,
    /// The `with` fields that `when` reads.
    pub with: Vec<Value>,
    /// Matches of a pattern.
    pub matches: Vec<Match>,
}

/// A key: its canonical bytes, or where they stand. Most deadlines say nothing, and need not look for them.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    Bytes(&'a [u8]),
    Id(&'a KeyTable, KeyId),
}

impl<'a> Bench<'a> {
    /// The key's canonical bytes.
    pub fn key(&self) -> &'a [u8] {
        match self.whose {
            Whose::Bytes(bytes) => bytes,
            Whose::Id(keys, id) => keys.bytes(id),
        }
    }

    /// The key's parts.
    pub fn key_parts(&self) -> Vec<Value> {
        read_key(self.key(), self.key_types).unwrap_or_default()
    }
}

/// A rule, compiled, apart from any key.
pub(super) trait Behaviour: Send + Sync {
    /// What one key has.
    type State: Default + Send;

    /// How many allocations of a state lie behind each other.
    fn depth(&self) -> usize;

    /// Reads a little of the allocation at this depth, so that it is in the cache; what it returns means nothing.
    fn warm(&self, state: &Self::State, depth: usize) -> i64;

    /// An event never brings the deadline nearer: one that stands in the heap may stay.
    fn deadline_grows(&self) -> bool;

    /// No event leaves anything behind: there never is a state to look for.
    fn is_stateless(&self) -> bool;

    /// Without a key, it watches from the start of the input.
    fn begins(&self) -> bool {
        false
    }

    /// Its keys are those of a table: others are not watched.
    fn is_listed(&self) -> bool {
        false
    }

    /// The key is watched from here on, microseconds: the input starts, or its table has a row.
    fn begin(&self, _state: &mut Self::State, _start_us: i64) {}

    /// The key is watched up to here, microseconds, and what it has is forgotten then. With the time of the newest event if
    /// the input has ended, otherwise the end of time.
    fn goes(&self, state: &mut Self::State, (at_us, _newest_us): (i64, i64), bench: &mut Bench<'_>) {
        self.time(state, at_us, bench);
    }

    /// Takes the next event of the key.
    fn event(&self, state: &mut Self::State, seen: &Seen<'_>, bench: &mut Bench<'_>);

    /// Event time has certainly passed everything strictly before the watermark. Returns whether the state is as good as none.
    fn time(&self, state: &mut Self::State, watermark_us: i64, bench: &mut Bench<'_>) -> bool;

    /// The input has ended; the time of its newest event, microseconds. Returns whether the state is as good as none.
    fn finish(&self, state: &mut Self::State, newest_us: i64, bench: &mut Bench<'_>) -> bool;

    /// The row of a view as of a time, if there is one.
    fn row(&self, _state: &mut Self::State, _at_us: i64, _bench: &mut Bench<'_>) -> Option<Vec<Value>> {
        None
    }

    /// `time` with a watermark above this has something to do; `None`: never by itself.
    fn deadline(&self, state: &Self::State) -> Option<i64>;

    /// Nothing but what [`Behaviour::says_at`] tells is said when time goes on without events, and so long after a key's last
    /// event, microseconds, its state is as good as none. `None`: each state is asked for its deadline.
    fn lingers_us(&self) -> Option<i64> {
        None
    }

    /// Of a state that lingers: `time` with a watermark above this may say something.
    fn says_at(&self, _state: &Self::State) -> Option<i64> {
        None
    }

    /// After an event: the state is as good as none.
    fn is_idle(&self, state: &Self::State) -> bool;

    /// Number of open runs or episodes.
    fn open(&self, state: &Self::State) -> usize;

    /// Appends what is said once before the states of a chunk.
    fn write_head(&self, _out: &mut Vec<u8>) {}

    /// Takes it off the front of `bytes`; gives what was not there then, for [`Behaviour::join`].
    fn read_head(&self, _bytes: &mut &[u8]) -> Result<Arc<[u32]>, StateError> {
        Ok(Arc::default())
    }

    /// Lets newcomers begin after what a state that was read back has seen.
    fn join(&self, _state: &mut Self::State, _newcomers: &Arc<[u32]>) {}

    /// Appends the state to a chunk.
    fn write(&self, state: &Self::State, out: &mut Vec<u8>);

    /// Takes it off the front of `bytes`.
    fn read(&self, bytes: &mut &[u8]) -> Result<Self::State, StateError>;
}
