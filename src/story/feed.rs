//! Writes what was told into the in-process log: tables at once, events at a rate or as fast as it goes.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tripline_connectors::log::{Log, LogRecord};

use super::latency::Latency;
use super::script::Script;
use super::tell::Told;

/// Records that are due within this time are written together.
const BURST: Duration = Duration::from_millis(1);

/// Makes the topics, and writes the rows of the tables.
pub fn prepare(log: &Log, script: &Script, told: &Told) {
    for (name, topic) in &script.stream {
        log.create_topic(name, topic.partitions);
    }
    for (name, rows) in &told.rows {
        log.create_topic(name, 1);
        for row in rows {
            let row = LogRecord::of_value(row.clone().into_bytes());
            log.append(name, 0, LogRecord { timestamp_us: Some(told.start_us), ..row });
        }
        log.finish_topic(name);
    }
}

/// Writes all events, then ends their topics. `rate` is events a second, `None` as fast as it goes. Ends early when the other
/// side of `stopped` is gone.
pub fn write(log: &Log, script: &Script, told: Told, rate: Option<f64>, latency: &Latency, stopped: &Receiver<()>) {
    let start_ns = latency.now_ns();
    for (number, record) in told.records.into_iter().enumerate() {
        let due_ns = match rate {
            Some(rate) => start_ns + (number as f64 / rate * 1e9) as u64,
            None => latency.now_ns(),
        };
        let ahead = Duration::from_nanos(due_ns.saturating_sub(latency.now_ns()));
        if ahead > BURST && stopped.recv_timeout(ahead) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        latency.due(&record.stream, record.partition as i32, due_ns);
        let written = LogRecord {
            timestamp_us: Some(record.arrives_us),
            key: Some(record.key.into_bytes()),
            value: Some(record.json.into_bytes()),
            headers: Vec::new(),
        };
        log.append(&record.stream, record.partition, written);
    }
    script.stream.keys().for_each(|name| log.finish_topic(name));
}
