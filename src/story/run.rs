//! Plays a story: its records into the in-process log, decoded and matched by the code that runs on live Kafka.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use tripline_connectors::json::{JsonDecoder, JsonRows};
use tripline_connectors::log::{Log, LogSource};
use tripline_connectors::terminal::alert_line;
use tripline_engine::alert::AlertState;
use tripline_engine::io::{AlertRecord, Cause, PartitionInfo, Polled, Record as Polling, Source, SourceError};
use tripline_engine::metrics::Counts;
use tripline_engine::runner::{Input, Job, Settings, TableInput};
use tripline_query_lang::plan::{Plan, StreamId, TableId};

use super::latency::Latency;
use super::sink::WatchedSink;
use super::{Story, StoryFault, Truth, feed};

/// How to play a story.
#[derive(Clone, Debug, Default)]
pub struct How {
    /// Another seed than the script's.
    pub seed: Option<u64>,
    /// Other values for the rules' params.
    pub params: Vec<(String, String)>,
    /// Workers, tick, commits.
    pub settings: Settings,
    /// At most so many records are read at once.
    pub batch: Option<usize>,
    /// About so many events, by more or less of ordinary life.
    pub events: Option<usize>,
    /// Events a second; `None` as fast as it goes.
    pub rate: Option<f64>,
}

/// What came of it.
pub struct Played {
    /// All alerts, in the total order.
    pub alerts: Vec<AlertRecord>,
    /// Against the truth.
    pub truth: Truth,
    /// What became of the records.
    pub counts: Counts,
    /// How long it took, from the first record to the last commit.
    pub took: Duration,
    /// Milliseconds from a record's being due to its alert's commit, at p50, p99 and p99.9.
    pub latency_ms: Option<Vec<f64>>,
    /// The run was told to stop before its end.
    pub stopped: bool,
}

impl Played {
    /// All that a run prints, without colour: the alerts, then how they compare with the truth, then the counts.
    pub fn shown(&self) -> String {
        let lines = self.alerts.iter().map(|alert| anstream::adapter::strip_str(&alert_line(alert)).to_string() + "\n");
        format!("{}\n{}", lines.collect::<String>(), self.figures())
    }

    /// How the alerts compare with the truth, and the counts.
    pub fn figures(&self) -> String {
        format!("{}{}\n", self.truth, self.counts)
    }
}

/// Plays a story to its end; `watch` sees each alert when it is committed.
pub fn play(
    story: &Story,
    how: How,
    stop: Arc<AtomicBool>,
    mut watch: impl FnMut(&AlertRecord) -> std::io::Result<()> + Send + 'static,
) -> Result<Played, StoryFault> {
    let mut script = story.read_script()?;
    if let Some(events) = how.events {
        script.scale(events);
    }
    let plan = story.plan(&how.params)?;
    let mut told = super::tell::tell(&story.name, &script, &plan, how.seed.unwrap_or(script.seed))?;
    let tellings = std::mem::take(&mut told.tellings);
    let log = Log::default();
    feed::prepare(&log, &script, &told);
    let rules: Vec<String> = plan.rules.iter().map(|rule| rule.name.clone()).collect();
    let (alerts, latency) = (Arc::<Mutex<Vec<AlertRecord>>>::default(), Arc::new(Latency::new()));
    let (kept, stopwatch) = (alerts.clone(), latency.clone());
    let sink = WatchedSink::new(move |alert| {
        if let Cause::Event { topic, partition, offset, .. } = &alert.position.cause {
            stopwatch.committed(topic, *partition, *offset);
        }
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(alert.clone());
        watch(alert)
    });
    let job = job(plan, &log, how.batch.unwrap_or(usize::MAX)).settings(how.settings).sink(Box::new(sink));
    let (running, stopped) = bounded(0);
    let start = Instant::now();
    let summary = std::thread::scope(|scope| {
        scope.spawn(|| feed::write(&log, &script, told, how.rate, &latency, &stopped));
        let summary = job.run(stop);
        drop(running);
        summary
    })?;
    let took = start.elapsed();
    let mut alerts = std::mem::take(&mut *alerts.lock().unwrap_or_else(PoisonError::into_inner));
    alerts.sort_by(|a, b| a.position.cmp(&b.position));
    let rule_and_key = |alert: &AlertRecord| (alert.rule.clone(), String::from_utf8_lossy(&alert.key).into_owned());
    let heard: Vec<(String, String)> = alerts.iter().filter(|alert| is_first(alert)).map(rule_and_key).collect();
    Ok(Played {
        truth: Truth::new(&script, &tellings, &rules, &heard),
        alerts,
        counts: summary.counts,
        took,
        latency_ms: latency.percentiles_ms(&[50.0, 99.0, 99.9]),
        stopped: !summary.finished,
    })
}

/// The plan with the log as the source of all that it reads.
fn job(plan: Plan, log: &Log, most: usize) -> Job {
    let source = |name: &str, stream: u32| Sips { source: LogSource::new(log.clone(), name, StreamId(stream)), most };
    let streams = plan.streams.iter().enumerate().zip(plan.streams_read()).filter(|(_, read)| *read);
    let inputs: Vec<Input> = streams
        .map(|((id, stream), _)| Input {
            source: Box::new(source(&stream.name, id as u32)),
            decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))),
        })
        .collect();
    let tables = plan.tables.iter().enumerate().zip(plan.tables_needed()).filter(|(_, needed)| *needed);
    let tables: Vec<TableInput> = tables
        .map(|((id, table), _)| TableInput {
            table: TableId(id as u32),
            source: Box::new(source(&table.name, u32::MAX)),
            decoder: Box::new(JsonRows::new(table)),
        })
        .collect();
    let job = inputs.into_iter().fold(Job::new(plan), Job::input);
    tables.into_iter().fold(job, Job::table)
}

/// Whether it is the first alert of its id: one that is repeated or resolved says nothing new.
fn is_first(alert: &AlertRecord) -> bool {
    #[derive(serde::Deserialize)]
    struct Body {
        state: String,
    }
    serde_json::from_slice(&alert.body).is_ok_and(|body: Body| body.state == AlertState::Firing.as_str())
}

/// A source that is read in sips.
struct Sips {
    source: LogSource,
    most: usize,
}

impl Source for Sips {
    fn stream(&self) -> StreamId {
        self.source.stream()
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        self.source.open()
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        self.source.seek(offsets)
    }

    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Polling<'_>)) -> Result<Polled, SourceError> {
        self.source.poll(max.min(self.most), wait, visit)
    }

    fn is_read(&self) -> bool {
        self.source.is_read()
    }
}
