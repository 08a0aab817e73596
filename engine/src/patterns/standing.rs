//! How a place in a program stands: which ways are open on arrival, how long they stay open, whether the end is reached.

use super::feed::{allowed, ways_in};
use super::graph::{Graph, Group, LeafBody, Member, Program, Way, WaySet};
use super::run::{Cursor, GroupState, MemberState, Moment};

/// How a place stands towards the end of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// More has to be taken.
    Never,
    /// Complete but for a greedy loop that is not over.
    Held,
    /// Something has to stay away until a deadline or until the next event.
    Waits,
    /// Complete.
    Now,
}

/// How a place that is in a group can go on inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Going {
    /// The place is not in a group, or the group takes no more.
    Nowhere,
    /// It has to.
    Incomplete,
    /// Complete, but a greedy loop in it comes before what follows.
    Held,
    /// Complete; what it can take goes there alone, by `greedy each`.
    First,
    /// Complete; it may go on in a branch of its own.
    Beside,
    /// Complete; it may go on with what does not fit what follows.
    After,
}

impl Graph {
    /// On arrival: opens the ways whose rounds allow it, and the groups ahead that time can complete.
    pub(super) fn settle(&self, program: &Program, cursor: &mut Cursor, start: Moment) {
        self.settle_inside(program, cursor, start);
        cursor.ahead.clear();
        let after = program.after(cursor);
        for index in ways_in(cursor.open & after.timed) {
            let body = after.ways[index].target.map(|leaf| &program.leaves[leaf].body);
            if let Some(LeafBody::Group(group)) = body {
                let state = self.enter_group(group, cursor.last, cursor.last, start);
                cursor.ahead.push((index as u32, state));
            }
        }
    }

    /// Opens the ways whose rounds allow it; none while a group is incomplete.
    pub(super) fn settle_inside(&self, program: &Program, cursor: &mut Cursor, start: Moment) {
        let after = program.after(cursor);
        cursor.open = if cursor.group.is_some() && self.going(program, cursor, start) == Going::Incomplete {
            0
        } else if cursor.rounds.is_empty() {
            after.all
        } else {
            allowed(after.all, |way| allows_rounds(program, cursor, &after.ways[way]))
        };
        if program.top {
            rest_at_end(program, cursor);
        }
    }

    /// The last time at which a way can be taken as things stand, microseconds.
    pub(super) fn latest(&self, program: &Program, cursor: &Cursor, way: &Way, start: Moment) -> i64 {
        let last_us = cursor.last.at_us.max(cursor.beside_us);
        let within = way.target.and_then(|target| program.leaves[target].within_us);
        let within = within.map_or(i64::MAX, |within| last_us.saturating_add(within));
        within.min(self.last_chance(program, cursor, way, start))
    }

    /// The same, whatever another member of a group around it takes: `within` counts from the matched event before.
    fn last_chance(&self, program: &Program, cursor: &Cursor, way: &Way, start: Moment) -> i64 {
        let mut latest = self.within_us.map_or(i64::MAX, |within| start.at_us.saturating_add(within));
        let Some(target) = way.target.map(|target| &program.leaves[target]) else { return latest };
        for (round, &level) in cursor.rounds.iter().zip(&target.levels).take(way.keep) {
            if let Some(over) = program.levels[level].over_us {
                latest = latest.min(round.first_us.saturating_add(over));
            }
        }
        latest
    }

    /// The time after which a way is closed, microseconds.
    pub(super) fn closing(&self, program: &Program, cursor: &Cursor, way: &Way, start: Moment) -> i64 {
        if program.beside {
            self.last_chance(program, cursor, way, start)
        } else {
            self.latest(program, cursor, way, start)
        }
    }

    /// The time after which all of these ways to leaves are closed; `None` when there is none.
    pub(super) fn closing_of(&self, program: &Program, cursor: &Cursor, ways: WaySet, start: Moment) -> Option<i64> {
        let closing = |way: &Way| self.closing(program, cursor, way, start);
        self.to_leaves(program, cursor, ways).map(closing).max()
    }

