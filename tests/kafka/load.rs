//! A seeded load of card payments over several partitions: disorder, late events, bad records, planted matches.

use std::fmt::Write as _;

use crate::topic::Put;

/// Partitions of the topic.
pub const PARTITIONS: i32 = 3;

/// How far behind its partition's newest event an event may be.
const LATE_MS: i64 = 5_000;

/// 2026-01-01T00:00:00Z
const START_MS: i64 = 1_767_225_600_000;

/// Long after every window of the rules.
const AFTER_ALL_MS: i64 = START_MS + 30 * 24 * 3_600_000;

/// The rules: every event, episodes with history, a sequence, an absence.
pub const RULES: &str = r#"
stream payment {
  id:     text
  card:   text
  amount: decimal(2)
  kind:   text
  at:     time(ms)
} timed by at, late 5s

rule large {
  by    card
  on    payment where amount > 990.00
  alert every event low "{card} paid {amount}"
}

rule burst {
  by    card
  on    payment where amount > 500.00
  when  n >= 3
  alert high "{card}: {n} payments, {total} in a minute"
  with  n = count() over 1m, total = sum(amount) over 1m
}

rule testing {
  by    card
  match probe: payment{2,} over 5m where amount < 20.00
  then  hit: payment within 10m where amount > 800.00
  alert critical "{card}: {count(probe)} probes, then {hit.amount}"
}

rule unpaid {
  by    card
  match placed: payment where kind == "order"
  then  no payment for 10m where kind == "settle"
  alert medium "{card}: {placed.id} was not settled"
}
"#;

/// A small generator of numbers: the same for the same seed, everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number below `bound` (splitmix64).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// One record of the load.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it goes.
    pub partition: i32,
    /// Its value.
    pub value: Vec<u8>,
    /// Event time, unless it is a bad record.
    at_ms: Option<i64>,
    /// What the rule `large` sees of it.
    large: Option<String>,
}

impl Item {
    /// As it is written.
    pub fn put(&self) -> Put<'_> {
        (self.partition, None, Some(&self.value))
    }
}

/// The whole load of a seed, in order of writing, with an event in each partition at the end that lets time pass for all.
pub fn load(seed: u64, events: usize) -> Vec<Item> {
    let mut random = Random::new(seed);
    let mut items: Vec<Item> = (0..events).map(|n| item(&mut random, n)).collect();
    for partition in 0..PARTITIONS {
        let value = value(&format!("end{partition}"), "none", "100.00", "end", AFTER_ALL_MS);
        items.push(Item { partition, value: value.into_bytes(), at_ms: Some(AFTER_ALL_MS), large: None });
    }
    items
}

fn item(random: &mut Random, n: usize) -> Item {
    // One event in 100 ms, out of order by up to 3 s; one in 50 is 20 s late.
    let behind = if random.below(50) == 0 { 20_000 } else { random.below(3_000) as i64 };
    let at_ms = START_MS + 60_000 + n as i64 * 100 - behind;
    let card = format!("c{}", random.below(40));
    let partition = random.below(PARTITIONS as u64) as i32;
    let cents = match random.below(10) {
        0..=3 => 100 + random.below(2_000),
        4..=7 => 2_000 + random.below(60_000),
        _ => 60_000 + random.below(40_000),
    };
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let kind = ["order", "settle", "settle", "card"][random.below(4) as usize];
    let id = format!("p{n}");
    if random.below(100) == 0 {
        let bad = [
            "{\"id\":",
            "[]",
            "{}",
            "\u{1}",
            "{\"id\":\"x\",\"card\":\"c1\",\"amount\":\"1.005\",\"kind\":\"a\",\"at\":1}",
        ];
        let value = bad[random.below(bad.len() as u64) as usize].as_bytes().to_vec();
        return Item { partition, value, at_ms: None, large: None };
    }
    let large = (cents > 99_000).then(|| format!("{card} paid {amount}"));
    Item { partition, value: value(&id, &card, &amount, kind, at_ms).into_bytes(), at_ms: Some(at_ms), large }
}

fn value(id: &str, card: &str, amount: &str, kind: &str, at_ms: i64) -> String {
    let mut text = String::new();
    let _ =
        write!(text, "{{\"id\":\"{id}\",\"card\":\"{card}\",\"amount\":{amount},\"kind\":\"{kind}\",\"at\":{at_ms}}}");
    text
}

/// What the load must give, found by a loop that knows nothing of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Messages of the rule `large`, sorted.
    pub large: Vec<String>,
    /// Bad records.
    pub bad: usize,
    /// Late events.
    pub late: usize,
}

/// Lateness is judged against the event's own partition.
pub fn truth(items: &[Item]) -> Truth {
    let mut newest = [i64::MIN; PARTITIONS as usize];
    let mut truth = Truth::default();
    for item in items {
        let newest = &mut newest[item.partition as usize];
        match item.at_ms {
            None => truth.bad += 1,
            Some(at) if at < newest.saturating_sub(LATE_MS) => truth.late += 1,
            Some(at) => {
                *newest = (*newest).max(at);
                truth.large.extend(item.large.clone());
            }
        }
    }
    truth.large.sort();
    truth
}

/// Where the committed watermark has to get for all alerts to be there: beyond every event and deadline but the last.
pub const DONE_AT_US: i64 = (AFTER_ALL_MS - LATE_MS) * 1000;
