//! A number of events or bytes, or that nothing bounds it.

use std::fmt::{self, Display, Formatter};
use std::ops::{Add, Mul};

/// So many at most, or not bounded by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// At most so many.
    AtMost(u64),
    /// It grows with the events of the key, for as long as they come.
    Unbounded,
}

impl Amount {
    /// Nothing.
    pub const NONE: Amount = Amount::AtMost(0);

    /// The number, if there is one.
    pub fn bounded(self) -> Option<u64> {
        match self {
            Amount::AtMost(n) => Some(n),
            Amount::Unbounded => None,
        }
    }

    /// The smaller one.
    pub fn min(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.min(b)),
            (Amount::AtMost(n), Amount::Unbounded) | (Amount::Unbounded, Amount::AtMost(n)) => Amount::AtMost(n),
            (Amount::Unbounded, Amount::Unbounded) => Amount::Unbounded,
        }
    }

    /// The larger one.
    pub fn max(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.max(b)),
            _ => Amount::Unbounded,
        }
    }
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.saturating_add(b)),
            _ => Amount::Unbounded,
        }
    }
}

impl Mul for Amount {
    type Output = Amount;

    fn mul(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(0), _) | (_, Amount::AtMost(0)) => Amount::NONE,
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.saturating_mul(b)),
            _ => Amount::Unbounded,
        }
    }
}

/// With a comma between thousands: `100,000`.
impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Amount::AtMost(n) = self else { return f.pad("not bounded by time") };
        let digits = n.to_string();
        let mut shown = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                shown.push(',');
            }
            shown.push(digit);
        }
        f.pad(&shown)
    }
}
