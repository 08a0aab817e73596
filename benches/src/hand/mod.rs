//! The loops that somebody would write by hand for one benchmark: they give the expected counts, and the measure of speed.
//! Events come in event-time order.

mod letters;
mod many;
mod one;
mod spread;

use serde::Deserialize;

use crate::input::Events;

/// A loop, by its query's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hand {
    Q1,
    Q2,
    Q3,
    Q4,
    Q5,
    Q6,
    Q7,
    Q8,
    Q8ne,
    R1,
    R2,
    R3,
    R3m,
    /// Q2, Q3 and Q4 together.
    Three,
    /// Never a match.
    Never,
    /// A card's whole sum.
    Whole,
    /// A to E.
    Five,
}

impl Hand {
    /// Runs it with its size (how many rules, or positions) over events in order; the number of matches, none for events
    /// of another stream.
    pub fn count(self, events: &Events, size: u64) -> Option<u64> {
        Some(match (self, events) {
            (Hand::Q1, Events::Tx(tx)) => one::q1(&tx.events),
            (Hand::Q2, Events::Tx(tx)) => one::q2(&tx.events, tx.cards.len()),
            (Hand::Q3, Events::Tx(tx)) => one::q3(&tx.events, tx.cards.len()),
            (Hand::Q4, Events::Tx(tx)) => one::q4(&tx.events, tx.cards.len()),
            (Hand::Q5, Events::Tx(tx)) => one::q5(&tx.events, tx.cards.len()),
            (Hand::Q6, Events::Tx(tx)) => one::q6(&tx.events, tx.cards.len()),
            (Hand::Q7, Events::Tx(tx)) => spread::q7(&tx.events, tx.cards.len(), tx.merchants.len()),
            (Hand::R1, Events::Tx(tx)) => many::r1(tx, size),
            (Hand::R2, Events::Tx(tx)) => many::r2(tx, size),
            (Hand::R3, Events::Tx(tx)) => many::r3(tx, size),
            (Hand::R3m, Events::Tx(tx)) => many::r3m(tx, size),
            (Hand::Three, Events::Tx(tx)) => {
                let (events, cards) = (&tx.events, tx.cards.len());
                one::q2(events, cards) + one::q3(events, cards) + one::q4(events, cards)
            }
            (Hand::Never, _) => 0,
            (Hand::Whole, Events::Tx(tx)) => one::whole(&tx.events, tx.cards.len()),
            (Hand::Five, Events::Abc(letters)) => letters::five(letters, size as usize),
            (Hand::Q8, Events::Abc(letters)) => letters::q8(letters, size as usize),
            (Hand::Q8ne, Events::Abc(letters)) => letters::q8ne(letters, size as usize),
            (_, Events::Tx(_)) | (_, Events::Abc(_)) => return None,
        })
    }
}
