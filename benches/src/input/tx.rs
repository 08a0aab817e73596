//! The neutral workload: card events, deterministic by seed.
//!
//! 100,000 cards and 10,000 merchants by Zipf 0.8, 50 countries, event time a Poisson process of 1,000 events a second,
//! amounts log-normal with median 40 of which 1 in 100 events is over 1000, and 0 where the kind has no amount.

use tripline::query_lang::value::{Decimal, Value};

use super::Options;
use super::rng::{Rng, Zipf};

/// An event as a hand-written loop would hold it: 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tx {
    /// Running number from 1.
    pub id: i64,
    /// Event time, milliseconds.
    pub ts_ms: i64,
    /// Cents.
    pub amount: i64,
    /// The card's number; see [`Workload::card`].
    pub card: u32,
    /// The merchant's number.
    pub merchant: u32,
    /// The country's number.
    pub country: u16,
    /// The kind's number; see [`KINDS`].
    pub kind: u8,
    /// Whether it went through.
    pub ok: bool,
}

/// The kinds by number, with how many of 100 events each has.
pub const KINDS: [(&str, u64); 7] =
    [("auth", 70), ("login", 12), ("transfer", 5), ("balance", 5), ("refund", 4), ("pwd_reset", 2), ("pwd_confirm", 2)];
/// Number of `auth`.
pub const AUTH: u8 = 0;
/// Number of `transfer`.
pub const TRANSFER: u8 = 2;
/// Number of `pwd_reset`.
pub const PWD_RESET: u8 = 5;
/// Number of `pwd_confirm`.
pub const PWD_CONFIRM: u8 = 6;

/// 2026-01-01T00:00:00Z
const START_MS: i64 = 1_767_225_600_000;
/// Then 1.0 % of all events are over 1000: of the 84 % that have an amount, those above 2.26 deviations.
const AMOUNT_DEVIATION: f64 = 1.424_16;
const AMOUNT_MEDIAN: f64 = 40.0;

/// Events in order of arrival, and the texts behind their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// The events.
    pub events: Vec<Tx>,
    /// The cards' texts by number.
    pub cards: Vec<String>,
    /// The merchants' texts by number.
    pub merchants: Vec<String>,
    /// The countries' texts by number.
    pub countries: Vec<String>,
}

impl Workload {
    /// Makes the events.
    pub fn generate(options: &Options) -> Workload {
        const MERCHANTS: u32 = 10_000;
        const COUNTRIES: u32 = 50;
        let mut rng = Rng::new(options.seed);
        let (cards, merchants) = (Zipf::new(options.cards, options.zipf), Zipf::new(MERCHANTS, options.zipf));
        let mut time_ms = 0.0;
        let mut event = |id: usize| {
            time_ms += rng.exponential() * 1_000.0 / options.rate;
            let kind = kind(rng.below(100));
            Tx {
                id: id as i64,
                ts_ms: START_MS + time_ms as i64,
                amount: amount(kind, &mut rng),
                card: card(options, id, cards.draw(&mut rng), &mut rng),
                merchant: merchants.draw(&mut rng),
                country: rng.below(u64::from(COUNTRIES)) as u16,
                kind,
                ok: rng.below(10) != 0,
            }
        };
        let mut events: Vec<Tx> = (1..=options.events).map(&mut event).collect();
        if options.disorder > 0.0 {
            shuffle(&mut events, options, &mut rng);
        }
        Workload {
            events,
            cards: (0..card_numbers(options)).map(|i| format!("c{i:07}")).collect(),
            merchants: (0..MERCHANTS).map(crate::family::merchant).collect(),
            countries: (0..COUNTRIES).map(country).collect(),
        }
    }

    /// The text of an event's card.
    pub fn card(&self, tx: &Tx) -> &str {
        &self.cards[tx.card as usize]
    }

    /// The text of an event's merchant.
    pub fn merchant(&self, tx: &Tx) -> &str {
        &self.merchants[tx.merchant as usize]
    }

    /// The text of an event's country.
    pub fn country(&self, tx: &Tx) -> &str {
        &self.countries[usize::from(tx.country)]
    }

