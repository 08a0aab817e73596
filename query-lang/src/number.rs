//! Exact numbers: the one definition of rounding, means and deviations, so that the evaluator, the engine and the reference
//! give the same bits. `None` is unknown: overflow, division by zero, a float that would not be finite.

/// The float that a decimal `mantissa / 10^scale` is nearest to.
pub fn decimal_to_float(mantissa: i128, scale: u8) -> Option<f64> {
    ratio(mantissa, pow10(scale)?)
}

/// The mantissa at scale `to` of a decimal at scale `from`; unknown on overflow, or when digits would be lost.
#[inline]
pub fn rescale(mantissa: i128, from: u8, to: u8) -> Option<i128> {
    if from == to { Some(mantissa) } else { rescale_other(mantissa, from, to) }
}

fn rescale_other(mantissa: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        mantissa.checked_mul(pow10(to - from)?)
    } else {
        let divisor = pow10(from - to)?;
        (mantissa % divisor == 0).then_some(mantissa / divisor)
    }
}

/// `10^exponent`; none above 38.
pub fn pow10(exponent: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(exponent))
}

/// The value if it is finite. Negative zero is zero, so that equal floats have equal bits.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

/// The float that is nearest to `numerator / denominator` (ties to even); unknown when the denominator is not positive.
pub fn ratio(numerator: i128, denominator: i128) -> Option<f64> {
    /// Integers up to here are floats, so one division rounds once.
    const EXACT: u128 = 1 << 53;
    if denominator <= 0 {
        return None;
    }
    let (n, d) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let magnitude = if n <= EXACT && d <= EXACT { n as f64 / d as f64 } else { long_ratio(n, d) };
    Some(if numerator < 0 { -magnitude } else { magnitude })
}

/// Binary long division until the quotient has more bits than a float; what is left over only matters for ties.
fn long_ratio(n: u128, d: u128) -> f64 {
    let (mut quotient, mut rest) = (n / d, n % d);
    let mut shift = 0;
    while quotient < 1 << 55 && (rest != 0 || quotient != 0) && shift < 1000 {
        // rest < d <= 2^127, so doubling stays in range.
        rest <<= 1;
        let bit = rest >= d;
        if bit {
            rest -= d;
        }
        quotient = quotient << 1 | u128::from(bit);
        shift += 1;
    }
    let sticky = u128::from(rest != 0);
    // The conversion rounds to nearest even; scaling by a power of two is exact (nothing here is near the float's limits).
    (quotient | sticky) as f64 * 2f64.powi(-shift)
}

/// The mean of `count` decimals of this scale with this sum (ints have scale 0), rounded once.
pub fn mean(sum: i128, count: u64, scale: u8) -> Option<f64> {
    ratio(sum, pow10(scale)?.checked_mul(i128::from(count))?)
}

/// The sample deviation of `count` decimals of this scale from their exact sums; unknown below two values and on overflow.
pub fn deviation(sum: i128, sum_of_squares: i128, count: u64, scale: u8) -> Option<f64> {
    let n = i128::from(count);
    let numerator = sum_of_squares.checked_mul(n)?.checked_sub(sum.checked_mul(sum)?)?;
    let unit = pow10(scale)?;
    let denominator = unit.checked_mul(unit)?.checked_mul(n.checked_mul(n - 1)?)?;
    ratio(numerator, denominator).map(f64::sqrt)
}

/// An exact sum of decimals of one scale that values can also be taken out of again: it depends on what is in it alone, never
/// on the order of adding and taking. Unknown only while the true sum does not fit 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactSum {
    /// The sum modulo 2^128.
    low: i128,
    /// How many times 2^128 is missing in `low`.
    high: i64,
}

impl ExactSum {
    /// Puts a mantissa in.
    pub fn add(&mut self, mantissa: i128) {
        let (low, overflow) = self.low.overflowing_add(mantissa);
        self.low = low;
        if overflow {
            self.high = self.high.wrapping_add(if mantissa < 0 { -1 } else { 1 });
        }
    }

    /// Takes a mantissa out.
    pub fn subtract(&mut self, mantissa: i128) {
        let (low, overflow) = self.low.overflowing_sub(mantissa);
        self.low = low;
        if overflow {
            self.high = self.high.wrapping_add(if mantissa < 0 { 1 } else { -1 });
        }
    }

    /// For writing out: the sum modulo 2^128, and how many times 2^128 is missing in it.
    pub fn parts(&self) -> (i128, i64) {
        (self.low, self.high)
    }

    /// From [`ExactSum::parts`].
    pub fn from_parts(low: i128, high: i64) -> ExactSum {
        ExactSum { low, high }
    }

    /// The sum; of nothing 0.
    pub fn value(&self) -> Option<i128> {
        (self.high == 0).then_some(self.low)
    }
}

/// The sum of floats, added one by one in the order given (the total order of their events); of nothing 0.
pub fn sum_floats(values: impl Iterator<Item = f64>) -> Option<f64> {
    finite(values.fold(0.0, |sum, x| sum + x))
}

/// The mean of floats: [`sum_floats`] by their number; unknown of nothing.
pub fn mean_floats(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count();
    if count == 0 {
        return None;
    }
    finite(sum_floats(values)? / count as f64)
}

