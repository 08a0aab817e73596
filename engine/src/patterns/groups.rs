//! What one event does to a group: alternatives side by side, or members in any order.

use smallvec::SmallVec;

use super::feed::Take;
use super::graph::{Graph, Group, Member};
use super::run::{Cursor, Edit, Edits, Fate, GroupState, MemberState, Moment, Sight};
use super::standing::Going;

/// One way in which a group goes on; several when something in it branches.
#[derive(Clone)]
pub(super) struct Variant {
    /// The group.
    pub(super) state: GroupState,
    /// What it does to what the run has taken.
    pub(super) edits: Edits,
    /// It took the event.
    pub(super) took: bool,
    /// See [`Branch::over`](super::run::Branch).
    pub(super) over: bool,
}

impl Graph {
    /// The state of a group that is waited for since `last`.
    pub(super) fn enter_group(&self, group: &Group, last: Moment, since: Moment, start: Moment) -> GroupState {
        let member = |member: &Member| match member {
            Member::No(_, hold_us) => MemberState::Quiet(last.at_us.saturating_add(*hold_us)),
            Member::Program(program, _) => {
                let mut cursor = Cursor::before(0, last);
                self.settle(program, &mut cursor, start);
                MemberState::At(cursor)
            }
        };
        GroupState {
            members: group.members.iter().map(member).collect(),
            first_us: None,
            last,
            since,
            shut: false,
            hungry: false,
        }
    }

    /// Offers the event at hand to a group; `variants` are how it goes on, none when it cannot be completed any more.
    pub(super) fn feed_group(
        &self,
        group: &Group,
        state: GroupState,
        sight: &Sight<'_>,
        take: Take,
        variants: &mut Vec<Variant>,
    ) -> Fate {
        let now = sight.now;
        let was_complete = self.is_complete(group, &state, sight.start);
        let in_time =
            group.over_us.is_none_or(|over| state.first_us.is_none_or(|first| now.at_us <= first.saturating_add(over)));
        let gapless = !group.strict || sight.starting || now.seq == state.last.seq + 1;
        let take = take.only_if(in_time && gapless && !state.shut);
        let mut open = vec![Variant { state, edits: Edits::new(), took: false, over: false }];
        for index in 0..group.members.len() {
            let mut next = Vec::with_capacity(open.len());
            for variant in open {
                self.feed_member(group, index, variant, sight, take, &mut next);
            }
            open = next;
        }
        for mut variant in open {
            if variant.took {
                variant.state.hungry = false;
                variant.state.last = now;
                variant.state.first_us.get_or_insert(now.at_us);
                refresh_waiting(group, &mut variant.state, now);
            } else if group.strict && !sight.starting {
                variant.state.shut = true;
            }
            if !was_complete {
                self.drop_losers(group, &mut variant.state, &mut variant.edits, sight.start);
            }
            if self.can_complete(group, &variant.state, sight.start) {
                variants.push(variant);
            }
        }
        match variants.first() {
            None => Fate::Gone,
            Some(_) if variants.iter().any(|variant| variant.took) => Fate::Took,
            Some(_) => Fate::Passed,
        }
    }

    /// Complete, and neither `greedy` nor `each` asks for more: in `all of` and `N of` it takes no more.
    pub(super) fn is_filled(&self, member: &Member, state: &MemberState, start: Moment) -> bool {
        let asks = match (member, state) {
            (Member::Program(program, _), MemberState::At(cursor)) => {
                self.member_going(program, cursor, start) == Some(Going::Held)
                    || self.member_branches(program, cursor, start)
            }
            _ => false,
        };
        !asks && self.is_member_complete(member, state, start)
    }

