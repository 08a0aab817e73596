//! One branch of a run: what an event or the passing of time makes of it.

use std::cell::Cell;

use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{StepId, Within};

use super::fit::{KeyView, Taken, limit};
use super::tree::{after, push, settle};
use super::way::is_spare;
use super::way::{Branches, Dropped, Either, FrameKind, Goal, Guard, Here, Members, Mode, Past, Race, Rest, Way};

/// A branch at rest.
#[derive(Clone)]
pub(super) struct Branch<'p> {
    /// The position of its run's first event.
    pub start: usize,
    /// What it has taken, in order.
    pub taken: Vec<(StepId, usize)>,
    /// What it may take next, the most preferred first.
    pub ways: Vec<Way<'p>>,
    /// The `any of` whose alternative it follows.
    pub races: Vec<Race>,
}

/// What one event makes of a branch.
#[derive(Default)]
pub(super) struct Outcome<'p> {
    /// What goes on or is complete, the first in place of the branch itself.
    pub branches: Vec<Branch<'p>>,
    /// The alternatives that are decided by this event.
    pub won: Vec<Race>,
    /// `limit`: how many branches a run may have.
    pub limit: Option<u32>,
    /// The alert's time where it is not that of the last taken event.
    pub at_us: Option<i64>,
}

/// An event taken by one of the ways of a list.
struct Took<'p> {
    /// What goes on, each with the step that took the event. None did where the event completes the match without being
    /// part of it, and in an alternative beside the one that took it.
    branches: Vec<(Option<StepId>, Vec<Way<'p>>)>,
    /// The match is complete by the event, without it.
    completes: bool,
    each: bool,
    won: Vec<Race>,
    limit: Option<u32>,
}

/// Follows branches of one key.
pub(super) struct Walk<'a, 'p> {
    /// The key.
    pub view: &'a KeyView<'p>,
    /// The next race's number.
    pub races: &'a Cell<u64>,
    /// The position of the run's first event.
    pub start: usize,
}

impl<'p> Branch<'p> {
    /// Complete at rest: nothing that is preferred to the end can still come.
    pub fn is_complete(&self) -> bool {
        matches!(self.ways.first(), Some(Way { goal: Goal::Complete(_), .. }))
    }

    /// The deadline that completed it.
    pub fn deadline(&self) -> Option<i64> {
        match self.ways.first() {
            Some(Way { goal: Goal::Complete(deadline), .. }) => *deadline,
            _ => None,
        }
    }
}

