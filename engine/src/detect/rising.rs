//! Sequences of many rules over one key's events: `a over x then b over y then c over z`, where rules differ in x, y and z.
//!
//! Rules stand in the order of their limits, which is the same at every step. So an event takes on the first so many of the
//! rules that wait for it, and those that have taken the same events from one start are a range:
//!
//! ```text
//!  start e1:   rules 0..40 have taken e3      40..90 wait for the second step     (90.. were not started by e1)
//!  e5 is over the third limit of 25 and over the second of 60:
//!              0..25 match e1 e3 e5      25..40 have taken e3      40..60 have taken e5      60..90 wait
//! ```
//!
//! *Invariant.* The ranges of a start ascend and do not overlap. Lower rules are further: what takes a rule on takes on every
//! lower one that has come as far. The work of an event grows with the starts that are open, not with the rules.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use smallvec::SmallVec;

/// Events by their numbers in the log of the key.
pub(super) type Numbers = SmallVec<[u64; 4]>;

/// A family of sequences.
pub(super) struct Rising {
    /// By step, the least values, ascending by rule.
    limits: Vec<Vec<i64>>,
    /// First to last event, microseconds.
    within_us: i64,
    /// The cap on open runs of a rule.
    runs_max: usize,
}

/// The starts of one key that are open, oldest first.
#[derive(Default)]
pub(super) struct Starts {
    open: VecDeque<Start>,
    /// Rules that had a start refused since their last match.
    pub(super) incomplete: BTreeSet<u32>,
}

struct Start {
    number: u64,
    at_us: i64,
    waiting: SmallVec<[Waiting; 2]>,
}

/// Rules that have taken the same events.
struct Waiting {
    rules: Range<u32>,
    taken: Numbers,
}

/// An event.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    pub number: u64,
    pub at_us: i64,
    pub value: i64,
    /// The steps that it fits, apart from limits, as bits.
    pub steps: u64,
}

/// Matches of some rules, which have taken the same events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The rules, in the order of their limits.
    pub rules: Range<u32>,
    /// The events.
    pub taken: Numbers,
}

impl Rising {
    /// `limits` by step, at least two of them, each ascending by rule.
    pub fn new(limits: Vec<Vec<i64>>, within_us: i64, runs_max: usize) -> Rising {
        debug_assert!(limits.len() > 1 && limits.iter().all(|limits| limits.is_sorted()));
        Rising { limits, within_us, runs_max }
    }

    /// By step, of how many rules the event is over the limit.
    fn fitting(&self, event: &Coming) -> SmallVec<[u32; 4]> {
        let fits = |(step, limits): (usize, &Vec<i64>)| match event.steps >> step & 1 {
            0 => 0,
            _ => limits.partition_point(|limit| *limit <= event.value) as u32,
        };
        self.limits.iter().enumerate().map(fits).collect()
    }

    /// Forgets starts that are too old for an event at this time.
    pub fn expire(&self, starts: &mut Starts, now_us: i64) {
        while starts.open.pop_front_if(|start| start.at_us.saturating_add(self.within_us) < now_us).is_some() {}
    }

    /// Takes an event, behind [`Rising::expire`]. Matches are appended by start; `refused`: rules that it does not start.
    /// Returns whether any rule took it.
    pub fn take(&self, starts: &mut Starts, event: Coming, refused: &[u32], found: &mut Vec<Found>) -> bool {
        let fits = self.fitting(&event);
        let mut took = false;
        for start in &mut starts.open {
            took |= start.take(&event, &fits, found);
        }
        starts.open.retain(|start| !start.waiting.is_empty());
        let mut waiting = SmallVec::new();
        let mut from = 0;
        for refused in refused.iter().copied().filter(|rule| *rule < fits[0]).chain([fits[0]]) {
            if from < refused {
                waiting.push(Waiting { rules: from..refused, taken: Numbers::new() });
            }
            from = refused + 1;
        }
        if waiting.is_empty() {
            return took;
        }
        starts.open.push_back(Start { number: event.number, at_us: event.at_us, waiting });
        true
    }

    /// The rules, ascending, whose cap on open runs refuses to start one with the event once it has taken others on.
    pub fn refused(&self, starts: &Starts, event: Coming) -> Vec<u32> {
        if starts.open.len() < self.runs_max {
            return Vec::new();
        }
        let fits = self.fitting(&event);
        let mut open = vec![0usize; fits[0] as usize + 1];
        for waiting in starts.open.iter().flat_map(|start| &start.waiting) {
            let last = waiting.taken.len() + 2 == self.limits.len();
            let from = if last { waiting.rules.start.max(fits[waiting.taken.len() + 1]) } else { waiting.rules.start };
            (from..waiting.rules.end.min(fits[0])).for_each(|rule| open[rule as usize] += 1);
        }
        (0..fits[0]).filter(|rule| open[*rule as usize] >= self.runs_max).collect()
    }
}

