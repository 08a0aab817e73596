//! The demo's input, in order of arrival: ordinary life, planted stories, some disorder, a few broken and late records.
//! The same seed and number give the same bytes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use super::scenario;
use super::world::{self, Event, MINUTE_US, SECOND_US, SPAN_US, START_US};

/// A fraud that a rule must catch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    /// The rule.
    pub rule: &'static str,
    /// The key's value.
    pub key: String,
}

/// Fewer than this do not make a day.
pub const EVENTS_MIN: usize = 1_000;

/// How far behind its event time a record arrives at most, so that it is not late.
const DELAY_US: i64 = 4 * SECOND_US;
/// One ordinary event in so many arrives ten minutes late, and counts as late.
const LATE_EVERY: usize = 50_000;
/// One record in so many is cut short on its way.
const BROKEN_EVERY: usize = 60_000;

/// The demo's input, an iterator over records in order of arrival.
pub struct Generator {
    rng: Rng,
    events: usize,
    made: usize,
    quiet: Vec<bool>,
    planted: Vec<Planted>,
    /// On their way: by arrival, then number.
    arriving: BinaryHeap<Reverse<(i64, usize, Event)>>,
    number: usize,
}

impl Generator {
    /// About `events` records (at least [`EVENTS_MIN`]) over six hours of event time.
    pub fn new(seed: u64, events: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let stories = scenario::tell(&mut rng);
        let mut quiet = vec![false; world::CARDS];
        stories.cards.iter().for_each(|card| quiet[*card] = true);
        let mut generator = Generator {
            rng,
            events: events.max(EVENTS_MIN),
            made: 0,
            quiet,
            planted: stories.planted,
            arriving: BinaryHeap::new(),
            number: 0,
        };
        for event in stories.events {
            generator.send(event, None);
        }
        generator
    }

    /// What the rules must catch, and nothing else.
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// Puts an event on its way. Without a given delay it arrives up to [`DELAY_US`] after its time.
    fn send(&mut self, event: Event, delay_us: Option<i64>) {
        let delay_us = delay_us.unwrap_or_else(|| self.rng.i64(0..DELAY_US));
        self.number += 1;
        self.arriving.push(Reverse((event.at_us + delay_us, self.number, event)));
    }

    /// The next ordinary event's time.
    fn now_us(&self) -> i64 {
        START_US + (self.made as i128 * i128::from(SPAN_US) / self.events as i128) as i64
    }

    fn make_ordinary(&mut self) {
        let at_us = self.now_us();
        self.made += 1;
        let quiet = std::mem::take(&mut self.quiet);
        let made = world::ordinary(&mut self.rng, self.made, at_us, |card| quiet[card]);
        self.quiet = quiet;
        let late = self.made.is_multiple_of(LATE_EVERY);
        for mut event in made {
            // Only payments are tampered with: an order's second half must come.
            let is_payment = event.stream == "payment";
            if is_payment && self.made.is_multiple_of(BROKEN_EVERY) {
                event.value.truncate(event.value.len() / 2);
            }
            self.send(event, (late && is_payment).then_some(10 * MINUTE_US));
        }
    }
}

impl Iterator for Generator {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.made < self.events && self.arriving.peek().is_none_or(|Reverse((at, ..))| *at >= self.now_us()) {
            self.make_ordinary();
        }
        self.arriving.pop().map(|Reverse((_, _, event))| event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let first: Vec<Event> = Generator::new(7, 3_000).collect();
        let again: Vec<Event> = Generator::new(7, 3_000).collect();
        let other: Vec<Event> = Generator::new(8, 3_000).collect();
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn arrival_is_disordered_but_not_late() {
        let mut newest = std::collections::BTreeMap::new();
        let mut disordered = 0;
        for event in Generator::new(1, 20_000) {
            let newest = newest.entry(event.stream).or_insert(event.at_us);
            assert!(event.at_us + 5 * SECOND_US >= *newest, "{event:?} is late");
            disordered += usize::from(event.at_us < *newest);
            *newest = event.at_us.max(*newest);
        }
        assert!(disordered > 1_000);
    }

    #[test]
    fn each_rule_has_its_planted_fraud() {
        let generator = Generator::new(1, EVENTS_MIN);
        for rule in ["high_value_burst", "card_testing", "impossible_travel", "unpaid_order"] {
            assert_eq!(generator.planted().iter().filter(|planted| planted.rule == rule).count(), 5, "{rule}");
        }
    }
}
