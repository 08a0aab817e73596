//! Loops over up to 64 rows of a column that give a bit per row. Each is written so that the compiler can vectorise it: a
//! byte per row first, then eight bytes at a time to eight bits.

/// Rows of a word.
pub(super) const ROWS: usize = 64;

/// A bit per value for which `test` holds, the first in the lowest bit; at most 64 values.
#[inline(always)]
pub(super) fn bits<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> u64 {
    let mut bytes = [0u8; ROWS];
    match <&[T; ROWS]>::try_from(values) {
        // The length is known: no bounds, no rest.
        Ok(values) => (0..ROWS).for_each(|i| bytes[i] = u8::from(test(values[i]))),
        Err(_) => bytes.iter_mut().zip(values).for_each(|(byte, value)| *byte = u8::from(test(*value))),
    }
    packed(&bytes)
}

/// The lowest bit of each byte.
#[inline(always)]
fn packed(bytes: &[u8; ROWS]) -> u64 {
    // The product has bit i of the result at 56 + i: each factor moves byte i's bit there, and no two meet.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut word = 0;
    for (i, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        word |= (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * i);
    }
    word
}

/// The rows of word `index` of a column.
#[inline]
pub(super) fn rows<T>(values: &[T], index: usize) -> &[T] {
    let start = (index * ROWS).min(values.len());
    &values[start..(start + ROWS).min(values.len())]
}

/// The first eight bytes of a text as a number, zeros behind its end; with the length it decides equality of texts of at
/// most eight bytes.
#[inline]
pub(super) fn head(bytes: &[u8], start: usize, len: usize) -> u64 {
    let Some(eight) = bytes.get(start..start + 8) else { return padded(bytes.get(start..start + len).unwrap_or(&[])) };
    let number = u64::from_le_bytes(eight.try_into().unwrap_or_default());
    number & mask_of(len)
}

/// [`head`] of a text alone.
pub(super) fn padded(text: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(eight)
}

#[inline]
fn mask_of(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { (1 << (8 * len)) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_bit() {
        let values: Vec<i64> = (0..64).map(|i| i64::from(i * i % 7 == 2)).collect();
        let expected = values.iter().enumerate().fold(0, |word, (i, v)| word | (*v as u64) << i);
        assert_eq!(bits(&values, |v| v == 1), expected);
        assert_eq!(bits(&values[..5], |v| v >= 0), 0b11111);
    }

    #[test]
    fn the_head_stops_at_the_text_s_end() {
        let bytes = b"authlogin";
        assert_eq!(head(bytes, 0, 4), padded(b"auth"));
        assert_eq!(head(bytes, 4, 5), padded(b"login"));
        assert_eq!(head(b"authentication", 0, 14), padded(b"authenti"));
    }
}