    /// The text of an event's kind.
    pub fn kind(&self, tx: &Tx) -> &'static str {
        KINDS[usize::from(tx.kind)].0
    }

    /// An event's field, by its position in the stream's declaration.
    pub fn value(&self, tx: &Tx, field: usize) -> Value {
        match field {
            0 => Value::Int(tx.id),
            1 => Value::Time(tx.ts_ms * 1_000),
            2 => Value::Text(self.card(tx).into()),
            3 => Value::Decimal(Decimal { mantissa: tx.amount.into(), scale: 2 }),
            4 => Value::Text(self.merchant(tx).into()),
            5 => Value::Text(self.country(tx).into()),
            6 => Value::Text(self.kind(tx).into()),
            _ => Value::Bool(tx.ok),
        }
    }
}

/// One number more than there are cards: that of the hot card.
fn card_numbers(options: &Options) -> u32 {
    match options {
        Options { own_cards: true, events, .. } => *events as u32,
        Options { hot, cards, .. } => cards + u32::from(*hot > 0.0),
    }
}

/// An event's card: its own, the hot one, or the one that was drawn.
fn card(options: &Options, id: usize, drawn: u32, rng: &mut Rng) -> u32 {
    if options.own_cards {
        id as u32 - 1
    } else if options.hot > 0.0 && rng.unit() < options.hot {
        options.cards
    } else {
        drawn
    }
}

/// Two letters.
fn country(number: u32) -> String {
    let letter = |n: u32| char::from(b'A' + (n % 26) as u8);
    [letter(number / 26), letter(number)].iter().collect()
}

fn kind(mut percent: u64) -> u8 {
    for (kind, (_, share)) in KINDS.iter().enumerate() {
        if percent < *share {
            return kind as u8;
        }
        percent -= share;
    }
    AUTH
}

fn amount(kind: u8, rng: &mut Rng) -> i64 {
    let amount = AMOUNT_MEDIAN * (AMOUNT_DEVIATION * rng.normal()).exp();
    let has_none = matches!(KINDS[usize::from(kind)].0, "login" | "pwd_reset" | "pwd_confirm");
    if has_none { 0 } else { (amount * 100.0).round() as i64 }
}

/// Brings a share of the events later by a random delay; the order of arrival is by time plus delay.
fn shuffle(events: &mut [Tx], options: &Options, rng: &mut Rng) {
    let mut delayed = |tx: &Tx| {
        let late = rng.unit() < options.disorder;
        tx.ts_ms + if late { rng.below(options.disorder_ms + 1) as i64 } else { 0 }
    };
    let mut arrivals: Vec<(i64, Tx)> = events.iter().map(|tx| (delayed(tx), *tx)).collect();
    arrivals.sort_by_key(|(arrival, _)| *arrival);
    events.iter_mut().zip(arrivals).for_each(|(place, (_, tx))| *place = tx);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_those_of_the_workload() {
        let workload = Workload::generate(&Options { events: 200_000, ..Options::default() });
        let percent = |test: &dyn Fn(&Tx) -> bool| {
            workload.events.iter().filter(|tx| test(tx)).count() as f64 / workload.events.len() as f64 * 100.0
        };
        assert!((0.9..1.1).contains(&percent(&|tx| tx.amount > 100_000)));
        assert!((69.5..70.5).contains(&percent(&|tx| tx.kind == AUTH)));
        assert!((1.8..2.2).contains(&percent(&|tx| tx.kind == PWD_CONFIRM)));
        assert!((2.0..2.4).contains(&percent(&|tx| tx.card == 0)));
        let span_ms = workload.events[199_999].ts_ms - workload.events[0].ts_ms;
        assert!((198_000..202_000).contains(&span_ms), "{span_ms}");
        assert!(workload.events.is_sorted_by_key(|tx| tx.ts_ms));
    }

    #[test]
    fn disorder_stays_inside_its_bound() {
        let options = Options { events: 10_000, disorder: 0.1, disorder_ms: 500, ..Options::default() };
        let workload = Workload::generate(&options);
        let mut newest = 0;
        let mut late = 0;
        for tx in &workload.events {
            assert!(tx.ts_ms >= newest - 500);
            late += usize::from(tx.ts_ms < newest);
            newest = newest.max(tx.ts_ms);
        }
        assert!(late > 500);
    }
}
