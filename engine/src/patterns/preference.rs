//! An event on its way through a tree of choices: which of the ways it takes, by preference.

use smallvec::SmallVec;

use super::feed::{Take, ways_in};
use super::graph::{Both, Graph, Order, Program, WaySet};
use super::run::{Branch, Cursor, Sight};

/// An event on its way through a tree of choices.
pub(super) struct Taking<'a> {
    pub(super) program: &'a Program,
    pub(super) cursor: &'a mut Cursor,
    pub(super) sight: &'a Sight<'a>,
    pub(super) take: Take,
    /// The places that it brings the run to.
    pub(super) moved: SmallVec<[Branch; 1]>,
    /// Ways that it closes.
    pub(super) killed: WaySet,
}

/// What an event did to a tree of choices. Where `each` follows several, some may have taken it and others not.
pub(super) struct Followed {
    /// The open ways of those that have passed over the event and come to what is less preferred; `None`: there are none.
    pub(super) passed: Option<WaySet>,
    /// The ways that stay open for those that took it.
    pub(super) taken: WaySet,
    /// They took it by `then each`: what they did not try stays open, too.
    pub(super) spawned: bool,
}

impl Followed {
    const PASSED: Followed = Followed { passed: Some(0), taken: 0, spawned: false };
}

impl Graph {
    /// Follows a tree of choices: takes the ways that the event fits, by preference.
    pub(super) fn take_ways(&self, taking: &mut Taking<'_>, order: &Order) -> Followed {
        match order {
            Order::None => Followed::PASSED,
            Order::Way(way) => self.try_way(taking, *way),
            Order::Pick { both: Both::Never, first, second } => {
                let one = self.take_ways(taking, first);
                let untried = if one.spawned { second.ways() & taking.cursor.open } else { 0 };
                self.test_untried(taking, untried);
                let Some(before) = one.passed else { return Followed { taken: one.taken | untried, ..one } };
                let other = self.take_ways(taking, second);
                Followed {
                    passed: other.passed.map(|behind| before | behind),
                    taken: one.taken | untried | other.taken | if other.spawned { before } else { 0 },
                    spawned: one.spawned || other.spawned,
                }
            }
            Order::Pick { both, first, second } => {
                let before = taking.moved.len();
                let one = self.take_ways(taking, first);
                if *both == Both::UnlessFirst && taking.moved.len() > before {
                    return Followed { passed: None, ..one };
                }
                let other = self.take_ways(taking, second);
                let alive = |side: &Order| side.ways() & taking.cursor.open & !taking.killed != 0;
                let passed = match (one.passed, other.passed) {
                    (one, _) if !alive(second) => one,
                    (_, other) if !alive(first) => other,
                    (Some(one), Some(other)) => Some(one | other),
                    (one, other) => one.or(other),
                };
                Followed { passed, taken: one.taken | other.taken, spawned: one.spawned || other.spawned }
            }
        }
    }

    /// Whoever passes over an event that `then each` takes sees what it forbids.
    fn test_untried(&self, taking: &mut Taking<'_>, ways: WaySet) {
        for way in ways_in(ways) {
            for before in [true, false] {
                taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, way, before);
            }
        }
    }

    /// Tries one way, with the `no`s that are asked at it.
    fn try_way(&self, taking: &mut Taking<'_>, index: usize) -> Followed {
        let bit = 1 << index;
        if taking.cursor.open & bit == 0 {
            return Followed::PASSED;
        }
        let after = taking.program.after(taking.cursor);
        let way = &after.ways[index];
        taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, index, true);
        let before = taking.moved.len();
        let mut ended = false;
        if taking.killed & bit == 0 {
            ended = after.is_ended_by_next(index, taking.cursor, taking.sight);
            if taking.take.allows(after, taking.cursor.open, index) {
                self.take_way(taking.program, taking.cursor, index, way, taking.sight, &mut taking.moved);
            }
        }
        taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, index, false);
        if taking.moved.len() > before {
            let spawned = way.spawns;
            Followed { passed: None, taken: if spawned { bit } else { 0 }, spawned }
        } else if ended {
            // What stays open says that the end is reached.
            Followed { passed: None, taken: bit, spawned: false }
        } else {
            Followed { passed: Some(bit), ..Followed::PASSED }
        }
    }
}