/// The sample deviation of floats, by [`Moments`] in the order given; unknown below two values.
pub fn deviation_floats(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut moments = Moments::default();
    values.for_each(|x| moments.add(x));
    moments.deviation()
}

/// Number, mean and squared distance from the mean of floats that come one by one (Welford's recurrence).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared distances from the mean.
    pub squares: f64,
}

impl Moments {
    /// The next value.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        let before = x - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (x - self.mean);
    }

    /// The sample deviation; unknown below two values.
    pub fn deviation(&self) -> Option<f64> {
        if self.count < 2 { None } else { finite((self.squares / (self.count - 1) as f64).sqrt()) }
    }
}

/// An exponentially weighted mean: each half life of age halves a value's weight. Kept as weighted sum and sum of weights
/// as of the newest value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ewma {
    /// The sum of the values, weighted.
    pub sum: f64,
    /// The sum of the weights.
    pub weight: f64,
    /// When the newest value came, microseconds.
    pub at_us: i64,
}

impl Ewma {
    /// The next value; times do not fall.
    pub fn add(&mut self, x: f64, at_us: i64, half_life_us: i64) {
        let age = half_life_weight(at_us.saturating_sub(self.at_us), half_life_us);
        self.sum = self.sum * age + x;
        self.weight = self.weight * age + 1.0;
        self.at_us = at_us;
    }

    /// The mean of all values so far; unknown before the first.
    pub fn value(&self) -> Option<f64> {
        if self.weight > 0.0 { finite(self.sum / self.weight) } else { None }
    }
}

/// The index of the nearest-rank percentile (`p` from 0 to 100) in `count` sorted values; `None` of nothing.
pub fn percentile_index(p: f64, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let rank = (p * count as f64 / 100.0).ceil();
    // A float to usize cast saturates: p below 0 or above 100 means the ends.
    Some((rank as usize).saturating_sub(1).min(last))
}

/// The weight of something `age_us` old, when every `half_life_us` halves it.
fn half_life_weight(age_us: i64, half_life_us: i64) -> f64 {
    if half_life_us <= 0 { 0.0 } else { (-(age_us as f64) / half_life_us as f64).exp2() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_the_float_that_its_text_reads_as() {
        for mantissa in [0, 1, -1, 5, 123_456_789, 9_007_199_254_740_993, i128::from(i64::MAX), -(1 << 100), i128::MAX]
        {
            for scale in [0, 1, 2, 9, 22, 30, 38] {
                let text = format!("{mantissa}e-{scale}");
                assert_eq!(decimal_to_float(mantissa, scale), text.parse().ok(), "{text}");
            }
        }
        assert_eq!(decimal_to_float(1, 39), None);
    }

    #[test]
    fn a_mean_is_rounded_once() {
        assert_eq!(mean(10, 4, 0), Some(2.5));
        assert_eq!(mean(1, 3, 2), Some(1.0 / 300.0));
        assert_eq!(mean(i128::from(i64::MAX) * 3, 3, 0), Some(i64::MAX as f64));
        assert_eq!(mean(0, 0, 0), None);
    }

    #[test]
    fn an_exact_sum_comes_back_from_overflow() {
        let mut sum = ExactSum::default();
        for _ in 0..3 {
            sum.add(i128::MAX);
        }
        assert_eq!(sum.value(), None);
        sum.subtract(i128::MAX);
        sum.add(i128::MIN);
        sum.add(i128::MIN);
        assert_eq!(sum.value(), Some(-2));
        sum.subtract(i128::MIN);
        sum.subtract(i128::MIN);
        assert_eq!(sum.value(), None);
        sum.subtract(i128::MAX);
        assert_eq!(sum.value(), Some(i128::MAX));
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        // 2, 4, 4, 4, 5, 5, 7, 9: sum 40, squares 232, variance 32 / 7
        assert_eq!(deviation(40, 232, 8, 0), Some((32.0f64 / 7.0).sqrt()));
        assert_eq!(
            deviation_floats([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter()),
            Some((32.0f64 / 7.0).sqrt())
        );
        assert_eq!(deviation(5, 25, 1, 0), None);
        assert_eq!(deviation(i128::MAX, 1, 2, 0), None);
    }

    #[test]
    fn a_half_life_halves() {
        let mut mean = Ewma::default();
        assert_eq!(mean.value(), None);
        mean.add(4.0, 1_000, 10);
        assert_eq!(mean.value(), Some(4.0));
        mean.add(1.0, 1_010, 10);
        assert_eq!(mean.value(), Some((4.0 / 2.0 + 1.0) / 1.5));
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        assert_eq!(percentile_index(50.0, 4), Some(1));
        assert_eq!(percentile_index(0.0, 4), Some(0));
        assert_eq!(percentile_index(7.0, 100), Some(6));
        assert_eq!(percentile_index(100.0, 4), Some(3));
        assert_eq!(percentile_index(50.0, 0), None);
    }

    #[test]
    fn a_scale_changes_only_without_loss() {
        assert_eq!(rescale(150, 2, 1), Some(15));
        assert_eq!(rescale(155, 2, 1), None);
        assert_eq!(rescale(15, 1, 3), Some(1500));
        assert_eq!(rescale(i128::MAX, 0, 1), None);
    }
}
