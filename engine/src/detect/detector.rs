//! A detector: rows below the watermark in the total order to the rules, then the deadlines, then alerts by position.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::listed::Listed;
use super::parcel::{Parcel, Pick, Rows, Share};
use super::places::MANY_RULES;
use super::program::Compiled;
use super::reorder::{Reorder, Run};
use super::rule::Seen;
use super::scope::{Route, Scope, Use, Visits};
use super::store::{Located, Shared, Store, Stretch};
use super::unique::Ids;
use super::warm;
use super::{Out, Program};
use crate::expr::hash_key;
use crate::tables::Tables;
use crate::views::ViewRow;
use tripline_query_lang::plan::RuleId;

/// All rules of one scope over the keys of one worker.
pub struct Detector {
    pub(super) program: Arc<Program>,
    pub(super) scope: usize,
    pub(super) reorder: Reorder,
    pub(super) rules: Vec<Box<dyn Store>>,
    pub(super) shared: Shared,
    /// Of a scope that leaves out repeats.
    pub(super) ids: Ids,
    /// Rules whose keys come from a table.
    pub(super) listed: Listed,
    pub(super) share: Share,
    /// The last watermark, microseconds.
    pub(super) passed_us: i64,
}

/// What is open, for metrics and for the test that nothing is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Keys with any state, and ids that may be repeated.
    pub keys: usize,
    /// Open runs and episodes.
    pub runs: usize,
    /// Pending deadlines.
    pub timers: usize,
    /// Events that wait for the watermark, once for each key that they have.
    pub waiting: usize,
}

impl Detector {
    /// An empty detector of this scope, for a worker's share of the keys.
    pub fn new(program: Arc<Program>, scope: usize, share: Share) -> Detector {
        let members = &program.scopes[scope];
        let compiled = members.rules.iter().filter_map(|rule| program.rules[*rule].as_ref());
        let store = |(position, rule): (u32, &Compiled)| rule.store(position, members.rules.len());
        let rules = (0..).zip(compiled).map(store).collect();
        let shared = Shared { key_types: members.key_types.clone(), ..Shared::default() };
        let (reorder, ids, listed) = (Reorder::default(), Ids::default(), Listed::new(&program, scope));
        Detector { scope, reorder, rules, shared, ids, listed, share, passed_us: i64::MIN, program }
    }

    /// Looks things up in these tables, which others fill.
    pub fn with_tables(mut self, tables: Rc<Tables>) -> Detector {
        self.shared.tables = tables;
        self
    }

    /// The input starts here, microseconds: rules without a key that wait for an absence wait from now on, at the worker that
    /// has the empty key, and keys of tables are watched. Before event time has passed the start; a state that is there
    /// already knows.
    pub fn begin(&mut self, start_us: i64) {
        self.listed.start_us = Some(start_us);
        if self.shared.key_types.is_empty() && self.share.has_key(hash_key(&[])) {
            self.rules.iter_mut().for_each(|rule| rule.begin(start_us, &mut self.shared));
        }
    }

