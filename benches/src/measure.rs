//! One benchmark, measured: Tripline and the hand loop in turn over the same events, the better of three rounds of each,
//! and their counts compared in every round.

use std::time::{Duration, Instant};

use crate::definition::{Benchmark, DefinitionError, Model};
use crate::engine::{self, Engine, EngineError};
use crate::input::{Events, format};
use crate::memory;
use crate::report::Report;

/// Rounds of which the best counts.
const ROUNDS: usize = 3;

/// Why a benchmark gave no figure.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
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
    #[error("{name} does not read events of this kind; its rules read those of `{}`", wanted)]
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
    /// Bytes could not be made of the events.
    #[error(transparent)]
    Io(#[from] std::io::Error),
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

/// Measures over events. A round ends early when `budget` is over; then the later rounds read as many events.
pub fn measure(one: &Benchmark, mut events: Events, budget: Duration) -> Result<Report, MeasureError> {
    let failed = |error| MeasureError::Engine { name: one.name.clone(), error };
    let engine = engine::plan(one.rules()?, &one.params()).and_then(Engine::new).map_err(failed)?;
    let (mut ours, mut by_hand) = (Best::new(), Best::new());
    let mut bytes = Vec::new();
    let mut batches = Vec::new();
    match one.definition.model {
        Model::Memory => batches = engine.batches(&events),
        Model::Json => format::write_json(&events, &mut bytes)?,
    }
    let before_mb = memory::resident_mb();
    let made_mb = memory::peak_mb();
    memory::reset_peak();
    let mut state_mb = 0.0;
    for round in 0..ROUNDS {
        match one.definition.model {
            Model::Memory => {
                let mut read = 0;
                ours.round(|| {
                    let (events, count) = engine.run(&batches, budget);
                    read = events;
                    Ok::<_, EngineError>(count)
                })
                .map_err(failed)?;
                if read < events.len() {
                    events.truncate(read);
                    batches = engine.batches(&events);
                }
            }
            Model::Json => ours.round(|| engine.run_json(&bytes)).map_err(failed)?,
        }
        if round == 0 {
            state_mb = (memory::peak_mb() - before_mb).max(0.0);
        }
        by_hand.round(|| hand(one, &events))?;
        if ours.count != by_hand.count {
            return Err(MeasureError::Count { name: one.name.clone(), ours: ours.count, hand: by_hand.count });
        }
    }
    let mut report = Report::new(one.name.clone(), events.len(), ours.count, ours.time, by_hand.time);
    report.peak_rss_mb = report.peak_rss_mb.max(made_mb);
    Ok(report.with("over_input_mb", state_mb))
}

fn hand(one: &Benchmark, events: &Events) -> Result<u64, MeasureError> {
    let wanted = || one.definition.rules.first().cloned().unwrap_or_default();
    let stream = || MeasureError::Stream { name: one.name.clone(), wanted: wanted() };
    one.definition.hand.count(events, one.size).ok_or_else(stream)
}
