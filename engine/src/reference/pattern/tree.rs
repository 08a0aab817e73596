//! What a run may take next: the pattern's tree unfolded from where the run stands.
//!
//! A run at rest has one or more *branches*; a branch has a list of *ways*, the most preferred first. An event goes to the
//! first way that it fits, and the other ways are given up: that is the deterministic choice of the language. Only the
//! words `each` and `any of` make more than one branch of a run.

use std::ops::Range;
use std::rc::Rc;

use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{Absent, Branching, Element, Group, GroupKind, Node, Quant, Within};

use super::way::{
    Body, Branches, Dropped, Either, Frame, FrameKind, Goal, Guard, Here, Members, Mode, Past, Race, Rest, Round,
    Scope, Way, could_end, is_greedy_spare, is_spare,
};

/// A frame on top of what is left.
pub(super) fn push<'p>(kind: FrameKind<'p>, up: &Rest<'p>) -> Rest<'p> {
    Some(Rc::new(Frame { kind, up: up.clone() }))
}

/// Something is complete: what may come next.
pub(super) fn after<'p>(rest: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    let Some(frame) = rest else {
        // A match has at least one event.
        return vec![if here.taken.is_empty() { Vec::new() } else { vec![end(here)] }];
    };
    match &frame.kind {
        FrameKind::Sequence { elements, mode } => match elements.split_first() {
            None => after(&frame.up, here),
            Some((first, others)) => {
                let rest = push(FrameKind::Sequence { elements: others, mode: *mode }, &frame.up);
                let link = if mode.strict { Link::Next } else { first.link };
                enter(first, link, *mode, &rest, here)
            }
        },
        FrameKind::Round(round) => {
            let inside = |past: &Past| past.event >= round.round_from && round.scope.steps.contains(&past.step.0);
            let empty = !here.taken.iter().any(inside);
            match (empty, round.done > round.quant.min) {
                (false, _) => decide(round, &frame.up, here),
                // A round that took nothing ends the loop: where it is one too many, the way out stands beside it already.
                (true, false) => after(&frame.up, here),
                (true, true) => vec![Vec::new()],
            }
        }
        FrameKind::Bracket(_) => after(&frame.up, here),
        FrameKind::Alternative(race) => {
            let mut here = here.clone();
            here.won.push(*race);
            after(&frame.up, &here)
        }
        FrameKind::Member => {
            vec![vec![way(Goal::Done, Link::Then, false, &None, &Here { guards: Vec::new(), ..here.clone() })]]
        }
    }
}

fn way<'p>(goal: Goal<'p>, link: Link, common: bool, rest: &Rest<'p>, here: &Here<'_, 'p>) -> Way<'p> {
    let link = if link == Link::Start { Link::Then } else { link };
    Way {
        goal,
        link,
        common,
        guards: here.guards.clone(),
        rest: rest.clone(),
        won: here.won.clone(),
        dropped: here.dropped.clone(),
    }
}

/// Nothing is left. A match fires as soon as its last step is complete; a last `no X` without `for` waits until the rule's
/// `within`, counted from the first event, is over; a last `next no X` waits for the very next event.
fn end<'p>(here: &Here<'_, 'p>) -> Way<'p> {
    let waits = |g: &Guard<'p>| matches!(g, Guard::No { last: true, until_us: None, next_only: false, .. });
    let next = |g: &Guard<'p>| matches!(g, Guard::No { last: true, next_only: true, .. });
    let goal = if here.guards.iter().any(waits) {
        match here.within {
            Some(Within::Time(us)) => Goal::Deadline(here.start_us.saturating_add(us)),
            Some(Within::Events(_)) => Goal::Positions,
            _ => Goal::Deadline(i64::MAX),
        }
    } else if here.guards.iter().any(next) {
        Goal::AnyEvent
    } else {
        Goal::Complete(here.by_deadline)
    };
    way(goal, Link::Then, false, &None, here)
}

