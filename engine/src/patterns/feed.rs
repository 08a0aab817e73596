//! What one event does to a place in a program: which ways it takes, which it closes.

use smallvec::SmallVec;

use super::graph::{Both, Crossing, Graph, Guard, LeafBody, Order, Program, Way, WaySet};
use super::run::{Branch, Cursor, Edit, Edits, Fate, GroupState, MemberState, Round, Sight};
use super::standing::{Ending, Going, allows_rounds};

/// The members of a set of ways, in order of preference.
pub(super) fn ways_in(set: WaySet) -> impl Iterator<Item = usize> {
    std::iter::successors((set != 0).then_some(set), |set| {
        let rest = set & (set - 1);
        (rest != 0).then_some(rest)
    })
    .map(|set| set.trailing_zeros() as usize)
}

/// An event on its way through a tree of choices.
struct Taking<'a> {
    program: &'a Program,
    cursor: &'a mut Cursor,
    sight: &'a Sight<'a>,
    may_take: bool,
    /// The places that it brings the run to.
    moved: SmallVec<[Branch; 1]>,
    /// Ways that it closes.
    killed: WaySet,
}

/// What an event did to a tree of choices. Where `each` follows several, some may have taken it and others not.
struct Followed {
    /// The open ways of those that have passed over the event and come to what is less preferred; `None`: there are none.
    passed: Option<WaySet>,
    /// The ways that stay open for those that took it.
    taken: WaySet,
    /// They took it by `then each`: what they did not try stays open, too.
    spawned: bool,
}

impl Followed {
    const PASSED: Followed = Followed { passed: Some(0), taken: 0, spawned: false };
}

/// The ways of a set that a condition allows.
pub(super) fn allowed(ways: WaySet, allows: impl Fn(usize) -> bool) -> WaySet {
    ways_in(ways).filter(|way| allows(*way)).fold(0, |set, way| set | 1 << way)
}

impl Graph {
    /// Offers the event at hand to a place. The place goes on as it is after the call; branches are added. With
    /// `may_take` false the event is given to another member of a group and only closes ways.
    pub(super) fn feed(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        may_take: bool,
        edits: &mut Edits,
        branches: &mut Vec<Branch>,
    ) -> Fate {
        let after = program.after(cursor);
        if cursor.group.is_none() && cursor.ahead.is_empty() && sight.offer.roles & after.interest == 0 {
            if !sight.starting {
                cursor.close_strict(after, sight.now.at_us);
            }
            return if self.lives(program, cursor, sight.start) { Fate::Passed } else { Fate::Gone };
        }
        self.close_before(program, cursor, sight);
        if after.plain && cursor.group.is_none() {
            return self.feed_plain(program, cursor, sight, may_take, edits);
        }
        let mut moved: SmallVec<[Branch; 1]> = SmallVec::new();
        let mut ended = false;
        let going = self.going(program, cursor, sight.start);
        let branches_inside = self.may_branch(program, cursor, sight.start);
        let inside_first = matches!(going, Going::Incomplete | Going::Held | Going::First);
        if inside_first && self.feed_inside(program, cursor, sight, may_take, edits, &mut moved) == Fate::Gone {
            return Fate::Gone;
        }
        if moved.is_empty() {
            let was_open = cursor.open;
            let mut taking = Taking { program, cursor, sight, may_take, moved: SmallVec::new(), killed: 0 };
            let followed = self.take_ways(&mut taking, &after.order);
            let trunk = (followed.passed.unwrap_or(0) | followed.taken) & !taking.killed;
            moved = taking.moved;
            ended = followed.passed.is_none() && moved.is_empty();
            if !moved.is_empty() && trunk == 0 {
                // Left by this event; another branch may complete the group differently.
                cursor.group = cursor.group.take().filter(|_| branches_inside).map(GroupState::to_go_on);
            } else if was_open != 0 && trunk == 0 {
                cursor.group = None;
            }
            cursor.open = trunk;
        }
        if !inside_first && cursor.group.is_some() {
            let may_take = may_take && (moved.is_empty() && !ended || going == Going::Beside);
            self.feed_inside(program, cursor, sight, may_take, edits, &mut moved);
        }
        self.close_behind(program, cursor, sight);
        let alive = self.lives(program, cursor, sight.start);
        self.conclude(program, cursor, alive, moved, sight, edits, branches)
    }

