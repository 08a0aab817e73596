//! `runs latest`: a run that arrives at a step takes the place of the run of its key that waits there.

use smallvec::SmallVec;
use tripline_query_lang::plan::StepId;

use super::Machine;
use super::feed::ways_in;
use super::graph::{Graph, LeafBody, Member, Program, Way};
use super::run::{Cursor, Moment, Run};
use super::standing::members;

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
    pub(super) fn replace_waiting(&self, runs: &mut [Run], arrived: &[usize], now_us: i64) {
        if arrived.is_empty() {
            return;
        }
        let place = |run: &Run| {
            Waiting { graph: &self.graph, start: run.start, now_us }.place(&self.graph.program, &run.cursor)
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
        let ahead = open.filter_map(|way| place_behind(program, cursor, way));
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let inside = match (leaf, &cursor.group) {
            (Some(LeafBody::Group(group)), Some(state)) => {
                members(group, state).filter_map(|(member, cursor)| self.place(member, cursor)).min()
            }
            _ => None,
        };
        ahead.chain(inside).min()
    }
}

/// The place of a run that waits for a way's target.
fn place_behind(program: &Program, cursor: &Cursor, way: &Way) -> Option<Place> {
    let leaf = &program.leaves[way.target?];
    let begun = |depth: usize| {
        let round = cursor.rounds.get(depth).filter(|_| depth < way.keep);
        round.map_or(0, |round| round.count)
    };
    let so_far = |(depth, &level): (usize, &usize)| begun(depth).min(program.levels[level].min);
    Some(Place { step: first_step(&leaf.body)?, rounds: leaf.levels.iter().enumerate().map(so_far).collect() })
}

/// The first step in the text.
fn first_step(body: &LeafBody) -> Option<StepId> {
    match body {
        LeafBody::Step(step, _) => Some(*step),
        LeafBody::Group(group) => {
            let steps = group.members.iter().filter_map(|member| match member {
                Member::Program(_, steps) => steps.iter().min().copied(),
                Member::No(..) => None,
            });
            steps.min()
        }
    }
}