impl Start {
    fn take(&mut self, event: &Coming, fits: &[u32], found: &mut Vec<Found>) -> bool {
        let (mut at, mut took) = (0, false);
        while at < self.waiting.len() {
            let Waiting { rules, taken } = &mut self.waiting[at];
            let step = taken.len() + 1;
            let end = fits[step].min(rules.end);
            if end <= rules.start {
                at += 1;
                continue;
            }
            took = true;
            let (moved, is_all) = (rules.start..end, end == rules.end);
            rules.start = end;
            let mut taken = taken.clone();
            if step + 1 == fits.len() {
                taken.insert(0, self.number);
                taken.push(event.number);
                found.push(Found { rules: moved, taken });
                if is_all {
                    self.waiting.remove(at);
                } else {
                    at += 1;
                }
            } else {
                taken.push(event.number);
                let moved = Waiting { rules: moved, taken };
                if is_all {
                    self.waiting[at] = moved;
                } else {
                    self.waiting.insert(at, moved);
                    at += 1;
                }
                at += 1;
            }
        }
        took
    }
}

impl Starts {
    /// Number of open starts.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// The number of the oldest start: nothing before it is needed.
    pub fn oldest(&self) -> Option<u64> {
        self.open.front().map(|start| start.number)
    }

    /// The time of the newest start, microseconds.
    pub fn newest_us(&self) -> Option<i64> {
        self.open.back().map(|start| start.at_us)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One rule alone: every event over the first limit starts, and takes what comes next over the next limit.
    fn alone(limits: &[i64], events: &[Coming], within_us: i64) -> Vec<(u64, Numbers)> {
        let mut found = Vec::new();
        for first in events {
            let mut taken = Numbers::new();
            for event in events.iter().filter(|event| event.number >= first.number) {
                let step = taken.len();
                let in_time = event.at_us <= first.at_us + within_us;
                if step < limits.len() && in_time && event.steps >> step & 1 == 1 && event.value >= limits[step] {
                    taken.push(event.number);
                } else if step == 0 {
                    break;
                }
            }
            if taken.len() == limits.len() {
                found.push((*taken.last().expect("taken"), taken));
            }
        }
        found.sort_by_key(|(by, taken)| (*by, taken[0]));
        found
    }

    proptest! {
        #[test]
        fn each_rule_finds_what_it_finds_alone(
            mut limits in proptest::collection::vec((0i64..20, 0i64..6, 0i64..6), 1..12),
            events in proptest::collection::vec((0i64..30, 0i64..4, 1u64..8), 0..30),
        ) {
            limits.sort_unstable();
            let mut columns = vec![Vec::new(); 3];
            let mut least = [i64::MIN; 3];
            for (a, b, c) in limits {
                for (step, limit) in [a, a + b, a + c].into_iter().enumerate() {
                    least[step] = least[step].max(limit);
                    columns[step].push(least[step]);
                }
            }
            let mut now = 0;
            let events: Vec<Coming> = (0..).zip(events).map(|(number, (value, gap, steps))| {
                now += gap;
                Coming { number, at_us: now, value, steps }
            }).collect();
            let rules = columns[0].len();
            let rising = Rising::new(columns.clone(), 9, usize::MAX);
            let (mut starts, mut by_rule) = (Starts::default(), vec![Vec::new(); rules]);
            for event in &events {
                let mut found = Vec::new();
                rising.expire(&mut starts, event.at_us);
                rising.take(&mut starts, *event, &[], &mut found);
                for Found { rules, taken } in found {
                    rules.for_each(|rule| by_rule[rule as usize].push((event.number, taken.clone())));
                }
            }
            for (rule, found) in by_rule.into_iter().enumerate() {
                let limits: Vec<i64> = columns.iter().map(|limits| limits[rule]).collect();
                prop_assert_eq!(found, alone(&limits, &events, 9));
            }
        }
    }

    #[test]
    fn a_rule_with_too_many_open_starts_is_refused_one() {
        let rising = Rising::new(vec![vec![1, 5], vec![10, 20]], 100, 2);
        let mut starts = Starts::default();
        let mut take = |number, value| {
            let event = Coming { number, at_us: 0, value, steps: 3 };
            let refused = rising.refused(&starts, event);
            let mut found = Vec::new();
            rising.take(&mut starts, event, &refused, &mut found);
            (refused, found.len())
        };
        assert_eq!((take(0, 7), take(1, 3), take(2, 6)), ((vec![], 0), (vec![], 0), (vec![0], 0)));
        // It matches with the first rule, whose two starts are over, and starts the second one for the last time.
        assert_eq!(take(3, 15), (vec![1], 2));
    }
}
