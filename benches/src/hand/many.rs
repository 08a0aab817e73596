//! Many rules that differ in constants only: one history per card, and limits in order, so that one look answers for all.

use std::collections::{HashMap, VecDeque};

use crate::family::{Constants, WINDOWS_MS, constants, merchant};
use crate::input::tx::{Tx, Workload};

/// The span of R3 and R3m.
const SPAN_MS: i64 = 60_000;

fn rules(number: u64) -> Vec<Constants> {
    let mut rules: Vec<Constants> = (0..number).map(constants).collect();
    rules.sort_by_key(|rule| rule.first);
    rules
}

/// Large amounts of a card, oldest first: time and cents.
type History = VecDeque<(i64, i64)>;

/// Drops what is too old and adds the event.
fn remember(history: &mut History, tx: &Tx, span_ms: i64) {
    while history.pop_front_if(|(at, _)| *at <= tx.ts_ms - span_ms).is_some() {}
    history.push_back((tx.ts_ms, tx.amount));
}

/// An amount over the limit of its merchant's rule.
pub fn r1(workload: &Workload, number: u64) -> u64 {
    let floors: HashMap<String, i64> =
        (0..number).map(constants).map(|rule| (merchant(rule.merchant), rule.floor)).collect();
    let floor = |merchant: &String| floors.get(merchant).copied().unwrap_or(i64::MAX);
    let floors: Vec<i64> = workload.merchants.iter().map(floor).collect();
    workload.events.iter().filter(|tx| tx.amount > floors[tx.merchant as usize]).count() as u64
}

/// Three amounts over x in the rule's window, this event's among them: x is below this amount and below the third
/// largest of the window.
pub fn r2(workload: &Workload, number: u64) -> u64 {
    let rules = rules(number);
    let limits = WINDOWS_MS.map(|window_ms| -> Vec<i64> {
        rules.iter().filter(|rule| rule.window_ms == window_ms).map(|rule| rule.first).collect()
    });
    let lowest = rules.first().map_or(i64::MAX, |rule| rule.first);
    let mut histories = vec![History::new(); workload.cards.len()];
    let mut matches = 0;
    for tx in workload.events.iter().filter(|tx| tx.amount > lowest) {
        let history = &mut histories[tx.card as usize];
        remember(history, tx, WINDOWS_MS[3]);
        let mut newest_first = history.iter().rev().peekable();
        let mut largest = [i64::MIN; 3];
        for (window_ms, limits) in WINDOWS_MS.iter().zip(&limits) {
            while let Some((_, amount)) = newest_first.next_if(|(at, _)| *at > tx.ts_ms - window_ms) {
                keep_largest(&mut largest, *amount);
            }
            matches += limits.partition_point(|limit| *limit < largest[2].min(tx.amount)) as u64;
        }
    }
    matches
}

/// The three largest, largest first.
fn keep_largest(largest: &mut [i64; 3], mut amount: i64) {
    for place in largest {
        if amount > *place {
            std::mem::swap(place, &mut amount);
        }
    }
}

/// Every a over x, the next b over 1.25 x, the next c over 1.5 x: of each two events before c, the rules that chose them
/// are a range of limits.
pub fn r3(workload: &Workload, number: u64) -> u64 {
    let rules = rules(number);
    let lowest = rules.first().map_or(i64::MAX, |rule| rule.first);
    let mut histories = vec![History::new(); workload.cards.len()];
    let mut matches = 0;
    for tx in workload.events.iter().filter(|tx| tx.amount > lowest) {
        let history = &mut histories[tx.card as usize];
        remember(history, tx, SPAN_MS);
        let thirds = rules.partition_point(|rule| rule.third < tx.amount);
        for first in 0..history.len().saturating_sub(2) {
            matches += chosen(&rules[..thirds], history, first);
        }
    }
    matches
}

/// The rules whose run from `first` the newest event completes.
fn chosen(rules: &[Constants], history: &History, first: usize) -> u64 {
    let amount = |at: usize| history[at].1;
    let firsts = rules.partition_point(|rule| rule.first < amount(first));
    let (mut matches, mut before_second) = (0, i64::MIN);
    for second in first + 1..history.len() - 1 {
        let below = rules[..firsts].partition_point(|rule| rule.second < amount(second));
        let skipped = rules.partition_point(|rule| rule.second < before_second);
        let before_third = (second + 1..history.len() - 1).map(amount).max().unwrap_or(i64::MIN);
        let passed = rules.partition_point(|rule| rule.third < before_third);
        matches += below.saturating_sub(skipped.max(passed)) as u64;
        before_second = before_second.max(amount(second));
    }
    matches
}