    /// Takes rows that are not late; they wait for the watermark.
    pub fn push(&mut self, parcel: Parcel) {
        self.reorder.push(parcel);
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: releases the rows below it in the total
    /// order, runs the rules, fires deadlines. Alerts are appended in the order of their positions.
    ///
    /// A scope that reads events which may come about later than their time stays so far behind, and its alerts' positions
    /// are so much later: at or above what was committed before.
    pub fn advance(&mut self, watermark_us: i64, out: &mut Out) {
        let start = (out.alerts.len(), out.together.len());
        let before_us = self.passed_us;
        self.passed_us = before_us.max(watermark_us);
        let watermark_us = watermark_us.saturating_sub(self.lag_us());
        self.take_turns(before_us, watermark_us, i64::MAX, out);
        self.release(Some(watermark_us), out);
        while let Some(timer) = self.shared.timers.pop(watermark_us) {
            self.rules[timer.rule as usize].time(timer, watermark_us, &mut self.shared, out);
        }
        if self.rules.len() < MANY_RULES {
            self.rules.iter_mut().for_each(|rule| rule.sweep(watermark_us, &mut self.shared, out));
        }
        if let Some(unique) = &self.program.scopes[self.scope].unique {
            self.ids.expire(unique, watermark_us);
        }
        by_position(out, start, self.lag_us());
    }

    /// The input is finite and has ended.
    pub fn finish(&mut self, out: &mut Out) {
        let start = (out.alerts.len(), out.together.len());
        let newest_us = self.passed_us.saturating_sub(1);
        self.take_turns(self.passed_us, i64::MAX, newest_us, out);
        self.release(None, out);
        for rule in &mut self.rules {
            rule.finish(newest_us, &mut self.shared, out);
        }
        // What is left has no end in time; what stands in the heap was ended here.
        self.shared.timers.clear();
        by_position(out, start, self.lag_us());
    }

    /// The rows of a view of this scope as of a time, which no event that was released lies behind; none of other scopes.
    pub(super) fn rows(&mut self, view: RuleId, at_us: i64) -> Vec<ViewRow> {
        let of_scope = &self.program.scopes[self.scope].rules;
        match of_scope.iter().position(|rule| *rule == view.index()) {
            Some(place) => self.rules[place].rows(at_us, &mut self.shared),
            None => Vec::new(),
        }
    }

    /// What is open.
    pub fn open(&self) -> Open {
        Open {
            keys: self.shared.keys.len() + self.ids.len(),
            runs: self.rules.iter().map(|rule| rule.open()).sum(),
            timers: self.shared.timers.len(),
            waiting: self.reorder.waiting(),
        }
    }

    pub(super) fn lag_us(&self) -> i64 {
        self.program.scopes[self.scope].turn.lag_us
    }

    /// Keys of tables come and go, between the rows: from the watermark before on, and up to this time. `newest_us`: the
    /// input has ended, and this is as far as it went.
    fn take_turns(&mut self, before_us: i64, until_us: i64, newest_us: i64, out: &mut Out) {
        if self.listed.is_empty() {
            return;
        }
        let from_us = before_us.saturating_sub(self.lag_us());
        for turn in self.listed.turns(&self.shared.tables, self.share, from_us, until_us) {
            // What holds from a time on holds for the events of that time.
            self.release(Some(turn.at_us), out);
            for rule in self.listed.rules(&turn) {
                let (rule, key) = (&mut self.rules[*rule], (turn.hash, &turn.key[..]));
                match turn.comes {
                    true => rule.comes(key, turn.at_us, &mut self.shared),
                    false => rule.goes(key, (turn.at_us, newest_us), &mut self.shared, out),
                }
            }
        }
    }

    fn release(&mut self, watermark_us: Option<i64>, out: &mut Out) {
        let Detector { program, scope, reorder, rules, shared, ids, .. } = self;
        let scope = &program.scopes[*scope];
        if let Some(unique) = &scope.unique {
            return reorder.release(watermark_us, |run, range| ids.judge(unique, &run.rows, &run.picks, range, out));
        }
        let take = |run: &Run, range| stretch(scope, &run.rows, &run.picks, range, rules, shared, out);
        // Without a key, or where a row has several, all rows hang together.
        match scope.key_types.is_empty() || scope.routes.iter().any(|routes| routes.len() > 1) {
            true => reorder.release(watermark_us, take),
            false => reorder.release_keys(watermark_us, take),
        }
    }
}

/// Puts what was found from `start` on into the total order.
fn by_position(out: &mut Out, start: (usize, usize), lag_us: i64) {
    let (alerts, together) = (&mut out.alerts[start.0..], &mut out.together[start.1..]);
    let positions = alerts.iter_mut().map(|alert| &mut alert.position);
    for position in positions.chain(together.iter_mut().map(|(position, _)| position)) {
        position.time_us = position.time_us.saturating_add(lag_us);
    }
    if !together.is_sorted_by(|(a, _), (b, _)| a <= b) {
        together.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    if !alerts.is_sorted_by(|a, b| a.position <= b.position) {
        alerts.sort_by(|a, b| a.position.cmp(&b.position));
    }
}

/// Shows the rules a stretch of a run.
fn stretch(
    scope: &Scope,
    rows: &Rows,
    picks: &[Pick],
    range: Range<usize>,
    rules: &mut [Box<dyn Store>],
    shared: &mut Shared,
    out: &mut Out,
) {
    let routes = &scope.routes[rows.batch.stream().index()];
    if let [route] = &routes[..] {
        return one_key(route, rows, &picks[range], rules, shared, out);
    }
    // A row's picks are neighbours; a stretch never ends between them, since they have one place in the total order.
    for row in picks[range].chunk_by(|a, b| a.row == b.row) {
        several_keys(routes, rows, row, rules, shared, out);
    }
}

/// Rows that have one key each. Few rules are shown stretches of rows, each for itself: their alerts are put into their
/// order afterwards.
fn one_key(
    route: &Route,
    rows: &Rows,
    picks: &[Pick],
    rules: &mut [Box<dyn Store>],
    shared: &mut Shared,
    out: &mut Out,
) {
    let (mut visited, mut found) = (Vec::new(), SmallVec::new());
    for picks in picks.chunks(warm::ROWS) {
        warm::warm(rows, picks, &route.uses, rules, shared, &mut found);
        if let (Visits::All, ..=warm::RULES_MAX) = (&route.visits, route.uses.len()) {
            let stretch = Stretch { rows, picks, found: &found };
            route.uses.iter().for_each(|one| rules[one.rule].events(stretch, one, shared, out));
            continue;
        }
        for (index, pick) in picks.iter().enumerate() {
            let mut key = Located::new(rows, pick, found.get(index).copied());
            let row = pick.row as usize;
            let mut visit = |one: &Use| {
                if let Some(seen) = Seen::of(rows, row, one) {
                    rules[one.rule].event(&seen, &mut key, shared, out);
                }
            };
            match &route.visits {
                Visits::All => route.uses.iter().for_each(visit),
                found => {
                    found.of(&rows.answers, row, &mut visited);
                    visited.iter().for_each(|position| visit(&route.uses[*position as usize]));
                }
            }
        }
    }
}

/// A row that has several keys: its picks are sorted by key, and what the routes of one key allow is put together, so that
/// a rule sees the row once under each key.
fn several_keys(
    routes: &[Route],
    rows: &Rows,
    picks: &[Pick],
    rules: &mut [Box<dyn Store>],
    shared: &mut Shared,
    out: &mut Out,
) {
    let key_of = |pick: &Pick| rows.lanes[pick.lane as usize].bytes(pick.index as usize);
    let mut picks = picks.to_vec();
    picks.sort_by(|a, b| key_of(a).cmp(key_of(b)));
    for picks in picks.chunk_by(|a, b| key_of(a) == key_of(b)) {
        let mut key = Located::new(rows, &picks[0], None);
        let mut uses: Vec<&Use> = picks.iter().flat_map(|pick| &routes[pick.lane as usize].uses).collect();
        uses.sort_by_key(|one| one.rule);
        for uses in uses.chunk_by(|a, b| a.rule == b.rule) {
            let all: Vec<Seen<'_>> = uses.iter().filter_map(|one| Seen::of(rows, picks[0].row as usize, one)).collect();
            let histories: Vec<usize> = all.iter().flat_map(|seen| seen.histories).copied().collect();
            let Some(first) = all.first() else { continue };
            let seen = Seen {
                roles: all.iter().fold(0, |roles, seen| roles | seen.roles),
                first: all.iter().filter_map(|seen| seen.first).min(),
                histories: &histories,
                every: all.iter().any(|seen| seen.every),
                ..*first
            };
            rules[uses[0].rule].event(&seen, &mut key, shared, out);
        }
    }
}
