//! One event of a key: offered to every open run, then to the first step.

use std::cell::Cell;
use std::sync::Arc;

use tripline_query_lang::plan::Runs;

use super::bar::Rank;
use super::feed::Take;
use super::run::{Branch, Cursor, Edits, Fate, Keeping, Moment, Run, Sight};
use super::select::{Candidate, select};
use super::standing::Ending;
use super::taken::{Logs, Shown, Spans};
use super::{KeyState, Machine, Match, Offer, Rest};
use crate::expr::{BatchRow, Scene};

/// An event's turn: what the runs are offered, and what comes of it.
pub(super) struct Turn<'a> {
    /// The event.
    pub(super) offer: &'a Offer<'a>,
    /// Its place.
    pub(super) now: Moment,
    /// Keeps it when a run takes it.
    pub(super) keeping: Keeping<'a>,
    /// Branches that a `limit` cut.
    pub(super) cut: Cell<u64>,
    /// The event's ranks, by leaf, as far as they are known.
    ranks: Vec<Option<Rank>>,
    /// Complete matches.
    pub(super) candidates: Vec<Candidate>,
    /// Branches of the runs, in their order.
    branches: Vec<Beside>,
    /// Runs that it brought to another place, by position.
    pub(super) arrived: Vec<usize>,
    /// The first time that something is due in the runs that it changed.
    pub(super) wake_us: i64,
}

/// A branch that goes on besides a run.
struct Beside {
    /// The run, by position.
    of: usize,
    /// The branch.
    run: Run,
    /// The event brought it to another place.
    arrived: bool,
}

impl<'a> Turn<'a> {
    /// Puts the branches behind the runs that they come from.
    fn put_branches(&mut self, runs: &mut Vec<Run>) {
        if self.branches.is_empty() {
            return;
        }
        let mut arrived = std::mem::take(&mut self.arrived).into_iter().peekable();
        let mut branches = std::mem::take(&mut self.branches).into_iter().peekable();
        for (index, run) in std::mem::take(runs).into_iter().enumerate() {
            if arrived.next_if_eq(&index).is_some() {
                self.arrived.push(runs.len());
            }
            runs.push(run);
            while let Some(branch) = branches.next_if(|branch| branch.of == index) {
                if branch.arrived {
                    self.arrived.push(runs.len());
                }
                runs.push(branch.run);
            }
        }
    }

    /// The turn as a run sees it.
    pub(super) fn sight<'s>(
        &'s self,
        start: Moment,
        taken: &'s Spans,
        logs: &'s Logs,
        key: Option<&'s [tripline_query_lang::value::Value]>,
    ) -> Sight<'s>
    where
        'a: 's,
    {
        let starting = start == self.now;
        let taken = Shown { spans: taken, logs };
        Sight { offer: self.offer, now: self.now, start, starting, taken, key, branches: 0, cut: &self.cut }
    }
}

impl Machine {
    /// Offers an event to every open run, then lets it start one.
    pub(super) fn take(&self, state: &mut KeyState, offer: &Offer<'_>, out: &mut Vec<Match>) {
        let at_us = offer.batch.at_us[offer.row];
        if let Some(counter) = &self.counter {
            return counter.event(state, offer, &Keeping::new(&self.keeper, offer), at_us, out);
        }
        if let Some(ladder) = &self.ladder {
            let keeping = Keeping::new(&self.keeper, offer);
            return ladder.event(&self.graph, state, offer, &keeping, out);
        }
        if state.wake_us < at_us {
            self.pass_until(state, at_us, out);
        }
        if let Some(silence) = &self.silence {
            return silence.event(state, offer, at_us);
        }
        if self.knows {
            state.known_us.get_or_insert(at_us);
            for key in self.belonging.iter().flat_map(|belonging| belonging.keys_of(offer)) {
                state.rest_mut().known.see(key, at_us);
            }
        }
        state.seq += 1;
        let now = Moment { seq: state.seq, at_us };
        let keeping = Keeping::new(&self.keeper, offer);
        if let Some(combinations) = &self.combinations {
            combinations.make_room(self, state, offer, now);
            if state.runs.is_empty() {
                let starts = combinations.starts(state, offer);
                return combinations.event(state, starts, offer, &keeping, now, out);
            }
        }
        let mut turn = Turn {
            offer,
            now,
            keeping,
            cut: Cell::new(0),
            ranks: Vec::new(),
            candidates: Vec::new(),
            branches: Vec::new(),
            arrived: Vec::new(),
            wake_us: i64::MAX,
        };
        if let Some(Rest { runs, logs, .. }) = state.rest.as_deref_mut() {
            for (index, run) in runs.iter_mut().enumerate() {
                self.offer_run(run, index, logs, &mut turn);
                if !run.live {
                    run.family = None;
                }
            }
            turn.put_branches(runs);
        }
        let mut starts = offer.roles & self.graph.program.entry.interest != 0;
        match &self.combinations {
            Some(combinations) => starts = combinations.starts(state, offer),
            None if starts => self.start(state, &mut turn),
            None => {}
        }
        self.note_leading(state, offer, at_us);
        state.refuse(turn.cut.get());
        state.wake_us = state.wake_us.min(turn.wake_us);
        if let (Runs::Latest, Some(rest)) = (self.runs, state.rest.as_deref_mut()) {
            self.replace_waiting(&mut rest.runs, &turn.arrived, now);
        }
        self.settle_matches(state, turn.candidates, out);
        if let Some(combinations) = &self.combinations {
            combinations.event(state, starts, offer, &turn.keeping, now, out);
        }
    }

