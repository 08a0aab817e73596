//! One meaning in other words: what the worst phrasing of a query costs beside the best, in one run.

use std::fs;
use std::time::Duration;

use super::{Best, ModelError, broken, compare, failed, hand};
use crate::definition::Benchmark;
use crate::engine::{self, Engine, EngineError};
use crate::input::Events;
use crate::places;
use crate::report::Report;

/// Rounds, each of all phrasings in turn; the best of each counts.
const ROUNDS: usize = 5;
/// What else the machine does makes a round slower, never faster: as long as one betters a time by more than this, another
/// follows, up to so many.
const STEADY: f64 = 0.01;
const ROUNDS_MAX: usize = 20;

/// Runs every phrasing of the definition's folder over the same events; the report's speed is that of the worst.
pub fn measure(one: &Benchmark, events: &Events) -> Result<Report, ModelError> {
    let folder = places::root().join("tests/cases/phrasings").join(&one.definition.phrasings);
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut phrasings = Vec::new();
    for path in &paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = one.rules()?;
        files.push((name.clone(), fs::read_to_string(path)?));
        let engine = engine::plan(files, &[]).and_then(Engine::new).map_err(|error| failed(one, error))?;
        let batches = engine.batches(events);
        phrasings.push((name, engine, batches, Best::new()));
    }
    let mut by_hand = Best::new();
    let (mut rounds, mut is_steady) = (0, false);
    while rounds < ROUNDS || (!is_steady && rounds < ROUNDS_MAX) {
        (rounds, is_steady) = (rounds + 1, true);
        by_hand.round(|| hand(one, events))?;
        for (_, engine, batches, best) in &mut phrasings {
            let before = best.time;
            let counted = best.round(|| Ok::<_, EngineError>(engine.run(batches, Duration::MAX).1));
            counted.map_err(|error| failed(one, error))?;
            compare(one, best.count, by_hand.count)?;
            is_steady &= best.time >= before.mul_f64(1.0 - STEADY);
        }
    }
    let times = phrasings.iter().map(|(.., best)| best.time);
    let (Some(best), Some(worst)) = (times.clone().min(), times.max()) else {
        return Err(broken(one, "there are no phrasings"));
    };
    let mut report = Report::new(one.name.clone(), events.len(), by_hand.count, worst, Some(by_hand.time));
    for (name, .., own) in &phrasings {
        report = report.with(&format!("{name}_by_best"), own.time.as_secs_f64() / best.as_secs_f64());
    }
    Ok(report.with("worst_by_best", worst.as_secs_f64() / best.as_secs_f64()))
}
