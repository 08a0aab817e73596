//! What the passing of time does to a place in a program: absences that are fulfilled, loops that are over, ways that are late.

use super::feed::ways_in;
use super::graph::{End, Graph, Group, LeafBody, Member, Program};
use super::groups::drop_steps;
use super::run::{Cursor, Edits, GroupState, MemberState, Moment};
use super::standing::{Ending, Going, members};

/// What the passing of a deadline did to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// It waits for something else.
    Waits,
    /// It is complete: by an absence with its deadline, or because a greedy loop is over.
    Complete(Option<i64>),
    /// It cannot be completed any more.
    Gone,
}

impl Graph {
    /// When a run is to be looked at again: the first time, microseconds, that something is due at once it has strictly passed, of
    /// those after `passed_us`; where there is none, the end of its `within`; `i64::MAX` for never.
    pub(super) fn wake(&self, cursor: &Cursor, start: Moment, passed_us: i64) -> i64 {
        let due_us = self.alarm(&self.program, cursor, start, passed_us);
        let end_us = self.within_us.map_or(i64::MAX, |within| start.at_us.saturating_add(within));
        if due_us == i64::MAX && end_us > passed_us { end_us } else { due_us }
    }

    fn alarm(&self, program: &Program, cursor: &Cursor, start: Moment, passed_us: i64) -> i64 {
        let after = program.after(cursor);
        let end = after.end.as_ref().filter(|end| cursor.open >> end.way & 1 == 1);
        let inside = self.alarm_inside(program, cursor, start, passed_us);
        let own = match end {
            Some(end) if end.waits() => self.deadline(end, cursor, start),
            Some(end) if cursor.leaf.is_some() => {
                let ways = self.closing_of(program, cursor, end.behind, start);
                let held = self.going(program, cursor, start) == Going::Held;
                let inner = if held { self.latest_held(program, cursor, start) } else { None };
                ways.into_iter().chain(inner).max().unwrap_or(i64::MAX)
            }
            _ => {
                let ways = self.closing_of(program, cursor, cursor.open, start);
                let inner = self.latest_inside(program, cursor, start);
                ways.into_iter().chain(inner).max().unwrap_or(i64::MAX)
            }
        };
        if own > passed_us { own.min(inside) } else { inside }
    }

    /// When the absence at an end is fulfilled; `i64::MAX` when it is not time that fulfils it.
    fn deadline(&self, end: &End, cursor: &Cursor, start: Moment) -> i64 {
        let hold = end.hold_us.map(|hold| cursor.last.at_us.saturating_add(hold));
        let within = if end.waits_within { self.within_us } else { None };
        let within = within.map(|within| start.at_us.saturating_add(within));
        if end.waits_within && within.is_none() {
            return i64::MAX;
        }
        hold.into_iter().chain(within).max().unwrap_or(i64::MAX)
    }

    fn alarm_inside(&self, program: &Program, cursor: &Cursor, start: Moment, passed_us: i64) -> i64 {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let here = match (leaf, &cursor.group) {
            (Some(LeafBody::Group(group)), Some(state)) => {
                self.group_alarm(group, state, start, program.beside, passed_us)
            }
            _ => i64::MAX,
        };
        let after = program.after(cursor);
        let ahead = cursor.ahead.iter().map(|(way, state)| {
            match after.ways[*way as usize].target.map(|leaf| &program.leaves[leaf].body) {
                Some(LeafBody::Group(group)) => self.group_alarm(group, state, start, program.beside, passed_us),
                _ => i64::MAX,
            }
        });
        ahead.chain([here]).min().unwrap_or(i64::MAX)
    }

    fn group_alarm(&self, group: &Group, state: &GroupState, start: Moment, beside: bool, passed_us: i64) -> i64 {
        let member = |(member, state): (&Member, &MemberState)| match (member, state) {
            (_, MemberState::Quiet(deadline_us)) => *deadline_us,
            (Member::Program(program, _), MemberState::At(cursor)) => self.alarm(program, cursor, start, passed_us),
            _ => i64::MAX,
        };
        let alarms = group.members.iter().zip(&state.members).map(member);
        let alarms = alarms.chain(self.group_latest(group, state, start, beside));
        alarms.filter(|due_us| *due_us > passed_us).min().unwrap_or(i64::MAX)
    }

