//! Plays a story: its records into the in-process log, decoded and matched by the code that runs on live Kafka.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tripline_connectors::json::{JsonDecoder, JsonRows};
use tripline_connectors::log::{Log, LogRecord, LogSource};
use tripline_connectors::terminal::alert_line;
use tripline_engine::alert::AlertState;
use tripline_engine::io::{AlertRecord, PartitionInfo, Polled, Record as Polling, Source, SourceError};
use tripline_engine::metrics::Counts;
use tripline_engine::runner::{Input, Job, Settings, TableInput, streams_read, tables_needed};
use tripline_query_lang::plan::{Plan, StreamId, TableId};

use super::script::Script;
use super::{Record, Story, StoryFault, Told, Truth};
use crate::demo::sink::WatchedSink;

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
}

/// What came of it.
pub struct Played {
    /// All alerts, in the total order.
    pub alerts: Vec<AlertRecord>,
    /// Against the truth.
    pub truth: Truth,
    /// What became of the records.
    pub counts: Counts,
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
    let script = story.read_script()?;
    let plan = story.plan(&how.params)?;
    let told = super::tell::tell(&story.name, &script, &plan, how.seed.unwrap_or(script.seed))?;
    let log = log_of(&script, &told);
    let rules: Vec<String> = plan.rules.iter().map(|rule| rule.name.clone()).collect();
    let alerts: Arc<Mutex<Vec<AlertRecord>>> = Arc::default();
    let kept = alerts.clone();
    let sink = WatchedSink::new(move |alert| {
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(alert.clone());
        watch(alert)
    });
    let job = job(plan, &log, how.batch.unwrap_or(usize::MAX)).settings(how.settings).sink(Box::new(sink));
    let summary = job.run(stop)?;
    let mut alerts = std::mem::take(&mut *alerts.lock().unwrap_or_else(PoisonError::into_inner));
    alerts.sort_by(|a, b| a.position.cmp(&b.position));
    let rule_and_key = |alert: &AlertRecord| (alert.rule.clone(), String::from_utf8_lossy(&alert.key).into_owned());
    let heard: Vec<(String, String)> = alerts.iter().filter(|alert| is_first(alert)).map(rule_and_key).collect();
    let truth = Truth::new(&script, &told.tellings, &rules, &heard);
    Ok(Played { alerts, truth, counts: summary.counts, stopped: !summary.finished })
}

/// A log with everything that was told in it, each topic at its end.
fn log_of(script: &Script, told: &Told) -> Log {
    let log = Log::default();
    for (name, topic) in &script.stream {
        log.create_topic(name, topic.partitions);
    }
    told.rows.keys().for_each(|name| log.create_topic(name, 1));
    for (name, rows) in &told.rows {
        for row in rows {
            let row = LogRecord::of_value(row.clone().into_bytes());
            log.append(name, 0, LogRecord { timestamp_us: Some(told.start_us), ..row });
        }
    }
    told.records.iter().for_each(|record| append(&log, record));
    script.stream.keys().chain(told.rows.keys()).for_each(|name| log.finish_topic(name));
    log
}

/// The plan with the log as the source of all that it reads.
fn job(plan: Plan, log: &Log, most: usize) -> Job {
    let source = |name: &str, stream: u32| Sips { source: LogSource::new(log.clone(), name, StreamId(stream)), most };
    let streams = plan.streams.iter().enumerate().zip(streams_read(&plan)).filter(|(_, read)| *read);
    let inputs: Vec<Input> = streams
        .map(|((id, stream), _)| Input {
            source: Box::new(source(&stream.name, id as u32)),
            decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))),
        })
        .collect();
    let tables = plan.tables.iter().enumerate().zip(tables_needed(&plan)).filter(|(_, needed)| *needed);
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

fn append(log: &Log, record: &Record) {
    let written = LogRecord {
        timestamp_us: Some(record.arrives_us),
        key: Some(record.key.clone().into_bytes()),
        value: Some(record.json.clone().into_bytes()),
        headers: Vec::new(),
    };
    log.append(&record.stream, record.partition, written);
}
