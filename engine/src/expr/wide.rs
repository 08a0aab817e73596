//! Which of 64 whole numbers lie in a range, by the widest registers that the processor has.
//!
//! What every x86-64 has cannot compare numbers of 64 bits, so the same loop takes twelve instructions a row there and four
//! with AVX2 (`benches instructions` of q1). This is the only place that asks.

use super::kernel::{ROWS, bits};

/// A bit per number that lies between `low` and `high`, both included.
#[inline]
pub(super) fn in_range(values: &[i64; ROWS], low: i64, high: i64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { by_avx2(values, low, high) };
    }
    plainly(values, low, high)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn by_avx2(values: &[i64; ROWS], low: i64, high: i64) -> u64 {
    plainly(values, low, high)
}

#[inline(always)]
fn plainly(values: &[i64; ROWS], low: i64, high: i64) -> u64 {
    bits(values, |value| (value >= low) & (value <= high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same() {
        let values: [i64; ROWS] = std::array::from_fn(|i| match i {
            0 => i64::MIN,
            1 => i64::MAX,
            i => (i as i64 * 7_919) % 101 - 50,
        });
        for (low, high) in [(-10, 10), (1, 0), (i64::MIN, 0), (0, i64::MAX), (i64::MIN, i64::MAX)] {
            let expected = (0..ROWS).fold(0, |word, i| word | u64::from((low..=high).contains(&values[i])) << i);
            assert_eq!(in_range(&values, low, high), expected);
            assert_eq!(plainly(&values, low, high), expected);
        }
    }
}
