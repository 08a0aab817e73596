//! What a run costs that has nothing to do: a quiet topic, and workers that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tripline::connectors::log::Log;
use tripline::engine::runner::{Job, Settings};

use super::pipeline::{Tally, log_input};
use super::{ModelError, broken, plan};
use crate::definition::Benchmark;
use crate::memory;
use crate::report::Report;

/// How long nothing happens.
const QUIET: Duration = Duration::from_secs(3);

/// Runs over a topic in which nothing comes.
pub fn measure(one: &Benchmark) -> Result<Report, ModelError> {
    let plan = plan(one)?;
    let log = Log::default();
    log.create_topic("events", 1);
    let stop = Arc::new(AtomicBool::new(false));
    let settings = Settings { workers: one.definition.workers, ..Settings::default() };
    let job = Job::new(plan).settings(settings).input(log_input(&log)).sink(Arc::new(Tally::default()).sink());
    let told = stop.clone();
    let (done, ended) = channel();
    // A failed send is a benchmark that has given up already.
    std::thread::spawn(move || done.send(job.run(told)).is_ok());
    let (start, before) = (Instant::now(), memory::processor_time());
    if let Ok(early) = ended.recv_timeout(QUIET) {
        return Err(broken(one, format!("the job ended by itself: {early:?}")));
    }
    let share = (memory::processor_time() - before).as_secs_f64() / start.elapsed().as_secs_f64();
    let resident_mb = memory::resident_mb();
    stop.store(true, Ordering::Relaxed);
    let ended = ended.recv().map_err(|_| broken(one, "the job's thread panicked"))?;
    let summary = ended.map_err(|error| broken(one, error))?;
    // There are no events, and nothing to write by hand.
    let report = Report::new(one.name.clone(), summary.counts.read as usize, summary.counts.alerts, QUIET, None);
    Ok(report.with("core_share", share).with("resident_mb", resident_mb))
}
