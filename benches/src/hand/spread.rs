//! Q7: distinct merchants of a card in windows of ten minutes, every minute.

use crate::input::tx::Tx;

const MINUTE_MS: i64 = 60_000;
const MINUTES: i64 = 10;
const ENOUGH: u32 = 20;

/// One card: its merchants of the last ten minutes, each counted in the last minute that saw it.
#[derive(Clone, Default)]
struct Card {
    /// The minute up to whose start windows have been closed.
    minute: i64,
    /// How many merchants were last seen in each of the last ten minutes, by minute modulo ten.
    fresh: [u32; MINUTES as usize],
    distinct: u32,
    last: Last,
}

/// The minute in which each merchant was last seen; old ones may be among them.
#[derive(Clone)]
enum Last {
    Few(Vec<(u32, i64)>),
    /// By merchant.
    Many(Box<[i64]>),
}

impl Default for Last {
    fn default() -> Last {
        Last::Few(Vec::new())
    }
}

impl Last {
    /// Notes the merchant; returns when it was last seen.
    fn see(&mut self, merchant: u32, minute: i64, merchants: usize) -> i64 {
        const FEW: usize = 32;
        if let Last::Few(few) = self {
            if let Some((_, last)) = few.iter_mut().find(|(m, _)| *m == merchant) {
                return std::mem::replace(last, minute);
            }
            few.retain(|(_, last)| *last > minute - MINUTES);
            if few.len() < FEW {
                few.push((merchant, minute));
                return i64::MIN;
            }
            let mut many = vec![i64::MIN; merchants].into_boxed_slice();
            few.iter().for_each(|(m, last)| many[*m as usize] = *last);
            *self = Last::Many(many);
        }
        match self {
            Last::Many(many) => std::mem::replace(&mut many[merchant as usize], minute),
            Last::Few(_) => i64::MIN,
        }
    }
}

impl Card {
    /// Closes the windows that end before or with the start of `minute`; returns how many had enough.
    fn close(&mut self, minute: i64) -> u64 {
        let mut rows = 0;
        while self.minute < minute && self.distinct > 0 {
            self.minute += 1;
            rows += u64::from(self.distinct >= ENOUGH);
            self.distinct -= std::mem::take(&mut self.fresh[(self.minute % MINUTES) as usize]);
        }
        self.minute = minute;
        rows
    }

    fn see(&mut self, merchant: u32, merchants: usize) {
        let last = self.last.see(merchant, self.minute, merchants);
        if last > self.minute - MINUTES {
            self.fresh[(last % MINUTES) as usize] -= 1;
            self.distinct -= 1;
        }
        self.fresh[(self.minute % MINUTES) as usize] += 1;
        self.distinct += 1;
    }
}

/// Rows of cards with at least 20 merchants in a window.
pub fn q7(events: &[Tx], cards: usize, merchants: usize) -> u64 {
    let mut states = vec![Card::default(); cards];
    let mut rows = 0;
    for tx in events {
        let card = &mut states[tx.card as usize];
        rows += card.close(tx.ts_ms / MINUTE_MS);
        card.see(tx.merchant, merchants);
    }
    let end = events.last().map_or(0, |tx| tx.ts_ms / MINUTE_MS + MINUTES + 1);
    rows + states.iter_mut().map(|card| card.close(end)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::input::{Options, tx::Workload};

    #[test]
    fn rows_are_those_of_filling_every_window() {
        let options = Options { events: 4_000, cards: 5, rate: 3.0, ..Options::default() };
        let workload = Workload::generate(&options);
        let mut windows: BTreeMap<(u32, i64), BTreeSet<u32>> = BTreeMap::new();
        for tx in &workload.events {
            let minute = tx.ts_ms / MINUTE_MS;
            for end in minute + 1..=minute + MINUTES {
                windows.entry((tx.card, end)).or_default().insert(tx.merchant);
            }
        }
        let rows = windows.values().filter(|merchants| merchants.len() >= ENOUGH as usize).count() as u64;
        assert!(rows > 10);
        assert_eq!(q7(&workload.events, 5, workload.merchants.len()), rows);
    }
}
