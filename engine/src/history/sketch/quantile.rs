//! Percentiles in bounded room: values are counted in bins of nearly equal relative width (as in DDSketch), 64 to each
//! power of two, so that the middle of a bin is at most 0.8 % off any value in it.
//!
//! A bin is the first bits of a float: no logarithm is taken, and the bin of a value is the same on every machine. What is
//! kept depends on the values alone, not on their order or on how sketches were merged.

use std::collections::BTreeMap;

use crate::state::{Put, StateError, Take};
use tripline_query_lang::number::percentile_index;

/// Bits of the mantissa that tell bins apart.
const BITS: u32 = 6;
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - BITS;
/// Bins of one sign: 32 powers of two, between the largest value and one 4 billion times smaller. What is smaller still is
/// counted in the lowest.
const BINS_MAX: u64 = 32 << BITS;

/// How far off a percentile may be: half the width of a bin.
pub(super) fn error() -> String {
    format!("within {:.1} % of the exact value", 50.0 / f64::from(1_u32 << BITS))
}

/// The values of one stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Quantiles {
    above: Bins,
    zeros: u64,
    /// By their size.
    below: Bins,
    /// Smallest and largest.
    ends: Option<(f64, f64)>,
}

/// Values of one sign: how many there are in each bin.
#[derive(Clone, Debug, Default, PartialEq)]
struct Bins(BTreeMap<u64, u64>);

impl Bins {
    fn add(&mut self, bin: u64, count: u64) {
        let top = self.0.last_key_value().map_or(bin, |(top, _)| *top);
        let lowest = top.max(bin).saturating_sub(BINS_MAX - 1);
        *self.0.entry(bin.max(lowest)).or_insert(0) += count;
        if bin > top {
            let kept = self.0.split_off(&lowest);
            let fallen: u64 = std::mem::replace(&mut self.0, kept).into_values().sum();
            if fallen > 0 {
                *self.0.entry(lowest).or_insert(0) += fallen;
            }
        }
    }

    fn merge(&mut self, other: &Bins) {
        other.0.iter().rev().for_each(|(bin, count)| self.add(*bin, *count));
    }

    fn count(&self) -> u64 {
        self.0.values().sum()
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.0.len());
        for (bin, count) in &self.0 {
            out.put_u64(*bin);
            out.put_u64(*count);
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Bins, StateError> {
        let mut bins = BTreeMap::new();
        for _ in 0..bytes.take_len(WHAT)? {
            bins.insert(bytes.take_u64(WHAT)?, bytes.take_u64(WHAT)?);
        }
        let ends = bins.first_key_value().zip(bins.last_key_value());
        let is_wide =
            ends.is_some_and(|((low, _), (top, _))| top - low >= BINS_MAX || *top > f64::MAX.to_bits() >> SHIFT);
        // So many that their sum cannot overflow.
        let is_full = bins.values().any(|count| *count == 0 || *count > u64::from(u32::MAX) << 16);
        if is_wide || is_full { Err(StateError::Damaged { what: WHAT.to_owned() }) } else { Ok(Bins(bins)) }
    }
}

const WHAT: &str = "counts of values";

impl Quantiles {
    /// Takes a finite value.
    pub fn add(&mut self, value: f64) {
        let bin = value.abs().to_bits() >> SHIFT;
        match value {
            _ if value > 0.0 => self.above.add(bin, 1),
            _ if value < 0.0 => self.below.add(bin, 1),
            _ => self.zeros += 1,
        }
        let (low, high) = self.ends.unwrap_or((value, value));
        self.ends = Some((low.min(value), high.max(value)));
    }

    /// Takes the values of another.
    pub fn merge(&mut self, other: &Quantiles) {
        self.above.merge(&other.above);
        self.below.merge(&other.below);
        self.zeros += other.zeros;
        if let Some((low, high)) = other.ends {
            let (own_low, own_high) = self.ends.unwrap_or((low, high));
            self.ends = Some((own_low.min(low), own_high.max(high)));
        }
    }

