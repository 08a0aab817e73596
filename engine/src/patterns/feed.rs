//! What one event does to a place in a program: which ways it takes, which it closes.

use smallvec::SmallVec;

use super::graph::{Crossing, Graph, Guard, LeafBody, Program, Way, WaySet};
use super::preference::Taking;
use super::run::{Branch, Cursor, Edit, Edits, Fate, GroupState, MemberState, Moment, Round, Sight};
use super::standing::{Ending, Going, allows_rounds};

/// The members of a set of ways, in order of preference.
pub(super) fn ways_in(set: WaySet) -> impl Iterator<Item = usize> {
    std::iter::successors((set != 0).then_some(set), |set| {
        let rest = set & (set - 1);
        (rest != 0).then_some(rest)
    })
    .map(|set| set.trailing_zeros() as usize)
}

/// What may take an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// Nothing: another member of a group has it, and it only closes ways.
    Nothing,
    /// What comes before the end, where that is reached, and what goes on beside it by `each`.
    BeforeEnd,
    /// Whatever it fits.
    Anything,
}

impl Take {
    /// As this, if that holds.
    pub(super) fn only_if(self, holds: bool) -> Take {
        if holds { self } else { Take::Nothing }
    }

    /// Whether a way may take it.
    pub(super) fn allows(self, after: &Crossing, open: WaySet, way: usize) -> bool {
        match (self, &after.end) {
            (Take::Nothing, _) => false,
            (Take::BeforeEnd, Some(end)) if after.end_is_open(open) => way < end.way || end.rest >> way & 1 == 1,
            (Take::BeforeEnd | Take::Anything, _) => true,
        }
    }
}

/// What became of an event that was offered to what follows a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Who passed over it comes to what is less preferred.
    Passed,
    /// It was taken by `then each`: it comes to nothing else.
    Over,
    /// It was taken, or completes the match.
    Taken,
}

/// The ways of a set that a condition allows.
pub(super) fn allowed(ways: WaySet, allows: impl Fn(usize) -> bool) -> WaySet {
    ways_in(ways).filter(|way| allows(*way)).fold(0, |set, way| set | 1 << way)
}

