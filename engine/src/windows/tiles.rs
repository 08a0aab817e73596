//! Where the windows of `every D over E in zone Z` end and begin.
//!
//! Without a zone, ends are the multiples of D since 1970. With one, they are moments of the local clock: every so many
//! hours of each day, or midnight of every so many days. A local time that the clock jumps over is the moment of the jump;
//! one that it passes twice is its first time. So ends never go back, and a day is 23, 24 or 25 hours long.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use tripline_query_lang::plan::Every;
use tripline_query_lang::stdlib::find_zone;

const DAY_US: i64 = 86_400_000_000;

/// A Monday: from here days are counted.
const MONDAY: Date = Date::constant(1970, 1, 5);

/// Where windows end and begin. Times are microseconds since 1970; beyond what a calendar knows they stay at its edge.
#[derive(Clone, Debug)]
pub struct Tiles {
    every_us: i64,
    over_us: i64,
    zone: Option<TimeZone>,
}

impl Tiles {
    /// Those of a window clause; a zone that is not known is UTC (the compiler refuses it).
    pub fn new(every: &Every) -> Tiles {
        Tiles {
            every_us: every.every_us.max(1),
            over_us: every.over_us.max(1),
            zone: every.zone.as_deref().map(|name| find_zone(name).unwrap_or(TimeZone::UTC)),
        }
    }

    /// The first end after `at_us`: an event at that time lies in the window that ends there, one at an end in the next.
    pub fn end_after(&self, at_us: i64) -> i64 {
        match &self.zone {
            None => (at_us - at_us.rem_euclid(self.every_us)).saturating_add(self.every_us),
            Some(zone) => self.local_end_after(zone, at_us).unwrap_or(i64::MAX),
        }
    }

    /// The start of the window that ends at this end.
    pub fn start_of(&self, end_us: i64) -> i64 {
        match &self.zone {
            None => end_us.saturating_sub(self.over_us),
            Some(zone) => self.local_start_of(zone, end_us).unwrap_or(i64::MIN),
        }
    }

    fn local_end_after(&self, zone: &TimeZone, at_us: i64) -> Option<i64> {
        let mut step = self.step_of(local(zone, at_us)?)?;
        loop {
            step += 1;
            let end_us = moment(zone, self.start_of_step(step)?)?;
            if end_us > at_us {
                return Some(end_us);
            }
        }
    }

    fn local_start_of(&self, zone: &TimeZone, end_us: i64) -> Option<i64> {
        // The newest end before this one; of windows that tile, it is the start.
        let before_us = end_us.checked_sub(1)?;
        let mut step = self.step_of(local(zone, before_us)?)?;
        let mut last_us = moment(zone, self.start_of_step(step)?)?;
        while let Some(next_us) = moment(zone, self.start_of_step(step + 1)?).filter(|next| *next <= before_us) {
            (step, last_us) = (step + 1, next_us);
        }
        if self.over_us == self.every_us {
            return Some(last_us);
        }
        let start = shifted(local(zone, end_us)?, self.over_us.checked_neg()?)?;
        Some(moment(zone, start)?.min(end_us))
    }

    /// Which step of the local clock a local time lies in, counted from the Monday.
    fn step_of(&self, at: DateTime) -> Option<i64> {
        let days = i64::from(at.date().since((jiff::Unit::Day, MONDAY)).ok()?.get_days());
        let in_day = at.time().duration_since(jiff::civil::Time::midnight()).as_micros() as i64;
        Some(days.checked_mul(DAY_US)?.checked_add(in_day)?.div_euclid(self.every_us))
    }

    fn start_of_step(&self, step: i64) -> Option<DateTime> {
        shifted(MONDAY.at(0, 0, 0, 0), step.checked_mul(self.every_us)?)
    }
}

/// What the clock shows.
fn local(zone: &TimeZone, at_us: i64) -> Option<DateTime> {
    Some(zone.to_datetime(Timestamp::from_microsecond(at_us).ok()?))
}