    fn feed_member(
        &self,
        group: &Group,
        index: usize,
        mut variant: Variant,
        sight: &Sight<'_>,
        take: Take,
        out: &mut Vec<Variant>,
    ) {
        let is_filled = || self.is_filled(&group.members[index], &variant.state.members[index], sight.start);
        let take = match group.need {
            None => take,
            Some(_) if variant.took || variant.over || is_filled() => Take::Nothing,
            // Complete, it takes no more but by what is `greedy` or `each`.
            Some(_) if take == Take::Anything => Take::BeforeEnd,
            Some(_) => take,
        };
        match (&group.members[index], &mut variant.state.members[index]) {
            (Member::No(part, _), MemberState::Quiet(deadline_us)) => {
                if sight.now.at_us <= *deadline_us && !sight.starting && part.fits(sight) {
                    variant.state.members[index] = MemberState::Dead;
                }
                out.push(variant);
            }
            (Member::Program(program, _), MemberState::At(cursor)) => {
                let mut branches = Vec::new();
                let mut edits = Edits::new();
                let fate = self.feed(program, cursor, sight, take, &mut edits, &mut branches);
                let before = (!branches.is_empty()).then(|| variant.clone());
                match fate {
                    Fate::Passed => variant.edits.extend(edits),
                    Fate::Over => {
                        variant.over = true;
                        variant.edits.extend(edits);
                    }
                    Fate::Took => {
                        variant.took = true;
                        variant.edits.extend(edits);
                    }
                    Fate::Gone => {
                        variant.state.members[index] = MemberState::Dead;
                        drop_steps(&group.members[index], variant.state.since, &mut variant.edits);
                    }
                }
                out.push(variant);
                for branch in branches {
                    let Some(mut beside) = before.clone() else { continue };
                    beside.state.members[index] = MemberState::At(branch.cursor);
                    beside.edits.extend(branch.edits);
                    beside.took |= branch.took;
                    beside.over |= branch.over;
                    out.push(beside);
                }
            }
            _ => out.push(variant),
        }
    }

    /// Once the group is complete: members that are not needed are dropped, with what they took; then the newest event is one of
    /// those that stay.
    pub(super) fn drop_losers(&self, group: &Group, state: &mut GroupState, edits: &mut Edits, start: Moment) {
        if !self.is_complete(group, state, start) {
            return;
        }
        let mut wanted = group.need.unwrap_or(1);
        for (member, member_state) in group.members.iter().zip(&mut state.members) {
            if wanted > 0 && self.is_member_complete(member, member_state, start) {
                wanted -= 1;
                continue;
            }
            if let MemberState::At(cursor) = member_state
                && (cursor.leaf.is_some() || cursor.group.is_some())
            {
                drop_steps(member, state.since, edits);
            }
            *member_state = MemberState::Dead;
        }
        state.last = state.members.iter().filter_map(MemberState::newest).max().unwrap_or(state.since);
    }

    /// Whether enough members are complete or may still be.
    pub(super) fn can_complete(&self, group: &Group, state: &GroupState, start: Moment) -> bool {
        if self.is_complete(group, state, start) {
            return true;
        }
        if state.hungry {
            return self.group_going(group, &state.complete_again(), start) != Going::Nowhere;
        }
        let alive = |pair: &(&Member, &MemberState)| match pair.1 {
            MemberState::Dead => false,
            MemberState::Done(_) => true,
            MemberState::Quiet(_) => true,
            MemberState::At(_) => !state.shut || self.is_member_complete(pair.0, pair.1, start),
        };
        group.members.iter().zip(&state.members).filter(alive).count() >= group.need.unwrap_or(1)
    }
}

/// In `all of` and `N of`, the matched event before the next one of a member is the group's newest.
fn refresh_waiting(group: &Group, state: &mut GroupState, now: Moment) {
    if group.need.is_none() {
        return;
    }
    for member in &mut state.members {
        if let MemberState::At(cursor) = member {
            if cursor.leaf.is_none() {
                cursor.last = now;
            }
            took_beside(cursor, now.at_us);
        }
    }
}

fn took_beside(cursor: &mut Cursor, at_us: i64) {
    cursor.beside_us = at_us;
    let ahead = cursor.ahead.iter_mut().map(|(_, state)| state);
    for member in ahead.chain(cursor.group.as_deref_mut()).flat_map(|state| &mut state.members) {
        if let MemberState::At(inside) = member {
            took_beside(inside, at_us);
        }
    }
}

/// What a member has taken does not belong to the match.
pub(super) fn drop_steps(member: &Member, since: Moment, edits: &mut Edits) {
    if let Member::Program(_, steps) = member {
        edits.push(Edit::Drop(SmallVec::from_slice(steps), since.seq));
    }
}

impl MemberState {
    /// Its newest event, where it has any.
    fn newest(&self) -> Option<Moment> {
        match self {
            MemberState::At(cursor) => cursor.leaf.is_some().then_some(cursor.last),
            MemberState::Done(last) => Some(*last),
            MemberState::Quiet(_) | MemberState::Dead => None,
        }
    }
}