    /// Lets matches end other runs, and forgets runs that have ended.
    pub(super) fn settle_matches(&self, state: &mut KeyState, candidates: Vec<Candidate>, out: &mut Vec<Match>) {
        if !candidates.is_empty() {
            select(self.graph.skip, candidates, state, out);
        }
        state.forget_ended();
    }

    /// Whether a bar keeps the event away from a run, to which it is then noise.
    #[inline]
    fn is_barred(&self, run: &Run, turn: &mut Turn<'_>) -> bool {
        let program = &self.graph.program;
        let after = program.after(&run.cursor);
        let (Some(part), Some(leaf)) = (program.barred_part(after), after.barred) else { return false };
        let Some(bar) = part.bar.as_ref().filter(|_| run.rank != Rank::Open) else { return false };
        if turn.offer.roles & after.interest & !part.role != 0 || run.cursor.group.is_some() {
            return false;
        }
        if turn.offer.roles & part.role == 0 {
            // An event of another stream has not the fields that the bar asks for.
            return true;
        }
        if turn.ranks.is_empty() {
            turn.ranks = vec![None; program.leaves.len()];
        }
        let rank = match turn.ranks[leaf] {
            Some(rank) => rank,
            None => {
                let row = BatchRow { batch: turn.offer.batch, row: turn.offer.row };
                let scene = Scene { row: Some(&row), at_us: turn.now.at_us, ..Scene::EMPTY };
                *turn.ranks[leaf].insert(bar.candidate(&scene))
            }
        };
        !bar.lets_pass(rank, run.rank)
    }

    fn offer_run(&self, run: &mut Run, index: usize, logs: &mut Logs, turn: &mut Turn<'_>) {
        let program = &self.graph.program;
        let now = turn.now;
        if let Some(belonging) = &self.belonging
            && !belonging.has(&turn.sight(run.start, &run.taken, logs, run.key.as_deref()))
        {
            run.skip();
            return;
        }
        let counted_from = run.counted_from();
        if self.graph.within_events.is_some_and(|max| now.seq - counted_from.seq > max) && self.exhaust(run, turn) {
            return;
        }
        if turn.offer.roles & self.without_roles == 0 && self.is_barred(run, turn) {
            let open = run.cursor.open;
            run.cursor.close_strict(program.after(&run.cursor), now.at_us);
            if open != run.cursor.open {
                run.live = run.cursor.open != 0;
                self.complete_by_event(run, false, logs, turn);
            }
            return;
        }
        let Run { key, cursor, taken, family, .. } = run;
        let branches = family.as_ref().map_or(0, |family| Arc::strong_count(family) as u32 - 1);
        let sight = Sight { branches, ..turn.sight(counted_from, taken, logs, key.as_deref()) };
        let forbidden = turn.offer.roles & self.without_roles != 0 && self.graph.without.iter().any(|x| x.fits(&sight));
        let (open_before, grouped) = (cursor.open, cursor.group.is_some() || !cursor.ahead.is_empty());
        let mut edits = Edits::new();
        let mut branches = Vec::new();
        let fate = self.graph.feed(program, cursor, &sight, Take::Anything, &mut edits, &mut branches);
        let untouched = fate == Fate::Passed && branches.is_empty() && !grouped && run.cursor.open == open_before;
        if untouched && !forbidden && !self.waits_next(&run.cursor) {
            return;
        }
        for branch in branches {
            let mut other = run.clone();
            let arrived = branch.took;
            self.arrive(&mut other, branch, logs, turn);
            if other.live && !forbidden {
                turn.branches.push(Beside { of: index, run: other, arrived });
            }
        }
        let took = fate == Fate::Took;
        if fate == Fate::Gone {
            run.live = false;
            return;
        }
        run.taken.apply(&edits, now, logs, || turn.keeping.event());
        self.complete_by_event(run, took, logs, turn);
        run.live &= !forbidden;
        if took && run.live {
            turn.arrived.push(index);
        }
    }

