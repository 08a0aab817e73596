//! Exact numbers: the digits as written, scaled to an integer, never by way of a float.

/// Why a text is not such a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFault {
    /// No number at all.
    NotANumber,
    /// More digits after the point than the scale has room for.
    TooFine,
    /// Beyond 64 bits.
    TooLarge,
}

/// What becomes of digits behind the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finer {
    /// They are an error, zeros excepted.
    Refuse,
    /// The next whole number below.
    Floor,
}

/// `text * 10^scale` as an integer. Takes `-12`, `12.50`, `1.25e3`.
pub fn scaled(text: &str, scale: i32, finer: Finer) -> Result<i64, NumberFault> {
    match short(text.as_bytes(), scale) {
        Some(value) => Ok(value),
        None => any_length(text.as_bytes(), scale, finer),
    }
}

/// The common form: a sign, at most 18 digits in all, at most `scale` of them after a point. `None`: not that form.
#[inline]
fn short(text: &[u8], scale: i32) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let (mut value, mut point) = (0i64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 && at + 1 < digits.len() => point = Some(at),
            _ => return None,
        }
    }
    let fraction = point.map_or(0, |at| digits.len() - at - 1);
    let missing = u32::try_from(scale - i32::try_from(fraction).ok()?).ok()?;
    let value = value.checked_mul(10i64.checked_pow(missing)?)?;
    Some(if negative { -value } else { value })
}

/// A number in parts: `digits` without leading zeros, times `10^exponent`.
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (whole, rest) = digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => match digits(rest) {
                ([], _) => return None,
                found => found,
            },
            _ => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        (!whole.is_empty()).then_some(Parts { negative, whole, fraction, exponent })
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

/// The exponent; so large a one that it cannot matter is cut off.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (digits, rest) = digits(rest);
    if digits.is_empty() || !rest.is_empty() {
        return None;
    }
    let value = digits.iter().fold(0i64, |v, b| (v * 10 + i64::from(b - b'0')).min(1 << 40));
    Some(if negative { -value } else { value })
}

/// Any length and notation. Linear in the text.
fn any_length(text: &[u8], scale: i32, finer: Finer) -> Result<i64, NumberFault> {
    let Parts { negative, whole, fraction, exponent } = Parts::read(text).ok_or(NumberFault::NotANumber)?;
    let total = whole.len() + fraction.len();
    let digit = |i: usize| if i < whole.len() { whole[i] } else { fraction[i - whole.len()] };
    // Digits that matter: from the first that is not zero to the last.
    let Some(first) = (0..total).find(|&i| digit(i) != b'0') else { return Ok(0) };
    let last = (first..total).rev().find(|&i| digit(i) != b'0').unwrap_or(first);
    // The digit after the last one kept has weight 10^-1 of the result.
    let kept_end = whole.len() as i64 + exponent + i64::from(scale);
    let cut = last as i64 >= kept_end;
    if cut && finer == Finer::Refuse {
        return Err(NumberFault::TooFine);
    }
    if kept_end - first as i64 > 19 {
        return Err(NumberFault::TooLarge);
    }
    let mut value = 0i128;
    for i in first as i64..kept_end {
        let next = usize::try_from(i).ok().filter(|&i| i <= last).map_or(0, |i| digit(i) - b'0');
        value = value * 10 + i128::from(next);
    }
    let value = match (negative, cut) {
        (false, _) => value,
        (true, false) => -value,
        (true, true) => -value - 1,
    };
    i64::try_from(value).map_err(|_| NumberFault::TooLarge)
}

