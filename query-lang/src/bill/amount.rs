//! A number of events or bytes, or that nothing bounds it.

use std::fmt::{self, Display, Formatter};
use std::ops::{Add, Mul};

/// So many at most, or not bounded by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// At most so many.
    AtMost(u64),
    /// It is bounded, by more than 64 bits can count.
    Countless,
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
            Amount::Countless | Amount::Unbounded => None,
        }
    }

    /// Whether a bound is there, but none that can be counted.
    pub fn is_countless(self) -> bool {
        self == Amount::Countless
    }

    /// The smaller one.
    pub fn min(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.min(b)),
            (Amount::AtMost(n), _) | (_, Amount::AtMost(n)) => Amount::AtMost(n),
            (Amount::Countless, _) | (_, Amount::Countless) => Amount::Countless,
            (Amount::Unbounded, Amount::Unbounded) => Amount::Unbounded,
        }
    }

    /// The larger one.
    pub fn max(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => Amount::AtMost(a.max(b)),
            (Amount::Unbounded, _) | (_, Amount::Unbounded) => Amount::Unbounded,
            _ => Amount::Countless,
        }
    }
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(a), Amount::AtMost(b)) => a.checked_add(b).map_or(Amount::Countless, Amount::AtMost),
            (Amount::Unbounded, _) | (_, Amount::Unbounded) => Amount::Unbounded,
            _ => Amount::Countless,
        }
    }
}

impl Mul for Amount {
    type Output = Amount;

    fn mul(self, other: Amount) -> Amount {
        match (self, other) {
            (Amount::AtMost(0), _) | (_, Amount::AtMost(0)) => Amount::NONE,
            (Amount::AtMost(a), Amount::AtMost(b)) => a.checked_mul(b).map_or(Amount::Countless, Amount::AtMost),
            (Amount::Unbounded, _) | (_, Amount::Unbounded) => Amount::Unbounded,
            _ => Amount::Countless,
        }
    }
}

/// With a comma between thousands: `100,000`.
impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let n = match self {
            Amount::AtMost(n) => n,
            Amount::Countless => return f.pad("beyond what can be counted"),
            Amount::Unbounded => return f.pad("not bounded by time"),
        };
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
