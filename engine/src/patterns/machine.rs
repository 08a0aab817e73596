//! One key's runs, event by event and deadline by deadline.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use smallvec::SmallVec;
use tripline_query_lang::plan::Runs;

use super::clock::Passed;
use super::feed::ways_in;
use super::graph::LeafBody;
use super::run::{Branch, Chains, Cursor, Edit, Edits, Fate, Keeping, Moment, Run, Sight};
use super::select::{Candidate, select};
use super::standing::{Ending, Going};
use super::{KeyState, Machine, Match, Offer};

/// What comes of one event or one deadline.
struct Batch {
    /// Complete matches.
    candidates: Vec<Candidate>,
    /// Branches of the runs.
    runs: Vec<Run>,
    /// Runs that the event brought to another place, by position.
    arrived: Vec<usize>,
    /// The first time that something is due in the runs that it changed.
    wake_us: i64,
}

impl Machine {
    /// Offers an event to every open run, then lets it start one.
    pub(super) fn take(&self, state: &mut KeyState, offer: Offer<'_>, out: &mut Vec<Match>) {
        let at_us = offer.batch.at_us[offer.row];
        if state.wake_us < at_us {
            self.pass_until(state, at_us, out);
        }
        state.seq += 1;
        let now = Moment { seq: state.seq, at_us };
        state.known_us.get_or_insert(at_us);
        if let Some(silence) = &self.silence {
            return silence.event(state, &offer, at_us);
        }
        let cut = Cell::new(0);
        let keeping = Keeping::new(&self.keeper, &offer);
        let mut batch = Batch { candidates: Vec::new(), runs: Vec::new(), arrived: Vec::new(), wake_us: i64::MAX };
        for index in 0..state.runs.len() {
            self.offer_run(&mut state.runs[index], index, &offer, now, &cut, &keeping, &mut batch);
        }
        state.runs.append(&mut batch.runs);
        if offer.roles & self.graph.program.entry.interest != 0 {
            self.start(state, &offer, now, &cut, &keeping, &mut batch);
        }
        self.note_leading(state, &offer, at_us);
        if cut.get() > 0 {
            state.refused += cut.get();
            state.incomplete = true;
        }
        state.wake_us = state.wake_us.min(batch.wake_us);
        if self.runs == Runs::Latest {
            replace_waiting(&mut state.runs, &batch.arrived);
        }
        self.settle_matches(state, batch.candidates, out);
    }

