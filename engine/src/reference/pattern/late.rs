//! How long a branch's ways can still be taken.

use super::branch::Walk;
use super::fit::Taken;
use super::way::{Goal, Way};

impl<'p> Walk<'_, 'p> {
    /// Whether a way can be taken no more once event time has certainly passed `time`.
    pub fn is_late(&self, way: &Way<'p>, time: i64, taken: &Taken, in_member: bool) -> bool {
        (if in_member { self.last_chance(way, taken) } else { self.latest(way, taken) }) <= time
    }

    /// The last moment at which a way may still take an event, as things stand. A group is over when none of its open members
    /// can take one, or when too few of them have a chance; a complete one, when none of its loops can go on.
    pub fn latest(&self, way: &Way<'p>, taken: &Taken) -> i64 {
        let own = self.view.latest(&way.rest, self.start, taken);
        match &way.goal {
            Goal::Step(_) => own,
            Goal::Members(members) => {
                let one = |way: &Way<'p>| match way.goal {
                    // Time alone completes it, however late an event may be.
                    Goal::Deadline(_) => i64::MAX,
                    _ => own.min(self.latest(way, taken)),
                };
                // What stands behind the end of a complete member does not hold it back.
                let is_complete = members.complete() >= members.need;
                let takes = |ways: &'_ Vec<Way<'p>>| {
                    let before = ways.iter().take_while(|way| !matches!(way.goal, Goal::Done)).map(one).max();
                    let all = ways.iter().filter(|way| !matches!(way.goal, Goal::Done)).map(one).max();
                    if is_complete && members.is_greedy() { before } else { all }
                };
                let latest = members.going_on().filter_map(takes).max().unwrap_or(i64::MIN);
                latest.min(self.last_chance(way, taken))
            }
            Goal::Either(either) => {
                either.branches.iter().flatten().map(|way| self.latest(way, taken)).max().unwrap_or(i64::MIN)
            }
            _ => i64::MAX,
        }
    }

    /// The same, whatever another member takes: `within` counts from the matched event before.
    fn last_chance(&self, way: &Way<'p>, taken: &Taken) -> i64 {
        let own = self.view.last_chance(&way.rest, self.start, taken);
        match &way.goal {
            Goal::Step(_) => own,
            Goal::Members(members) if members.complete() >= members.need => i64::MAX,
            Goal::Members(members) => {
                let one = |way: &Way<'p>| match way.goal {
                    Goal::Deadline(_) | Goal::Done => i64::MAX,
                    _ => own.min(self.last_chance(way, taken)),
                };
                let of = |ways: &Vec<Way<'p>>| ways.iter().map(one).max().unwrap_or(i64::MIN);
                let mut chances: Vec<i64> = members.ways.iter().map(of).collect();
                chances.sort_by(|a, b| b.cmp(a));
                chances.get(members.need.saturating_sub(1)).copied().unwrap_or(i64::MIN)
            }
            Goal::Either(either) => {
                either.branches.iter().flatten().map(|way| self.last_chance(way, taken)).max().unwrap_or(i64::MIN)
            }
            _ => i64::MAX,
        }
    }
}
