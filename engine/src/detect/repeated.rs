//! Repetitions of many rules over one key's events: `big{3} where amount > x within 1m`, where rules differ in x, and a match
//! uses its events up.
//!
//! A rule can match at an event only if its limit is below the n-th largest value of the time: the first so many of the rules in
//! the order of their limits. Only those are looked at, and what a rule keeps for itself is where its last match ended.

use std::collections::VecDeque;

use super::rising::{Coming, Found, Numbers};

/// A family of repetitions.
pub(super) struct Repeated {
    /// The least values, ascending by rule.
    limits: Vec<i64>,
    /// So many events.
    number: usize,
    /// First to last event, microseconds.
    span_us: i64,
}

/// What one key has.
#[derive(Default)]
pub(super) struct Row {
    /// The events of the time, oldest first.
    events: VecDeque<Coming>,
    /// Their values, ascending.
    values: Vec<i64>,
    /// By rule, the number of the first event that it has not used up; empty: none has used any.
    used: Vec<u64>,
}

impl Repeated {
    /// `limits` ascend by rule; `number` is not 0.
    pub fn new(limits: Vec<i64>, number: usize, span_us: i64) -> Repeated {
        debug_assert!(number > 0 && limits.is_sorted());
        Repeated { limits, number, span_us }
    }

    /// Forgets events that are too old for an event at this time.
    pub fn expire(&self, row: &mut Row, now_us: i64) {
        while let Some(old) = row.events.pop_front_if(|event| event.at_us.saturating_add(self.span_us) < now_us) {
            if let Ok(place) = row.values.binary_search(&old.value) {
                row.values.remove(place);
            }
        }
        if row.events.is_empty() {
            row.used = Vec::new();
        }
    }

    /// Takes an event, behind [`Repeated::expire`]; matches are appended by rule.
    pub fn take(&self, row: &mut Row, event: Coming, found: &mut Vec<Found>) {
        self.push(row, event);
        let Some(place) = row.values.len().checked_sub(self.number) else { return };
        let least = row.values[place].min(event.value);
        let possible = self.limits.partition_point(|limit| *limit <= least);
        if possible > 0 && row.used.is_empty() {
            row.used.resize(self.limits.len(), 0);
        }
        for ((rule, limit), used) in (0u32..).zip(&self.limits[..possible]).zip(&mut row.used) {
            let fresh = row.events.iter().rev().take_while(|event| event.number >= *used);
            let mut taken: Numbers =
                fresh.filter(|event| event.value >= *limit).map(|event| event.number).take(self.number).collect();
            if taken.len() < self.number {
                continue;
            }
            *used = event.number + 1;
            taken.reverse();
            match found.last_mut().filter(|last| last.rules.end == rule && last.taken == taken) {
                Some(last) => last.rules.end += 1,
                None => found.push(Found { rules: rule..rule + 1, taken }),
            }
        }
    }

    /// Puts an event behind the others.
    pub fn push(&self, row: &mut Row, event: Coming) {
        let place = row.values.partition_point(|other| *other <= event.value);
        row.values.insert(place, event.value);
        row.events.push_back(event);
    }

    /// Says that a rule has used up all events before this one.
    pub fn use_up(&self, row: &mut Row, rule: u32, before: u64) {
        row.used.resize(self.limits.len(), 0);
        if let Some(used) = row.used.get_mut(rule as usize) {
            *used = before.max(*used);
        }
    }
}

impl Row {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// The number of the oldest event.
    pub fn oldest(&self) -> Option<u64> {
        self.events.front().map(|event| event.number)
    }

    /// The time of the newest event, microseconds.
    pub fn newest_us(&self) -> Option<i64> {
        self.events.back().map(|event| event.at_us)
    }

    /// The rules that have used up any of the events, each with the number of the first that it has not.
    pub fn used(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let oldest = self.oldest().unwrap_or(u64::MAX);
        (0..).zip(self.used.iter().copied()).filter(move |(_, used)| *used > oldest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_rule_finds_what_it_finds_alone(
            mut limits in proptest::collection::vec(0i64..20, 1..10),
            events in proptest::collection::vec((0i64..25, 0i64..4), 0..40),
            number in 1usize..4,
        ) {
            limits.sort_unstable();
            let repeated = Repeated::new(limits.clone(), number, 9);
            let (mut row, mut now) = (Row::default(), 0);
            let mut alone = vec![Vec::<(u64, i64)>::new(); limits.len()];
            for (at, (value, gap)) in (0u64..).zip(events) {
                now += gap;
                let mut found = Vec::new();
                repeated.expire(&mut row, now);
                repeated.take(&mut row, Coming { number: at, at_us: now, value, steps: 1 }, &mut found);
                let mut by_rule: Vec<(usize, Vec<u64>)> = Vec::new();
                for Found { rules, taken } in found {
                    by_rule.extend(rules.map(|rule| (rule as usize, taken.to_vec())));
                }
                let mut expected = Vec::new();
                for (rule, limit) in limits.iter().enumerate() {
                    alone[rule].retain(|(_, at_us)| at_us + 9 >= now);
                    if value >= *limit {
                        alone[rule].push((at, now));
                    }
                    if alone[rule].len() == number {
                        expected.push((rule, alone[rule].drain(..).map(|(at, _)| at).collect::<Vec<_>>()));
                    }
                }
                prop_assert_eq!(by_rule, expected);
            }
        }
    }
}
