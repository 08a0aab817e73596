//! How runs start: by the first step, after absences that stand first, as far as the cap on open runs allows.

use std::sync::Arc;

use tripline_query_lang::plan::Runs;
use tripline_query_lang::value::Value;

use super::bar::Rank;
use super::condition::key_bytes;
use super::feed::{Take, allowed};
use super::graph::{LeafBody, Member};
use super::machine::Turn;
use super::run::{Branch, Cursor, Edit, Edits, Fate, Run, Sight};
use super::taken::Spans;
use super::{KeyState, Machine, Offer};

/// A part of the first step's key is missing.
struct NoKey;

impl KeyState {
    /// The number of open runs; branches of one count once. A run that the event at hand completes is open no more. `key`:
    /// where keys are handed over, those of this key alone.
    pub(super) fn starts_open(&self, key: Option<&[Value]>) -> usize {
        let is_open = |run: &&Run| run.live && run.key.as_deref() == key;
        let mut starts: Vec<u64> = self.runs.iter().filter(is_open).map(|run| run.start.seq).collect();
        starts.sort_unstable();
        starts.dedup();
        starts.len()
    }
}

impl Machine {
    /// Starts a run where the event fits a first step.
    pub(super) fn start(&self, state: &mut KeyState, turn: &mut Turn<'_>) {
        let none = Spans::default();
        let branches = self.first_steps(state, turn, &none);
        let mut may_start = None;
        let family = self.branches.then(Arc::default);
        for branch in branches {
            let Ok(key) = self.handed_key(&branch.edits, &turn.sight(turn.now, &none, &state.logs, None)) else {
                continue;
            };
            if !*may_start.get_or_insert_with(|| self.may_start(state, key.as_deref())) {
                return;
            }
            let cursor = Cursor::before(0, turn.now);
            let mut run = Run {
                start: turn.now,
                skipped: 0,
                family: family.clone(),
                key,
                cursor,
                taken: none.clone(),
                wake_us: i64::MAX,
                rank: Rank::Open,
                live: true,
            };
            self.arrive(&mut run, branch, &mut state.rest_mut().logs, turn);
            if run.live {
                turn.arrived.push(state.runs.len());
                state.rest_mut().runs.push(run);
            }
        }
    }

    /// The first steps that the event fills; more than one where `each` follows both sides of a choice.
    fn first_steps(&self, state: &KeyState, turn: &Turn<'_>, none: &Spans) -> Vec<Branch> {
        let open = allowed(self.entry_ways, |way| self.leading_allows(state, way, turn));
        let mut cursor = Cursor::before(open, turn.now);
        let mut edits = Edits::new();
        let mut branches = Vec::new();
        let sight = turn.sight(turn.now, none, &state.logs, None);
        let fate = self.graph.feed(&self.graph.program, &mut cursor, &sight, Take::Anything, &mut edits, &mut branches);
        branches.insert(0, Branch { cursor, edits, took: fate == Fate::Took, over: false, limit: u32::MAX });
        branches.retain(|branch| branch.took);
        branches
    }

    /// Whether the cap on open runs allows a start; a refused one is counted. `runs 1` is a meaning, not a cap.
    fn may_start(&self, state: &mut KeyState, key: Option<&[Value]>) -> bool {
        let Runs::Max(max) = self.runs else { return true };
        let room = state.runs.len() < max as usize || state.starts_open(key) < max as usize;
        if !room && max > 1 {
            state.refuse(1);
        }
        room
    }

    /// Where keys are handed over: the key of the step that begins the match.
    fn handed_key(&self, edits: &Edits, sight: &Sight<'_>) -> Result<Option<Arc<[Value]>>, NoKey> {
        if self.own_keys.is_empty() {
            return Ok(None);
        }
        let first = edits.iter().find_map(|edit| match edit {
            Edit::Take(step) => Some(*step),
            Edit::Drop(..) => None,
        });
        let row = sight.row();
        let scene = sight.scene(&row);
        let parts = first.iter().flat_map(|step| &self.own_keys[step.index()]);
        let parts: Arc<[Value]> = parts.map(|part| part(&scene)).collect();
        if parts.contains(&Value::Null) { Err(NoKey) } else { Ok(Some(parts)) }
    }

    /// Whether the `no X for D` that stand first allow a start by a way.
    fn leading_allows(&self, state: &KeyState, way: usize, turn: &Turn<'_>) -> bool {
        let mut guards = self.graph.program.entry.guards.iter().filter(|guard| guard.ways >> way & 1 != 0);
        guards.all(|guard| {
            let Some(hold_us) = guard.hold_us else { return true };
            let since_us = turn.now.at_us.saturating_sub(hold_us);
            if !self.own_keys.is_empty() {
                let key = self.key_of_way(way, turn.offer);
                return key.is_some_and(|key| state.known.allows(&key, guard.leading, since_us));
            }
            let known = state.known_us.is_some_and(|known_us| known_us <= since_us);
            let seen = guard.leading.and_then(|no| state.leading.get(no).copied().flatten());
            known && seen.is_none_or(|seen_us| seen_us < since_us)
        })
    }

    /// Where keys are handed over: the key of a match that begins by a way, as bytes. Members of a group have that of the
    /// first one that takes events.
    fn key_of_way(&self, way: usize, offer: &Offer<'_>) -> Option<Box<[u8]>> {
        let program = &self.graph.program;
        let step = match &program.leaves[program.entry.ways[way].target?].body {
            LeafBody::Step(step, _) => *step,
            LeafBody::Group(group) => group.members.iter().find_map(|member| match member {
                Member::Program(_, steps) => steps.first().copied(),
                Member::No(..) => None,
            })?,
        };
        key_bytes(self.own_keys.get(step.index())?, offer)
    }

    /// Notes when what must stay away before the first step was last seen.
    pub(super) fn note_leading(&self, state: &mut KeyState, offer: &Offer<'_>, at_us: i64) {
        for guard in &self.graph.program.entry.guards {
            let Some(no) = guard.leading.filter(|_| offer.roles & guard.part.role != 0) else { continue };
            if !self.own_keys.is_empty() {
                if let Some(key) = guard.part.own_key(offer) {
                    state.rest_mut().known.note(&key, no, at_us);
                }
                continue;
            }
            let leading = &mut state.rest_mut().leading;
            if leading.len() <= no {
                leading.resize(no + 1, None);
            }
            leading[no] = Some(at_us);
        }
    }
}