impl<'p> Walk<'_, 'p> {
    /// The branches that an event starts: those whose first step it fits.
    pub fn start(&self, event: usize) -> Outcome<'p> {
        let rest = push(
            FrameKind::Sequence { elements: &self.view.pattern.seq, mode: Mode { strict: false, common: false } },
            &None,
        );
        let mut outcome = Outcome::default();
        for ways in after(&rest, &self.here(&[], Vec::new(), None)) {
            let races = races_of(&ways);
            let one = self.event(&Branch { start: event, taken: Vec::new(), ways, races }, event);
            outcome.branches.extend(one.branches.into_iter().filter(|b| !b.taken.is_empty()));
            outcome.won.extend(one.won);
            outcome.limit = outcome.limit.max(one.limit);
        }
        outcome
    }

    /// Offers an event of the key: it goes to the most preferred way that it fits, and the other ways are given up. With
    /// `then each` the branch also goes on as if the event had not come. An event that fits nothing is passed over.
    pub fn event(&self, branch: &Branch<'p>, event: usize) -> Outcome<'p> {
        let mut branch = branch.clone();
        let mut at_us = None;
        if !self.view.is_within_rule(event, self.start, &branch.taken) {
            // By the rule's `within N events`, or where only time is waited for.
            if branch.ways.iter().any(|way| matches!(way.goal, Goal::Positions)) {
                branch.ways = vec![completed(None)];
                at_us = Some(self.view.at(event));
            }
            // Time may still complete a group.
            let waits = |way: &Way<'p>| self.next_deadline(std::slice::from_ref(way)) < i64::MAX;
            branch.ways.retain(|way| !matches!(way.goal, Goal::Step(_) | Goal::Members(_)) || waits(way));
            if branch.is_complete() {
                return Outcome { branches: vec![branch], at_us, ..Outcome::default() };
            }
        }
        let Some(took) = self.offer(&branch.ways, event, &branch.taken, &[]) else {
            return Outcome { branches: self.passed(branch, event), ..Outcome::default() };
        };
        if took.completes {
            at_us = Some(self.view.at(event));
        }
        let mut won = took.won;
        let mut new = Vec::new();
        for (step, ways) in took.branches {
            let mut taken = branch.taken.clone();
            taken.extend(step.map(|step| (step, event)));
            won.extend(decided(&ways));
            let races = [branch.races.clone(), races_of(&ways)].concat();
            let ways = cut(self.in_time(ways, event, &taken));
            new.push(kept(Branch { start: branch.start, taken, ways, races }));
        }
        new.retain(|b| !b.ways.is_empty());
        let mut stays = Vec::new();
        if took.each {
            // To those who pass over it, the event is the very next one all the same.
            let ends = |way: &Way<'p>| matches!(way.goal, Goal::AnyEvent) && self.lets_all(way, event, &branch.taken);
            if branch.ways.iter().any(ends) {
                at_us = Some(self.view.at(event));
                stays.push(Branch { ways: vec![completed(None)], ..branch });
            } else {
                stays = self.passed(branch, event);
            }
        }
        let limit = took.limit.or_else(|| new.iter().flat_map(|b| &b.ways).filter_map(limit_of).max());
        Outcome { branches: [stays, new].concat(), won, limit, at_us }
    }

    /// Without the ways that are too late already at an event: what it has ended may have been all that held the match back.
    fn in_time(&self, mut ways: Vec<Way<'p>>, event: usize, taken: &Taken) -> Vec<Way<'p>> {
        ways.retain(|way| self.latest(way, taken) >= self.view.at(event));
        ways
    }

    fn passed(&self, branch: Branch<'p>, event: usize) -> Vec<Branch<'p>> {
        let Branch { start, taken, ways, races } = branch;
        let ways = ways.into_iter().filter_map(|way| self.pass(way, event, &taken, false)).collect();
        let ways = cut(self.in_time(ways, event, &taken));
        if ways.is_empty() { Vec::new() } else { vec![Branch { start, taken, ways, races }] }
    }

    /// The first of the ways that the event fits takes it. `around` are the brackets around the list.
    fn offer(&self, ways: &[Way<'p>], event: usize, taken: &Taken, around: &[&Rest<'p>]) -> Option<Took<'p>> {
        ways.iter().find_map(|way| self.offer_way(way, event, taken, around))
    }

    fn lets_all(&self, way: &Way<'p>, event: usize, taken: &Taken) -> bool {
        way.guards.iter().all(|guard| self.lets_take(guard, event, taken))
    }

    fn offer_way(&self, way: &Way<'p>, event: usize, taken: &Taken, around: &[&Rest<'p>]) -> Option<Took<'p>> {
        if !self.lets_all(way, event, taken) {
            return None;
        }
        match &way.goal {
            Goal::Step(step) => {
                let fits = self.view.is_within_rule(event, self.start, taken)
                    && around.iter().chain([&&way.rest]).all(|rest| self.view.is_within_limits(rest, event, taken))
                    && self.view.is_step(*step, event, taken);
                fits.then(|| {
                    let taken = [taken, &[(*step, event)]].concat();
                    let branches = after(&way.rest, &self.here(&taken, Vec::new(), None));
                    Took {
                        branches: branches.into_iter().map(|ways| (Some(*step), ways)).collect(),
                        completes: false,
                        each: way.link == Link::ThenEach,
                        won: way.won.clone(),
                        limit: limit(&way.rest),
                    }
                })
            }
            Goal::Members(members) => self.offer_members(way, members, event, taken, around),
            Goal::Either(either) => self.offer_either(way, either, event, taken, around),
            Goal::AnyEvent => {
                let branches = vec![(None, vec![completed(None)])];
                Some(Took { branches, completes: true, each: false, won: way.won.clone(), limit: None })
            }
            Goal::Deadline(_) | Goal::Positions | Goal::Complete(_) | Goal::Done => None,
        }
    }

    /// The event begins an `any of` by all alternatives that it fits; where it is not the first step, the others wait beside
    /// them.
    fn offer_either(
        &self,
        way: &Way<'p>,
        either: &Either<'p>,
        event: usize,
        taken: &Taken,
        around: &[&Rest<'p>],
    ) -> Option<Took<'p>> {
        let offered: Vec<_> = either.branches.iter().map(|ways| self.offer(ways, event, taken, around)).collect();
        offered.iter().flatten().next()?;
        let race = self.races.get();
        self.races.set(race + 1);
        let moved = |ways: Vec<Way<'p>>| ways.into_iter().map(|w| w.in_race(either.race, race)).collect::<Vec<_>>();
        let mut all = Took { branches: Vec::new(), completes: false, each: false, won: way.won.clone(), limit: None };
        for (took, ways) in offered.into_iter().zip(&either.branches) {
            match took {
                Some(took) => {
                    all.branches.extend(took.branches.into_iter().map(|(step, ways)| (step, moved(ways))));
                    let won = |race_won: Race| {
                        if race_won.race == either.race { Race { race, ..race_won } } else { race_won }
                    };
                    all.won.extend(took.won.into_iter().map(won));
                    all.each |= took.each;
                    all.limit = all.limit.max(took.limit);
                }
                None if taken.is_empty() => {}
                None => {
                    let ways = ways.iter().filter_map(|way| self.pass(way.clone(), event, taken, false)).collect();
                    all.branches.push((None, moved(ways)));
                }
            }
        }
        Some(all)
    }

    /// In `all of` and `N of` an event goes to the first open member in text order that it fits.
    fn offer_members(
        &self,
        way: &Way<'p>,
        members: &Members<'p>,
        event: usize,
        taken: &Taken,
        around: &[&Rest<'p>],
    ) -> Option<Took<'p>> {
        let around = [around, &[&way.rest]].concat();
        let offer = |(member, ways): (usize, &Vec<Way<'p>>)| Some((member, self.offer(ways, event, taken, &around)?));
        let (member, took) = members.ways.iter().enumerate().find_map(offer)?;
        let others = |(position, ways): (usize, &Vec<Way<'p>>)| {
            if position == member {
                return Vec::new();
            }
            ways.iter().filter_map(|way| self.pass(way.clone(), event, taken, true)).collect()
        };
        let others: Vec<Vec<Way>> = members.ways.iter().enumerate().map(others).collect();
        let mut gone = members.ways.iter().zip(&others).enumerate();
        let is_lost = gone.any(|(position, (before, now))| position != member && is_spare(before) && now.is_empty());
        let settled = |(step, ways): (Option<StepId>, Vec<Way<'p>>)| {
            let mut all = others.clone();
            all[member] = ways;
            let taken: Vec<_> = taken.iter().copied().chain(step.map(|step| (step, event))).collect();
            let here = self.here(&taken, Vec::new(), None);
            let link = if way.link == Link::ThenEach { Link::Then } else { way.link };
            let branches = settle(Members { ways: all, ..members.clone() }, link, &way.rest, &here);
            branches.into_iter().map(move |ways| (step, ways))
        };
        // Of a member that was to go on by `each`, another branch has all that is left.
        let branches = if is_lost { Vec::new() } else { took.branches.into_iter().flat_map(settled).collect() };
        let each = took.each || way.link == Link::ThenEach;
        Some(Took { branches, each, won: [way.won.clone(), took.won].concat(), ..took })
    }

    /// A guard lets an event take its way: `no X` lies strictly between its neighbours, so the neighbour itself is not
    /// tested; `next no X` tests the very next event, whatever becomes of it; a leading `no X for D` wants the key to
    /// have been known for D, and no X in the D before.
    fn lets_take(&self, guard: &Guard<'p>, event: usize, taken: &Taken) -> bool {
        match guard {
            Guard::No { absent, until_us, tests_taken, .. } => {
                let in_force = *tests_taken && until_us.is_none_or(|until| self.view.at(event) <= until);
                !(in_force && self.view.is_absent(absent, event, taken))
            }
            Guard::Loop(ways) => self.offer(ways, event, taken, &[]).is_none(),
            Guard::Before(absent, hold_us) => {
                let since = self.view.at(event).saturating_sub(*hold_us);
                let known = (0..event).find(|&i| self.view.belongs(i, taken)).is_some_and(|i| self.view.at(i) <= since);
                let free = !(0..event).any(|i| self.view.at(i) >= since && self.view.is_absent(absent, i, taken));
                known && free
            }
        }
    }

    /// An event that this way did not take, though it saw it: `next` has missed it, a guard may forbid it, a loop may end
    /// by it. `by_member`: another member of the same group took it.
    fn pass(&self, mut way: Way<'p>, event: usize, taken: &Taken, by_member: bool) -> Option<Way<'p>> {
        let missed = matches!(way.goal, Goal::Step(_)) && way.link == Link::Next && !(by_member && way.common);
        if missed || self.view.ends_a_loop(&way.rest, event, taken) {
            return None;
        }
        let mut guards = Vec::new();
        for guard in way.guards {
            match guard {
                Guard::No { absent, until_us, next_only, .. } => {
                    let in_force = until_us.is_none_or(|until| self.view.at(event) <= until);
                    if in_force && self.view.is_absent(absent, event, taken) {
                        return None;
                    }
                    if !next_only {
                        guards.push(guard);
                    }
                }
                Guard::Loop(ways) => {
                    if !by_member && self.offer(&ways, event, taken, &[]).is_some() {
                        return None;
                    }
                    let ways = ways.into_iter().filter_map(|w| self.pass(w, event, taken, by_member)).collect();
                    guards.push(Guard::Loop(ways));
                }
                Guard::Before(..) => guards.push(guard),
            }
        }
        way.guards = guards;
        if let Goal::Members(members) = &mut way.goal {
            for ways in &mut members.ways {
                let was_spare = is_spare(ways);
                *ways = ways.drain(..).filter_map(|w| self.pass(w, event, taken, by_member)).collect();
                if was_spare && ways.is_empty() {
                    return None;
                }
            }
            let can_take = |ways: &Vec<Way>| ways.iter().any(|way| !matches!(way.goal, Goal::Done));
            let left = members.ways.iter().filter(|w| !w.is_empty()).count();
            // A complete group is left by the ways that stand beside this one.
            if left < members.need || !members.ways.iter().any(can_take) {
                return None;
            }
        }
        if let Goal::Either(either) = &mut way.goal {
            for ways in &mut either.branches {
                *ways = ways.drain(..).filter_map(|w| self.pass(w, event, taken, by_member)).collect();
            }
            either.branches.retain(|ways| !ways.is_empty());
            if either.branches.is_empty() {
                return None;
            }
        }
        Some(way)
    }

    /// The next moment at which the passing of time alone changes the branch: a deadline, or the end of all that is
    /// preferred to being complete.
    pub fn next_time(&self, branch: &Branch<'p>) -> i64 {
        let deadline = self.next_deadline(&branch.ways);
        let complete = branch.ways.iter().position(|way| matches!(way.goal, Goal::Complete(_)));
        let over = complete.map_or(i64::MAX, |end| {
            branch.ways[..end].iter().map(|way| self.latest(way, &branch.taken)).max().unwrap_or(i64::MAX)
        });
        deadline.min(over)
    }

    fn next_deadline(&self, ways: &[Way<'p>]) -> i64 {
        let of = |way: &Way<'p>| match &way.goal {
            Goal::Deadline(at) => *at,
            Goal::Members(members) => {
                members.ways.iter().map(|ways| self.next_deadline(ways)).min().unwrap_or(i64::MAX)
            }
            Goal::Either(either) => {
                either.branches.iter().map(|ways| self.next_deadline(ways)).min().unwrap_or(i64::MAX)
            }
            _ => i64::MAX,
        };
        ways.iter().map(of).min().unwrap_or(i64::MAX)
    }

    /// Event time has certainly passed `time`: deadlines up to it are over, and so is what can no longer be taken.
    pub fn time(&self, branch: &Branch<'p>, time: i64) -> Outcome<'p> {
        let mut won = Vec::new();
        let make = |ways: Vec<Way<'p>>| {
            let races = [branch.races.clone(), races_of(&ways)].concat();
            kept(Branch { start: branch.start, taken: branch.taken.clone(), ways: completed_by_time(cut(ways)), races })
        };
        let passed = self.pass_time(&branch.ways, time, &branch.taken, false);
        let branches: Vec<Branch> = passed.into_iter().map(make).filter(|b| !b.ways.is_empty()).collect();
        for branch in &branches {
            won.extend(decided(&branch.ways));
        }
        let limit = branches.iter().flat_map(|b| &b.ways).filter_map(limit_of).max();
        Outcome { branches, won, limit, at_us: None }
    }

    /// `in_member`: what another member takes may allow more time.
    fn pass_time(&self, ways: &[Way<'p>], time: i64, taken: &Taken, in_member: bool) -> Branches<'p> {
        let mut branches: Branches = vec![Vec::new()];
        for way in ways {
            let mut options = self.pass_time_way(way, time, taken, in_member);
            if options.is_empty() {
                options.push(Vec::new());
            }
            let with = |b: &Vec<Way<'p>>| options.iter().map(|o| [b.clone(), o.clone()].concat()).collect::<Vec<_>>();
            branches = branches.iter().flat_map(with).collect();
        }
        branches
    }

    fn pass_time_way(&self, way: &Way<'p>, time: i64, taken: &Taken, in_member: bool) -> Branches<'p> {
        match &way.goal {
            Goal::Deadline(at) if *at <= time => {
                let guards = way.guards.iter().filter(|guard| guard.outlasts_time()).cloned().collect();
                let here = Here { won: way.won.clone(), ..self.here(taken, guards, Some(*at)) };
                after(&way.rest, &here)
            }
            Goal::Step(_) | Goal::Members(_) | Goal::Either(_) if self.is_late(way, time, taken, in_member) => {
                Vec::new()
            }
            Goal::Members(members) if self.next_deadline(std::slice::from_ref(way)) <= time => {
                self.pass_time_members(way, members, time, taken)
            }
            Goal::Either(either) => self.pass_time_either(way, either, time, taken, in_member),
            _ => vec![vec![way.clone()]],
        }
    }

    /// An alternative that time completes wins, the first in text order; without one, the `any of` still waits.
    fn pass_time_either(
        &self,
        way: &Way<'p>,
        either: &Either<'p>,
        time: i64,
        taken: &Taken,
        in_member: bool,
    ) -> Branches<'p> {
        let pass = |ways: &Vec<Way<'p>>| self.pass_time(ways, time, taken, in_member);
        let passed: Branches = either.branches.iter().flat_map(pass).collect();
        let wins = |ways: &[Way<'p>]| decided(ways).iter().filter(|w| w.race == either.race).map(|w| w.member).min();
        let Some(winner) = passed.iter().filter_map(|ways| wins(ways)).min() else {
            let branches: Branches = passed.into_iter().filter(|ways| !ways.is_empty()).collect();
            let goal = Goal::Either(Either { branches, ..either.clone() });
            return vec![vec![Way { goal, ..way.clone() }]];
        };
        let behind = |mut one: Way<'p>| {
            one.won.extend(&way.won);
            one
        };
        let won = passed.into_iter().filter(|ways| wins(ways) == Some(winner));
        won.map(|ways| ways.into_iter().map(behind).collect()).collect()
    }

    fn pass_time_members(&self, way: &Way<'p>, members: &Members<'p>, time: i64, taken: &Taken) -> Branches<'p> {
        let mut combinations: Vec<Vec<Vec<Way>>> = vec![Vec::new()];
        for ways in &members.ways {
            let options = self.pass_time(ways, time, taken, true);
            let with = |c: &Vec<Vec<Way<'p>>>| {
                options.iter().map(|o| [c.clone(), vec![o.clone()]].concat()).collect::<Vec<_>>()
            };
            combinations = combinations.iter().flat_map(with).collect();
        }
        let here = Here { won: way.won.clone(), ..self.here(taken, way.guards.clone(), Some(time)) };
        let was_complete = members.complete() >= members.need;
        let settled = |ways: Vec<Vec<Way<'p>>>| {
            let settled = settle(Members { ways, ..members.clone() }, way.link, &way.rest, &here);
            // The ways out of a group that was complete before stand beside this one already.
            let inside =
                |b: Vec<Way<'p>>| b.into_iter().filter(|w| matches!(w.goal, Goal::Members(_))).take(1).collect();
            if was_complete { settled.into_iter().map(inside).collect() } else { settled }
        };
        combinations.into_iter().flat_map(settled).collect()
    }

    /// The input has ended: a greedy loop is over, and a last `next no X` has seen no X.
    pub fn finish(&self, branch: &Branch<'p>) -> Option<Branch<'p>> {
        let waits = |way: &Way| matches!(way.goal, Goal::Complete(_) | Goal::AnyEvent | Goal::Positions);
        branch.ways.iter().any(waits).then(|| Branch { ways: vec![completed(None)], ..branch.clone() })
    }

    /// Where a branch stands that has taken these events.
    pub fn here<'b>(&'b self, taken: &Taken, guards: Vec<Guard<'p>>, by_deadline: Option<i64>) -> Here<'b, 'p> {
        let past = |(step, event): &(StepId, usize)| Past { step: *step, event: *event, at_us: self.view.at(*event) };
        let taken = taken.iter().map(past).collect();
        let within: Option<Within> = self.view.pattern.within;
        let (won, dropped, start_us) = (Vec::new(), Vec::new(), self.view.at(self.start));
        Here { taken, guards, won, by_deadline, within, start_us, dropped, races: self.races }
    }
}

