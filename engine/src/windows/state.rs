//! What one key keeps of its windows, and its bytes.

use super::WindowProgram;
use super::panes::Paned;
use crate::history::HistoryState;
use crate::state::{Put, StateError, Take};

/// What one key keeps. `Default` is a key without an open window.
#[derive(Debug, Default)]
pub struct WindowState {
    pub(super) history: HistoryState,
    pub(super) open: Option<Open>,
    /// Instead of both, where there are panes.
    pub(super) paned: Option<Paned>,
}

/// Some window has events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// The first event since windows were last empty, microseconds.
    pub first_us: i64,
    /// The newest event.
    pub last_us: i64,
    /// When the next window ends, if nothing comes; of windows that count events, never.
    pub end_us: i64,
    /// Events of a window that counts them.
    pub events: u32,
}

impl WindowProgram {
    /// Appends the key's state to a chunk.
    pub fn write(&self, state: &WindowState, out: &mut Vec<u8>) {
        if let (Some(panes), Some(paned)) = (&self.panes, &state.paned) {
            out.put_bool(true);
            return panes.write(paned, out);
        }
        out.put_bool(state.open.is_some());
        let Some(open) = state.open else { return };
        [open.first_us, open.last_us, open.end_us].into_iter().for_each(|time| out.put_i64(time));
        out.put_u64(open.events.into());
        if let Some(histories) = &self.histories {
            histories.write(&state.history, out);
        }
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub fn read(&self, bytes: &mut &[u8]) -> Result<WindowState, StateError> {
        const WHAT: &str = "a window";
        let mut state = WindowState::default();
        if !bytes.take_bool(WHAT)? {
            return Ok(state);
        }
        if let Some(panes) = &self.panes {
            state.paned = Some(panes.read(bytes)?);
            return Ok(state);
        }
        let (first_us, last_us, end_us) = (bytes.take_i64(WHAT)?, bytes.take_i64(WHAT)?, bytes.take_i64(WHAT)?);
        let damaged = |_| StateError::Damaged { what: WHAT.to_owned() };
        let events = bytes.take_u64(WHAT)?.try_into().map_err(damaged)?;
        state.open = Some(Open { first_us, last_us, end_us, events });
        if let Some(histories) = &self.histories {
            state.history = histories.read(bytes)?;
        }
        Ok(state)
    }
}
