//! The whole pipeline (a source's thread, decoding, workers, sinks) over a CSV file or the in-process log, with the alerts
//! counted where they would be written.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tripline::connectors::file::{FileFormat, FileSource};
use tripline::connectors::json::JsonDecoder;
use tripline::connectors::log::{Log, LogRecord, LogSource};
use tripline::engine::io::{AlertRecord, CommitError, Progress, SideRecord, SinkError, TransactionalSink};
use tripline::engine::runner::{Input, Job, Settings};
use tripline::query_lang::plan::{Plan, StreamId};

use super::{Best, ModelError, broken, compare, hand, plan};
use crate::definition::{Benchmark, Model};
use crate::input::{Events, format};
use crate::report::Report;
use crate::threads::{Spent, spent};
use crate::{machine, places};

const ROUNDS: usize = 2;
/// Of the log's topic.
const PARTITIONS: usize = 2;

/// What the sinks of a run were given.
#[derive(Default)]
pub struct Tally {
    alerts: AtomicU64,
    /// The sum of the alerts' hashes: the same for the same alerts, in whatever order they were written.
    hashes: AtomicU64,
}

/// Counts what it is given.
pub struct CountingSink {
    tally: Arc<Tally>,
}

impl Tally {
    /// A sink that counts here.
    pub fn sink(self: &Arc<Tally>) -> Box<dyn TransactionalSink> {
        Box::new(CountingSink { tally: self.clone() })
    }

    /// How many alerts there have been.
    pub fn alerts(&self) -> u64 {
        self.alerts.load(Ordering::Relaxed)
    }
}

impl TransactionalSink for CountingSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        Ok(None)
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        let mut hasher = DefaultHasher::new();
        (&alert.id, &alert.key, &alert.body, alert.at_us).hash(&mut hasher);
        self.tally.hashes.fetch_add(hasher.finish(), Ordering::Relaxed);
        self.tally.alerts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn side(&mut self, _: &SideRecord) -> Result<(), SinkError> {
        Ok(())
    }

    fn commit(&mut self, _: &Progress) -> Result<(), CommitError> {
        Ok(())
    }
}

/// What one run gave.
pub struct Ran {
    /// Alerts.
    pub alerts: u64,
    /// The sum of their hashes.
    pub hashes: u64,
    /// How long it took, from the start of the job to its end.
    pub time: Duration,
    /// Processor time.
    pub spent: Spent,
}

impl Ran {
    /// The one that took less processor time.
    fn or_better(self, other: Option<Ran>) -> Option<Ran> {
        Some(other.filter(|other| other.spent.all <= self.spent.all).unwrap_or(self))
    }
}

/// Runs a job to the end of its input.
pub fn run(one: &Benchmark, plan: Arc<Plan>, input: Input, workers: usize) -> Result<Ran, ModelError> {
    let tally = Arc::new(Tally::default());
    let settings = Settings { workers, ..Settings::default() };
    let start = Instant::now();
    let job = Job::new(plan).settings(settings).input(input).sink(tally.sink());
    let (summary, spent) = spent(|| job.run(Arc::new(AtomicBool::new(false))));
    let summary = summary.map_err(|error| broken(one, error))?;
    let time = start.elapsed();
    let counts = summary.counts;
    if counts.dead_letters + counts.quarantined + counts.late > 0 {
        return Err(broken(one, format!("not every record became an event: {counts}")));
    }
    Ok(Ran { alerts: tally.alerts(), hashes: tally.hashes.load(Ordering::Relaxed), time, spent })
}

