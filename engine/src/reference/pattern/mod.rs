//! Patterns by following every open run over every event of its key.

mod branch;
mod fit;
mod lasting;
mod late;
mod place;
mod select;
mod tree;
mod way;

use std::cell::Cell;

use tripline_query_lang::plan::{Element, Node, Pattern, Plan, Rule, RuleId, Runs, StepKey, StreamId};

use self::branch::{Branch, Outcome, Walk};
use self::fit::{KeyView, absents};
use self::place::Place;
use self::way::Race;
use super::alerts::{Cause, PatternMatch, Sending};
use super::keys::all_keys;
use super::tables::Tables;
use super::{Event, Found, Time};

/// All alerts of a pattern rule, key by key.
pub(super) fn run<'a>(
    plan: &Plan,
    tables: &'a Tables<'a>,
    (id, rule): (RuleId, &'a Rule),
    pattern: &'a Pattern,
    (events, time): (&[&'a Event], Time),
    out: &mut Found,
) {
    let (start_us, until_us) = (time.start_us, time.until_us());
    let steps = pattern.steps.iter().map(|s| (s.stream, &s.key));
    let parts: Vec<(StreamId, &StepKey)> =
        steps.chain(absents(pattern).into_iter().map(|a| (a.stream, &a.key))).collect();
    let owners: Vec<_> = parts
        .iter()
        .filter_map(|(stream, key)| match key {
            StepKey::Own(parts) => Some((*stream, parts.as_slice())),
            StepKey::HandOver(_) => None,
        })
        .collect();
    if let (Some(table), [Element { node: Node::No(absent), .. }]) = (rule.key_table, &pattern.seq[..]) {
        if start_us == i64::MAX {
            // The input never starts.
            return;
        }
        for (key, stretches) in tables.listed(table, start_us) {
            for stretch in stretches {
                let is_seen = |event: &&&'a Event| {
                    stretch.has(event.at_us()) && all_keys(&[**event], &owners).iter().any(|own| own[..] == *key)
                };
                let events = events.iter().filter(is_seen).copied().collect();
                let view = KeyView { rule, tables, pattern, key: key.to_vec(), events };
                let mut sending = Sending::new(plan, tables, (id, rule), key.to_vec());
                let mut found = lasting::silences(&view, absent, Some(stretch.from_us));
                found.retain(|one| stretch.has(one.at_us));
                lasting::tell(&view, found, (stretch.to_us, until_us), &mut sending, out);
            }
        }
        return;
    }
    let mut keys = all_keys(events, &owners);
    if rule.keys.is_empty() && keys.is_empty() && start_us < i64::MAX {
        // The one key is there whether it has an event or not.
        keys.push(Vec::new());
    }
    for key in keys {
        // An event of a stream with a handed-over key may belong to any key: that is for each run to say.
        let may_belong = |event: &&&'a Event| {
            let stream = event.coordinates.partition.stream;
            let handed = parts.iter().any(|(s, key)| *s == stream && matches!(key, StepKey::HandOver(_)));
            handed || all_keys(&[**event], &owners).contains(&key)
        };
        let events = events.iter().filter(may_belong).copied().collect();
        let view = KeyView { rule, tables, pattern, key: key.clone(), events };
        let mut sending = Sending::new(plan, tables, (id, rule), key);
        let found = match &pattern.seq[..] {
            // A key is known from its first event of any kind on; without `by` from the start of the input.
            [Element { node: Node::No(absent), .. }] => {
                let first = view.events.first().map(|event| event.at_us());
                lasting::silences(&view, absent, if rule.keys.is_empty() { Some(start_us) } else { first })
            }
            _ => OpenRuns::new(&view).walk(),
        };
        lasting::tell(&view, found, (None, until_us), &mut sending, out);
    }
}

/// The open runs of one key.
struct OpenRuns<'a, 'p> {
    view: &'a KeyView<'p>,
    races: Cell<u64>,
    /// By start, and within a run in the order in which its branches came about.
    branches: Vec<Branch<'p>>,
    incomplete: bool,
    found: Vec<PatternMatch>,
}

