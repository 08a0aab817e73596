//! Durations as the language writes them: `10ms`, `30s`, `5m`, `2h`, `7d`, one number and one unit each. Inputs, configurations
//! and scripts write theirs alike.

use crate::ast::Unit;

impl Unit {
    /// The unit of these letters.
    pub fn of(letters: &str) -> Option<Unit> {
        Some(match letters {
            "us" => Unit::Microsecond,
            "ms" => Unit::Millisecond,
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            _ => return None,
        })
    }

    /// Its length, microseconds.
    pub fn length_us(self) -> i64 {
        match self {
            Unit::Microsecond => 1,
            Unit::Millisecond => 1_000,
            Unit::Second => 1_000_000,
            Unit::Minute => 60_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Day => 86_400_000_000,
        }
    }
}

/// So many of a unit, microseconds; `None` when it is no number or does not fit.
pub(crate) fn times(digits: &str, unit: Unit) -> Option<i64> {
    digits.parse::<i64>().ok()?.checked_mul(unit.length_us())
}

/// A duration that is not negative, microseconds; `None` when it is no duration or does not fit.
pub fn parse_us(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    times(digits, Unit::of(unit)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_one_unit() {
        assert_eq!(parse_us("10ms"), Some(10_000));
        assert_eq!(parse_us("7d"), Some(604_800_000_000));
        assert_eq!(parse_us("1us"), Some(1));
        for text in
            ["", "5", "ms", "5 m", "5m30s", "1.5h", "99999999999999999999s", "9999999999999d", "5µs", "+5s", "-1s"]
        {
            assert_eq!(parse_us(text), None, "{text}");
        }
    }
}