/// Measures; with more than one worker, also one alone, on all cores and on one of them, and that their alerts are the same.
///
/// One worker has the threads of source and sink beside it, and is not bound to one core: what more *cores* bring is told by
/// the run on one.
pub fn measure(one: &Benchmark, events: &Events) -> Result<Report, ModelError> {
    let plan = Arc::new(plan(one)?);
    let path = places::scratch().join(format!("bench-{}.csv", std::process::id()));
    let log = Log::default();
    match one.definition.model {
        Model::Csv => format::write_csv(events, BufWriter::new(File::create(&path)?))?,
        _ => fill(&log, events)?,
    }
    let input = || match one.definition.model {
        Model::Csv => {
            let source = FileSource::new(StreamId(0), &plan.streams[0], std::slice::from_ref(&path), FileFormat::Csv);
            Input { decoder: source.decoder(), source: Box::new(source) }
        }
        _ => log_input(&log),
    };
    let (workers, in_order) = (one.definition.workers, events.in_order());
    let (mut ours, mut by_hand) = (Best::new(), Best::new());
    let (mut alone, mut on_one_core): (Option<Ran>, Option<Ran>) = (None, None);
    let mut least: Option<Ran> = None;
    let mut outcome = Ok(());
    for _ in 0..ROUNDS {
        by_hand.round(|| hand(one, in_order.as_ref().unwrap_or(events)))?;
        let ran = run(one, plan.clone(), input(), workers)?;
        (ours.count, ours.time) = (ran.alerts, ours.time.min(ran.time));
        if workers > 1 {
            let single = run(one, plan.clone(), input(), 1)?;
            let pinned = machine::on_one_core(|| run(one, plan.clone(), input(), 1))??;
            if [&single, &pinned].iter().any(|other| (other.alerts, other.hashes) != (ran.alerts, ran.hashes)) {
                outcome = Err(ModelError::Workers { name: one.name.clone(), workers });
            }
            (alone, on_one_core) = (single.or_better(alone), pinned.or_better(on_one_core));
        }
        least = ran.or_better(least);
        outcome = outcome.and(compare(one, ours.count, by_hand.count));
    }
    if one.definition.model == Model::Csv {
        std::fs::remove_file(&path)?;
    }
    outcome?;
    let mut report = Report::new(one.name.clone(), events.len(), ours.count, ours.time, Some(by_hand.time));
    report.workers = workers;
    if let (Some(alone), Some(on_one_core)) = (&alone, &on_one_core) {
        report = report
            .with("one_worker_events_per_s", events.len() as f64 / alone.time.as_secs_f64())
            .with("times_one_worker", alone.time.as_secs_f64() / ours.time.as_secs_f64())
            .with("times_one_core", on_one_core.time.as_secs_f64() / ours.time.as_secs_f64());
    }
    Ok(match (least, on_one_core) {
        (Some(ran), Some(one_core)) => core_time(report, &ran, &one_core, events.len()),
        (Some(ran), None) => ran.spent.tell(report, "", events.len()),
        _ => report,
    })
}

/// What there is to gain by the clock of a machine that nobody else uses: all processor time over all cores, but never less
/// than what one thread takes.
fn core_time(report: Report, ran: &Ran, one_core: &Ran, events: usize) -> Report {
    let (at_one, at_all) = (one_core.spent.all.as_secs_f64(), ran.spent.all.as_secs_f64());
    let at_best = (at_all / report.workers as f64).max(ran.spent.busiest().as_secs_f64());
    let report = report
        .with("times_one_core_by_core_time", at_one / at_best)
        .with("one_core_core_ns_per_event", at_one * 1e9 / events as f64);
    ran.spent.tell(report, "", events)
}

/// A source of the log's topic.
pub fn log_input(log: &Log) -> Input {
    let source = LogSource::new(log.clone(), "events", StreamId(0)).with_share(1_024);
    Input { source: Box::new(source), decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))) }
}

/// JSON records, by card over the partitions, as a topic that is keyed like the rules.
fn fill(log: &Log, events: &Events) -> Result<(), ModelError> {
    log.create_topic("events", PARTITIONS);
    let mut bytes = Vec::new();
    format::write_json(events, &mut bytes)?;
    for (row, line) in bytes.split(|byte| *byte == b'\n').take(events.len()).enumerate() {
        let partition = match events {
            Events::Tx(workload) => workload.events[row].card as usize % PARTITIONS,
            Events::Abc(_) => 0,
        };
        log.append("events", partition, LogRecord::of_value(line));
    }
    log.finish_topic("events");
    Ok(())
}
