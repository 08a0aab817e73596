//! Points in time as UTC's calendar has them: the years -9999 to 9999, to their last microsecond. A `Timestamp` ends a day
//! earlier, since it has to be a date in every zone.

use jiff::civil::{DateTime, date};
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::{SignedDuration, Timestamp};

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// Date and time of microseconds since 1970; `None` outside of these years.
pub(crate) fn utc(us: i64) -> Option<DateTime> {
    EPOCH.checked_add(SignedDuration::from_micros(us)).ok()
}

/// Microseconds since 1970 of an RFC 3339 text, cut off below; `None` when it names no point in time of these years.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_microsecond());
    }
    let pieces = Pieces::parse(text).ok()?;
    let offset_s = match pieces.offset()? {
        PiecesOffset::Zulu => 0,
        PiecesOffset::Numeric(offset) => offset.offset().seconds(),
        _ => return None,
    };
    let local = pieces.date().to_datetime(pieces.time()?);
    let since = local.duration_since(EPOCH).checked_sub(SignedDuration::from_secs(offset_s.into()))?;
    let us = i64::try_from(since.as_nanos().div_euclid(1_000)).ok()?;
    utc(us).map(|_| us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_of_all_is_a_day() {
        let last = 253_402_300_799_999_999;
        assert_eq!(parse("9999-12-31T23:59:59.999999Z"), Some(last));
        assert_eq!(utc(last).map(|at| at.to_string()).as_deref(), Some("9999-12-31T23:59:59.999999"));
        assert_eq!(utc(last + 1), None);
        assert_eq!(parse("9999-12-31T23:59:59+01:00"), Some(last - 3_600_999_999));
        assert_eq!(parse("9999-12-31T23:59:59-00:01"), None, "this is in the year 10000");
        assert_eq!(parse("9999-12-31T23:59:59"), None, "where?");
        assert_eq!(parse("-009999-01-01T00:00:00Z"), Some(-377_705_116_800_000_000));
        assert_eq!(parse("2026-01-31T10:00:00+01:00"), Some(1_769_850_000_000_000));
    }
}
