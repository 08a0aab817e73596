//! One rule over card events: Q1 to Q6.

use std::collections::VecDeque;

use crate::input::tx::{AUTH, PWD_CONFIRM, PWD_RESET, TRANSFER, Tx};

/// amount > 1000
pub fn q1(events: &[Tx]) -> u64 {
    events.iter().filter(|tx| tx.amount > 100_000).count() as u64
}

/// Three events over 1000 within 60 s; then from the start.
pub fn q2(events: &[Tx], cards: usize) -> u64 {
    /// The last two, `i64::MIN` where there is none.
    const NONE: [i64; 2] = [i64::MIN; 2];
    let mut last = vec![NONE; cards];
    let mut matches = 0;
    for tx in events.iter().filter(|tx| tx.amount > 100_000) {
        let [older, newer] = &mut last[tx.card as usize];
        if *older > tx.ts_ms - 60_000 {
            matches += 1;
            [*older, *newer] = NONE;
        } else {
            *older = std::mem::replace(newer, tx.ts_ms);
        }
    }
    matches
}

/// At least five auths under 10, then one over 500, all within 10 minutes; then from the start.
pub fn q3(events: &[Tx], cards: usize) -> u64 {
    /// Only the five newest small ones decide.
    const SMALL: usize = 5;
    let mut small = vec![([i64::MIN; SMALL], 0usize); cards];
    let mut matches = 0;
    for tx in events.iter().filter(|tx| tx.kind == AUTH) {
        if tx.amount < 1_000 {
            let (times, next) = &mut small[tx.card as usize];
            times[*next] = tx.ts_ms;
            *next = (*next + 1) % SMALL;
        } else if tx.amount > 50_000 {
            let (times, next) = &mut small[tx.card as usize];
            if times[*next] > tx.ts_ms - 600_000 {
                matches += 1;
                *times = [i64::MIN; SMALL];
            }
        }
    }
    matches
}

/// An auth over 100, the next larger auth, the next larger again, within 5 minutes; every first event starts.
pub fn q4(events: &[Tx], cards: usize) -> u64 {
    /// First time, amount to pass, and whether it is the second one's.
    type Run = (i64, i64, bool);
    let mut runs: Vec<VecDeque<Run>> = vec![VecDeque::new(); cards];
    let mut matches = 0;
    for tx in events.iter().filter(|tx| tx.kind == AUTH && tx.amount > 10_000) {
        let runs = &mut runs[tx.card as usize];
        while runs.front().is_some_and(|(first, ..)| *first <= tx.ts_ms - 300_000) {
            runs.pop_front();
        }
        runs.retain_mut(|(_, amount, second)| {
            if tx.amount <= *amount {
                return true;
            }
            matches += u64::from(*second);
            *amount = tx.amount;
            !std::mem::replace(second, true)
        });
        runs.push_back((tx.ts_ms, tx.amount, false));
    }
    matches
}

/// A reset, no confirmation, a transfer within an hour; once per reset.
pub fn q5(events: &[Tx], cards: usize) -> u64 {
    let mut open: Vec<Vec<i64>> = vec![Vec::new(); cards];
    let mut matches = 0;
    for tx in events {
        match tx.kind {
            PWD_RESET => open[tx.card as usize].push(tx.ts_ms),
            PWD_CONFIRM => open[tx.card as usize].clear(),
            TRANSFER => {
                let open = &mut open[tx.card as usize];
                matches += open.iter().filter(|reset| **reset > tx.ts_ms - 3_600_000).count() as u64;
                open.clear();
            }
            _ => {}
        }
    }
    matches
}

/// The sum of the last 10 minutes, this event included, is over 500,000.
pub fn q6(events: &[Tx], cards: usize) -> u64 {
    let mut windows: Vec<(VecDeque<(i64, i64)>, i64)> = vec![(VecDeque::new(), 0); cards];
    let mut matches = 0;
    for tx in events {
        let (window, sum) = &mut windows[tx.card as usize];
        while let Some((_, amount)) = window.pop_front_if(|(at, _)| *at <= tx.ts_ms - 600_000) {
            *sum -= amount;
        }
        window.push_back((tx.ts_ms, tx.amount));
        *sum += tx.amount;
        matches += u64::from(*sum > 50_000_000);
    }
    matches
}

/// The sum of a card's amounts, over a window that never ends, is over 1,000,000.
pub fn whole(events: &[Tx], cards: usize) -> u64 {
    let mut sums = vec![0; cards];
    let mut matches = 0;
    for tx in events {
        let sum = &mut sums[tx.card as usize];
        *sum += tx.amount;
        matches += u64::from(*sum > 100_000_000);
    }
    matches
}