/// A local time so much later, on a clock that never jumps.
fn shifted(at: DateTime, by_us: i64) -> Option<DateTime> {
    at.checked_add(jiff::SignedDuration::from_micros(by_us)).ok()
}

/// When the clock first shows this time, or jumps over it.
fn moment(zone: &TimeZone, at: DateTime) -> Option<i64> {
    let found = zone.to_ambiguous_timestamp(at);
    let at = match found.offset() {
        // Both offsets are those around the jump; with the one after it, the time lies before the jump.
        AmbiguousOffset::Gap { after, .. } => {
            let before_jump = after.to_timestamp(at).ok()?;
            zone.following(before_jump).next()?.timestamp()
        }
        _ => found.compatible().ok()?,
    };
    Some(at.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn tiles(every_us: i64, over_us: i64, zone: Option<&str>) -> Tiles {
        Tiles::new(&Every { every_us, over_us, zone: zone.map(str::to_owned) })
    }

    fn us(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_microsecond()
    }

    fn shown(us: i64) -> String {
        Timestamp::from_microsecond(us).expect("a time").to_string()
    }

    #[test]
    fn half_open_and_counted_from_1970() {
        let tiles = tiles(10, 10, None);
        assert_eq!([-11, -10, -1, 0, 9, 10].map(|at| tiles.end_after(at)), [-10, 0, 0, 10, 10, 20]);
        assert_eq!(tiles.start_of(20), 10);
    }

    #[test]
    fn days_are_local() {
        let tiles = tiles(DAY_US, DAY_US, Some("Europe/Berlin"));
        // 2026-03-29 has 23 hours, 2026-10-25 has 25.
        for (at, start, end) in [
            ("2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("2026-10-24T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("2026-10-24T21:59:59Z", "2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z"),
        ] {
            let found = tiles.end_after(us(at));
            assert_eq!((shown(tiles.start_of(found)), shown(found)), (start.to_owned(), end.to_owned()), "{at}");
        }
    }

    #[test]
    fn seven_days_are_a_week_from_monday() {
        let tiles = tiles(7 * DAY_US, 7 * DAY_US, Some("UTC"));
        assert_eq!(shown(tiles.end_after(us("2026-11-21T10:00:00Z"))), "2026-11-23T00:00:00Z");
        assert_eq!(shown(tiles.end_after(us("1969-12-30T10:00:00Z"))), "1970-01-05T00:00:00Z");
    }

    #[test]
    fn hopping_days_end_by_the_local_clock() {
        let tiles = tiles(6 * HOUR_US, DAY_US, Some("America/New_York"));
        // The clock goes from 2:00 to 3:00 on 2026-03-08.
        let end = tiles.end_after(us("2026-03-08T11:00:00Z"));
        assert_eq!(
            (shown(end), shown(tiles.start_of(end))),
            ("2026-03-08T16:00:00Z".into(), "2026-03-07T17:00:00Z".into())
        );
    }

    #[test]
    fn every_moment_lies_in_one_window() {
        for (zone, from) in [
            ("Europe/Berlin", "2026-03-27T00:00:00Z"),
            ("Europe/Berlin", "2026-10-23T00:00:00Z"),
            ("America/Sao_Paulo", "2018-11-02T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-02T00:00:00Z"),
            ("Asia/Kathmandu", "2026-01-01T00:00:00Z"),
        ] {
            for every_us in [45 * 60_000_000, HOUR_US, 8 * HOUR_US, DAY_US] {
                let tiles = tiles(every_us, every_us, Some(zone));
                let mut last_us = tiles.end_after(us(from));
                for at_us in (us(from)..us(from) + 4 * DAY_US).step_by(7 * 60_000_000) {
                    let end_us = tiles.end_after(at_us);
                    assert!(tiles.start_of(end_us) <= at_us && at_us < end_us, "{zone} {every_us} {}", shown(at_us));
                    assert!(
                        end_us == last_us || tiles.start_of(end_us) == last_us,
                        "{zone} {every_us} {}",
                        shown(at_us)
                    );
                    last_us = end_us;
                }
            }
        }
    }
}