    /// The last time at which a group can take an event; `None` when nothing but its members bounds it. `beside`: it is in a
    /// member of another one, whose other members may give it more time.
    fn group_latest(&self, group: &Group, state: &GroupState, start: Moment, beside: bool) -> Option<i64> {
        let open = !state.shut && state.members.iter().any(|member| matches!(member, MemberState::At(_)));
        if !open {
            return None;
        }
        let over = group.over_us.and_then(|over| state.first_us.map(|first| first.saturating_add(over)));
        // Members in any order give each other time: all of them are late, or none.
        let all = group.need.filter(|_| !beside).and_then(|_| self.members_latest(group, state, start));
        over.into_iter().chain(all).min()
    }

    fn members_latest(&self, group: &Group, state: &GroupState, start: Moment) -> Option<i64> {
        // The winner of an `any of` goes on after it is complete.
        let takes =
            |(member, state): &(&Member, &MemberState)| group.need.is_none() || !self.is_filled(member, state, start);
        let latest = |(member, state): (&Member, &MemberState)| match (member, state) {
            (Member::Program(program, _), MemberState::At(cursor)) => {
                let ways = self.latest_of(program, cursor, cursor.open, start);
                let ahead = self.latest_ahead(program, cursor, start);
                ways.into_iter().chain(ahead).chain(self.latest_inside(program, cursor, start)).max()
            }
            // Time alone completes it, however late an event may be.
            (_, MemberState::Quiet(_)) => Some(i64::MAX),
            _ => None,
        };
        group.members.iter().zip(&state.members).filter(takes).filter_map(latest).max()
    }

    /// The same of the groups ahead that time can complete.
    fn latest_ahead(&self, program: &Program, cursor: &Cursor, start: Moment) -> Option<i64> {
        let after = program.after(cursor);
        let latest = |(way, state): &(u32, GroupState)| match after.ways[*way as usize]
            .target
            .map(|leaf| &program.leaves[leaf].body)
        {
            Some(LeafBody::Group(group)) => self.members_latest(group, state, start),
            _ => None,
        };
        cursor.ahead.iter().filter_map(latest).max()
    }

