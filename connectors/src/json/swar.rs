//! Eight bytes at a time: how far a plain text goes, and what number stands here.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Eight bytes from here on, the first in the lowest; zeros behind the end.
#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        Some(eight) => u64::from_le_bytes(eight),
        // The upper half of what ends where the record does.
        None => match (bytes.last_chunk::<8>(), bytes.len().saturating_sub(at)) {
            (_, 0) => 0,
            (Some(last), rest) => u64::from_le_bytes(*last) >> (64 - 8 * rest),
            (None, _) => sixteen(bytes, at) as u64,
        },
    }
}

/// Sixteen bytes from here on, as [`eight`].
#[inline(always)]
pub(super) fn sixteen(bytes: &[u8], at: usize) -> u128 {
    match bytes.get(at..at + 16).and_then(|head| head.try_into().ok()) {
        Some(head) => u128::from_le_bytes(head),
        None => match (bytes.last_chunk::<16>(), bytes.len().saturating_sub(at)) {
            (_, 0) => 0,
            (Some(last), rest) => u128::from_le_bytes(*last) >> (128 - 8 * rest),
            (None, _) => short(bytes, at),
        },
    }
}

/// Of a record of less than 16 bytes.
#[cold]
fn short(bytes: &[u8], at: usize) -> u128 {
    let mut padded = [0; 16];
    padded.iter_mut().zip(bytes.get(at..).unwrap_or_default()).for_each(|(to, byte)| *to = *byte);
    u128::from_le_bytes(padded)
}

/// The highest bit of each byte that is a quote, a backslash or a control character; those above the lowest such byte may
/// be wrong.
#[inline(always)]
pub(super) fn special(eight: u64) -> u64 {
    let zero_byte = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let control = eight.wrapping_sub(ONES * 0x20) & !eight & HIGH;
    let (quotes, backslashes) = (ONES * u64::from(b'"'), ONES * u64::from(b'\\'));
    zero_byte(eight ^ quotes) | zero_byte(eight ^ backslashes) | control
}

/// A text from behind its opening quote: where its closing quote stands, and whether all of it is ASCII. `None`: it has an
/// escape or a control character, or no end.
#[inline(always)]
pub(super) fn text(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut seen) = (start, 0u64);
    loop {
        // The zeros behind the end are special, too: this ends.
        let eight = eight(bytes, at);
        let special = special(eight);
        if special != 0 {
            // Bits below the lowest special byte's highest: the bytes before it, and seven of its own, which say nothing.
            seen |= eight & (special & special.wrapping_neg()).wrapping_sub(1);
            at += special.trailing_zeros() as usize / 8;
            return (bytes.get(at) == Some(&b'"')).then_some((at, seen & HIGH == 0));
        }
        seen |= eight;
        at += 8;
    }
}

/// A number of the common form.
pub(super) struct Plain {
    /// Its digits, with its sign.
    pub(super) mantissa: i64,
    /// How many of them stand behind the point.
    pub(super) fraction: u32,
    /// Where it ends.
    pub(super) end: usize,
}

/// A JSON number of the common form: at most 15 digits, at most 7 behind the point, no exponent. `None`: not that form, or
/// no number.
#[inline(always)]
pub(super) fn number(bytes: &[u8], start: usize) -> Option<Plain> {
    let negative = *bytes.get(start)? == b'-';
    let first = start + usize::from(negative);
    let (mut mantissa, mut digits) = digits(bytes, first);
    if digits == 8 {
        let (more, count) = self::digits(bytes, first + 8);
        if count == 8 {
            return None;
        }
        (mantissa, digits) = (mantissa * POWERS[count] + more, 8 + count);
    }
    if digits == 0 || digits > 1 && bytes[first] == b'0' {
        return None;
    }
    let (mut end, mut fraction) = (first + digits, 0);
    if bytes.get(end) == Some(&b'.') {
        let (more, count) = self::digits(bytes, end + 1);
        if count == 0 || count == 8 {
            return None;
        }
        // At most 15 + 7 digits: the product is checked.
        mantissa = mantissa.checked_mul(POWERS[count])?.checked_add(more)?;
        (end, fraction) = (end + 1 + count, count as u32);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        return None;
    }
    let mantissa = i64::try_from(mantissa).ok()?;
    Some(Plain { mantissa: if negative { -mantissa } else { mantissa }, fraction, end })
}

/// Powers of ten.
pub(super) const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number that up to eight digits give, and how many there are.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> (u64, usize) {
    let t = eight(bytes, at) ^ (ONES * u64::from(b'0'));
    // The highest bit of each byte that is no digit; those above the lowest such byte may be wrong.
    let other = (t.wrapping_add(ONES * 0x76) | t) & HIGH;
    let count = other.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // Missing digits become leading zeros.
    let t = (t << (64 - 8 * count)) & (ONES * 0x0f);
    let t = t.wrapping_mul(2_561) >> 8 & 0x00ff_00ff_00ff_00ff;
    let t = t.wrapping_mul(6_553_601) >> 16 & 0x0000_ffff_0000_ffff;
    (t.wrapping_mul(42_949_672_960_001) >> 32, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_what_it_says(text in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,9})?", tail in "[,}]........") {
            let bytes = format!("{text}{tail}");
            let digits = text.trim_start_matches('-').len();
            match number(bytes.as_bytes(), 0) {
                None => prop_assert!(digits > 7, "{}", text),
                Some(found) => {
                    prop_assert_eq!(found.end, text.len());
                    prop_assert_eq!(found.fraction as usize, text.split_once('.').map_or(0, |(_, f)| f.len()));
                    prop_assert_eq!(found.mantissa, text.replace('.', "").parse::<i64>().unwrap_or(i64::MIN));
                }
            }
        }

        #[test]
        fn what_is_no_number_is_left(text in "[-0-9.eE+x]{1,12}", tail in "[,}]........") {
            let bytes = format!("{text}{tail}");
            if let Some(found) = number(bytes.as_bytes(), 0) {
                let taken = &text[..found.end.min(text.len())];
                prop_assert!(serde_json::from_str::<serde_json::Number>(taken).is_ok(), "{}", text);
            }
        }

        #[test]
        fn behind_the_end_are_zeros(bytes in prop::collection::vec(any::<u8>(), 0..40), at in 0usize..48) {
            let mut padded = bytes.clone();
            padded.resize(80, 0);
            prop_assert_eq!(eight(&bytes, at), eight(&padded, at));
            prop_assert_eq!(sixteen(&bytes, at), sixteen(&padded, at));
            prop_assert_eq!(sixteen(&padded, at) as u64, eight(&padded, at));
        }

        #[test]
        fn a_text_ends_at_its_quote(text in "[ a-zé\u{1F600}{}:,]{0,20}", tail in "[\",}]{0,9}") {
            let bytes = format!("{text}\"{tail}");
            prop_assert_eq!(self::text(bytes.as_bytes(), 0), Some((text.len(), text.is_ascii())));
        }

        #[test]
        fn escapes_and_controls_are_left(before in "[ a-z]{0,12}", bad in "[\\\\\u{0}-\u{1f}]", after in "[ a-z\"]{0,12}") {
            prop_assert_eq!(self::text(format!("{before}{bad}{after}\"").as_bytes(), 0), None);
            prop_assert_eq!(self::text(before.as_bytes(), 0), None);
        }
    }
}
