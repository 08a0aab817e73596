//! The benchmarks by name: definition, rules, hand loop.

use serde::Deserialize;

use crate::hand::{self, Hand};

/// A benchmark.
pub struct Query {
    /// `q1`
    pub name: &'static str,
    /// The rule file, without the stream.
    pub rules: &'static str,
    /// The loop that gives the expected count.
    pub hand: Hand,
    definition: &'static str,
}

/// What a definition file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// In a few words.
    pub title: String,
    /// What it shows.
    pub why: String,
    /// What its input is like.
    pub workload: String,
    /// Whom it favours.
    pub bias: String,
    /// A count that never changes, held by a test.
    #[cfg_attr(not(test), expect(dead_code, reason = "held by a test"))]
    pub expected: Expected,
}

/// The matches of a generated input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "held by a test"))]
pub struct Expected {
    /// So many events,
    pub events: usize,
    /// with this seed,
    pub seed: u64,
    /// give so many matches.
    pub matches: u64,
}

macro_rules! query {
    ($name:ident) => {
        Query {
            name: stringify!($name),
            rules: include_str!(concat!("../queries/", stringify!($name), ".trip")),
            hand: hand::$name,
            definition: include_str!(concat!("../queries/", stringify!($name), ".toml")),
        }
    };
}

/// All of them, in order.
pub static QUERIES: [Query; 6] = [query!(q1), query!(q2), query!(q3), query!(q4), query!(q5), query!(q6)];

/// The stream that all of them read.
pub static STREAM: &str = include_str!("../queries/stream.trip");

impl Query {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Query> {
        QUERIES.iter().find(|query| query.name == name)
    }

    /// Its definition.
    pub fn definition(&self) -> Result<Definition, toml::de::Error> {
        toml::from_str(self.definition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Options, Workload};

    #[test]
    fn the_hand_loops_count_what_the_definitions_say() -> Result<(), toml::de::Error> {
        for query in &QUERIES {
            let expected = query.definition()?.expected;
            let options = Options { events: expected.events, seed: expected.seed, ..Options::default() };
            let workload = Workload::generate(&options);
            assert_eq!((query.hand)(&workload.events, workload.cards.len()), expected.matches, "{}", query.name);
        }
        Ok(())
    }
}