/// A branch that is complete.
struct Complete<'p> {
    branch: Branch<'p>,
    at_us: i64,
}

impl<'a, 'p> OpenRuns<'a, 'p> {
    fn new(view: &'a KeyView<'p>) -> Self {
        OpenRuns { view, races: Cell::new(0), branches: Vec::new(), incomplete: false, found: Vec::new() }
    }

    /// Event by event, with what time alone brings before each; then the end of the input.
    fn walk(&mut self) -> Vec<PatternMatch> {
        for event in 0..self.view.events.len() {
            self.advance(self.view.at(event));
            self.event(event);
        }
        self.advance(i64::MAX);
        self.finish();
        std::mem::take(&mut self.found)
    }

    /// Follows the branches of the run that began at an event.
    fn walk_of(&self, start: usize) -> Walk<'_, 'p> {
        Walk { view: self.view, races: &self.races, start }
    }

    /// All deadlines strictly before `to` have certainly passed: each in its turn.
    fn advance(&mut self, to: i64) {
        loop {
            let time = self.branches.iter().map(|b| self.walk_of(b.start).next_time(b)).min().unwrap_or(i64::MAX);
            if time >= to {
                break;
            }
            self.time(time);
        }
        if to > i64::MIN && to < i64::MAX {
            self.time(to - 1);
        }
    }

    fn time(&mut self, time: i64) {
        let mut complete = Vec::new();
        let mut won = Vec::new();
        for branch in std::mem::take(&mut self.branches) {
            let outcome = self.walk_of(branch.start).time(&branch, time);
            won.extend(outcome.won.iter().copied());
            self.place(branch.start, outcome, i64::MIN, &mut complete, 0);
        }
        self.decide_races(&won, &mut complete);
        self.report(complete, Cause::Time(time));
    }

    /// One event: the open runs see it, then it may start a run of its own; then the matches that it completed are
    /// reported in their order, and end other runs.
    fn event(&mut self, event: usize) {
        let mut complete = Vec::new();
        let mut won = Vec::new();
        let branches = std::mem::take(&mut self.branches);
        for (position, branch) in branches.iter().enumerate() {
            if !self.view.belongs(event, &branch.taken) {
                self.branches.push(branch.clone());
                continue;
            }
            let mut outcome = self.walk_of(branch.start).event(branch, event);
            // `without X`: an X ends the run, even one that would fill a step, unless the match fires at it.
            if self.view.pattern.without.iter().any(|x| self.view.is_absent(x, event, &branch.taken)) {
                outcome.branches.retain(Branch::is_complete);
            }
            won.extend(outcome.won.iter().copied());
            let to_come = branches[position + 1..].iter().filter(|b| b.start == branch.start).count();
            self.place(branch.start, outcome, self.view.at(event), &mut complete, to_come);
        }
        self.start(event, &mut won, &mut complete);
        self.decide_races(&won, &mut complete);
        if self.view.pattern.runs == Runs::Latest {
            self.replace_waiting(event);
        }
        self.report(complete, Cause::Event(event));
    }

    /// Puts the outcome of one branch among the open or the complete ones. Beyond the branch that goes on, `limit` others of
    /// a run may be open; more are refused.
    fn place(
        &mut self,
        start: usize,
        outcome: Outcome<'p>,
        now: i64,
        complete: &mut Vec<Complete<'p>>,
        to_come: usize,
    ) {
        for (position, branch) in outcome.branches.into_iter().enumerate() {
            if branch.is_complete() {
                let last = branch.taken.last().map_or(now, |(_, event)| self.view.at(*event));
                let at_us = branch.deadline().or(outcome.at_us).unwrap_or(last);
                complete.push(Complete { branch, at_us });
                continue;
            }
            let open = self.branches.iter().filter(|b| b.start == start).count() + to_come;
            if position > 0 && outcome.limit.is_some_and(|limit| open > limit as usize) {
                self.incomplete = true;
                continue;
            }
            self.branches.push(branch);
        }
    }