/// Goes into an element that follows by this word. The first inside a bracket follows by the bracket's own word.
pub(super) fn enter<'p>(
    element: &'p Element,
    link: Link,
    mode: Mode,
    rest: &Rest<'p>,
    here: &Here<'_, 'p>,
) -> Branches<'p> {
    match &element.node {
        Node::Step(step) => {
            let scope = Scope { limits: &step.limits, steps: step.id.0..step.id.0 + 1, from: here.next() };
            enter_loop(Body::Step(step.id), step.quant, link, mode, scope, rest, here)
        }
        Node::Sub(sub) => {
            let scope = Scope { limits: &sub.limits, steps: steps_of(&sub.seq), from: here.next() };
            enter_loop(Body::Sub(sub), sub.quant, link, mode, scope, rest, here)
        }
        Node::Group(group) => enter_group(group, link, mode, rest, here),
        Node::No(absent) => enter_no(absent, element.link == Link::Next, rest, here),
    }
}

fn steps_of(elements: &[Element]) -> Range<u32> {
    let inside = elements.iter().filter_map(|element| match &element.node {
        Node::Step(step) => Some(step.id.0..step.id.0 + 1),
        Node::Sub(sub) => Some(steps_of(&sub.seq)),
        Node::Group(group) => Some(steps_of(&group.members)),
        Node::No(_) => None,
    });
    let both = |a: Range<u32>, b: Range<u32>| a.start.min(b.start)..a.end.max(b.end);
    inside.filter(|steps| !steps.is_empty()).reduce(both).unwrap_or(0..0)
}

fn enter_loop<'p>(
    body: Body<'p>,
    quant: Option<Quant>,
    link: Link,
    mode: Mode,
    scope: Scope<'p>,
    rest: &Rest<'p>,
    here: &Here<'_, 'p>,
) -> Branches<'p> {
    let once = Quant { min: 1, max: Some(1), greedy: false, branching: Branching::One, consecutive: false };
    let round_from = here.next();
    let mut quant = quant.unwrap_or(once);
    if matches!(body, Body::Sub(sub) if may_be_empty(&sub.seq)) {
        // What takes nothing counts as a round.
        quant.min = quant.min.min(1);
    }
    let round = Round { body, quant, link, mode, done: 0, round_from, spare: false, scope };
    decide(&round, rest, here)
}

fn may_be_empty(elements: &[Element]) -> bool {
    let is_optional = |quant: Option<Quant>| quant.is_some_and(|quant| quant.min == 0);
    elements.iter().all(|element| match &element.node {
        Node::Step(step) => is_optional(step.quant),
        Node::Sub(sub) => is_optional(sub.quant) || may_be_empty(&sub.seq),
        Node::Group(_) => false,
        Node::No(_) => true,
    })
}