    /// The last time at which any of these ways to leaves can be taken; `None` when there is none. Groups ahead that time can
    /// complete have a time of their own.
    pub(super) fn latest_of(&self, program: &Program, cursor: &Cursor, ways: WaySet, start: Moment) -> Option<i64> {
        let latest = |way: &Way| self.latest(program, cursor, way, start);
        self.to_leaves(program, cursor, ways).map(latest).max()
    }

    fn to_leaves<'p>(
        &self,
        program: &'p Program,
        cursor: &Cursor,
        ways: WaySet,
    ) -> impl Iterator<Item = &'p Way> + use<'p> {
        let after = program.after(cursor);
        let ahead = cursor.ahead.iter().fold(0, |set, (way, _)| set | 1 << way);
        let ways = ways_in(ways & cursor.open & !ahead).map(|way| &after.ways[way]);
        ways.filter(|way| way.target.is_some())
    }

    /// Whether the place has a way on, or can go on in its group.
    pub(super) fn lives(&self, program: &Program, cursor: &Cursor, start: Moment) -> bool {
        let end = program.after(cursor).end.as_ref();
        // A member of a group that has taken nothing is not at its end.
        let nothing = end.filter(|end| cursor.leaf.is_none() && !end.waits()).map_or(0, |end| 1 << end.way);
        cursor.open & !nothing != 0 || self.going(program, cursor, start) != Going::Nowhere
    }

    /// After a match: what `each` leaves open goes on; false where there is nothing.
    pub(super) fn go_on(&self, cursor: &mut Cursor, start: Moment) -> bool {
        let branches = self.may_branch(&self.program, cursor, start);
        if let Some(end) = &self.program.after(cursor).end {
            cursor.open &= end.rest & !(1 << end.way);
        }
        match &mut cursor.group {
            Some(group) if branches => group.hungry = true,
            group => *group = None,
        }
        self.lives(&self.program, cursor, start)
    }

    /// How the place can go on in its group.
    pub(super) fn going(&self, program: &Program, cursor: &Cursor, start: Moment) -> Going {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &cursor.group) else { return Going::Nowhere };
        if state.hungry && cursor.open != 0 {
            // The branch that has left it is in the same place.
            return self.group_going(group, &state.complete_again(), start);
        }
        self.group_going(group, state, start)
    }

    /// How a group can go on.
    pub(super) fn group_going(&self, group: &Group, state: &GroupState, start: Moment) -> Going {
        if !self.is_complete(group, state, start) {
            return Going::Incomplete;
        }
        if state.shut {
            return Going::Nowhere;
        }
        let going = members(group, state).filter_map(|(member, cursor)| self.member_going(member, cursor, start));
        // In `all of` and `N of` a complete member is not open, unless it is `greedy` or `each`.
        let going = going.filter(|going| group.need.is_none() || *going != Going::After);
        going.min_by_key(|going| *going as u8).unwrap_or(Going::Nowhere)
    }

    /// How a complete member can go on.
    pub(super) fn member_going(&self, member: &Program, cursor: &Cursor, start: Moment) -> Option<Going> {
        let inside = self.going(member, cursor, start);
        if inside == Going::Incomplete {
            return None;
        }
        let inside = Some(inside).filter(|going| *going != Going::Nowhere);
        let end = member.after(cursor).end.as_ref()?;
        let others = cursor.open & !(1 << end.way);
        let outside = if others & end.behind != 0 {
            Some(Going::Held)
        } else if others & end.first != 0 {
            Some(Going::First)
        } else if others & end.rest != 0 {
            Some(Going::Beside)
        } else {
            (others != 0).then_some(Going::After)
        };
        inside.into_iter().chain(outside).min_by_key(|going| *going as u8)
    }

    /// By `each`: the complete group that the place is in may be left as it is in one branch and go on in another.
    pub(super) fn may_branch(&self, program: &Program, cursor: &Cursor, start: Moment) -> bool {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &cursor.group) else { return false };
        let again = state.hungry.then(|| state.complete_again());
        let state = again.as_ref().unwrap_or(state);
        !state.shut
            && self.is_complete(group, state, start)
            && members(group, state).any(|(member, cursor)| self.member_branches(member, cursor, start))
    }

    /// The same of a member.
    pub(super) fn member_branches(&self, member: &Program, cursor: &Cursor, start: Moment) -> bool {
        let end = member.after(cursor).end.as_ref().filter(|end| cursor.open >> end.way & 1 == 1);
        end.is_some_and(|end| cursor.open & end.rest & !(1 << end.way) != 0) || self.may_branch(member, cursor, start)
    }

    /// Whether a group is complete: the winner, or as many members as it needs.
    pub(super) fn is_complete(&self, group: &Group, state: &GroupState, start: Moment) -> bool {
        let complete = |(member, state): (&Member, &MemberState)| self.is_member_complete(member, state, start);
        let count = group.members.iter().zip(&state.members).filter(|pair| complete(*pair)).count();
        !state.hungry && count >= group.need.unwrap_or(1)
    }

    /// Whether a member is complete, be it that it may go on.
    pub(super) fn is_member_complete(&self, member: &Member, state: &MemberState, start: Moment) -> bool {
        match (member, state) {
            (_, MemberState::Done(_)) => true,
            (Member::Program(program, _), MemberState::At(cursor)) => {
                let ending = self.ending(program, cursor, start, cursor.last.seq);
                cursor.leaf.is_some() && matches!(ending, Ending::Held | Ending::Now)
            }
            _ => false,
        }
    }

    /// How the place stands towards the end; `seen_seq` is the newest event of the key.
    pub(super) fn ending(&self, program: &Program, cursor: &Cursor, start: Moment, seen_seq: u64) -> Ending {
        let after = program.after(cursor);
        let Some(end) = &after.end else { return Ending::Never };
        if cursor.open >> end.way & 1 == 0 {
            return Ending::Never;
        }
        if end.waits() {
            return if !end.waits_for_time() && seen_seq > cursor.last.seq { Ending::Now } else { Ending::Waits };
        }
        let held = end.behind & cursor.open != 0 || self.going(program, cursor, start) == Going::Held;
        if held { Ending::Held } else { Ending::Now }
    }
}

