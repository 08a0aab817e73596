//! The least that can stand between a topic and a topic of alerts: a client that counts, and passes every so manieth record on, in
//! a transaction of its own, committed at once. What it takes is the broker's and the clients' own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tripline::engine::io::{Polled, Source};

use super::broker::Broker;
use super::{PATIENCE, Running, bare_source};

/// How long answers are waited for at a time.
const ANSWERS_EVERY: Duration = Duration::from_millis(1);

/// Starts one.
pub fn start(broker: &Broker, from: &str, to: &str, every: usize) -> Result<Running, String> {
    let mut config = broker.config();
    config.set("transactional.id", to).set("linger.ms", "0");
    let producer: BaseProducer = config.create().map_err(|error| error.to_string())?;
    producer.init_transactions(PATIENCE).map_err(|error| error.to_string())?;
    let mut source = bare_source(broker, from)?;
    let (stop, counted, passed) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (told, read, to) = (stop.clone(), (counted.clone(), passed.clone()), to.to_owned());
    let (done, ended) = channel();
    let mut work = move || {
        while !told.load(Ordering::Relaxed) {
            let mut due = Vec::new();
            let polled = source.poll(8_192, Duration::from_millis(100), &mut |record| {
                if record.offset % every as i64 == every as i64 - 1 {
                    due.push(record.offset);
                }
            });
            let Polled::Records(number) = polled.map_err(|error| error.to_string())? else { break };
            if !due.is_empty() {
                pass_on(&producer, &to, &due).map_err(|error| error.to_string())?;
                passed.fetch_add(due.len() as u64, Ordering::Relaxed);
            }
            counted.fetch_add(number as u64, Ordering::Relaxed);
        }
        Ok(())
    };
    std::thread::spawn(move || done.send(work()));
    let (counted, passed) = read;
    let read = Arc::new(move || (counted.load(Ordering::Relaxed), passed.load(Ordering::Relaxed)));
    Ok(Running { stop, read, ended })
}

/// Alerts of as many words as the reader needs.
fn pass_on(producer: &BaseProducer, to: &str, offsets: &[i64]) -> Result<(), rdkafka::error::KafkaError> {
    producer.begin_transaction()?;
    for offset in offsets {
        let alert = format!(r#"{{"evidence":[{{"offset":{offset}}}]}}"#);
        let record = BaseRecord::<(), str>::to(to).partition(0).payload(&alert);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    // The client's own flush, a part of its commit, would look for answers ten times a second.
    while producer.in_flight_count() > 0 {
        producer.poll(ANSWERS_EVERY);
    }
    producer.commit_transaction(PATIENCE)
}
