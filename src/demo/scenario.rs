//! Planted stories: fraud that each rule must catch, and near misses that none may.

use fastrand::Rng;

use super::generator::Planted;
use super::world::{
    CARDS, Event, HOUR_US, MINUTE_US, SECOND_US, START_US, USERS, card, far_away, home, login, order, payment, refund,
    user,
};

/// How often each story is told.
const TIMES: usize = 5;

/// All stories of a seed.
pub struct Stories {
    /// Their events, in no order.
    pub events: Vec<Event>,
    /// What must be caught.
    pub planted: Vec<Planted>,
    /// Numbers of the cards on which a story runs.
    pub cards: Vec<usize>,
}

/// Tells every story [`TIMES`] times, each on a card, user or order of its own.
pub fn tell(rng: &mut Rng) -> Stories {
    let mut cards = rng.choose_multiple(0..CARDS, 6 * TIMES);
    let mut users = rng.choose_multiple(0..USERS, 2 * TIMES);
    let mut stories = Stories { events: Vec::new(), planted: Vec::new(), cards: cards.clone() };
    for time in 0..TIMES {
        let mut own = || card(cards.pop().expect("six cards for each time"));
        let (burst, spread, declined, tested, refunded, twice) = (own(), own(), own(), own(), own(), own());
        stories.high_value_burst(rng, burst);
        stories.spread_out(rng, spread);
        stories.one_declined(rng, declined);
        stories.card_testing(rng, tested);
        stories.refunded(rng, refunded);
        stories.only_two_probes(rng, twice);
        stories.impossible_travel(rng, users.pop().expect("two users for each time"));
        stories.slow_travel(rng, users.pop().expect("two users for each time"));
        stories.unpaid_order(rng, time);
        stories.paid_at_the_last_minute(rng, time);
    }
    stories
}

/// Some time in the day, with room for a story before its end.
fn some_time(rng: &mut Rng) -> i64 {
    START_US + rng.i64(30 * MINUTE_US..4 * HOUR_US)
}

impl Stories {
    fn must_catch(&mut self, rule: &'static str, key: String) {
        self.planted.push(Planted { rule, key });
    }

    fn pay(&mut self, rng: &mut Rng, at_us: i64, card: &str, cents: std::ops::Range<i64>, status: &str) {
        let cents = rng.i64(cents);
        self.events.push(payment(rng, at_us, card.to_owned(), cents, status));
    }

    fn high_value_burst(&mut self, rng: &mut Rng, card: String) {
        let mut at = some_time(rng);
        for _ in 0..rng.usize(3..6) {
            self.pay(rng, at, &card, 50_100..190_000, "approved");
            at += rng.i64(20 * SECOND_US..2 * MINUTE_US);
        }
        self.must_catch("high_value_burst", card);
    }

    /// Three high payments, but never three in ten minutes.
    fn spread_out(&mut self, rng: &mut Rng, card: String) {
        let at = some_time(rng);
        for minutes in [0, 8, 16] {
            self.pay(rng, at + minutes * MINUTE_US, &card, 50_100..190_000, "approved");
        }
    }

    /// Three high payments, but the bank declined one.
    fn one_declined(&mut self, rng: &mut Rng, card: String) {
        let at = some_time(rng);
        for (minute, status) in [(0, "approved"), (1, "declined"), (2, "approved")] {
            self.pay(rng, at + minute * MINUTE_US, &card, 50_100..190_000, status);
        }
    }

    fn probes(&mut self, rng: &mut Rng, at_us: i64, card: &str, number: i64) {
        for probe in 0..number {
            self.pay(rng, at_us + probe * MINUTE_US, card, 10..199, "approved");
        }
    }

    fn card_testing(&mut self, rng: &mut Rng, card: String) {
        let at = some_time(rng);
        let number = rng.i64(3..7);
        self.probes(rng, at, &card, number);
        let hit = at + 8 * MINUTE_US + rng.i64(0..40 * MINUTE_US);
        self.pay(rng, hit, &card, 20_100..49_000, "approved");
        self.must_catch("card_testing", card);
    }

    /// Probes and a hit, but a refund between them says that the shop knows the customer.
    fn refunded(&mut self, rng: &mut Rng, card: String) {
        let at = some_time(rng);
        self.probes(rng, at, &card, 4);
        self.events.push(refund(at + 4 * MINUTE_US, card.clone()));
        self.pay(rng, at + 6 * MINUTE_US, &card, 20_100..49_000, "approved");
    }

    fn only_two_probes(&mut self, rng: &mut Rng, card: String) {
        let at = some_time(rng);
        self.probes(rng, at, &card, 2);
        self.pay(rng, at + 9 * MINUTE_US, &card, 20_100..49_000, "approved");
    }

    fn impossible_travel(&mut self, rng: &mut Rng, number: usize) {
        let at = some_time(rng);
        self.events.push(login(at, user(number), home(number), true));
        let later = at + rng.i64(20 * MINUTE_US..90 * MINUTE_US);
        self.events.push(login(later, user(number), far_away(rng), true));
        self.must_catch("impossible_travel", user(number));
    }

    /// Two suburbs, some kilometres and minutes apart.
    fn slow_travel(&mut self, rng: &mut Rng, number: usize) {
        let at = some_time(rng);
        let (lat, lon) = home(number);
        self.events.push(login(at, user(number), (lat, lon), true));
        self.events.push(login(at + 30 * MINUTE_US, user(number), (lat + 0.1, lon - 0.2), true));
    }

    fn unpaid_order(&mut self, rng: &mut Rng, time: usize) {
        let id = format!("x-{time:03}");
        self.events.push(order(some_time(rng), &id, "placed"));
        self.must_catch("unpaid_order", id);
    }

    /// Paid exactly at the deadline, which still counts.
    fn paid_at_the_last_minute(&mut self, rng: &mut Rng, time: usize) {
        let (id, at) = (format!("y-{time:03}"), some_time(rng));
        self.events.push(order(at, &id, "placed"));
        self.events.push(order(at + 30 * MINUTE_US, &id, "paid"));
    }
}