/// What a card has had.
#[derive(Clone, Default)]
struct Card {
    history: History,
    /// Up to when each rule has used its events up, by rule: the time of its last match and its place among the card's
    /// large amounts; empty until one matches.
    used: Vec<u64>,
    /// How many large amounts there have been.
    seen: u64,
}

/// Three amounts over x within 60 s, then from the start.
pub fn r3m(workload: &Workload, number: u64) -> u64 {
    let rules = rules(number);
    let lowest = rules.first().map_or(i64::MAX, |rule| rule.first);
    let mut cards = vec![Card::default(); workload.cards.len()];
    let mut matches = 0;
    for tx in workload.events.iter().filter(|tx| tx.amount > lowest) {
        let Card { history, used, seen } = &mut cards[tx.card as usize];
        remember(history, tx, SPAN_MS);
        *seen += 1;
        let mut largest = [i64::MIN; 3];
        history.iter().for_each(|(_, amount)| keep_largest(&mut largest, *amount));
        let possible = rules.partition_point(|rule| rule.first < largest[2].min(tx.amount));
        if possible > 0 && used.is_empty() {
            used.resize(rules.len(), 0);
        }
        for (rule, used) in rules[..possible].iter().zip(used) {
            let fresh = history.len().min((*seen - *used) as usize);
            let mine = history.iter().rev().take(fresh).filter(|(_, amount)| *amount > rule.first).count();
            if mine >= 3 {
                matches += 1;
                *used = *seen;
            }
        }
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Options;

    /// The events of one card that are over a limit, for every card: rule by rule, without any sharing.
    fn by_card(workload: &Workload, limit: i64) -> Vec<Vec<Tx>> {
        let mut cards = vec![Vec::new(); workload.cards.len()];
        workload.events.iter().filter(|tx| tx.amount > limit).for_each(|tx| cards[tx.card as usize].push(*tx));
        cards
    }

    fn workload() -> Workload {
        Workload::generate(&Options { events: 30_000, cards: 4, rate: 30.0, ..Options::default() })
    }

    #[test]
    fn r2_is_what_each_rule_counts_alone() {
        let workload = workload();
        let alone = |rule: Constants| -> usize {
            let fires = |events: &[Tx], at: usize| {
                events[..=at].iter().filter(|tx| tx.ts_ms > events[at].ts_ms - rule.window_ms).count() >= 3
            };
            by_card(&workload, rule.first).iter().map(|e| (0..e.len()).filter(|at| fires(e, *at)).count()).sum()
        };
        let expected: usize = (0..50).map(constants).map(alone).sum();
        assert!(expected > 100);
        assert_eq!(r2(&workload, 50), expected as u64);
    }

    #[test]
    fn r3_is_what_each_rule_counts_alone() {
        let workload = workload();
        let alone = |rule: Constants| -> usize {
            let completes = |events: &[Tx], first: usize| {
                let second = (first + 1..events.len()).find(|at| events[*at].amount > rule.second)?;
                let third = (second + 1..events.len()).find(|at| events[*at].amount > rule.third)?;
                (events[third].ts_ms - events[first].ts_ms < SPAN_MS).then_some(())
            };
            by_card(&workload, rule.first).iter().map(|e| (0..e.len()).filter_map(|at| completes(e, at)).count()).sum()
        };
        let expected: usize = (0..50).map(constants).map(alone).sum();
        assert!(expected > 100);
        assert_eq!(r3(&workload, 50), expected as u64);
    }

    #[test]
    fn r3m_is_what_each_rule_counts_alone() {
        let workload = workload();
        let alone = |rule: Constants| -> usize {
            let card = |events: &Vec<Tx>| {
                let (mut open, mut matches) = (Vec::new(), 0);
                for tx in events {
                    open.push(tx.ts_ms);
                    open.retain(|at| *at > tx.ts_ms - SPAN_MS);
                    if open.len() == 3 {
                        matches += 1;
                        open.clear();
                    }
                }
                matches
            };
            by_card(&workload, rule.first).iter().map(card).sum()
        };
        let expected: usize = (0..50).map(constants).map(alone).sum();
        assert!(expected > 50);
        assert_eq!(r3m(&workload, 50), expected as u64);
    }
}
