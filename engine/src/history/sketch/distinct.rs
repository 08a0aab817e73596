//! How many different values there were, in bounded room: HyperLogLog over 64-bit hashes, exact while there are few.
//!
//! What is kept depends on the set of values alone, not on their order or on how sketches were merged, and everything is
//! worked out in whole numbers up to a last step of sums, products and square roots: equal input is equal bytes and equal
//! output on every machine. The estimate is Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches",
//! 2017), which needs no tables.

use std::collections::BTreeSet;

use crate::state::{Put, StateError, Take};

/// Registers are found by this many bits of a hash.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;
/// So many hashes are kept as they are: they take as much room as the registers.
const EXACT_MAX: usize = 512;
/// The largest rank: one more than the bits that are left of a hash.
const RANK_MAX: u8 = (64 - BITS + 1) as u8;

/// How far off a count may be.
pub(super) fn error() -> String {
    let percent = 104.0 / (REGISTERS as f64).sqrt();
    format!("exact up to {EXACT_MAX} different values, beyond with a standard error of {percent:.1} %")
}

/// The values of one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Distinct {
    /// Their hashes.
    Few(BTreeSet<u64>),
    /// By register, the greatest rank of its hashes.
    Many(Box<[u8]>),
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Few(BTreeSet::new())
    }
}

impl Distinct {
    /// Takes a value by its hash.
    pub fn add(&mut self, hash: u64) {
        match self {
            Distinct::Few(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT_MAX {
                    *self = Distinct::Many(registers(hashes));
                }
            }
            Distinct::Many(ranks) => rank(ranks, hash),
        }
    }

    /// Takes the values of another.
    pub fn merge(&mut self, other: &Distinct) {
        match other {
            Distinct::Few(hashes) => hashes.iter().for_each(|hash| self.add(*hash)),
            Distinct::Many(others) => {
                if let Distinct::Few(hashes) = self {
                    *self = Distinct::Many(registers(hashes));
                }
                if let Distinct::Many(ranks) = self {
                    ranks.iter_mut().zip(others).for_each(|(rank, other)| *rank = (*rank).max(*other));
                }
            }
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        match self {
            Distinct::Few(hashes) => hashes.len() as u64,
            Distinct::Many(ranks) => estimate(ranks).round() as u64,
        }
    }

    /// Appends it to a chunk.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Distinct::Few(hashes) => {
                out.put_u8(0);
                out.put_len(hashes.len());
                hashes.iter().for_each(|hash| out.put_u64(*hash));
            }
            Distinct::Many(ranks) => {
                out.put_u8(1);
                out.put_bytes(ranks);
            }
        }
    }

    /// Takes what [`Distinct::write`] has put.
    pub fn read(bytes: &mut &[u8]) -> Result<Distinct, StateError> {
        const WHAT: &str = "a count of different values";
        let damaged = || StateError::Damaged { what: WHAT.to_owned() };
        match bytes.take_u8(WHAT)? {
            0 => {
                let hashes =
                    (0..bytes.take_len(WHAT)?).map(|_| bytes.take_u64(WHAT)).collect::<Result<BTreeSet<_>, _>>()?;
                if hashes.len() > EXACT_MAX { Err(damaged()) } else { Ok(Distinct::Few(hashes)) }
            }
            1 => {
                let ranks = bytes.take_bytes(WHAT)?;
                let fits = ranks.len() == REGISTERS && ranks.iter().all(|rank| *rank <= RANK_MAX);
                if fits { Ok(Distinct::Many(ranks.into())) } else { Err(damaged()) }
            }
            _ => Err(damaged()),
        }
    }
}

fn registers(hashes: &BTreeSet<u64>) -> Box<[u8]> {
    let mut ranks = vec![0; REGISTERS].into_boxed_slice();
    hashes.iter().for_each(|hash| rank(&mut ranks, *hash));
    ranks
}

/// The first bits of a hash say which register, the zeros that follow how rare it is.
fn rank(ranks: &mut [u8], hash: u64) {
    let register = (hash >> (64 - BITS)) as usize;
    let rank = ((hash << BITS).leading_zeros() as u8 + 1).min(RANK_MAX);
    ranks[register] = ranks[register].max(rank);
}

fn estimate(ranks: &[u8]) -> f64 {
    let mut of_rank = [0u32; RANK_MAX as usize + 1];
    ranks.iter().for_each(|rank| of_rank[usize::from(*rank)] += 1);
    let m = REGISTERS as f64;
    let (last, inner) = (f64::from(of_rank[usize::from(RANK_MAX)]), 1..usize::from(RANK_MAX));
    let mut z = m * tau(1.0 - last / m);
    for count in inner.rev().map(|rank| of_rank[rank]) {
        z = 0.5 * (z + f64::from(count));
    }
    z += m * sigma(f64::from(of_rank[0]) / m);
    // 1 / (2 ln 2)
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    ALPHA * m * m / z
}

/// x + sum of x^(2^k) 2^(k-1): what registers that no value has met say.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// What registers that have reached their end say.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::hash_key;

    fn of(values: std::ops::Range<u64>) -> Distinct {
        let mut sketch = Distinct::default();
        values.for_each(|value| sketch.add(hash_key(&value.to_le_bytes())));
        sketch
    }

    #[test]
    fn few_are_exact_and_many_within_five_in_a_hundred() {
        for n in [0, 1, 100, 512] {
            assert_eq!(of(0..n).count(), n);
        }
        for n in [513, 1_000, 5_000, 20_000, 100_000, 1_000_000] {
            let error = (of(0..n).count() as f64 - n as f64) / n as f64;
            assert!(error.abs() < 0.05, "{n}: {error}");
        }
    }

    #[test]
    fn order_and_merging_change_nothing() {
        for (n, cut) in [(300, 100), (600, 550), (600, 50), (5_000, 4_999), (5_000, 2_500)] {
            let whole = of(0..n);
            let (mut first, second) = (of(0..cut), of(cut / 2..n));
            let mut other = second.clone();
            first.merge(&second);
            other.merge(&of(0..cut));
            assert_eq!((&first, &other), (&whole, &whole), "{n} {cut}");
        }
    }

    #[test]
    fn it_reads_what_it_has_written_and_refuses_what_it_has_not() {
        for n in [0, 3, 512, 513, 9_000] {
            let sketch = of(0..n);
            let mut bytes = Vec::new();
            sketch.write(&mut bytes);
            assert_eq!(Distinct::read(&mut &bytes[..]).expect("as written"), sketch);
            assert!(Distinct::read(&mut &bytes[..bytes.len() - 1]).is_err());
        }
        let mut bytes = vec![1];
        bytes.put_bytes(&[RANK_MAX + 1; REGISTERS]);
        assert!(Distinct::read(&mut &bytes[..]).is_err());
    }
}