/// A loop between two rounds. While the minimum is not met it goes on; at the maximum it ends; in between the step after
/// is preferred, or with `greedy` the loop. `each` follows both, each in branches of its own; with `greedy each` the way
/// to the step after may not take or pass over what the loop could take. Rounds are joined by the word before the loop,
/// or by `next` if it is `consecutive`.
///
/// Once the loop may end, a `no X` behind it is in force, for the rounds that may still come as well; what a greedy loop
/// takes is not tested.
fn decide<'p>(round: &Round<'p>, up: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    let quant = &round.quant;
    let go_on = quant.max.is_none_or(|max| round.done < max);
    let stop = round.done >= quant.min;
    if !stop {
        return if go_on { another_round(round, false, up, here) } else { Vec::new() };
    }
    let leave = after(up, here);
    if !go_on {
        return leave;
    }
    let is_done = |ways: &Vec<Way<'p>>| matches!(ways.first(), Some(Way { goal: Goal::Done, .. }));
    let again = another_round(round, leave.iter().any(is_done), up, here);
    // At the end of the pattern, or of a member, nothing could pass over what the loop takes: `greedy each` is `greedy`.
    let ends = leave.iter().any(|ways| matches!(ways.first(), Some(Way { goal: Goal::Complete(_) | Goal::Done, .. })));
    if quant.branching == Branching::Each && !(quant.greedy && ends) {
        let common = leave.iter().flatten().cloned().collect::<Vec<_>>();
        let again: Branches = again.into_iter().map(|ways| guarded(ways, &common, quant.greedy)).collect();
        let loop_ways: Vec<Way> = again.iter().flatten().cloned().collect();
        let leave = leave.into_iter().map(|ways| if quant.greedy { not_past(ways, &loop_ways) } else { ways });
        return if quant.greedy { again.into_iter().chain(leave).collect() } else { leave.chain(again).collect() };
    }
    let complete = |ways: &Vec<Way<'p>>| matches!(ways.first(), Some(Way { goal: Goal::Complete(_), .. }));
    let is_complete = leave.iter().any(complete);
    let mut branches = Vec::new();
    for leave in &leave {
        // At the end of the pattern what is not greedy takes no more.
        if !quant.greedy && is_complete {
            branches.push(leave.clone());
            continue;
        }
        for again in &again {
            let again = guarded(again.clone(), leave, quant.greedy);
            branches.push(if quant.greedy {
                [again, leave.clone()].concat()
            } else {
                // What a loop by `greedy each` behind takes is not for this one, which comes after it.
                let loops: Vec<Vec<Way>> = leave.iter().flat_map(|way| &way.guards).filter_map(loop_of).collect();
                [leave.clone(), loops.iter().fold(again, |again, ways| not_past(again, ways))].concat()
            });
        }
    }
    branches
}

/// `spare`: the member of a group that the loop is in is complete without it.
fn another_round<'p>(round: &Round<'p>, spare: bool, up: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    let link = match (round.done, round.link) {
        (0, link) => link,
        _ if round.quant.consecutive || round.mode.strict => Link::Next,
        (_, Link::Start) => Link::Then,
        (_, link) => link,
    };
    // What is `consecutive` counts from its own events.
    let common = round.mode.common && (round.done == 0 || !round.quant.consecutive);
    let next = Round { done: round.done + 1, round_from: here.next(), spare, ..round.clone() };
    let rest = push(FrameKind::Round(next), up);
    match round.body {
        Body::Step(step) => vec![vec![way(Goal::Step(step), link, common, &rest, here)]],
        Body::Sub(sub) => {
            let strict = round.mode.strict || round.quant.consecutive;
            let inside = Mode { strict, common: round.mode.common && !round.quant.consecutive };
            let Some((first, others)) = sub.seq.split_first() else { return after(&rest, here) };
            let rest = push(FrameKind::Sequence { elements: others, mode: inside }, &rest);
            enter(first, link, Mode { strict, common }, &rest, here)
        }
    }
}

/// The ways of another round under the guards that every way out of the loop stands under.
fn guarded<'p>(mut ways: Vec<Way<'p>>, leave: &[Way<'p>], greedy: bool) -> Vec<Way<'p>> {
    let Some((first, others)) = leave.split_first() else { return ways };
    for guard in &first.guards {
        let Guard::No { absent, until_us, next_only, .. } = guard else { continue };
        if !others.iter().all(|way| way.guards.iter().any(|g| same_absent(g, absent))) {
            continue;
        }
        for way in &mut ways {
            if !way.guards.iter().any(|g| same_absent(g, absent)) {
                way.guards.push(Guard::No {
                    absent,
                    until_us: *until_us,
                    next_only: *next_only,
                    tests_taken: !greedy,
                    last: false,
                });
            }
        }
    }
    ways
}

fn same_absent(guard: &Guard<'_>, other: &Absent) -> bool {
    matches!(guard, Guard::No { absent, .. } if std::ptr::eq(*absent, other))
}

fn loop_of<'p>(guard: &Guard<'p>) -> Option<Vec<Way<'p>>> {
    if let Guard::Loop(ways) = guard { Some(ways.clone()) } else { None }
}