    /// Every fitting first event starts a run, unless as many as `runs` allows are open.
    fn start(&mut self, event: usize, won: &mut Vec<Race>, complete: &mut Vec<Complete<'p>>) {
        let outcome = self.walk_of(event).start(event);
        if outcome.branches.is_empty() {
            return;
        }
        let mut open: Vec<usize> = self.branches.iter().map(|b| b.start).collect();
        open.dedup();
        if let Runs::Max(max) = self.view.pattern.runs
            && open.len() >= max as usize
        {
            // `runs 1` is a meaning, not a cap.
            self.incomplete |= max != 1;
            return;
        }
        won.extend(outcome.won.iter().copied());
        self.place(event, outcome, self.view.at(event), complete, 0);
    }

    /// The first alternative of an `any of` to complete wins, at one event the first in text order; the others end.
    fn decide_races(&mut self, won: &[Race], complete: &mut Vec<Complete<'p>>) {
        let winner = |race: u64| won.iter().filter(|w| w.race == race).map(|w| w.member).min();
        let lost =
            |branch: &Branch| branch.races.iter().any(|r| winner(r.race).is_some_and(|member| member != r.member));
        self.branches.retain(|branch| !lost(branch));
        complete.retain(|c| !lost(&c.branch));
    }

    /// `runs latest`: a run that arrives at a step takes the place of the run that waits there; of two that arrive at the
    /// same event, the one that started later. Alternatives of an `any of` are followed side by side, but the run waits
    /// in one place.
    fn replace_waiting(&mut self, event: usize) {
        let own: Vec<Place> = self.branches.iter().map(|b| self.walk_of(b.start).waits_at(&b.ways, &b.taken)).collect();
        let is_one = |b: &Branch, other: &Branch| {
            let beside = |race: &Race| other.races.iter().any(|r| r.race == race.race && r.member != race.member);
            b.start == other.start && b.races.iter().any(beside)
        };
        let took = |b: &Branch| b.taken.last().is_some_and(|(_, last)| *last == event);
        let stands = |(position, b): (usize, &Branch<'p>)| {
            let others = || self.branches.iter().zip(&own).filter(|(other, _)| is_one(b, other));
            let first = others().map(|(_, place)| place).chain([&own[position]]).flatten().min();
            (b.start, took(b) || others().any(|(other, _)| took(other)), first.cloned())
        };
        let all: Vec<(usize, bool, Place)> = self.branches.iter().enumerate().map(stands).collect();
        let gives_way = |(start, has_arrived, place): &(usize, bool, Place)| {
            let takes = |(newer, arrives, to): &(usize, bool, Place)| {
                *arrives && to == place && newer != start && (!has_arrived || newer > start)
            };
            all.iter().any(takes)
        };
        let mut stay = all.iter().map(|one| !gives_way(one));
        self.branches.retain(|_| stay.next().unwrap_or(true));
    }

    fn report(&mut self, complete: Vec<Complete<'p>>, cause: Cause) {
        let mut complete = select::in_order(complete, |c| (c.branch.start, &c.branch.taken));
        while !complete.is_empty() {
            let Complete { branch, at_us } = complete.remove(0);
            let skip = self.view.pattern.skip;
            let ends = |start: usize| select::ends(skip, &branch.taken, start);
            self.branches.retain(|b| !ends(b.start));
            complete.retain(|c| !ends(c.branch.start));
            self.found.push(PatternMatch {
                deadline_us: branch.deadline(),
                taken: branch.taken,
                at_us,
                cause,
                incomplete: std::mem::take(&mut self.incomplete),
            });
        }
    }

    /// The input is finite and has ended.
    fn finish(&mut self) {
        let finished: Vec<Branch> = self.branches.iter().filter_map(|b| self.walk_of(b.start).finish(b)).collect();
        let complete = finished.into_iter().map(|branch| {
            let at_us = branch.taken.last().map_or(0, |(_, event)| self.view.at(*event));
            Complete { branch, at_us }
        });
        let complete = complete.collect();
        self.report(complete, Cause::End);
    }
}
