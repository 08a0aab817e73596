//! From rule text to a program that is ready for events, and what so many rules weigh before the first one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tripline::engine::detect::Program;

use super::{ModelError, failed, plan};
use crate::definition::Benchmark;
use crate::engine::{Engine, EngineError, Run};
use crate::memory;
use crate::report::Report;

/// Compiles so many rules as the size says; the report's events are rules.
pub fn measure(one: &Benchmark) -> Result<Report, ModelError> {
    let first = compiled(one)?;
    // What only the compiler needs has its room by now, and so has the code: what is added is what the rules weigh.
    let before_mb = memory::resident_mb();
    let second = compiled(one)?;
    let held_mb = (memory::resident_mb() - before_mb).max(0.0);
    let Compiled { rules, compiled, ready, .. } = first;
    drop((first.held, second.held));
    // There is nothing to write by hand.
    let report = Report::new(one.name.clone(), rules, rules as u64, ready, None);
    Ok(report
        .with("compile_ms", compiled.as_secs_f64() * 1e3)
        .with("prepare_ms", (ready - compiled).as_secs_f64() * 1e3)
        .with("bytes_per_rule", held_mb * f64::from(1 << 20) / rules.max(1) as f64))
}

/// So many rules, ready for events.
struct Compiled {
    rules: usize,
    /// What they weigh.
    held: (Engine, Run),
    /// How long it took to have a plan,
    compiled: Duration,
    /// and to be ready.
    ready: Duration,
}

fn compiled(one: &Benchmark) -> Result<Compiled, ModelError> {
    let start = Instant::now();
    let plan = plan(one)?;
    let compiled = start.elapsed();
    let rules = plan.rules.len();
    let program = Program::new(Arc::new(plan)).map_err(|error| failed(one, EngineError::from(error)))?;
    let engine = Engine::of(Arc::new(program));
    let run = Run::new(&engine);
    Ok(Compiled { rules, held: (engine, run), compiled, ready: start.elapsed() })
}