fn not_past<'p>(ways: Vec<Way<'p>>, loop_ways: &[Way<'p>]) -> Vec<Way<'p>> {
    let add = |mut way: Way<'p>| {
        way.guards.push(Guard::Loop(loop_ways.to_vec()));
        way
    };
    ways.into_iter().map(add).collect()
}

/// `any of` follows its alternatives side by side, each in a branch of its own, in one race. `all of` and `N of` wait for
/// their members together; `next` before them holds between all their events.
fn enter_group<'p>(group: &'p Group, link: Link, mode: Mode, rest: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    let scope = Scope { limits: &group.limits, steps: steps_of(&group.members), from: here.next() };
    let rest = push(FrameKind::Bracket(scope), rest);
    match group.kind {
        GroupKind::AnyOf => {
            let race = here.races.get();
            here.races.set(race + 1);
            let inside = Here { guards: Vec::new(), won: Vec::new(), dropped: Vec::new(), ..here.clone() };
            let alternative = |(member, element): (usize, &'p Element)| {
                let rest = push(FrameKind::Alternative(Race { race, member }), &rest);
                enter(element, link, mode, &rest, &inside)
            };
            let branches: Branches = group.members.iter().enumerate().flat_map(alternative).collect();
            vec![vec![way(Goal::Either(Either { race, branches }), link, false, &None, here)]]
        }
        GroupKind::Of(need) => {
            let mode = if link == Link::Next { Mode { strict: true, common: true } } else { mode };
            let end = push(FrameKind::Member, &None);
            let inside = Here { guards: Vec::new(), won: Vec::new(), ..here.clone() };
            // The word stands before the group: its members have no place.
            let first = if link == Link::ThenEach { Link::Then } else { link };
            let members = group.members.iter().map(|member| enter(member, first, mode, &end, &inside));
            let combinations = members.fold(vec![Vec::new()], |combinations: Vec<Vec<Vec<Way>>>, branches| {
                let with = |c: &Vec<Vec<Way<'p>>>| {
                    branches.iter().map(|b| [c.clone(), vec![b.clone()]].concat()).collect::<Vec<_>>()
                };
                combinations.iter().flat_map(with).collect()
            });
            let from = here.next();
            let settle =
                |ways| settle(Members { ways, need: need as usize, of: &group.members, from }, link, &rest, here);
            combinations.into_iter().flat_map(settle).collect()
        }
    }
}