    /// As `feed`, where one way to a step is taken at most: the place moves without a copy.
    fn feed_plain(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        may_take: bool,
        edits: &mut Edits,
    ) -> Fate {
        let after = program.after(cursor);
        let mut killed = 0;
        for index in ways_in(cursor.open) {
            let way = &after.ways[index];
            killed |= self.forbidden(program, cursor, sight, index, true);
            if killed >> index & 1 == 0 && after.is_ended_by_next(index, cursor, sight) {
                cursor.open = 1 << index;
                return Fate::Passed;
            }
            if may_take
                && killed >> index & 1 == 0
                && let Some(LeafBody::Step(step, part)) = way.target.map(|target| &program.leaves[target].body)
                && sight.offer.roles & part.role != 0
                && self.allows(program, cursor, way, sight)
                && part.fits(sight)
            {
                let step = *step;
                cursor.go(program, way, sight.now.at_us);
                cursor.last = sight.now;
                self.settle(program, cursor, sight.start);
                edits.push(Edit::Take(step));
                return Fate::Took;
            }
            killed |= self.forbidden(program, cursor, sight, index, false);
        }
        cursor.open &= !killed;
        self.close_behind(program, cursor, sight);
        if self.lives(program, cursor, sight.start) { Fate::Passed } else { Fate::Gone }
    }

    /// The ways that are lost because the event is what a `no` forbids, for those `no`s that are asked at this way: `next no`
    /// before its first way is tried, any other after its last, whose event may be one that it forbids.
    fn forbidden(&self, program: &Program, cursor: &Cursor, sight: &Sight<'_>, way: usize, before: bool) -> WaySet {
        let after = program.after(cursor);
        let mut killed = 0;
        for guard in &after.guards {
            let asked = !sight.starting
                && guard.asked_at(cursor.open) == Some((way, before))
                && (guard.ways & cursor.open != 0 || may_be_left(program, cursor, guard))
                && (!guard.next || sight.now.seq == cursor.last.seq + 1)
                && guard.hold_us.is_none_or(|hold| sight.now.at_us <= cursor.last.at_us.saturating_add(hold));
            if asked && guard.part.fits(sight) {
                killed |= guard.kills;
            }
        }
        killed
    }

    /// What the event closes before anything can take it: loops, by `until`.
    fn close_before(&self, program: &Program, cursor: &mut Cursor, sight: &Sight<'_>) {
        let after = program.after(cursor);
        for until in &after.untils {
            let part = program.levels[until.level].until.as_ref();
            if part.is_some_and(|part| part.fits(sight)) {
                cursor.open &= !until.ways;
                if let Some(group) = &mut cursor.group {
                    group.shut = true;
                }
            }
        }
    }

    /// Follows a tree of choices: takes the ways that the event fits, by preference.
    fn take_ways(&self, taking: &mut Taking<'_>, order: &Order) -> Followed {
        match order {
            Order::None => Followed::PASSED,
            Order::Way(way) => self.try_way(taking, *way),
            Order::Pick { both: Both::Never, first, second } => {
                let one = self.take_ways(taking, first);
                let untried = if one.spawned { second.ways() & taking.cursor.open } else { 0 };
                self.test_untried(taking, untried);
                let Some(before) = one.passed else { return Followed { taken: one.taken | untried, ..one } };
                let other = self.take_ways(taking, second);
                Followed {
                    passed: other.passed.map(|behind| before | behind),
                    taken: one.taken | untried | other.taken | if other.spawned { before } else { 0 },
                    spawned: one.spawned || other.spawned,
                }
            }
            Order::Pick { both, first, second } => {
                let before = taking.moved.len();
                let one = self.take_ways(taking, first);
                if *both == Both::UnlessFirst && taking.moved.len() > before {
                    return Followed { passed: None, ..one };
                }
                let other = self.take_ways(taking, second);
                let alive = |side: &Order| side.ways() & taking.cursor.open & !taking.killed != 0;
                let passed = match (one.passed, other.passed) {
                    (one, _) if !alive(second) => one,
                    (_, other) if !alive(first) => other,
                    (Some(one), Some(other)) => Some(one | other),
                    (one, other) => one.or(other),
                };
                Followed { passed, taken: one.taken | other.taken, spawned: one.spawned || other.spawned }
            }
        }
    }

