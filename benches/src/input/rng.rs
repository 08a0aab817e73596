//! Random numbers that never change: the same seed gives the same workload, whatever the versions of our crates.

/// SplitMix64: one multiplication-and-shift round a number, period 2^64.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..n.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Normal with mean 0 and deviation 1 (Box-Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Draws from 0..n with weights 1 / (i + 1)^exponent, in constant time (alias method).
#[derive(Clone, Debug)]
pub struct Zipf {
    /// Below this the column itself, above its alias.
    keep: Vec<f64>,
    alias: Vec<u32>,
}

impl Zipf {
    /// The table for `n` values.
    pub fn new(n: u32, exponent: f64) -> Zipf {
        let weights: Vec<f64> = (1..=n).map(|i| f64::from(i).powf(-exponent)).collect();
        let total: f64 = weights.iter().sum();
        let mut keep: Vec<f64> = weights.iter().map(|w| w / total * f64::from(n)).collect();
        let mut alias: Vec<u32> = (0..n).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) = (0..n).partition(|i| keep[*i as usize] < 1.0);
        while let (Some(low), Some(high)) = (small.pop(), large.last().copied()) {
            alias[low as usize] = high;
            keep[high as usize] -= 1.0 - keep[low as usize];
            if keep[high as usize] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        Zipf { keep, alias }
    }

    /// Draws a value.
    pub fn draw(&self, rng: &mut Rng) -> u32 {
        let column = rng.below(self.keep.len() as u64) as usize;
        if rng.unit() < self.keep[column] { column as u32 } else { self.alias[column] }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rng, Zipf};

    #[test]
    fn a_seed_gives_the_same_numbers() {
        let mut rng = Rng::new(1);
        assert_eq!([rng.bits(), rng.bits()], [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67]);
    }

    #[test]
    fn the_first_value_has_its_share() {
        let (mut rng, zipf) = (Rng::new(7), Zipf::new(100_000, 0.8));
        let first = (0..200_000).filter(|_| zipf.draw(&mut rng) == 0).count();
        assert!((4_100..4_800).contains(&first), "{first} of 200,000 should be about 2.2 %");
    }
}
