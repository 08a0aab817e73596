//! The whole runner over the in-process log: threads, workers, transactions. Its alerts are the reference's.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tripline::connectors::json::{JsonDecoder, JsonRows};
use tripline::connectors::log::{Log, LogRecord, LogSink, LogSource, LogTopics};
use tripline::engine::io::Decoder;
use tripline::engine::runner::{Input, Job, Settings, TableInput};
use tripline::query_lang::plan::{Plan, Stream, StreamId, TableId};

use crate::run::{Record, TableRow, topic};

/// The bodies of all committed alerts, in order.
pub fn alerts(
    plan: &Arc<Plan>,
    (records, rows): (&[Record], &[TableRow]),
    workers: usize,
    share: usize,
) -> Result<Vec<String>, String> {
    let log = Log::default();
    LogTopics::create(&log, 1);
    let streams = plan.streams.len() as u32;
    (0..streams).for_each(|stream| log.create_topic(&topic(stream), 2));
    for record in records {
        let new = LogRecord {
            timestamp_us: Some(record.timestamp_ms * 1000),
            ..LogRecord::of_value(record.json.as_bytes().to_vec())
        };
        log.append(&topic(record.stream), record.partition as usize, new).ok_or("no such partition")?;
    }
    (0..streams).for_each(|stream| log.finish_topic(&topic(stream)));
    log.create_topic("owners", 2);
    for row in rows {
        let key: serde_json::Value = serde_json::from_str(&row.json).map_err(|e| e.to_string())?;
        let new = LogRecord {
            timestamp_us: row.at_us,
            key: key["id"].as_str().map(|id| id.as_bytes().to_vec()),
            value: (!row.gone).then(|| row.json.as_bytes().to_vec()),
            headers: Vec::new(),
        };
        log.append("owners", row.partition as usize, new).ok_or("no such partition")?;
    }
    let topics = LogTopics { alerts: "alerts".into(), progress: "progress".into(), dead_letters: None, late: None };
    let mut job = Job::new(plan.clone()).settings(Settings { workers, ..Settings::default() });
    for stream in 0..streams {
        let source = LogSource::new(log.clone(), &topic(stream), StreamId(stream)).with_share(share);
        job = job.input(Input { source: Box::new(source), decoder: Box::new(decoder) });
    }
    let source = LogSource::new(log.clone(), "owners", StreamId(u32::MAX)).with_share(share);
    let decoder = Box::new(JsonRows::new(&plan.tables[0]));
    job = job.table(TableInput { table: TableId(0), source: Box::new(source), decoder });
    job = job.sink(Box::new(LogSink::new(log.clone(), topics, "properties", 0)));
    job.run(Arc::new(AtomicBool::new(false))).map_err(|e| e.to_string())?;
    let body =
        |record: &Arc<LogRecord>| String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
    Ok(log.read_all("alerts").iter().map(body).collect())
}

fn decoder(stream: &Stream, _needed: &[bool]) -> Box<dyn Decoder> {
    Box::new(JsonDecoder::new(stream))
}
