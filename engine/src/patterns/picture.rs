//! A machine as places and ways between them, for drawing.

use tripline_query_lang::plan::{StepId, StreamId};

use super::Machine;
use super::condition::Part;
use super::graph::{Crossing, LeafBody, Member, Program};

/// The automaton of a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What runs can stand at.
    pub places: Vec<Place>,
    /// How they get from one to the other.
    pub ways: Vec<Way>,
}

/// A place, by position.
pub type PlaceId = usize;

/// What a run can stand at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the first event.
    Start,
    /// The step has taken an event.
    Step(StepId),
    /// In a group of so many members; so many are needed, none is the first to be complete.
    Group {
        /// Members needed.
        need: Option<usize>,
        /// Members.
        members: usize,
    },
    /// A member of a group that waits for so many microseconds without an event of the stream.
    Quiet(StreamId, i64),
    /// The match is complete.
    End,
}

/// From one place to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// From.
    pub from: PlaceId,
    /// To.
    pub to: PlaceId,
    /// Which.
    pub kind: WayKind,
    /// What must not come on it, with the time in microseconds that it must stay away if there is one.
    pub without: Vec<(StreamId, Option<i64>)>,
    /// Branches that a run may have here.
    pub branches: Option<u32>,
}

/// The kinds of way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayKind {
    /// Any later event that fits.
    Then,
    /// The very next event.
    Next,
    /// Into a member of a group.
    Member,
    /// To the end, by the same event.
    End,
    /// To the end, when the rule's `within` has passed.
    EndAfterWithin,
}

impl Machine {
    /// The automaton; of a silence its start and end.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture { places: vec![Place::Start], ways: Vec::new() };
        if let Some(silence) = &self.silence {
            picture.places.push(Place::End);
            let without = vec![(self.stream_of(&silence.part), Some(silence.hold_us))];
            picture.ways.push(Way { from: 0, to: 1, kind: WayKind::Then, without, branches: None });
            return picture;
        }
        self.draw(&self.graph.program, 0, WayKind::Then, true, &mut picture);
        picture
    }

    fn stream_of(&self, part: &Part) -> StreamId {
        self.roles.get(part.role.trailing_zeros() as usize).map_or(StreamId(0), |role| role.stream)
    }

    /// Draws a program that begins at a place. A member of a group has no end of its own.
    fn draw(&self, program: &Program, from: PlaceId, enter: WayKind, ends: bool, picture: &mut Picture) {
        let first = picture.places.len();
        for leaf in &program.leaves {
            picture.places.push(match &leaf.body {
                LeafBody::Step(step, _) => Place::Step(*step),
                LeafBody::Group(group) => Place::Group { need: group.need, members: group.members.len() },
            });
        }
        let end = ends.then(|| {
            picture.places.push(Place::End);
            picture.places.len() - 1
        });
        self.ways(&program.entry, from, first, end, enter, picture);
        for (index, leaf) in program.leaves.iter().enumerate() {
            self.ways(&leaf.after, first + index, first, end, WayKind::Then, picture);
            let LeafBody::Group(group) = &leaf.body else { continue };
            for member in &group.members {
                match member {
                    Member::Program(inner, _) => self.draw(inner, first + index, WayKind::Member, false, picture),
                    Member::No(part, hold_us) => {
                        let to = picture.places.len();
                        picture.places.push(Place::Quiet(self.stream_of(part), *hold_us));
                        let (from, kind) = (first + index, WayKind::Member);
                        picture.ways.push(Way { from, to, kind, without: Vec::new(), branches: None });
                    }
                }
            }
        }
    }

    fn ways(
        &self,
        crossing: &Crossing,
        from: PlaceId,
        first: PlaceId,
        end: Option<PlaceId>,
        enter: WayKind,
        picture: &mut Picture,
    ) {
        for (number, way) in crossing.ways.iter().enumerate() {
            let Some(to) = way.target.map(|leaf| first + leaf).or(end) else { continue };
            let bit = 1 << number;
            let waits_within = crossing.end.as_ref().is_some_and(|end| end.way == number && end.waits_within);
            let kind = match way.target {
                None if waits_within => WayKind::EndAfterWithin,
                None => WayKind::End,
                Some(_) if crossing.strict & bit != 0 => WayKind::Next,
                Some(_) => enter,
            };
            let guards = crossing.guards.iter().filter(|guard| guard.ways & bit != 0);
            let without = guards.map(|guard| (self.stream_of(&guard.part), guard.hold_us)).collect();
            let branches = way.spawns.then_some(way.limit);
            picture.ways.push(Way { from, to, kind, without, branches });
        }
    }
}