    /// Puts a run where a branch leads.
    pub(super) fn arrive(&self, run: &mut Run, branch: Branch, logs: &mut Logs, turn: &mut Turn<'_>) {
        run.taken.apply(&branch.edits, turn.now, logs, || turn.keeping.event());
        run.cursor = branch.cursor;
        self.complete_by_event(run, branch.took, logs, turn);
    }

    /// Whether `next no` stands last and waits for the next event.
    fn waits_next(&self, cursor: &Cursor) -> bool {
        let end = self.graph.program.after(cursor).end.as_ref();
        end.is_some_and(|end| end.waits_next && cursor.open >> end.way & 1 == 1)
    }

    /// The rule's `within N events` is over for the run. False: it still waits for an absence.
    fn exhaust(&self, run: &mut Run, turn: &mut Turn<'_>) -> bool {
        let end = self.graph.program.after(&run.cursor).end.as_ref();
        let end = end.filter(|end| run.cursor.open >> end.way & 1 == 1);
        if end.is_some_and(|end| end.hold_us.is_some() || end.waits_next) || run.cursor.waits_for_time() {
            return false;
        }
        if let Some(end) = end {
            let at_us = if end.waits() { turn.now.at_us } else { run.cursor.last.at_us };
            turn.candidates.push(Candidate::by_event(run, at_us, turn.now.at_us));
        }
        run.live = false;
        true
    }

    /// After an event: a match if the run is complete. What can go on in a branch of its own stays.
    fn complete_by_event(&self, run: &mut Run, took: bool, logs: &Logs, turn: &mut Turn<'_>) {
        let now = turn.now;
        if self.graph.ending(&self.graph.program, &run.cursor, run.start, now.seq) == Ending::Now {
            let at_us = if took || self.waits_next(&run.cursor) { now.at_us } else { run.cursor.last.at_us };
            turn.candidates.push(Candidate::by_event(run, at_us, now.at_us));
            self.go_on(run);
        }
        if run.live {
            self.wake(run, logs);
        }
        if run.live && run.wake_us < now.at_us {
            // What is still open is too late already: by this event the run is over.
            self.pass_over(run, logs, turn);
        }
        if run.live {
            turn.wake_us = turn.wake_us.min(run.wake_us);
        }
    }

    fn pass_over(&self, run: &mut Run, logs: &Logs, turn: &mut Turn<'_>) {
        let mut passed = Vec::new();
        self.pass_run(run, turn.now.at_us - 1, turn.now.seq, logs, &mut passed);
        let by_event = |over: Candidate| Candidate { time_us: turn.now.at_us, by_event: true, ..over };
        turn.candidates.extend(passed.into_iter().map(by_event));
    }

    /// After a match: the run lives on in the branches that `each` leaves.
    pub(super) fn go_on(&self, run: &mut Run) {
        run.live = self.graph.go_on(&mut run.cursor, run.start);
    }

    /// At a new place: finds out when something is due next, and the run's side of the bar.
    pub(super) fn wake(&self, run: &mut Run, logs: &Logs) {
        self.wake_after(run, i64::MIN, logs);
    }

    /// The same once event time has passed `passed_us`, and what was due then is done.
    pub(super) fn wake_after(&self, run: &mut Run, passed_us: i64, logs: &Logs) {
        let program = &self.graph.program;
        run.wake_us = self.graph.wake(&run.cursor, run.start, passed_us);
        run.rank = Rank::Open;
        if let Some(bar) = program.barred_part(program.after(&run.cursor)).and_then(|part| part.bar.as_ref()) {
            let shown = Shown { spans: &run.taken, logs };
            run.rank = bar.run(&Scene { bound: Some(&shown), ..Scene::EMPTY });
        }
    }
}

impl KeyState {
    /// Starts or branches were refused: the next match says so.
    pub(super) fn refuse(&mut self, count: u64) {
        if count > 0 {
            let rest = self.rest_mut();
            rest.refused += count;
            rest.incomplete = true;
        }
    }

    /// Forgets runs that have ended. Without runs, events are counted anew.
    pub(super) fn forget_ended(&mut self) {
        let forgets = self.shared.is_none();
        let Some(Rest { runs, logs, .. }) = self.rest.as_deref_mut() else {
            self.seq = if forgets { 0 } else { self.seq };
            return;
        };
        runs.retain(|run| run.live);
        if runs.is_empty() {
            self.seq = if forgets { 0 } else { self.seq };
            *logs = Logs::new();
        } else {
            logs.trim(runs.iter().map(|run| &run.taken));
        }
    }
}
