//! Deadlines of a key's runs, in their order, and the end of a finite input.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::clock::Passed;
use super::counted::Counted;
use super::run::{Edits, Run};
use super::select::{Candidate, select};
use super::standing::Ending;
use super::taken::Logs;
use super::{KeyState, Machine, Match, Rest};

impl Machine {
    /// Event time has certainly passed everything strictly before `before_us`: handles the deadlines in their order.
    pub(super) fn pass_until(&self, state: &mut KeyState, before_us: i64, out: &mut Vec<Match>) {
        if let Some(silence) = &self.silence {
            return silence.pass(state, before_us, out);
        }
        if let Some(counter) = &self.counter {
            return counter.pass(state, before_us);
        }
        if let Some(ladder) = &self.ladder {
            return ladder.pass(state, before_us);
        }
        let due = state.runs.iter().enumerate().filter(|(_, run)| run.wake_us < before_us);
        let mut due: BinaryHeap<_> = due.map(|(index, run)| Reverse((run.wake_us, index))).collect();
        while let Some(&Reverse((deadline_us, _))) = due.peek() {
            let mut candidates = Vec::new();
            while let Some(&Reverse((wake_us, index))) = due.peek()
                && wake_us == deadline_us
            {
                due.pop();
                let seq = state.seq;
                let Rest { runs, logs, .. } = state.rest_mut();
                let run = &mut runs[index];
                if run.live {
                    self.pass_run(run, deadline_us, seq, logs, &mut candidates);
                    if run.live && run.wake_us < before_us {
                        due.push(Reverse((run.wake_us, index)));
                    }
                }
            }
            if !candidates.is_empty() {
                select(self.graph.skip, candidates, state, out);
            }
        }
        let shared_us = self.combinations.as_ref().map_or(i64::MAX, |combinations| combinations.pass(state, before_us));
        state.forget_ended();
        state.wake_us = state.runs.iter().map(|run| run.wake_us).min().unwrap_or(i64::MAX).min(shared_us);
    }

    /// Event time has certainly passed a time: what is due in one run.
    pub(super) fn pass_run(
        &self,
        run: &mut Run,
        deadline_us: i64,
        seen_seq: u64,
        logs: &Logs,
        candidates: &mut Vec<Candidate>,
    ) {
        let program = &self.graph.program;
        let mut edits = Edits::new();
        let passed = self.graph.pass(program, &mut run.cursor, deadline_us, run.start, seen_seq, &mut edits);
        for edit in &edits {
            run.taken.drop_only(edit, logs);
        }
        match passed {
            Passed::Waits => {}
            Passed::Gone => run.live = false,
            Passed::Complete(deadline) => {
                let at_us = deadline.unwrap_or(run.cursor.last.at_us);
                candidates.push(Candidate::by_time(run, at_us, deadline_us, deadline));
                self.go_on(run);
            }
        }
        self.wake_after(run, deadline_us, logs);
    }

    /// The input has ended: what waits for its end is complete.
    pub(super) fn complete_rest(&self, state: &mut KeyState, out: &mut Vec<Match>) {
        let program = &self.graph.program;
        let mut candidates = Vec::new();
        let seq = state.seq;
        for run in state.rest.iter_mut().flat_map(|rest| &mut rest.runs) {
            if self.graph.ending(program, &run.cursor, run.start, seq) != Ending::Never {
                candidates.push(Candidate::by_time(run, run.cursor.last.at_us, i64::MAX, None));
            }
            run.live = false;
        }
        state.shared = None;
        self.settle_matches(state, candidates, out);
        state.counted = Counted::default();
        state.climbing = None;
        state.wake_us = i64::MAX;
    }
}
