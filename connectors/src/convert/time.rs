//! Event times: RFC 3339 text, or a number with its unit, to microseconds.

use tripline_query_lang::plan::TimeUnit;

use super::number::{Finer, NumberFault, scaled};

/// 0000-01-01T00:00:00Z
const TIME_US_MIN: i64 = -62_167_219_200_000_000;
/// 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
pub(crate) const TIME_US_MAX: i64 = 253_402_300_799_999_999;

/// A number in this unit; finer than a microsecond is cut off.
pub fn in_unit(text: &str, unit: TimeUnit) -> Result<i64, NumberFault> {
    let scale = match unit {
        TimeUnit::Seconds => 6,
        TimeUnit::Milliseconds => 3,
        TimeUnit::Microseconds => 0,
        TimeUnit::Nanoseconds => -3,
    };
    let time = scaled(text, scale, Finer::Floor)?;
    if (TIME_US_MIN..=TIME_US_MAX).contains(&time) { Ok(time) } else { Err(NumberFault::TooLarge) }
}

/// `2026-01-31T10:00:00Z`, with any fraction (cut off at a microsecond) and offset; a blank may stand for the `T`. A leap
/// second is the second before it.
pub fn rfc3339(text: &str) -> Option<i64> {
    let text = text.as_bytes();
    let (fixed, rest) = text.split_at_checked(19)?;
    let number = |from: usize, to: usize| {
        fixed[from..to].iter().try_fold(0i64, |v, b| b.is_ascii_digit().then(|| v * 10 + i64::from(b - b'0')))
    };
    let marks = fixed[4] == b'-'
        && fixed[7] == b'-'
        && matches!(fixed[10], b'T' | b't' | b' ')
        && fixed[13] == b':'
        && fixed[16] == b':';
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60;
    if !marks || !in_range {
        return None;
    }
    let (fraction_us, rest) = fraction(rest)?;
    let offset_s = offset(rest)?;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second.min(59) - offset_s;
    let time = seconds * 1_000_000 + fraction_us;
    (TIME_US_MIN..=TIME_US_MAX).contains(&time).then_some(time)
}

/// `.123456789` in microseconds, and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = text else { return Some((0, text)) };
    let len = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(len);
    let value = (0..6).fold(0i64, |v, i| v * 10 + digits.get(i).map_or(0, |b| i64::from(b - b'0')));
    (len > 0).then_some((value, rest))
}

/// `Z` or `+01:00`, in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text else {
        return matches!(text, b"Z" | b"z").then_some(0);
    };
    if ![h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let two = |a: &u8, b: &u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
    let (hours, minutes) = (two(h1, h2), two(m1, m2));
    let seconds = (hours * 60 + minutes) * 60;
    (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -seconds } else { seconds })
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar. Years begin in March here, so that a leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_what_the_standard_says() {
        for (text, time) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00.5z", 500_000),
            ("1970-01-01 01:00:00+01:00", 0),
            ("1969-12-31T23:59:59.9999999Z", -1),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000_000),
            ("0000-01-01T00:00:00Z", TIME_US_MIN),
            ("9999-12-31T23:59:59.999999999Z", TIME_US_MAX),
        ] {
            assert_eq!(rfc3339(text), Some(time), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_does_not() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T10:00:00",
            "2026-01-31T10:00Z",
            "2026-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T10:00:61Z",
            "2026-01-31T10:00:00.Z",
            "2026-01-31T10:00:00+0100",
            "2026-01-31T10:00:00+24:00",
            "2026-01-31T10:00:00Z ",
            "2026-01-31T10:00:00ü",
            "202६-01-31T10:00:00Z",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_a_unit() {
        assert_eq!(in_unit("1.5", TimeUnit::Seconds), Ok(1_500_000));
        assert_eq!(in_unit("1700000000123", TimeUnit::Milliseconds), Ok(1_700_000_000_123_000));
        assert_eq!(in_unit("-1", TimeUnit::Nanoseconds), Ok(-1));
        assert_eq!(in_unit("1700000000123", TimeUnit::Seconds), Err(NumberFault::TooLarge), "milliseconds for seconds");
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(us in -62_000_000_000_000_000i64..253_000_000_000_000_000) {
            let text = jiff::Timestamp::from_microsecond(us).map_err(|e| TestCaseError::fail(e.to_string()))?.to_string();
            prop_assert_eq!(rfc3339(&text), Some(us));
        }

        #[test]
        fn never_panics(text in ".{0,30}", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Zé-]{5,20}") {
            let _ = (rfc3339(&text), rfc3339(&near));
        }
    }
}
