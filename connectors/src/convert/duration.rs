//! Durations in the language's notation: `10ms`, `30s`, `5m`, `2h`, `7d`, one unit each.

/// Microseconds; `None` when it is no duration or does not fit.
pub fn duration(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = digits.split_at(end);
    let unit_us: i64 = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let value = digits.parse::<i64>().ok()?.checked_mul(unit_us)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn one_number_one_unit() {
        assert_eq!(duration("10ms"), Some(10_000));
        assert_eq!(duration("-7d"), Some(-604_800_000_000));
        for text in ["", "5", "ms", "5 m", "5m30s", "1.5h", "99999999999999999999s", "9999999999999d", "5µs", "+5s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