    /// The percentile, from 0 to 100; none of nothing.
    pub fn at(&self, percentile: f64) -> Option<f64> {
        let count = self.above.count() + self.zeros + self.below.count();
        let index = percentile_index(percentile, usize::try_from(count).unwrap_or(usize::MAX))? as u64;
        let (low, high) = self.ends?;
        let last = count - 1;
        if index == 0 || index == last {
            return Some(if index == 0 { low } else { high });
        }
        let below = self.below.0.iter().rev().map(|(bin, count)| (-middle(*bin), *count));
        let above = self.above.0.iter().map(|(bin, count)| (middle(*bin), *count));
        let mut seen = 0;
        let mut all = below.chain([(0.0, self.zeros)]).chain(above);
        let found = all.find(|(_, count)| {
            seen += count;
            seen > index
        });
        found.map(|(value, _)| value.clamp(low, high))
    }

    /// Appends it to a chunk.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.above.write(out);
        out.put_u64(self.zeros);
        self.below.write(out);
        out.put_bool(self.ends.is_some());
        let (low, high) = self.ends.unwrap_or_default();
        out.put_f64(low);
        out.put_f64(high);
    }

    /// Takes what [`Quantiles::write`] has put.
    pub fn read(bytes: &mut &[u8]) -> Result<Quantiles, StateError> {
        let (above, zeros, below) = (Bins::read(bytes)?, bytes.take_u64(WHAT)?, Bins::read(bytes)?);
        let (some, low, high) = (bytes.take_bool(WHAT)?, bytes.take_f64(WHAT)?, bytes.take_f64(WHAT)?);
        let is_order = low.is_finite() && high.is_finite() && low <= high;
        if is_order && zeros <= u64::from(u32::MAX) << 16 {
            Ok(Quantiles { above, zeros, below, ends: some.then_some((low, high)) })
        } else {
            Err(StateError::Damaged { what: WHAT.to_owned() })
        }
    }
}

/// The middle of a bin.
fn middle(bin: u64) -> f64 {
    let low = f64::from_bits(bin << SHIFT);
    let width = f64::from_bits((bin << SHIFT) + (1 << SHIFT)) - low;
    if width.is_finite() { low + width / 2.0 } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values over many powers of two, of both signs, in no order.
    fn values(n: u64) -> Vec<f64> {
        let value = |i: u64| {
            let mixed = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            let size = (mixed % 1_000_003) as f64 * (if i.is_multiple_of(3) { 1e-3 } else { 1.5 });
            if i.is_multiple_of(5) { -size } else { size }
        };
        (0..n).map(value).collect()
    }

    fn of(values: &[f64]) -> Quantiles {
        let mut sketch = Quantiles::default();
        values.iter().for_each(|value| sketch.add(*value));
        sketch
    }

    #[test]
    fn percentiles_are_within_eight_in_a_thousand() {
        for n in [1, 2, 7, 100, 10_000] {
            let values = values(n);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let sketch = of(&values);
            for p in [0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0] {
                let exact = sorted[percentile_index(p, sorted.len()).expect("some")];
                let found = sketch.at(p).expect("some");
                assert!((found - exact).abs() <= exact.abs() * 0.008, "{n} values, {p}: {found} for {exact}");
            }
        }
        assert_eq!(Quantiles::default().at(50.0), None);
    }

    #[test]
    fn order_and_merging_change_nothing() {
        let mut wide = values(500);
        wide.extend([1e300, 1e-300, -1e300, 1e-12, 0.0, 5e-324, f64::MAX, -f64::MAX]);
        let mut backwards = wide.clone();
        backwards.reverse();
        let whole = of(&wide);
        assert_eq!(of(&backwards), whole);
        for cut in [1, 250, 505] {
            let (mut first, mut second) = (of(&wide[..cut]), of(&wide[cut..]));
            let copy = first.clone();
            first.merge(&second);
            second.merge(&copy);
            assert_eq!((&first, &second), (&whole, &whole), "{cut}");
        }
        assert!(whole.above.0.len() as u64 <= BINS_MAX);
    }

    #[test]
    fn it_reads_what_it_has_written() {
        for sketch in [Quantiles::default(), of(&[0.0]), of(&values(300))] {
            let mut bytes = Vec::new();
            sketch.write(&mut bytes);
            assert_eq!(Quantiles::read(&mut &bytes[..]).expect("as written"), sketch);
            assert!(Quantiles::read(&mut &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
