//! Letters: for patterns that want every combination of their events.

use super::Options;
use super::rng::Rng;

/// How many letters there are, each as frequent as the others.
pub const LETTERS: u8 = 9;

/// An event: its letter; its id is its place in the input, from 1, and its time in ms.
pub type Letter = u8;

/// Makes the letters.
pub fn generate(options: &Options) -> Vec<Letter> {
    let mut rng = Rng::new(options.seed);
    (0..options.events).map(|_| b'A' + rng.below(u64::from(LETTERS)) as u8).collect()
}