impl Graph {
    /// Offers the event at hand to a place. The place goes on as it is after the call; branches are added.
    pub(super) fn feed(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        take: Take,
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
            return self.feed_plain(program, cursor, sight, take, edits);
        }
        let Some((mut moved, over)) = self.inside_and_out(program, cursor, sight, take, edits) else {
            return Fate::Gone;
        };
        self.close_behind(program, cursor, sight);
        let alive = self.lives(program, cursor, sight.start);
        moved.retain(|branch| {
            if !branch.took {
                self.close_behind(program, &mut branch.cursor, sight);
            }
            branch.took || self.lives(program, &branch.cursor, sight.start)
        });
        self.conclude(program, cursor, alive.then_some(over), moved, sight, edits, branches)
    }

    /// Offers the event to the group that the place is in and to what follows, by preference: the branches that it makes, and
    /// whether it is over for the place itself. `None`: the place cannot be completed any more.
    fn inside_and_out(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        take: Take,
        edits: &mut Edits,
    ) -> Option<(SmallVec<[Branch; 1]>, bool)> {
        let after = program.after(cursor);
        let mut moved: SmallVec<[Branch; 1]> = SmallVec::new();
        let going = self.going(program, cursor, sight.start);
        let beside = self.may_branch(program, cursor, sight.start);
        let mut goes_inside = true;
        let mut over = false;
        match going {
            Going::Held | Going::First if is_in_any_of(program, cursor) => {
                // What stands before the end of the alternative; what is behind comes after what follows.
                let mut inside = cursor.clone();
                let before_end = if take == Take::Anything { Take::BeforeEnd } else { take };
                self.feed_inside(program, &mut inside, sight, before_end, edits, &mut moved);
                if !moved.is_empty() {
                    *cursor = inside;
                }
            }
            Going::Incomplete | Going::Held | Going::First => {
                goes_inside = false;
                if self.feed_inside(program, cursor, sight, take, edits, &mut moved) == Fate::Gone {
                    return None;
                }
            }
            Going::Nowhere | Going::Beside | Going::After => {}
        }
        if moved.is_empty() {
            let left = self.leave(program, cursor, sight, take, &mut moved);
            over = left == Left::Over;
            if goes_inside && cursor.group.is_some() {
                let is_at_end = take == Take::BeforeEnd && after.end_is_open(cursor.open);
                let inside = take.only_if(beside || left == Left::Passed && !is_at_end);
                self.feed_inside(program, cursor, sight, inside, edits, &mut moved);
            }
        } else {
            // Who passed over what another branch took inside comes to what follows.
            for mut branch in std::mem::take(&mut moved) {
                let mut left = SmallVec::new();
                if !branch.took && !branch.over {
                    self.leave(program, &mut branch.cursor, sight, take, &mut left);
                    left.iter_mut().for_each(|left| left.edits.insert_many(0, branch.edits.iter().cloned()));
                }
                moved.push(branch);
                moved.extend(left);
            }
        }
        Some((moved, over))
    }

    /// Offers the event to what follows the place.
    fn leave(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        take: Take,
        moved: &mut SmallVec<[Branch; 1]>,
    ) -> Left {
        let after = program.after(cursor);
        let was_open = cursor.open;
        let branches_inside = self.may_branch(program, cursor, sight.start);
        let mut taking = Taking { program, cursor, sight, take, moved: SmallVec::new(), killed: 0 };
        let followed = self.take_ways(&mut taking, &after.order);
        let killed = taking.killed;
        let found = taking.moved;
        let passed = followed.passed.map(|passed| passed & !killed);
        let taken = followed.taken & !killed;
        if !found.is_empty() && passed.unwrap_or(0) | taken == 0 {
            // Left by this event; another branch may complete the group differently.
            let goes_on = branches_inside && was_open & !self.all_forbidden(program, cursor, sight) != 0;
            cursor.group = cursor.group.take().filter(|_| goes_on).map(GroupState::to_go_on);
        } else if was_open != 0 && passed.unwrap_or(0) | taken == 0 {
            cursor.group = None;
        } else if let (Some(passed @ 1..), 1.., Some(_)) = (passed, taken, &cursor.group) {
            // By `each` one branch is at its end, or goes on waiting, and another passes over the event.
            let beside = Cursor { open: taken, group: None, ..cursor.clone() };
            moved.push(Branch { cursor: beside, edits: Edits::new(), took: false, over: true, limit: u32::MAX });
            cursor.open = passed;
            moved.extend(found);
            return Left::Passed;
        }
        cursor.open = passed.unwrap_or(0) | taken;
        moved.extend(found);
        match passed {
            Some(passed) if was_open == 0 || passed != 0 => Left::Passed,
            _ if followed.spawned => Left::Over,
            _ => Left::Taken,
        }
    }

    /// The ways that the event closes by a `no`, whichever of them it takes.
    fn all_forbidden(&self, program: &Program, cursor: &Cursor, sight: &Sight<'_>) -> WaySet {
        let at = |way| {
            self.forbidden(program, cursor, sight, way, true) | self.forbidden(program, cursor, sight, way, false)
        };
        ways_in(cursor.open).map(at).fold(0, |all, killed| all | killed)
    }

    /// As `feed`, where one way to a step is taken at most: the place moves without a copy.
    fn feed_plain(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        sight: &Sight<'_>,
        take: Take,
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
            if take.allows(after, cursor.open, index)
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
    pub(super) fn forbidden(
        &self,
        program: &Program,
        cursor: &Cursor,
        sight: &Sight<'_>,
        way: usize,
        before: bool,
    ) -> WaySet {
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

    /// Takes one way if the event fits it, within all limits.
    pub(super) fn take_way(
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
                moved.push(Branch { cursor: next, edits, took: true, over: false, limit: way.limit });
            }
            LeafBody::Group(group) => {
                if sight.offer.roles & group.interest == 0 || !self.allows(program, cursor, way, sight) {
                    return;
                }
                let known = cursor.ahead.iter().find(|(ahead, _)| *ahead as usize == index);
                let mut state = match known {
                    Some((_, state)) => state.clone(),
                    None if sight.starting => {
                        let before = Moment { seq: sight.now.seq - 1, ..sight.now };
                        self.enter_group(group, sight.now, before, sight.start)
                    }
                    None => self.enter_group(group, cursor.last, cursor.last, sight.start),
                };
                if sight.starting {
                    state.first_us = Some(sight.now.at_us);
                }
                let mut variants = Vec::new();
                self.feed_group(group, state, sight, Take::Anything, &mut variants);
                for variant in variants.into_iter().filter(|variant| variant.took) {
                    let mut state = variant.state;
                    if sight.starting {
                        state.keep_started(group);
                    }
                    let mut next = self.follow(program, cursor, way, sight);
                    next.group = Some(Box::new(state));
                    self.settle(program, &mut next, sight.start);
                    moved.push(Branch {
                        cursor: next,
                        edits: variant.edits,
                        took: true,
                        over: false,
                        limit: way.limit,
                    });
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
            let fate = self.feed_group(group, state, sight, Take::Nothing, &mut variants);
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
        take: Take,
        edits: &mut Edits,
        moved: &mut SmallVec<[Branch; 1]>,
    ) -> Fate {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, cursor.group.take()) else { return Fate::Passed };
        let was_open = cursor.open;
        let take = take.only_if(sight.now.at_us <= program.over_end(cursor));
        let mut variants = Vec::new();
        let fate = self.feed_group(group, *state, sight, take, &mut variants);
        let took = variants.iter().any(|variant| variant.took);
        for variant in variants {
            if variant.took {
                let mut next = cursor.clone();
                next.group = Some(Box::new(variant.state));
                next.last = sight.now;
                self.settle(program, &mut next, sight.start);
                moved.push(Branch { cursor: next, edits: variant.edits, took: true, over: false, limit: u32::MAX });
            } else if took {
                let mut trunk = cursor.clone();
                trunk.group = Some(Box::new(variant.state));
                self.settle_inside(program, &mut trunk, sight.start);
                trunk.open &= was_open | if was_open == 0 { WaySet::MAX } else { 0 };
                moved.push(Branch {
                    cursor: trunk,
                    edits: variant.edits,
                    took: false,
                    over: variant.over,
                    limit: u32::MAX,
                });
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
    /// where none stays, the first of them takes its place. `alive`: the place stays open; whether the event is over for it.
    #[expect(clippy::too_many_arguments, reason = "what the event does is made in one go, and not kept")]
    fn conclude(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        alive: Option<bool>,
        moved: SmallVec<[Branch; 1]>,
        sight: &Sight<'_>,
        edits: &mut Edits,
        branches: &mut Vec<Branch>,
    ) -> Fate {
        let mut open = sight.branches;
        let mut first: Option<Branch> = None;
        for branch in moved {
            if alive.is_none() && first.is_none() {
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
                if first.took { Fate::Took } else { Fate::passed(first.over) }
            }
            None => alive.map_or(Fate::Gone, Fate::passed),
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

fn is_in_any_of(program: &Program, cursor: &Cursor) -> bool {
    let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
    matches!(leaf, Some(LeafBody::Group(group)) if group.need.is_none())
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
    fn end_is_open(&self, open: WaySet) -> bool {
        self.end.as_ref().is_some_and(|end| open >> end.way & 1 == 1)
    }

    /// Whether the way is the end, `next no` stands before it, and the event at hand is the very next, which it lets pass.
    pub(super) fn is_ended_by_next(&self, way: usize, cursor: &Cursor, sight: &Sight<'_>) -> bool {
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
            MemberState::Done(_) | MemberState::Dead => false,
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