fn completed<'p>(deadline: Option<i64>) -> Way<'p> {
    Way {
        goal: Goal::Complete(deadline),
        link: Link::Then,
        common: false,
        guards: Vec::new(),
        rest: None,
        won: Vec::new(),
        dropped: Vec::new(),
    }
}

/// The nearest `limit` around what a way waits for.
fn limit_of(way: &Way<'_>) -> Option<u32> {
    match &way.goal {
        Goal::Either(either) => either.branches.iter().flatten().filter_map(limit_of).max(),
        _ => limit(&way.rest),
    }
}

/// A match fires as soon as it is complete, unless a greedy loop at the end may still go on: until then the run takes
/// whatever fits.
fn cut(mut ways: Vec<Way<'_>>) -> Vec<Way<'_>> {
    let Some(end) = ways.iter().position(|way| matches!(way.goal, Goal::Complete(_))) else { return ways };
    let holds_back = |way: &Way<'_>| match &way.goal {
        Goal::Members(members) => members.complete() < members.need || members.is_greedy(),
        _ => true,
    };
    if !ways[..end].iter().any(holds_back) {
        ways.drain(..end);
        ways.truncate(1);
    }
    ways
}

/// A match that a deadline completes fires then, whatever a greedy loop could still have taken.
fn completed_by_time(mut ways: Vec<Way<'_>>) -> Vec<Way<'_>> {
    match ways.iter().position(|way| matches!(way.goal, Goal::Complete(Some(_)))) {
        Some(end) => ways.split_off(end),
        None => ways,
    }
}

/// The branch without the events that its group has left behind.
fn kept<'p>(mut branch: Branch<'p>) -> Branch<'p> {
    fn dropped(ways: &mut [Way<'_>], found: &mut Vec<Dropped>) {
        for way in ways {
            found.append(&mut way.dropped);
            match &mut way.goal {
                Goal::Members(members) => members.ways.iter_mut().for_each(|ways| dropped(ways, found)),
                Goal::Either(either) => either.branches.iter_mut().for_each(|ways| dropped(ways, found)),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    dropped(&mut branch.ways, &mut found);
    for dropped in found {
        branch.taken.retain(|(step, event)| !dropped.has(*step, *event));
    }
    branch
}

/// The alternatives that a list of ways follows or has decided.
fn races_of(ways: &[Way<'_>]) -> Vec<Race> {
    let mut races = Vec::new();
    for way in ways {
        races.extend(&way.won);
        races.extend(super::fit::frames(&way.rest).filter_map(|frame| match &frame.kind {
            FrameKind::Alternative(race) => Some(*race),
            _ => None,
        }));
        match &way.goal {
            Goal::Members(members) => races.extend(members.ways.iter().flat_map(|ways| races_of(ways))),
            // Its own race has not begun; those around it have.
            Goal::Either(either) => {
                let around = either.branches.iter().flat_map(|ways| races_of(ways));
                races.extend(around.filter(|race| race.race != either.race));
            }
            _ => {}
        }
    }
    races
}

/// The alternatives that are complete: some way lies behind them, be it behind a greedy loop that may still go on.
fn decided(ways: &[Way<'_>]) -> Vec<Race> {
    let of = |way: &Way<'_>| {
        let inside = match &way.goal {
            Goal::Members(members) => members.ways.iter().flat_map(|ways| decided(ways)).collect(),
            _ => Vec::new(),
        };
        [way.won.clone(), inside].concat()
    };
    ways.iter().flat_map(of).collect()
}
