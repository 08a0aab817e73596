//! Functions of times and durations.

use super::Arg;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use std::sync::LazyLock;

pub(super) mod date;
pub(super) mod day;
pub(super) mod days;
pub(super) mod hour;
pub(super) mod hours;
pub(super) mod milliseconds;
pub(super) mod minute;
pub(super) mod minutes;
pub(super) mod month;
pub(super) mod second;
pub(super) mod seconds;
pub(super) mod start_of_day;
#[expect(clippy::module_inception, reason = "a file has the name of its function")]
pub(super) mod time;
pub(super) mod unix_seconds;
pub(super) mod week;
pub(super) mod weekday;
pub(super) mod year;

/// The calendar's view of the first argument in the zone that the second names (none: UTC).
fn calendar(args: &[Arg<'_>]) -> Option<DateTime> {
    match args {
        [Arg::Time(us)] => crate::calendar::utc(*us),
        _ => zoned(args).map(|at| at.datetime()),
    }
}

/// The first argument in the zone that the second names (none: UTC).
fn zoned(args: &[Arg<'_>]) -> Option<Zoned> {
    let (us, zone) = match args {
        [Arg::Time(us)] => (us, TimeZone::UTC),
        [Arg::Time(us), Arg::Text(zone)] => (us, find_zone(zone)?),
        _ => return None,
    };
    Some(Timestamp::from_microsecond(*us).ok()?.to_zoned(zone))
}

/// The time zone of this name in the built-in data: what a machine has installed changes nothing.
pub fn find_zone(name: &str) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES.get(name).ok()
}