    fn latest_inside(&self, program: &Program, cursor: &Cursor, start: Moment) -> Option<i64> {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &cursor.group) else { return None };
        if state.shut {
            return None;
        }
        let over = self.group_latest(group, state, start, false).unwrap_or(i64::MAX);
        let over = over.min(program.over_end(cursor));
        self.members_latest(group, state, start).map(|latest| latest.min(over))
    }

    /// The last time at which a greedy loop in the complete group that the place is in can take an event, where no other member
    /// takes one before: those that go on by `each` do so in a branch of their own.
    fn latest_held(&self, program: &Program, cursor: &Cursor, start: Moment) -> Option<i64> {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(state)) = (leaf, &cursor.group) else { return None };
        if state.shut {
            return None;
        }
        let held = members(group, state)
            .filter(|(member, cursor)| self.member_going(member, cursor, start) == Some(Going::Held));
        let latest = |(member, cursor): (&Program, &Cursor)| {
            let behind = member.after(cursor).end.as_ref().map_or(0, |end| end.behind);
            let ways = self.latest_of(member, cursor, behind, start);
            ways.into_iter().chain(self.latest_held(member, cursor, start)).max()
        };
        let over = group.over_us.and_then(|over| state.first_us.map(|first| first.saturating_add(over)));
        let over = over.unwrap_or(i64::MAX).min(program.over_end(cursor));
        held.filter_map(latest).max().map(|latest| latest.min(over))
    }

    fn is_past_held(&self, program: &Program, cursor: &Cursor, deadline_us: i64, start: Moment) -> bool {
        self.latest_held(program, cursor, start).is_some_and(|latest| latest <= deadline_us)
    }

    /// Event time has certainly passed `deadline_us`. `seen_seq` is the newest event of the key.
    pub(super) fn pass(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        deadline_us: i64,
        start: Moment,
        seen_seq: u64,
        edits: &mut Edits,
    ) -> Passed {
        let mut by_time = self.pass_inside(program, cursor, deadline_us, start, seen_seq, edits);
        while self.pass_ahead_by(program, cursor, deadline_us, start, seen_seq, edits) {
            by_time = true;
        }
        let after = program.after(cursor);
        let ahead = cursor.ahead.iter().fold(0, |set, (way, _)| set | 1 << way);
        for way in ways_in(cursor.open & !ahead) {
            let late = after.ways[way].target.is_some()
                && self.closing(program, cursor, &after.ways[way], start) <= deadline_us;
            if late {
                cursor.open &= !(1 << way);
            }
        }
        if let Some(end) = after.end.as_ref().filter(|end| cursor.open >> end.way & 1 == 1) {
            if end.waits() {
                let heard = !end.waits_next || seen_seq > cursor.last.seq;
                let deadline = self.deadline(end, cursor, start);
                if heard && deadline <= deadline_us {
                    // Not before what stands before it is complete.
                    return Passed::Complete(Some(if by_time { deadline_us } else { deadline }));
                }
                return Passed::Waits;
            }
            let is_over = || match self.ending(program, cursor, start, seen_seq) {
                Ending::Now => true,
                // What a deadline completes is complete then, whatever a greedy loop around it could still take.
                Ending::Held if by_time && program.top && self.going(program, cursor, start) != Going::Held => true,
                Ending::Held => cursor.open & end.behind == 0 && self.is_past_held(program, cursor, deadline_us, start),
                Ending::Never | Ending::Waits => false,
            };
            if cursor.leaf.is_some() && is_over() {
                return Passed::Complete(by_time.then_some(deadline_us));
            }
        }
        if self.lives(program, cursor, start) { Passed::Waits } else { Passed::Gone }
    }

    /// Time in the group that the place is in; true when that completed it.
    fn pass_inside(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        deadline_us: i64,
        start: Moment,
        seen_seq: u64,
        edits: &mut Edits,
    ) -> bool {
        let leaf = cursor.leaf.map(|leaf| &program.leaves[leaf as usize].body);
        let (Some(LeafBody::Group(group)), Some(mut state)) = (leaf, cursor.group.take()) else { return false };
        let was_complete = self.is_complete(group, &state, start);
        state.shut |= program.over_end(cursor) <= deadline_us;
        match self.pass_group(group, &mut state, (deadline_us, program.beside), start, seen_seq, edits) {
            Passed::Gone => false,
            Passed::Complete(_) if !was_complete => {
                // What other members took may have been given up.
                cursor.last = state.last;
                cursor.group = Some(state);
                self.settle(program, cursor, start);
                true
            }
            _ => {
                cursor.group = Some(state);
                false
            }
        }
    }

    /// Time in the groups ahead; true when it completed one, which the place then goes to.
    fn pass_ahead_by(
        &self,
        program: &Program,
        cursor: &mut Cursor,
        deadline_us: i64,
        start: Moment,
        seen_seq: u64,
        edits: &mut Edits,
    ) -> bool {
        for (index, mut state) in std::mem::take(&mut cursor.ahead) {
            let way = &program.after(cursor).ways[index as usize];
            let Some(target) = way.target else { continue };
            let LeafBody::Group(group) = &program.leaves[target].body else { continue };
            match self.pass_group(group, &mut state, (deadline_us, program.beside), start, seen_seq, edits) {
                Passed::Gone => cursor.open &= !(1 << index),
                Passed::Waits => cursor.ahead.push((index, state)),
                Passed::Complete(_) => {
                    let mut next = self.moved(program, cursor, way, cursor.last.at_us);
                    next.group = Some(Box::new(state));
                    self.settle(program, &mut next, start);
                    // A round that time alone completes is not followed by another one.
                    let after = program.after(&next);
                    next.open &= !(after.timed & after.repeating);
                    next.leave_closed();
                    *cursor = next;
                    return true;
                }
            }
        }
        false
    }

    fn pass_group(
        &self,
        group: &Group,
        state: &mut GroupState,
        (deadline_us, beside): (i64, bool),
        start: Moment,
        seen_seq: u64,
        edits: &mut Edits,
    ) -> Passed {
        if self.group_latest(group, state, start, beside).is_some_and(|latest| latest <= deadline_us) {
            state.shut = true;
        }
        let was_complete = self.is_complete(group, state, start);
        for (member, member_state) in group.members.iter().zip(&mut state.members) {
            let next = match (member, &mut *member_state) {
                (_, MemberState::Quiet(deadline)) if *deadline <= deadline_us => MemberState::Done(state.since),
                (Member::Program(program, _), MemberState::At(cursor)) => {
                    match self.pass(program, cursor, deadline_us, start, seen_seq, edits) {
                        Passed::Complete(Some(_)) => MemberState::Done(cursor.last),
                        Passed::Gone => {
                            drop_steps(member, state.since, edits);
                            MemberState::Dead
                        }
                        _ => continue,
                    }
                }
                _ => continue,
            };
            *member_state = next;
        }
        if !was_complete {
            self.drop_losers(group, state, edits, start);
        }
        if self.is_complete(group, state, start) {
            let going = self.group_going(group, state, start);
            return if was_complete && going == Going::Nowhere { Passed::Waits } else { Passed::Complete(None) };
        }
        if self.can_complete(group, state, start) { Passed::Waits } else { Passed::Gone }
    }
}