/// An `all of` or `N of` after something changed in it. A member is complete as soon as it could end, and takes no more
/// unless its loop is greedy. Once enough members are complete, the others take no more part; the step after comes behind
/// further rounds of greedy loops. The group is given up when too few members are left.
pub(super) fn settle<'p>(mut members: Members<'p>, link: Link, rest: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    for ways in &mut members.ways {
        if let Some(done) = ways.iter().position(|way| matches!(way.goal, Goal::Done)) {
            ways.truncate(done + 1);
        }
    }
    if members.complete() < members.need {
        // By `each` another branch is complete: here as well only the members that made it so go on.
        if members.ways.iter().filter(|ways| could_end(ways) || is_spare(ways)).count() >= members.need {
            members.ways.iter_mut().filter(|ways| !could_end(ways) && !is_spare(ways)).for_each(Vec::clear);
        }
        let left = members.ways.iter().filter(|ways| !ways.is_empty()).count();
        if left < members.need {
            return Vec::new();
        }
        let is_greedy = members.ways.iter().any(|ways| is_greedy_spare(ways));
        let spare = members.ways.iter().filter(|ways| could_end(ways) || is_spare(ways)).count() >= members.need;
        let inside = vec![way(Goal::Members(members), link, false, rest, here)];
        let leave: Vec<Way> = if spare { after(rest, here).into_iter().flatten().collect() } else { Vec::new() };
        return vec![guarded(inside, &leave, is_greedy)];
    }
    let mut here = here.clone();
    // What stood before the group is over.
    here.guards.clear();
    for done in members.ways.iter().flatten().filter(|way| matches!(way.goal, Goal::Done)) {
        here.won.extend(&done.won);
        here.guards.extend(done.guards.iter().cloned());
        here.dropped.extend(done.dropped.iter().cloned());
    }
    here.taken.retain(|past| !here.dropped.iter().any(|dropped| dropped.has(past.step, past.event)));
    for (ways, member) in members.ways.iter_mut().zip(members.of) {
        if !could_end(ways) {
            ways.clear();
            let dropped = Dropped { steps: steps_of(std::slice::from_ref(member)), from: members.from };
            here.taken.retain(|past| !dropped.has(past.step, past.event));
            here.dropped.push(dropped);
        }
    }
    if members.is_greedy() {
        // It is over when its loops are, not at the deadline.
        here.by_deadline = None;
    }
    let goes_on = members.ways.iter().flatten().any(|way| !matches!(way.goal, Goal::Done));
    let inside: Vec<Way> = goes_on.then(|| way(Goal::Members(members), link, false, rest, &here)).into_iter().collect();
    let with = |leave: Vec<Way<'p>>| [guarded(inside.clone(), &leave, true), leave].concat();
    after(rest, &here).into_iter().map(with).collect()
}

/// `no X` stands between its neighbours; `no X for D` waits D from the matched event before it, or, first of all, looks D
/// back from the next step. Absences that stand together begin together.
fn enter_no<'p>(absent: &'p Absent, next_only: bool, rest: &Rest<'p>, here: &Here<'_, 'p>) -> Branches<'p> {
    let mut here = here.clone();
    let mut rest = rest.clone();
    let mut deadline = None;
    let (mut absent, mut next_only) = (absent, next_only);
    loop {
        let until_us = match (here.last_us(), absent.hold_us) {
            // It is not fulfilled before what stands before it is complete.
            (Some(at), Some(hold)) => Some(at.saturating_add(hold)).max(here.by_deadline),
            _ => None,
        };
        match (here.taken.is_empty(), absent.hold_us) {
            (true, Some(hold)) => here.guards.push(Guard::Before(absent, hold)),
            // Nothing stands before it: there is nothing to be between.
            (true, None) => {}
            (false, _) => {
                let last = is_end(&rest);
                here.guards.push(Guard::No { absent, until_us, next_only, tests_taken: next_only, last });
            }
        }
        deadline = deadline.max(until_us);
        let Some((following, link, behind)) = following_no(&rest) else { break };
        (absent, next_only, rest) = (following, link == Link::Next, behind);
    }
    match deadline {
        Some(until) => vec![vec![way(Goal::Deadline(until), Link::Then, false, &rest, &here)]],
        None => after(&rest, &here),
    }
}

/// The `no` that directly follows in the same sequence, its word, and what comes behind it.
fn following_no<'p>(rest: &Rest<'p>) -> Option<(&'p Absent, Link, Rest<'p>)> {
    let frame = rest.as_ref()?;
    let FrameKind::Sequence { elements, mode } = &frame.kind else { return None };
    let (first, others) = elements.split_first()?;
    let Node::No(absent) = &first.node else { return None };
    Some((absent, first.link, push(FrameKind::Sequence { elements: others, mode: *mode }, &frame.up)))
}

/// Nothing follows in the text.
fn is_end(rest: &Rest<'_>) -> bool {
    let mut at = rest;
    while let Some(frame) = at {
        if let FrameKind::Sequence { elements, .. } = &frame.kind
            && !elements.is_empty()
        {
            return false;
        }
        at = &frame.up;
    }
    true
}