impl Program {
    /// The last time at which the brackets around a place allow an event, by `over`.
    pub(super) fn over_end(&self, cursor: &Cursor) -> i64 {
        let Some(leaf) = cursor.leaf.map(|leaf| &self.leaves[leaf as usize]) else { return i64::MAX };
        let ends =
            leaf.levels.iter().zip(&cursor.rounds).filter_map(|(&level, round)| {
                self.levels[level].over_us.map(|over| round.first_us.saturating_add(over))
            });
        ends.min().unwrap_or(i64::MAX)
    }
}

/// Where the end comes before all that is open still: what is optional there and not `greedy` takes no more, nor what is so at
/// the end of an alternative that stands there.
fn rest_at_end(program: &Program, cursor: &mut Cursor) {
    let Some(end) = program.after(cursor).end.as_ref() else { return };
    if cursor.open >> end.way & 1 == 0 || end.waits() {
        return;
    }
    cursor.open &= !end.idle;
    let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
    let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &mut cursor.group) else { return };
    if group.need.is_none() && cursor.open.trailing_zeros() as usize == end.way {
        for (member, member_state) in group.members.iter().zip(&mut state.members) {
            if let (Member::Program(program, _), MemberState::At(inside)) = (member, member_state) {
                rest_at_end(program, inside);
            }
        }
    }
}

/// Whether the rounds of the levels allow a way: those it leaves have had enough, the one it repeats may have more.
pub(super) fn allows_rounds(program: &Program, cursor: &Cursor, way: &Way) -> bool {
    let Some(leaf) = cursor.leaf.map(|leaf| &program.leaves[leaf as usize]) else { return true };
    let mut levels = leaf.levels.iter().map(|&level| &program.levels[level]).zip(&cursor.rounds).enumerate();
    levels.all(|(depth, (level, round))| {
        if depth >= way.keep {
            round.count >= level.min
        } else if way.repeat && depth + 1 == way.keep {
            level.max.is_none_or(|max| round.count < max)
        } else {
            true
        }
    })
}

/// The members under way that are programs.
pub(super) fn members<'a>(group: &'a Group, state: &'a GroupState) -> impl Iterator<Item = (&'a Program, &'a Cursor)> {
    group.members.iter().zip(&state.members).filter_map(|pair| match pair {
        (Member::Program(program, _), MemberState::At(cursor)) => Some((program, cursor)),
        _ => None,
    })
}
