//! Where a branch waits, for `runs latest`.

use tripline_query_lang::plan::StepId;

use super::branch::Walk;
use super::fit::{Taken, frames};
use super::tree::after;
use super::way::{FrameKind, Goal, Way};

/// A step, and the rounds of the loops around it, up to their minimum; none where a branch waits for no event any more.
pub(super) type Place = Option<(StepId, Vec<u32>)>;

impl<'p> Walk<'_, 'p> {
    /// The first step in the text that a branch could take next. An absence is no place: behind it waits who waits for it.
    pub fn waits_at(&self, ways: &[Way<'p>], taken: &Taken) -> Place {
        let of = |way: &Way<'p>| {
            let counts = frames(&way.rest).filter_map(|frame| match &frame.kind {
                FrameKind::Round(round) => Some(round.counted()),
                _ => None,
            });
            match &way.goal {
                Goal::Step(step) => Some((*step, counts.collect())),
                Goal::Members(members) => members.ways.iter().filter_map(|ways| self.waits_at(ways, taken)).min(),
                Goal::Either(either) => either.branches.iter().filter_map(|ways| self.waits_at(ways, taken)).min(),
                Goal::Deadline(_) => {
                    let behind = after(&way.rest, &self.here(taken, Vec::new(), None));
                    behind.iter().filter_map(|ways| self.waits_at(ways, taken)).min()
                }
                _ => None,
            }
        };
        ways.iter().filter_map(of).min()
    }
}
