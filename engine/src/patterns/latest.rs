//! `runs latest`: a run that arrives at a step takes the place of the run of its key that waits there.

use smallvec::SmallVec;
use tripline_query_lang::plan::StepId;

use super::Machine;
use super::feed::ways_in;
use super::graph::{Graph, LeafBody, Member, Program, Way};
use super::run::{Cursor, MemberState, Moment, Round, Run};

/// The step that a run waits for, the first in the text if there are several. A loop's rounds up to its minimum are places
/// of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    step: StepId,
    rounds: SmallVec<[u32; 2]>,
}

impl Machine {
    /// Ends the runs whose places are taken by those that the event brought somewhere. Of two that arrive at one event the
    /// one that started later stays; branches of one run do not replace each other.
    pub(super) fn replace_waiting(&self, runs: &mut [Run], arrived: &[usize], now: Moment) {
        if arrived.is_empty() {
            return;
        }
        let is_exhausted =
            |run: &Run| self.graph.within_events.is_some_and(|max| now.seq - run.counted_from().seq > max);
        let place = |run: &Run| {
            let waiting = Waiting { graph: &self.graph, start: run.start, now_us: now.at_us };
            if is_exhausted(run) { None } else { waiting.place(&self.graph.program, &run.cursor) }
        };
        let places: Vec<Option<Place>> = runs.iter().map(place).collect();
        for &index in arrived {
            if !runs[index].live {
                continue;
            }
            for other in 0..runs.len() {
                let (newer, older) = (&runs[index], &runs[other]);
                let gives_way = older.start < newer.start || older.start != newer.start && !arrived.contains(&other);
                if older.live && gives_way && older.key == newer.key && places[other] == places[index] {
                    runs[other].live = false;
                }
            }
        }
    }
}

/// A run that waits.
struct Waiting<'g> {
    graph: &'g Graph,
    start: Moment,
    now_us: i64,
}

impl Waiting<'_> {
    fn place(&self, program: &Program, cursor: &Cursor) -> Option<Place> {
        let after = program.after(cursor);
        // What its limits do not allow any more is not waited for.
        let in_time = |way: &&Way| self.graph.closing(program, cursor, way, self.start) >= self.now_us;
        let open = ways_in(cursor.open).map(|way| &after.ways[way]).filter(in_time);
        let ahead = open.filter_map(|way| place_behind(program, &cursor.rounds, way));
        ahead.chain(self.place_inside(program, cursor)).min()
    }

    /// The same of the members that still take events.
    fn place_inside(&self, program: &Program, cursor: &Cursor) -> Option<Place> {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &cursor.group) else { return None };
        if state.shut {
            return None;
        }
        let place = |(member, state): (&Member, &MemberState)| match (member, state) {
            (Member::Program(program, _), MemberState::At(cursor)) => self.place(program, cursor),
            _ => None,
        };
        let takes = |(member, state): &(&Member, &MemberState)| {
            group.need.is_none() || !self.graph.is_filled(member, state, self.start)
        };
        let members = group.members.iter().zip(&state.members).filter(takes);
        let mut place = members.filter_map(place).min()?;
        place.rounds.insert_many(0, rounds_around(program, cursor));
        Some(place)
    }
}

/// The place of a run that waits for a way's target; `begun` are the rounds it is in.
fn place_behind(program: &Program, begun: &[Round], way: &Way) -> Option<Place> {
    let leaf = &program.leaves[way.target?];
    let so_far = |(depth, &level): (usize, &usize)| {
        let round = begun.get(depth).filter(|_| depth < way.keep);
        round.map_or(0, |round| round.count).min(program.levels[level].min)
    };
    let mut place = first_place(&leaf.body)?;
    place.rounds.insert_many(0, leaf.levels.iter().enumerate().map(so_far));
    Some(place)
}

/// The rounds around a group as they were counted before it was entered: its own entry begins those that it stands first in.
fn rounds_around(program: &Program, cursor: &Cursor) -> SmallVec<[u32; 2]> {
    let Some(index) = cursor.leaf.map(|leaf| leaf as usize) else { return SmallVec::new() };
    let rounds = program.leaves[index].levels.iter().zip(&cursor.rounds);
    let so_far = |(level, round): (&usize, &Round)| {
        let first = program.leaves.iter().position(|leaf| leaf.levels.contains(level));
        let begun = u32::from(first == Some(index));
        round.count.saturating_sub(begun).min(program.levels[*level].min)
    };
    rounds.map(so_far).collect()
}

/// The first step in the text, in no round.
fn first_place(body: &LeafBody) -> Option<Place> {
    match body {
        LeafBody::Step(step, _) => Some(Place { step: *step, rounds: SmallVec::new() }),
        LeafBody::Group(group) => {
            let members = group.members.iter().filter_map(|member| match member {
                Member::Program(program, _) => Some(program),
                Member::No(..) => None,
            });
            let first =
                |program: &Program| program.entry.ways.iter().filter_map(|way| place_behind(program, &[], way)).min();
            members.filter_map(first).min()
        }
    }
}
