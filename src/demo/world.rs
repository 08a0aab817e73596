//! The ordinary life in which fraud is planted: cards, people, orders, none of which any rule should catch.

use fastrand::Rng;

/// Microseconds of 2026-01-01T00:00:00Z, when the demo's day begins.
pub const START_US: i64 = 1_767_225_600_000_000;
/// How long the demo's day lasts.
pub const SPAN_US: i64 = 6 * HOUR_US;
/// A second.
pub const SECOND_US: i64 = 1_000_000;
/// A minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// An hour.
pub const HOUR_US: i64 = 60 * MINUTE_US;

/// Cards in ordinary use. Scenarios take theirs from the same numbers, each its own.
pub const CARDS: usize = 5_000;
/// People who log in.
pub const USERS: usize = 2_000;

const MERCHANTS: [&str; 12] = [
    "Blue Bottle",
    "City Books",
    "Corner Bakery",
    "Elm Street Gym",
    "Fresh Market",
    "Garden Centre",
    "Kino Royal",
    "Metro Tickets",
    "Noodle House",
    "Petrol 24",
    "Pixel Games",
    "Station Kiosk",
];

const CITIES: [(f64, f64); 8] = [
    (52.52, 13.40),
    (48.86, 2.35),
    (51.51, -0.13),
    (40.42, -3.70),
    (41.90, 12.50),
    (59.33, 18.07),
    (52.23, 21.01),
    (48.21, 16.37),
];

/// Places that no plane reaches from any of the home cities within two hours.
const FAR_AWAY: [(f64, f64); 4] = [(-33.87, 151.21), (35.68, 139.69), (-23.55, -46.63), (37.77, -122.42)];

/// A record before it arrives anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Event time, microseconds.
    pub at_us: i64,
    /// The stream, which is also the topic.
    pub stream: &'static str,
    /// The record's key.
    pub key: String,
    /// The record's value: JSON, or what should have been.
    pub value: String,
}

/// A card's number.
pub fn card(number: usize) -> String {
    format!("4929-{number:06}")
}

/// A user's name.
pub fn user(number: usize) -> String {
    format!("user-{number:04}")
}

/// Where a user lives.
pub fn home(number: usize) -> (f64, f64) {
    CITIES[number % CITIES.len()]
}

/// A place on the other side of the world.
pub fn far_away(rng: &mut Rng) -> (f64, f64) {
    FAR_AWAY[rng.usize(..FAR_AWAY.len())]
}

/// A payment of so many cents.
pub fn payment(rng: &mut Rng, at_us: i64, card: String, cents: i64, status: &str) -> Event {
    let merchant = MERCHANTS[rng.usize(..MERCHANTS.len())];
    let value = format!(
        r#"{{"id":"p-{:012x}","card":"{card}","amount":{}.{:02},"merchant":"{merchant}","country":"DE","data":{{"status":"{status}"}},"metadata":{{"timestamp":"{}"}}}}"#,
        rng.u64(..1 << 48),
        cents / 100,
        cents % 100,
        rfc3339(at_us),
    );
    Event { at_us, stream: "payment", key: card, value }
}

/// A refund.
pub fn refund(at_us: i64, card: String) -> Event {
    let value = format!(r#"{{"card":"{card}","at":"{}"}}"#, rfc3339(at_us));
    Event { at_us, stream: "refund", key: card, value }
}

/// A login.
pub fn login(at_us: i64, user: String, place: (f64, f64), ok: bool) -> Event {
    let (lat, lon) = place;
    let value = format!(r#"{{"user":"{user}","ok":{ok},"place":[{lat},{lon}],"at":"{}"}}"#, rfc3339(at_us));
    Event { at_us, stream: "login", key: user, value }
}

/// A step in an order's life.
pub fn order(at_us: i64, order_id: &str, kind: &str) -> Event {
    let value = format!(r#"{{"order_id":"{order_id}","kind":"{kind}","at":"{}"}}"#, rfc3339(at_us));
    Event { at_us, stream: "order", key: order_id.to_owned(), value }
}

/// Ordinary cents: log-normal about 24.00, between 2.00 and 499.99, so that no rule of the demo minds it.
fn ordinary_cents(rng: &mut Rng) -> i64 {
    // Box-Muller; the logarithm's argument is kept off zero.
    let normal = (-2.0 * rng.f64().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos();
    ((24.0 * (1.1 * normal).exp() * 100.0) as i64).clamp(200, 49_999)
}

/// One ordinary event at this time, and what follows from it later. `quiet` cards get no refund: a scenario runs on them.
pub fn ordinary(rng: &mut Rng, number: usize, at_us: i64, quiet: impl Fn(usize) -> bool) -> Vec<Event> {
    match rng.u32(..100) {
        0..80 => {
            let (cents, declined) = (ordinary_cents(rng), rng.u32(..40) == 0);
            let card = card(rng.usize(..CARDS));
            vec![payment(rng, at_us, card, cents, if declined { "declined" } else { "approved" })]
        }
        80..82 => {
            let number = rng.usize(..CARDS);
            if quiet(number) { Vec::new() } else { vec![refund(at_us, card(number))] }
        }
        82..94 => {
            // A failed attempt may come from anywhere; a successful one comes from home.
            let (who, fails) = (rng.usize(..USERS), rng.u32(..20) == 0);
            let place = if fails { far_away(rng) } else { home(who) };
            vec![login(at_us, user(who), place, !fails)]
        }
        // Orders of the last hour would be paid after the end of the day.
        _ if at_us > START_US + SPAN_US - HOUR_US => Vec::new(),
        _ => {
            let id = format!("o-{number:07}");
            let paid_us = at_us + rng.i64(20 * SECOND_US..28 * MINUTE_US);
            let kind = if rng.u32(..10) == 0 { "cancelled" } else { "paid" };
            vec![order(at_us, &id, "placed"), order(paid_us, &id, kind)]
        }
    }
}

/// RFC 3339 in UTC with milliseconds.
fn rfc3339(at_us: i64) -> String {
    let (days, in_day) = (at_us.div_euclid(24 * HOUR_US), at_us.rem_euclid(24 * HOUR_US));
    // The demo lasts less than a day from a fixed midnight.
    let day = 1 + days - START_US.div_euclid(24 * HOUR_US);
    let ms = in_day / 1000;
    format!("2026-01-{day:02}T{:02}:{:02}:{:02}.{:03}Z", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}