    /// Lets matches end other runs, and forgets runs that have ended.
    fn settle_matches(&self, state: &mut KeyState, candidates: Vec<Candidate>, out: &mut Vec<Match>) {
        if !candidates.is_empty() {
            select(self.graph.skip, candidates, &mut state.runs, &mut state.incomplete, out);
        }
        state.runs.retain(|run| run.live);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of the key's state and of the event, borrowed apart")]
    fn offer_run(
        &self,
        run: &mut Run,
        index: usize,
        offer: &Offer<'_>,
        now: Moment,
        cut: &Cell<u64>,
        keeping: &Keeping<'_>,
        batch: &mut Batch,
    ) {
        let program = &self.graph.program;
        if self.graph.within_events.is_some_and(|max| now.seq - run.start.seq > max) {
            self.exhaust(run, now, batch);
            return;
        }
        let Run { start, key, cursor, taken, .. } = run;
        let sight = Sight { offer, now, start: *start, starting: false, taken, key: key.as_deref(), cut };
        let forbidden = offer.roles & self.without_roles != 0 && self.graph.without.iter().any(|x| x.fits(&sight));
        let (open_before, group_before) = (cursor.open, cursor.group.is_some() || !cursor.ahead.is_empty());
        let mut edits = Edits::new();
        let mut branches = Vec::new();
        let fate = self.graph.feed(program, cursor, &sight, true, &mut edits, &mut branches);
        if fate == Fate::Passed && branches.is_empty() && !group_before && cursor.open == open_before && !forbidden {
            if self.waits_next(cursor) {
                self.complete_by_event(run, now, false, batch);
            }
            return;
        }
        for branch in branches {
            let mut other = run.clone();
            other.taken.apply(&branch.edits, now, || keeping.event());
            other.cursor = branch.cursor;
            self.complete_by_event(&mut other, now, branch.took, batch);
            self.wake(&mut other);
            batch.wake_us = batch.wake_us.min(other.wake_us);
            if other.live && !forbidden {
                batch.runs.push(other);
            }
        }
        run.taken.apply(&edits, now, || keeping.event());
        run.live = fate != Fate::Gone;
        if run.live {
            self.complete_by_event(run, now, fate == Fate::Took, batch);
            self.wake(run);
            batch.wake_us = batch.wake_us.min(run.wake_us);
        }
        run.live &= !forbidden;
        if fate == Fate::Took && run.live {
            batch.arrived.push(index);
        }
    }

    fn waits_next(&self, cursor: &Cursor) -> bool {
        let end = self.graph.program.after(cursor).end.as_ref();
        end.is_some_and(|end| end.waits_next && cursor.open >> end.way & 1 == 1)
    }

    /// The rule's `within N events` is over for the run.
    fn exhaust(&self, run: &mut Run, now: Moment, batch: &mut Batch) {
        let program = &self.graph.program;
        let end = program.after(&run.cursor).end.as_ref().filter(|end| run.cursor.open >> end.way & 1 == 1);
        if let Some(end) = end.filter(|end| end.hold_us.is_none()) {
            let at_us = if end.waits() { now.at_us } else { run.cursor.last.at_us };
            batch.candidates.push(candidate(run, at_us, now.at_us, true, None));
        } else if end.is_some() {
            return;
        }
        run.live = false;
    }

    /// After an event: a match if the run is complete. What can go on in a branch of its own stays.
    fn complete_by_event(&self, run: &mut Run, now: Moment, took: bool, batch: &mut Batch) {
        let program = &self.graph.program;
        if self.graph.ending(program, &run.cursor, run.start, now.seq) != Ending::Now {
            return;
        }
        let at_us = if took || self.waits_next(&run.cursor) { now.at_us } else { run.cursor.last.at_us };
        batch.candidates.push(candidate(run, at_us, now.at_us, true, None));
        self.go_on(run);
    }

    /// After a match: the run lives on in the branches that `each` leaves.
    fn go_on(&self, run: &mut Run) {
        let program = &self.graph.program;
        let beside = self.graph.going(program, &run.cursor, run.start) == Going::Beside;
        let after = program.after(&run.cursor);
        if let Some(end) = &after.end {
            run.cursor.open &= after.ways[end.way].rest & !(1 << end.way);
        }
        match &mut run.cursor.group {
            Some(group) if beside => group.hungry = true,
            group => *group = None,
        }
        run.live = run.cursor.open != 0 || run.cursor.group.is_some();
    }

    fn wake(&self, run: &mut Run) {
        run.wake_us = self.graph.alarm(&self.graph.program, &run.cursor, run.start);
    }

    fn runs_max(&self) -> usize {
        match self.runs {
            Runs::Max(max) => max as usize,
            Runs::Latest => usize::MAX,
        }
    }

    /// Starts a run where the event fits a first step.
    fn start(
        &self,
        state: &mut KeyState,
        offer: &Offer<'_>,
        now: Moment,
        cut: &Cell<u64>,
        keeping: &Keeping<'_>,
        batch: &mut Batch,
    ) {
        let program = &self.graph.program;
        let none = Chains::new(self.graph.steps);
        let sight = Sight { offer, now, start: now, starting: true, taken: &none, key: None, cut };
        let open = ways_in(self.entry_ways).filter(|way| self.leading_allows(state, 1 << way, now.at_us));
        let mut cursor = Cursor::before(open.fold(0, |set, way| set | 1 << way), now);
        let mut edits = Edits::new();
        let mut branches = Vec::new();
        let fate = self.graph.feed(program, &mut cursor, &sight, true, &mut edits, &mut branches);
        if fate == Fate::Took {
            branches.insert(0, Branch { cursor, edits, took: true });
        }
        branches.retain(|branch| branch.took);
        if branches.is_empty() {
            return;
        }
        if state.runs.iter().filter(|run| run.live).count() >= self.runs_max() {
            if self.runs_max() > 1 {
                state.refused += 1;
                state.incomplete = true;
            }
            return;
        }
        for branch in branches {
            let key = match self.handed_key(&branch.edits, &sight) {
                Ok(key) => key,
                Err(NoKey) => continue,
            };
            let mut run =
                Run { start: now, key, cursor: branch.cursor, taken: none.clone(), wake_us: i64::MAX, live: true };
            run.taken.apply(&branch.edits, now, || keeping.event());
            self.complete_by_event(&mut run, now, true, batch);
            if run.live {
                self.wake(&mut run);
                batch.wake_us = batch.wake_us.min(run.wake_us);
                batch.arrived.push(state.runs.len());
                state.runs.push(run);
            }
        }
    }

    /// Where keys are handed over: the key of the step that begins the match.
    fn handed_key(
        &self,
        edits: &Edits,
        sight: &Sight<'_>,
    ) -> Result<Option<std::sync::Arc<[tripline_query_lang::value::Value]>>, NoKey> {
        if self.own_keys.is_empty() {
            return Ok(None);
        }
        let first = edits.iter().find_map(|edit| match edit {
            Edit::Take(step) => Some(*step),
            Edit::Drop(..) => None,
        });
        let row = sight.row();
        let scene = sight.scene(&row);
        let parts: Vec<_> =
            first.iter().flat_map(|step| &self.own_keys[step.index()]).map(|part| part(&scene)).collect();
        if parts.contains(&tripline_query_lang::value::Value::Null) {
            return Err(NoKey);
        }
        Ok(Some(parts.into()))
    }

    /// Whether the `no X for D` that stand first allow a start by these ways.
    fn leading_allows(&self, state: &KeyState, ways: u64, now_us: i64) -> bool {
        self.graph.program.entry.guards.iter().filter(|guard| guard.ways & ways != 0).enumerate().all(|(_, guard)| {
            let Some(hold_us) = guard.hold_us else { return true };
            let since = now_us.saturating_sub(hold_us);
            let known = state.known_us.is_some_and(|known| known <= since);
            let seen = guard.leading.and_then(|no| state.leading.get(no).copied().flatten());
            known && seen.is_none_or(|seen| seen < since)
        })
    }

    /// Notes when what must stay away before the first step was last seen.
    fn note_leading(&self, state: &mut KeyState, offer: &Offer<'_>, at_us: i64) {
        for guard in &self.graph.program.entry.guards {
            let Some(no) = guard.leading else { continue };
            if offer.roles & guard.part.role != 0 {
                if state.leading.len() <= no {
                    state.leading.resize(no + 1, None);
                }
                state.leading[no] = Some(at_us);
            }
        }
    }

    /// Event time has certainly passed everything strictly before `before_us`: handles the deadlines in their order.
    pub(super) fn pass_until(&self, state: &mut KeyState, before_us: i64, out: &mut Vec<Match>) {
        if let Some(silence) = &self.silence {
            return silence.pass(state, before_us, out);
        }
        let due = state.runs.iter().enumerate().filter(|(_, run)| run.wake_us < before_us);
        let mut due: BinaryHeap<_> = due.map(|(index, run)| Reverse((run.wake_us, index))).collect();
        while let Some(&Reverse((deadline_us, _))) = due.peek() {
            let mut candidates = Vec::new();
            while let Some(&Reverse((wake_us, index))) = due.peek()
                && wake_us == deadline_us
            {
                due.pop();
                let run = &mut state.runs[index];
                if run.live {
                    self.pass_run(run, deadline_us, state.seq, &mut candidates);
                    if run.live && run.wake_us < before_us {
                        due.push(Reverse((run.wake_us, index)));
                    }
                }
            }
            if !candidates.is_empty() {
                select(self.graph.skip, candidates, &mut state.runs, &mut state.incomplete, out);
            }
        }
        state.runs.retain(|run| run.live);
        state.wake_us = state.runs.iter().map(|run| run.wake_us).min().unwrap_or(i64::MAX);
    }

    fn pass_run(&self, run: &mut Run, deadline_us: i64, seen_seq: u64, candidates: &mut Vec<Candidate>) {
        let program = &self.graph.program;
        let mut edits: Edits = SmallVec::new();
        let passed = self.graph.pass(program, &mut run.cursor, deadline_us, run.start, seen_seq, &mut edits);
        for edit in &edits {
            run.taken.drop_only(edit);
        }
        match passed {
            Passed::Waits => {}
            Passed::Gone => run.live = false,
            Passed::Complete(deadline) => {
                let at_us = deadline.unwrap_or(run.cursor.last.at_us);
                candidates.push(candidate(run, at_us, deadline_us, false, deadline));
                self.go_on(run);
            }
        }
        self.wake(run);
        debug_assert!(run.wake_us > deadline_us || !run.live, "a deadline that has passed is not waited for again");
        if run.wake_us <= deadline_us {
            run.wake_us = i64::MAX;
        }
    }

    /// The input has ended: what waits for its end is complete.
    pub(super) fn complete_rest(&self, state: &mut KeyState, out: &mut Vec<Match>) {
        let program = &self.graph.program;
        let mut candidates = Vec::new();
        for run in &mut state.runs {
            let ending = self.graph.ending(program, &run.cursor, run.start, state.seq);
            if ending != Ending::Never {
                candidates.push(candidate(run, run.cursor.last.at_us, i64::MAX, false, None));
            }
            run.live = false;
        }
        self.settle_matches(state, candidates, out);
        state.wake_us = i64::MAX;
    }
}

/// A part of the first step's key is missing.
struct NoKey;

fn candidate(run: &Run, at_us: i64, time_us: i64, by_event: bool, deadline_us: Option<i64>) -> Candidate {
    Candidate {
        start: run.start,
        key: run.key.clone(),
        taken: run.taken.clone(),
        at_us,
        time_us,
        by_event,
        deadline_us,
    }
}

/// `runs latest`: a run that arrives at a step takes the place of the one that waits there.
fn replace_waiting(runs: &mut [Run], arrived: &[usize]) {
    for &index in arrived.iter().rev() {
        if !runs[index].live {
            continue;
        }
        for other in (0..runs.len()).filter(|&other| other != index) {
            let same = runs[other].key == runs[index].key
                && runs[other].start != runs[index].start
                && runs[other].cursor.leaf == runs[index].cursor.leaf
                && runs[other].cursor.rounds.iter().map(|round| round.count).eq(runs[index]
                    .cursor
                    .rounds
                    .iter()
                    .map(|round| round.count));
            if same && (!arrived.contains(&other) || runs[other].start < runs[index].start) {
                runs[other].live = false;
            }
        }
    }
}

impl Machine {
    /// Whether a leaf of the pattern is a group whose events follow one another without a gap, or a way is by `next`.
    pub(super) fn counts_positions(&self) -> bool {
        fn counts(program: &super::graph::Program) -> bool {
            let crossing = |after: &super::graph::Crossing| {
                after.strict != 0 || after.guards.iter().any(|guard| guard.next || guard.leading.is_some())
            };
            let leaf = |leaf: &super::graph::Leaf| {
                crossing(&leaf.after)
                    || match &leaf.body {
                        LeafBody::Step(..) => false,
                        LeafBody::Group(group) => {
                            group.strict
                                || group.members.iter().any(|member| match member {
                                    super::graph::Member::Program(program, _) => counts(program),
                                    super::graph::Member::No(..) => false,
                                })
                        }
                    }
            };
            crossing(&program.entry) || program.leaves.iter().any(leaf)
        }
        self.graph.within_events.is_some() || self.silence.is_some() || counts(&self.graph.program)
    }
}