    /// Whoever passes over an event that `then each` takes sees what it forbids.
    fn test_untried(&self, taking: &mut Taking<'_>, ways: WaySet) {
        for way in ways_in(ways) {
            for before in [true, false] {
                taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, way, before);
            }
        }
    }

    /// Tries one way, with the `no`s that are asked at it.
    fn try_way(&self, taking: &mut Taking<'_>, index: usize) -> Followed {
        let bit = 1 << index;
        if taking.cursor.open & bit == 0 {
            return Followed::PASSED;
        }
        let after = taking.program.after(taking.cursor);
        let way = &after.ways[index];
        taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, index, true);
        let before = taking.moved.len();
        let mut ended = false;
        if taking.killed & bit == 0 {
            ended = after.is_ended_by_next(index, taking.cursor, taking.sight);
            if taking.may_take {
                self.take_way(taking.program, taking.cursor, index, way, taking.sight, &mut taking.moved);
            }
        }
        taking.killed |= self.forbidden(taking.program, taking.cursor, taking.sight, index, false);
        if taking.moved.len() > before {
            let spawned = way.spawns;
            Followed { passed: None, taken: if spawned { bit } else { 0 }, spawned }
        } else if ended {
            // What stays open says that the end is reached.
            Followed { passed: None, taken: bit, spawned: false }
        } else {
            Followed { passed: Some(bit), ..Followed::PASSED }
        }
    }

    /// Takes one way if the event fits it, within all limits.
    fn take_way(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        index: usize,
        way: &Way,
        sight: &Sight<'_>,
        moved: &mut SmallVec<[Branch; 1]>,
    ) {
        let Some(target) = way.target else { return };
        let leaf = &program.leaves[target];
        match &leaf.body {
            LeafBody::Step(step, part) => {
                if sight.offer.roles & part.role == 0 || !self.allows(program, cursor, way, sight) || !part.fits(sight)
                {
                    return;
                }
                let mut next = self.follow(program, cursor, way, sight);
                self.settle(program, &mut next, sight.start);
                let edits = SmallVec::from_elem(Edit::Take(*step), 1);
                moved.push(Branch { cursor: next, edits, took: true, limit: way.limit });
            }
            LeafBody::Group(group) => {
                if sight.offer.roles & group.interest == 0 || !self.allows(program, cursor, way, sight) {
                    return;
                }
                let known = cursor.ahead.iter().find(|(ahead, _)| *ahead as usize == index);
                let mut state = match known {
                    Some((_, state)) => state.clone(),
                    None if sight.starting => self.enter_group(group, sight.now, sight.now.seq - 1, sight.start),
                    None => self.enter_group(group, cursor.last, cursor.last.seq, sight.start),
                };
                if sight.starting {
                    state.first_us = Some(sight.now.at_us);
                }
                let mut variants = Vec::new();
                self.feed_group(group, state, sight, true, &mut variants);
                for variant in variants.into_iter().filter(|variant| variant.took) {
                    let mut state = variant.state;
                    if sight.starting {
                        state.keep_started(group);
                    }
                    let mut next = self.follow(program, cursor, way, sight);
                    next.group = Some(Box::new(state));
                    self.settle(program, &mut next, sight.start);
                    moved.push(Branch { cursor: next, edits: variant.edits, took: true, limit: way.limit });
                }
            }
        }
    }

    /// Whether the limits of a way allow the event: `within`, `over`, `for`.
    fn allows(&self, program: &Program, cursor: &Cursor, way: &Way, sight: &Sight<'_>) -> bool {
        if sight.starting {
            return true;
        }
        let now_us = sight.now.at_us;
        now_us <= self.latest(program, cursor, way, sight.start)
            && way.hold_us.is_none_or(|hold| now_us > cursor.last.at_us.saturating_add(hold))
            && self.within_events.is_none_or(|max| sight.now.seq - sight.start.seq <= max)
    }

    /// The place at the other end of a way, reached by the event at hand.
    fn follow(&self, program: &Program, cursor: &Cursor, way: &Way, sight: &Sight<'_>) -> Cursor {
        let mut next = self.moved(program, cursor, way, sight.now.at_us);
        next.last = sight.now;
        next
    }

    /// The place at the other end of a way; levels that it enters begin at that time.
    pub(super) fn moved(&self, program: &Program, cursor: &Cursor, way: &Way, at_us: i64) -> Cursor {
        let rounds = cursor.rounds.clone();
        let Cursor { leaf, last, beside_us, .. } = *cursor;
        let mut next = Cursor { leaf, beside_us, rounds, ..Cursor::before(0, last) };
        next.go(program, way, at_us);
        next
    }

    /// What the event closes for a run that goes on without it: ways by `next`.
    fn close_behind(&self, program: &Program, cursor: &mut Cursor, sight: &Sight<'_>) {
        if sight.starting {
            return;
        }
        let after = program.after(cursor);
        cursor.close_strict(after, sight.now.at_us);
        cursor.leave_closed();
        self.pass_ahead(program, cursor, sight);
    }

    /// Groups ahead that time can complete see what they forbid.
    fn pass_ahead(&self, program: &Program, cursor: &mut Cursor, sight: &Sight<'_>) {
        if cursor.ahead.is_empty() {
            return;
        }
        let after: &Crossing = program.after(cursor);
        for (index, state) in std::mem::take(&mut cursor.ahead) {
            let target = after.ways[index as usize].target;
            let Some(LeafBody::Group(group)) = target.map(|leaf| &program.leaves[leaf].body) else { continue };
            let mut variants = Vec::new();
            let fate = self.feed_group(group, state, sight, false, &mut variants);
            match variants.into_iter().next() {
                Some(variant) if fate != Fate::Gone => cursor.ahead.push((index, variant.state)),
                _ => cursor.open &= !(1 << index),
            }
        }
    }

    /// Offers the event to the group that the place is in. `edits`: what members that are given up had taken.
    fn feed_inside(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        may_take: bool,
        edits: &mut Edits,
        moved: &mut SmallVec<[Branch; 1]>,
    ) -> Fate {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, cursor.group.take()) else { return Fate::Passed };
        let was_open = cursor.open;
        let may_take = may_take && sight.now.at_us <= program.over_end(cursor);
        let mut variants = Vec::new();
        let fate = self.feed_group(group, *state, sight, may_take, &mut variants);
        let took = variants.iter().any(|variant| variant.took);
        for variant in variants {
            if variant.took {
                let mut next = cursor.clone();
                next.group = Some(Box::new(variant.state));
                next.last = sight.now;
                self.settle(program, &mut next, sight.start);
                moved.push(Branch { cursor: next, edits: variant.edits, took: true, limit: u32::MAX });
            } else if took {
                let mut trunk = cursor.clone();
                trunk.group = Some(Box::new(variant.state));
                self.settle_inside(program, &mut trunk, sight.start);
                trunk.open &= was_open | if was_open == 0 { WaySet::MAX } else { 0 };
                trunk.close_strict(program.after(cursor), sight.now.at_us);
                trunk.leave_closed();
                if self.lives(program, &trunk, sight.start) {
                    moved.push(Branch { cursor: trunk, edits: variant.edits, took: false, limit: u32::MAX });
                }
            } else {
                cursor.group = Some(Box::new(variant.state));
                edits.extend(variant.edits);
            }
        }
        if took {
            cursor.open = 0;
            cursor.group = None;
        } else if fate == Fate::Gone {
            cursor.group = None;
            if was_open != 0 {
                return Fate::Passed;
            }
        }
        fate
    }

    /// The place that stays open stays where it is, and the branches that took the event go on besides, as far as `limit` allows;
    /// where none stays, the first of them takes its place.
    #[expect(clippy::too_many_arguments, reason = "what the event does is made in one go, and not kept")]
    fn conclude(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        alive: bool,
        moved: SmallVec<[Branch; 1]>,
        sight: &Sight<'_>,
        edits: &mut Edits,
        branches: &mut Vec<Branch>,
    ) -> Fate {
        let mut open = sight.branches;
        let mut first: Option<Branch> = None;
        for branch in moved {
            if !alive && first.is_none() {
                first = Some(branch);
                continue;
            }
            // What the event completes is a match, and not open besides.
            let stays = branch.limit == u32::MAX || !self.is_over(program, &branch.cursor, sight);
            if stays && open >= branch.limit {
                sight.count_cut();
                continue;
            }
            open += u32::from(stays);
            branches.push(branch);
        }
        match first {
            Some(first) => {
                *cursor = first.cursor;
                edits.extend(first.edits);
                if first.took { Fate::Took } else { Fate::Passed }
            }
            None if alive => Fate::Passed,
            None => Fate::Gone,
        }
    }

    /// Whether a place completes the pattern, and cannot go on.
    fn is_over(&self, program: &Program, cursor: &Cursor, sight: &Sight<'_>) -> bool {
        let is_whole = std::ptr::eq(program, &self.program);
        is_whole
            && self.ending(program, cursor, sight.start, sight.now.seq) == Ending::Now
            && !self.go_on(&mut cursor.clone(), sight.start)
    }
}