/// A finite float from a text in the notation of numbers; rounds to the nearest.
pub fn float(text: &str) -> Result<f64, NumberFault> {
    // Keeps out `inf`, `nan`, `1.` and `.5`, which the standard parser takes.
    if Parts::read(text.as_bytes()).is_none() {
        return Err(NumberFault::NotANumber);
    }
    let value: f64 = text.parse().map_err(|_| NumberFault::NotANumber)?;
    if value.is_finite() { Ok(value) } else { Err(NumberFault::TooLarge) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str, scale: i32) -> Result<i64, NumberFault> {
        scaled(text, scale, Finer::Refuse)
    }

    #[test]
    fn takes_what_fits_exactly() {
        for (text, scale, value) in [
            ("12.50", 2, 1250),
            ("12.5", 2, 1250),
            ("12", 2, 1200),
            ("-0", 0, 0),
            ("-0.01", 2, -1),
            ("12.500", 2, 1250),
            ("1.25e3", 0, 1250),
            ("125E-2", 2, 125),
            ("9223372036854775807", 0, i64::MAX),
            ("-9223372036854775808", 0, i64::MIN),
            ("-92233720368547758.08", 2, i64::MIN),
            ("0e999999999999999999999", 0, 0),
            ("0.0000000000000000000000", 2, 0),
            ("1000000000000000000000e-20", 1, 100),
        ] {
            assert_eq!(exact(text, scale), Ok(value), "{text} at {scale}");
        }
    }

    #[test]
    fn refuses_what_does_not() {
        for text in
            ["", "-", "1.", ".5", "+1", "1e", "1e+", "1x", "0x1", "inf", "NaN", " 1", "1 ", "1_0", "--1", "1.2.3"]
        {
            assert_eq!(exact(text, 2), Err(NumberFault::NotANumber), "{text}");
            assert_eq!(float(text), Err(NumberFault::NotANumber), "{text}");
        }
        assert_eq!(exact("12.505", 2), Err(NumberFault::TooFine));
        assert_eq!(exact("1e-3", 2), Err(NumberFault::TooFine));
        assert_eq!(exact("1e-999999999999", 2), Err(NumberFault::TooFine));
        assert_eq!(exact("9223372036854775808", 0), Err(NumberFault::TooLarge));
        assert_eq!(exact("92233720368547758.08", 2), Err(NumberFault::TooLarge));
        assert_eq!(exact("1e19", 0), Err(NumberFault::TooLarge));
        assert_eq!(exact("1e999999999999", 0), Err(NumberFault::TooLarge));
        assert_eq!(float("1e999"), Err(NumberFault::TooLarge));
    }

    #[test]
    fn floors_where_it_may() {
        assert_eq!(scaled("1.9", 0, Finer::Floor), Ok(1));
        assert_eq!(scaled("-1.1", 0, Finer::Floor), Ok(-2));
        assert_eq!(scaled("1700000000123456789", -3, Finer::Floor), Ok(1_700_000_000_123_456));
        assert_eq!(scaled("-1", -3, Finer::Floor), Ok(-1));
        assert_eq!(scaled("0.0000001", 6, Finer::Floor), Ok(0));
        assert_eq!(scaled("-1e-400", 0, Finer::Floor), Ok(-1));
    }

    proptest! {
        #[test]
        fn both_ways_agree(mantissa in any::<i64>(), scale in 0u32..12, pad in 0usize..4) {
            let digits = format!("{:0width$}", mantissa.unsigned_abs(), width = scale as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
            let point = if fraction.is_empty() && pad == 0 { "" } else { "." };
            let zeros = "0".repeat(pad);
            let sign = if mantissa < 0 { "-" } else { "" };
            let text = format!("{sign}{whole}{point}{fraction}{zeros}");
            prop_assert_eq!(exact(&text, scale as i32), Ok(mantissa));
            prop_assert_eq!(any_length(text.as_bytes(), scale as i32, Finer::Refuse), Ok(mantissa));
        }

        #[test]
        fn never_panics(text in "[-+]?[0-9]{0,25}[.eE]?[0-9]{0,25}[eE]?[-+]?[0-9]{0,25}", scale in -3i32..19) {
            let _ = scaled(&text, scale, Finer::Refuse);
            let _ = scaled(&text, scale, Finer::Floor);
        }
    }
}
