//! From rule text to the first event that has gone through the whole pipeline.

use std::sync::Arc;
use std::time::Instant;

use tripline::connectors::log::{Log, LogRecord};

use super::pipeline::{log_input, run};
use super::{ModelError, compare, hand, plan};
use crate::definition::Benchmark;
use crate::input::{Events, format};
use crate::report::Report;

/// Compiles the rules, starts a job, and runs it over these few events.
pub fn measure(one: &Benchmark, events: &Events) -> Result<Report, ModelError> {
    let log = Log::default();
    log.create_topic("events", 1);
    let mut bytes = Vec::new();
    format::write_json(events, &mut bytes)?;
    for line in bytes.split(|byte| *byte == b'\n').take(events.len()) {
        log.append("events", 0, LogRecord::of_value(line));
    }
    log.finish_topic("events");
    let start = Instant::now();
    let plan = Arc::new(plan(one)?);
    let rules = plan.rules.len();
    let ran = run(one, plan, log_input(&log), one.definition.workers)?;
    let time = start.elapsed();
    let hand_start = Instant::now();
    compare(one, ran.alerts, hand(one, events)?)?;
    let report = Report::new(one.name.clone(), events.len(), ran.alerts, time, Some(hand_start.elapsed()));
    Ok(report.with("rules", rules as f64).with("start_ms", time.as_secs_f64() * 1e3))
}