/// The loops before a `no` have had enough rounds: from then on it is in force.
fn may_be_left(program: &Program, cursor: &Cursor, guard: &Guard) -> bool {
    ways_in(guard.ways).any(|way| allows_rounds(program, cursor, &program.after(cursor).ways[way]))
}

impl Program {
    /// What follows a place.
    pub(super) fn after(&self, cursor: &Cursor) -> &Crossing {
        cursor.leaf.map_or(&self.entry, |leaf| &self.leaves[leaf as usize].after)
    }
}

impl Crossing {
    /// Whether the way is the end, `next no` stands before it, and the event at hand is the very next, which it lets pass.
    fn is_ended_by_next(&self, way: usize, cursor: &Cursor, sight: &Sight<'_>) -> bool {
        let end = self.end.as_ref().filter(|end| end.way == way && end.waits_next && !end.waits_for_time());
        end.is_some() && !sight.starting && sight.now.seq == cursor.last.seq + 1
    }
}

impl Cursor {
    /// Another event than theirs has passed: ways by `next` close. Behind `no X for D` the next event is one after D.
    pub(super) fn close_strict(&mut self, after: &Crossing, now_us: i64) {
        let last_us = self.last.at_us;
        let waits = |way: usize| after.ways[way].hold_us.is_some_and(|hold| now_us <= last_us.saturating_add(hold));
        // A group that time can complete knows which of its members an event shuts out.
        let ahead = self.ahead.iter().fold(0, |set, (way, _)| set | 1 << way);
        let closes = after.strict & self.open & !ahead;
        self.open &= !(closes & !if after.held == 0 { 0 } else { allowed(closes & after.held, waits) });
    }

