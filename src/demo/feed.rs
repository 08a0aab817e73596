//! Writes the generated records into the in-process log, at a rate or as fast as it goes.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use tripline_connectors::log::{Log, LogRecord};

use super::STREAMS;
use super::generator::Generator;
use super::latency::Latency;

/// Partitions of each topic.
const PARTITIONS: usize = 2;
/// Records that are due within this time are written together.
const BURST: Duration = Duration::from_millis(1);

/// Makes the topics.
pub fn topics(log: &Log) {
    STREAMS.iter().for_each(|topic| log.create_topic(topic, PARTITIONS));
}

/// Writes all records, then ends the topics. `rate` is records a second, `None` as fast as it goes. Ends early when the
/// other side of `stopped` is gone. Returns the number of records.
pub fn write(
    log: &Log,
    generator: Generator,
    rate: Option<f64>,
    latency: &Arc<Latency>,
    stopped: &Receiver<()>,
) -> usize {
    let start_ns = latency.now_ns();
    let mut written = 0;
    for event in generator {
        let due_ns = match rate {
            Some(rate) => start_ns + (written as f64 / rate * 1e9) as u64,
            None => latency.now_ns(),
        };
        let ahead = Duration::from_nanos(due_ns.saturating_sub(latency.now_ns()));
        if ahead > BURST && stopped.recv_timeout(ahead) == Err(crossbeam_channel::RecvTimeoutError::Disconnected) {
            break;
        }
        let partition = event.key.bytes().fold(0, |sum: usize, byte| sum + usize::from(byte)) % PARTITIONS;
        latency.due(event.stream, partition as i32, due_ns);
        let record = LogRecord {
            timestamp_us: Some(event.at_us),
            key: Some(event.key.into_bytes()),
            value: Some(event.value.into_bytes()),
            headers: Vec::new(),
        };
        log.append(event.stream, partition, record);
        written += 1;
    }
    STREAMS.iter().for_each(|topic| log.finish_topic(topic));
    written
}
