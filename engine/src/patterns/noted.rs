//! An event at a step of combinations, with what their alerts say of it there: it is written once, in however many of them
//! the event stands.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::kept::KeptEvent;

/// An event at a step.
#[derive(Debug)]
pub(crate) struct Noted {
    /// The event.
    pub(crate) event: KeptEvent,
    /// Of most events nothing is ever said.
    said: OnceLock<Box<Said>>,
}

/// What is said of it, in each place of the message that speaks of the step.
#[derive(Debug, Default)]
pub(crate) struct Said {
    text: String,
    ends: SmallVec<[usize; 2]>,
}

impl Noted {
    /// Nothing was said yet.
    pub(super) fn new(event: KeptEvent) -> Arc<Noted> {
        Arc::new(Noted { event, said: OnceLock::new() })
    }

    /// What is said of it: always the same, since one rule speaks of it.
    #[inline]
    pub(crate) fn said(&self, say: impl FnOnce() -> Said) -> &Said {
        self.said.get_or_init(|| Box::new(say()))
    }
}

impl Said {
    /// Appends what is said in the next place.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// What is said in a place.
    #[inline]
    pub(crate) fn get(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[place]]
    }
}