    /// Goes a way; levels that it enters begin at that time.
    fn go(&mut self, program: &Program, way: &Way, at_us: i64) {
        let Some(target) = way.target else { return };
        self.rounds.truncate(way.keep);
        if let (true, Some(round)) = (way.repeat, self.rounds.last_mut()) {
            round.count = round.count.saturating_add(1);
        }
        self.rounds.resize(program.leaves[target].levels.len(), Round { count: 1, first_us: at_us });
        self.leaf = Some(target as u32);
    }
}

impl Cursor {
    /// Groups ahead on ways that have closed are waited for no longer.
    pub(super) fn leave_closed(&mut self) {
        let open = self.open;
        self.ahead.retain(|(way, _)| open >> way & 1 == 1);
    }
}

impl Cursor {
    /// Time alone may complete a group that it is in or before.
    pub(super) fn waits_for_time(&self) -> bool {
        !self.ahead.is_empty() || self.group.as_ref().is_some_and(|group| group.waits_for_time())
    }
}

impl GroupState {
    fn waits_for_time(&self) -> bool {
        self.members.iter().any(|member| match member {
            MemberState::Quiet(_) => true,
            MemberState::At(cursor) => cursor.waits_for_time(),
            MemberState::Done | MemberState::Dead => false,
        })
    }

    /// As it was left by the branch that did not have to take more.
    pub(super) fn complete_again(&self) -> GroupState {
        GroupState { hungry: false, ..self.clone() }
    }

    /// For a branch that has to take more before the group is complete again.
    fn to_go_on(mut self: Box<Self>) -> Box<Self> {
        self.hungry = true;
        self
    }

    /// As the first step, `any of` follows only the alternatives that the run's first event starts.
    fn keep_started(&mut self, group: &super::graph::Group) {
        if group.need.is_some() {
            return;
        }
        for member in &mut self.members {
            if !matches!(member, MemberState::At(cursor) if cursor.leaf.is_some()) {
                *member = MemberState::Dead;
            }
        }
    }
}
