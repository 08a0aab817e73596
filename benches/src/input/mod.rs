//! What benchmarks read: events made by a seed, or those of a file.

pub mod abc;
pub mod format;
mod rng;
pub mod tx;

use serde::Deserialize;

use tripline::query_lang::value::Value;

/// Which events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Card events.
    #[default]
    Tx,
    /// Letters.
    Abc,
}

/// What the generator can be told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Which events.
    pub stream: Stream,
    /// How many.
    pub events: usize,
    /// The same seed gives the same events.
    pub seed: u64,
    /// How many cards.
    pub cards: u32,
    /// Exponent of the cards' and merchants' distribution.
    pub zipf: f64,
    /// Which share of the events one more card has, 0 to 1.
    pub hot: f64,
    /// Every event has a card of its own; `cards` says nothing then.
    pub own_cards: bool,
    /// Events a second of event time; `inf`: all at one moment.
    pub rate: f64,
    /// Which share of the events arrives late, 0 to 1.
    pub disorder: f64,
    /// How late at most, milliseconds.
    pub disorder_ms: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            stream: Stream::Tx,
            events: 5_000_000,
            seed: 1,
            cards: 100_000,
            zipf: 0.8,
            hot: 0.0,
            own_cards: false,
            rate: 1_000.0,
            disorder: 0.0,
            disorder_ms: 0,
        }
    }
}

/// Events in order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub enum Events {
    /// Card events.
    Tx(tx::Workload),
    /// Letters.
    Abc(Vec<abc::Letter>),
}

impl Events {
    /// Makes them.
    pub fn generate(options: &Options) -> Events {
        match options.stream {
            Stream::Tx => Events::Tx(tx::Workload::generate(options)),
            Stream::Abc => Events::Abc(abc::generate(options)),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Events::Tx(workload) => workload.events.len(),
            Events::Abc(letters) => letters.len(),
        }
    }

    /// Drops all but the first so many.
    pub fn truncate(&mut self, len: usize) {
        match self {
            Events::Tx(workload) => workload.events.truncate(len),
            Events::Abc(letters) => letters.truncate(len),
        }
    }

    /// The events in order of event time, where they do not come so.
    pub fn in_order(&self) -> Option<Events> {
        match self {
            Events::Tx(workload) if !workload.events.is_sorted_by_key(|tx| tx.ts_ms) => {
                let mut workload = workload.clone();
                workload.events.sort_by_key(|tx| tx.ts_ms);
                Some(Events::Tx(workload))
            }
            _ => None,
        }
    }

    /// An event's time, ms.
    pub fn at_ms(&self, row: usize) -> i64 {
        match self {
            Events::Tx(workload) => workload.events[row].ts_ms,
            Events::Abc(_) => row as i64 + 1,
        }
    }

    /// An event's field, by its position in the stream's declaration.
    pub fn value(&self, row: usize, field: usize) -> Value {
        match self {
            Events::Tx(workload) => workload.value(&workload.events[row], field),
            Events::Abc(letters) => match field {
                0 => Value::Text(char::from(letters[row]).to_string().into()),
                1 => Value::Int(row as i64 + 1),
                _ => Value::Time((row as i64 + 1) * 1_000),
            },
        }
    }
}
