//! What is measured: a file a model. Each compares Tripline's count with the hand loop's, and says what it found as a
//! [`Report`](crate::report::Report).

pub mod compile;
pub mod idle;
pub mod kafka;
pub mod latency;
pub mod memory;
pub mod phrasings;
pub mod pipeline;
pub mod start;

use std::time::{Duration, Instant};

use crate::definition::{Benchmark, DefinitionError, Model};
use crate::engine::{self, EngineError};
use crate::input::Events;
use crate::report::Report;
use tripline::query_lang::plan::Plan;

/// Why a benchmark gave no figure.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Its files are wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// Tripline does not run it.
    #[error("{name}: {error}")]
    Engine {
        /// The benchmark.
        name: String,
        /// Why.
        error: EngineError,
    },
    /// The events are of the other stream.
    #[error("{name} does not read events of this kind; its rules read those of `{wanted}`")]
    Stream {
        /// The benchmark.
        name: String,
        /// Its first rule file, which declares the stream.
        wanted: String,
    },
    /// The counts differ.
    #[error("{name} gave {ours} matches, the hand loop {hand}")]
    Count {
        /// The benchmark.
        name: String,
        /// Tripline's.
        ours: u64,
        /// The hand loop's.
        hand: u64,
    },
    /// Two numbers of workers give different alerts.
    #[error("{name}: the alerts of one worker are not those of {workers}")]
    Workers {
        /// The benchmark.
        name: String,
        /// How many.
        workers: usize,
    },
    /// A run of the whole pipeline ended badly.
    #[error("{name}: {error}")]
    Run {
        /// The benchmark.
        name: String,
        /// Why.
        error: String,
    },
    /// A file or a process is not what is needed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Measures over events. A round ends early when `budget` is over, where the model can.
pub fn measure(one: &Benchmark, events: Events, budget: Duration) -> Result<Report, ModelError> {
    match one.definition.model {
        Model::Memory | Model::Json => memory::measure(one, events, budget),
        Model::Csv | Model::Log => pipeline::measure(one, &events),
        Model::Kafka => kafka::measure(one, &events),
        Model::Latency => latency::measure(one, &events),
        Model::Compile => compile::measure(one),
        Model::Start => start::measure(one, &events),
        Model::Phrasings => phrasings::measure(one, &events),
        Model::Idle => idle::measure(one),
    }
}

/// The best time of some rounds, and the count of the last.
struct Best {
    count: u64,
    time: Duration,
}

impl Best {
    fn new() -> Best {
        Best { count: 0, time: Duration::MAX }
    }

    fn round<E>(&mut self, work: impl FnOnce() -> Result<u64, E>) -> Result<(), E> {
        let start = Instant::now();
        self.count = std::hint::black_box(work())?;
        self.time = self.time.min(start.elapsed());
        Ok(())
    }
}

/// The benchmark's rules, compiled.
fn plan(one: &Benchmark) -> Result<Plan, ModelError> {
    engine::plan(one.rules()?, &one.params()).map_err(|error| failed(one, error))
}

fn failed(one: &Benchmark, error: EngineError) -> ModelError {
    ModelError::Engine { name: one.name.clone(), error }
}

fn broken(one: &Benchmark, error: impl std::fmt::Display) -> ModelError {
    ModelError::Run { name: one.name.clone(), error: error.to_string() }
}

/// What the hand loop finds in events in event-time order.
fn hand(one: &Benchmark, events: &Events) -> Result<u64, ModelError> {
    let wanted = || one.definition.rules.first().cloned().unwrap_or_default();
    let stream = || ModelError::Stream { name: one.name.clone(), wanted: wanted() };
    one.definition.hand.count(events, one.size).ok_or_else(stream)
}

fn compare(one: &Benchmark, ours: u64, hand: u64) -> Result<(), ModelError> {
    if ours == hand { Ok(()) } else { Err(ModelError::Count { name: one.name.clone(), ours, hand }) }
}
