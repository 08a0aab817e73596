//! Silence: a pattern that is nothing but `no X for D`. It alerts once per outage of a key that has been seen.

use super::condition::Part;
use super::{KeyState, Match, Offer};
use crate::expr::{BatchRow, Scene};

/// `match no X for D`.
pub(super) struct Silence {
    /// X.
    pub(super) part: Part,
    /// D, microseconds.
    pub(super) hold_us: i64,
}

impl Silence {
    /// The key is known from here on.
    pub(super) fn begin(&self, state: &mut KeyState, start_us: i64) {
        state.known_us = Some(start_us);
        state.wake_us = start_us.saturating_add(self.hold_us);
    }

    /// An event of the key: an X ends the outage, the first of any kind makes the key known.
    pub(super) fn event(&self, state: &mut KeyState, offer: &Offer<'_>, at_us: i64) {
        let is_new = state.known_us.is_none();
        state.known_us.get_or_insert(at_us);
        if is_new || self.ends(offer) {
            state.wake_us = at_us.saturating_add(self.hold_us);
        }
    }

    /// Whether the event is an X.
    fn ends(&self, offer: &Offer<'_>) -> bool {
        let row = BatchRow { batch: offer.batch, row: offer.row };
        let scene = Scene { keys: offer.keys, tables: offer.tables, ..Scene::of_row(&row) };
        offer.roles & self.part.role != 0 && self.part.rest_holds(&scene)
    }

    /// Event time has certainly passed everything strictly before `before_us`.
    pub(super) fn pass(&self, state: &mut KeyState, before_us: i64, out: &mut Vec<Match>) {
        let deadline_us = state.wake_us;
        if deadline_us < before_us {
            state.wake_us = i64::MAX;
            out.push(Match {
                all: None,
                at_us: deadline_us,
                time_us: deadline_us,
                by_event: false,
                key: None,
                taken: Vec::new(),
                deadline_us: Some(deadline_us),
                incomplete: false,
            });
        }
    }
}
