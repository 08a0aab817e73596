//! A real broker to alerts in a topic of it: beside a client that does nothing but count the same messages, and the
//! latency at fixed rates and at half the speed that was reached, from the moment at which an event was meant to be written to
//! the moment at which a reader of committed records has its alert; beside it the same by a program that does nothing but pass
//! records on in transactions, which is what the broker and its clients take in any case.

mod broker;
mod relay;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use tripline::config::{SystemEnvironment, read};
use tripline::connectors::kafka::{KafkaClient, KafkaSource};
use tripline::engine::io::{Polled, Source};
use tripline::engine::runner::{Job, Notice};
use tripline::query_lang::plan::StreamId;
use tripline::wiring::{Surroundings, job};

use self::broker::Broker;
use super::latency::{histogram, percentiles};
use super::{ModelError, broken, compare, hand, plan};
use crate::definition::Benchmark;
use crate::input::{Events, format};
use crate::memory;
use crate::report::Report;
use crate::threads::{Spent, spent};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rounds of the bare client and of the engine, in turn, the better of each: the first finds a broker that is cold.
const ROUNDS: usize = 4;
/// How long the writer rests when it is ahead of its rate: it must not take a core of its own.
const REST: Duration = Duration::from_micros(500);
/// How long a run at a fixed rate lasts.
const LIVE: Duration = Duration::from_secs(5);
/// The rates, events a second; besides half of the speed that was reached, at which the writer alone may need more than the
/// machine has.
const RATES: [(&str, f64); 2] = [("live_20k", 20_000.0), ("live_200k", 200_000.0)];
/// How long nothing comes before it.
const QUIET: Duration = Duration::from_secs(2);

/// Measures speed, then latency at half of it.
pub fn measure(one: &Benchmark, events: &Events) -> Result<Report, ModelError> {
    let broker = Broker::start()?;
    let lines = lines(events)?;
    let producer: BaseProducer = broker
        .config()
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", "1000000")
        // A record that is sent again must not stand twice, or behind later ones.
        .set("enable.idempotence", "true")
        .create()
        .map_err(|error| broken(one, error))?;
    lines.iter().try_for_each(|line| write(&producer, "events", line)).map_err(|error| broken(one, error))?;
    producer.flush(PATIENCE).map_err(|error| broken(one, error))?;

    let by_hand_start = Instant::now();
    let expected = hand(one, events)?;
    let by_hand = by_hand_start.elapsed();
    let (mut bare_time, mut time, mut alerts) = (Duration::MAX, Duration::MAX, 0);
    let (mut bare_spent, mut run_spent) = (Spent::default(), Spent::default());
    for round in 0..ROUNDS {
        let (bare_took, of_bare) = bare(&broker, lines.len()).map_err(|error| broken(one, error))?;
        let (found, took, of_run) = speed(one, &broker, &format!("speed-{round}"), lines.len() as u64)?;
        bare_time = bare_time.min(bare_took);
        (bare_spent, run_spent) = (bare_spent.or_less(of_bare), run_spent.or_less(of_run));
        compare(one, found, expected)?;
        (alerts, time) = (found, time.min(took));
    }

    let per_s = events.len() as f64 / time.as_secs_f64();
    let bare_per_s = events.len() as f64 / bare_time.as_secs_f64();
    let mut report = Report::new(one.name.clone(), events.len(), alerts, time, Some(by_hand))
        .with("bare_client_events_per_s", bare_per_s)
        .with("of_bare_client", per_s / bare_per_s)
        .with("live_events_per_s", per_s / 2.0);
    report = bare_spent.tell(report, "bare_client_", events.len());
    report = run_spent.tell(report, "", events.len());
    for (name, rate) in RATES.into_iter().chain([("live", per_s / 2.0)]) {
        let engine = |name: &str, events: &str| start(one, &broker, name, events);
        let (quiet_share, latency) = live(one, (&broker, &producer), &lines, (name, rate), engine)?;
        report = percentiles(report, &format!("{name}_alert"), &latency).with("quiet_core_share", quiet_share);
    }
    let every = lines.len() / usize::try_from(alerts.max(1)).unwrap_or(1);
    let lean =
        |name: &str, from: &str| relay::start(&broker, from, &alerts_of(name), every).map_err(|why| broken(one, why));
    let (name, rate) = (format!("{}_floor", RATES[0].0), RATES[0].1);
    let (_, latency) = live(one, (&broker, &producer), &lines, (&name, rate), lean)?;
    report = percentiles(report, &name, &latency);
    Ok(report)
}

/// The events as JSON, and one more, a day later and of no rule's interest, that lets time pass.
fn lines(events: &Events) -> Result<Vec<Vec<u8>>, ModelError> {
    let mut bytes = Vec::new();
    format::write_json(events, &mut bytes)?;
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').take(events.len()).map(<[u8]>::to_vec).collect();
    let later = events.at_ms(events.len() - 1) + 86_400_000;
    let last = format!(
        r#"{{"id":0,"ts":{later},"card":"none","amount":0.00,"merchant":"none","country":"AA","kind":"login","ok":true}}"#
    );
    lines.push(last.into_bytes());
    Ok(lines)
}

/// Queues a record, waiting for room.
fn write(producer: &BaseProducer, topic: &str, line: &[u8]) -> Result<(), KafkaError> {
    let mut record = BaseRecord::<(), [u8]>::to(topic).partition(0).payload(line);
    while let Err((error, unsent)) = producer.send(record) {
        if error.rdkafka_error_code() != Some(rdkafka::types::RDKafkaErrorCode::QueueFull) {
            return Err(error);
        }
        record = unsent;
        producer.poll(Duration::from_millis(5));
    }
    Ok(())
}

/// The time in which a client with our settings counts so many messages, from the first on, and what it takes of the cores.
fn bare(broker: &Broker, records: usize) -> Result<(Duration, Spent), String> {
    let mut source = bare_source(broker, "events")?;
    let mut counted = 0;
    let mut count = |until: usize| {
        while counted < until {
            let polled = source.poll(4_096, Duration::from_millis(100), &mut |record| {
                std::hint::black_box(record.value.map(<[u8]>::len));
            });
            if let Polled::Records(number) = polled.map_err(|error| error.to_string())? {
                counted += number;
            }
        }
        Ok::<(), String>(())
    };
    count(1)?;
    let start = Instant::now();
    let (done, spent) = spent(|| count(records));
    done.map(|()| (start.elapsed(), spent))
}

/// A client with our settings, at the beginning of a topic of one partition.
fn bare_source(broker: &Broker, topic: &str) -> Result<KafkaSource, String> {
    let settings = BTreeMap::from([("bootstrap.servers".to_owned(), broker.address())]);
    let mut source = KafkaSource::new(&KafkaClient::new(settings)?, StreamId(0), topic);
    source.open().map_err(|error| error.to_string())?;
    source.seek(&[None]).map_err(|error| error.to_string())?;
    Ok(source)
}

/// A run of the whole program, in a thread.
struct Running {
    stop: Arc<AtomicBool>,
    read: Arc<dyn Fn() -> (u64, u64) + Send + Sync>,
    ended: Receiver<Result<(), String>>,
}

impl Running {
    /// Waits until so many records have been read; says how long that took, or why it does not come to it.
    fn wait(&self, records: u64, between: Duration) -> Result<Duration, String> {
        let start = Instant::now();
        while (self.read)().0 < records {
            match self.ended.recv_timeout(between) {
                Ok(early) => return Err(format!("the job ended by itself: {early:?}")),
                Err(RecvTimeoutError::Disconnected) => return Err("the job's thread panicked".to_owned()),
                Err(RecvTimeoutError::Timeout) if start.elapsed() > PATIENCE => {
                    return Err(format!("{} of {records} records were read in {PATIENCE:?}", (self.read)().0));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        Ok(start.elapsed())
    }

    fn end(self) -> Result<(), String> {
        self.stop.store(true, Ordering::Relaxed);
        self.ended.recv().map_err(|_| "the job's thread panicked".to_owned())?
    }
}

/// With the default settings.
fn start(one: &Benchmark, broker: &Broker, name: &str, events: &str) -> Result<Running, ModelError> {
    let text = format!(
        "[kafka.local]\n\"bootstrap.servers\" = \"{}\"\n[source.tx]\nkafka = \"local\"\ntopic = \"{}\"\n\
         [sink.alerts]\nkafka = \"local\"\ntopic = \"{}\"\n[engine]\nname = \"{name}\"\n",
        broker.address(),
        events,
        alerts_of(name),
    );
    let config = read("bench.toml", &text, Path::new("."), &SystemEnvironment, &|_| None);
    let config = config.map_err(|error| broken(one, error))?;
    let stop = Arc::new(AtomicBool::new(false));
    let around = Surroundings { notice: Arc::new(|text| eprintln!("{text}")), stop: stop.clone() };
    let job = job(plan(one)?, &config, &around).map_err(|faults| broken(one, format!("{faults:?}")))?;
    let metrics = job.metrics();
    let read = Arc::new(move || {
        let total = metrics.total();
        (total.read, total.alerts)
    });
    let job = job.observe(|notice| {
        if !matches!(notice, Notice::Started { .. }) {
            eprintln!("{notice}");
        }
    });
    let told = stop.clone();
    let (done, ended) = channel();
    let supervisor = std::thread::Builder::new().name("supervisor".to_owned());
    supervisor.spawn(move || done.send(ran(job, told)))?;
    Ok(Running { stop, read, ended })
}

fn ran(job: Job, stop: Arc<AtomicBool>) -> Result<(), String> {
    let counts = job.run(stop).map_err(|error| error.to_string())?.counts;
    let lost = counts.dead_letters + counts.quarantined + counts.late > 0;
    if lost { Err(format!("not every record became an event: {counts}")) } else { Ok(()) }
}

fn alerts_of(run: &str) -> String {
    format!("{run}-alerts")
}

/// Alerts, and the time from the first record that was read to the last, and what it takes of the cores.
fn speed(one: &Benchmark, broker: &Broker, name: &str, records: u64) -> Result<(u64, Duration, Spent), ModelError> {
    make_topic(broker, &alerts_of(name)).map_err(|error| broken(one, error))?;
    let running = start(one, broker, name, "events")?;
    running.wait(1, Duration::from_micros(200)).map_err(|error| broken(one, error))?;
    let (time, spent) = spent(|| running.wait(records, Duration::from_millis(1)));
    let time = time.map_err(|error| broken(one, error))?;
    let metrics = running.read.clone();
    // What was read is committed on the way out.
    running.end().map_err(|error| broken(one, error))?;
    let (_, alerts) = metrics();
    Ok((alerts, time, spent))
}

/// A topic comes about when something is written to it, or asked of it.
fn make_topic(broker: &Broker, name: &str) -> Result<(), String> {
    let consumer: BaseConsumer =
        broker.config().set("allow.auto.create.topics", "true").create().map_err(|e| e.to_string())?;
    let start = Instant::now();
    loop {
        let metadata = consumer.fetch_metadata(Some(name), Duration::from_secs(1));
        let is_there = |m: rdkafka::metadata::Metadata| {
            m.topics().iter().any(|t| t.error().is_none() && !t.partitions().is_empty())
        };
        if metadata.is_ok_and(is_there) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("topic {name} cannot be made"));
        }
    }
}

/// Writes nothing for a while, for the share of a core that this takes (reader and writer included); then events at a rate,
/// and notes for each alert how long after its event's moment a reader has it.
fn live(
    one: &Benchmark,
    (broker, producer): (&Broker, &BaseProducer),
    lines: &[Vec<u8>],
    (name, rate): (&str, f64),
    start: impl Fn(&str, &str) -> Result<Running, ModelError>,
) -> Result<(f64, hdrhistogram::Histogram<u64>), ModelError> {
    let failed = |error: String| broken(one, error);
    let topic = format!("{name}-events");
    make_topic(broker, &topic).map_err(failed)?;
    make_topic(broker, &alerts_of(name)).map_err(failed)?;
    let running = start(name, &topic)?;
    // The first record says that the pipeline stands; it has the first event's time, and is of no rule's interest.
    let first = String::from_utf8_lossy(&lines[0]).into_owned();
    let number = |name: &str| {
        first.split(&format!("\"{name}\":")).nth(1).and_then(|rest| rest.split(',').next()).map(str::to_owned)
    };
    let ts = number("ts").unwrap_or_default();
    let hello = format!(
        r#"{{"id":0,"ts":{ts},"card":"none","amount":0.00,"merchant":"none","country":"AA","kind":"login","ok":true}}"#
    );
    write(producer, &topic, hello.as_bytes()).map_err(|error| failed(error.to_string()))?;
    producer.flush(PATIENCE).map_err(|error| failed(error.to_string()))?;
    running.wait(1, Duration::from_millis(1)).map_err(failed)?;
    let count = ((rate * LIVE.as_secs_f64()) as usize).min(lines.len() - 1);
    let ns_between = 1e9 / rate;
    let consumer = at_end(broker, &alerts_of(name)).map_err(failed)?;
    // Nothing ever comes here.
    let (_alive, rest) = channel::<()>();
    let before = memory::processor_time();
    let _ = rest.recv_timeout(QUIET);
    let quiet_share = (memory::processor_time() - before).as_secs_f64() / QUIET.as_secs_f64();
    let began = Instant::now();
    let reader = reader(consumer, began, ns_between);
    for (row, line) in lines[..count].iter().enumerate() {
        let intended = Duration::from_nanos((row as f64 * ns_between) as u64);
        while began.elapsed() < intended {
            producer.poll(Duration::ZERO);
            let _ = rest.recv_timeout(REST);
        }
        write(producer, &topic, line).map_err(|error| failed(error.to_string()))?;
    }
    producer.flush(PATIENCE).map_err(|error| failed(error.to_string()))?;
    running.wait(count as u64, Duration::from_millis(5)).map_err(failed)?;
    running.end().map_err(failed)?;
    Ok((quiet_share, reader.end().map_err(failed)?))
}

/// Reads alerts in a thread.
struct Reader {
    stop: Arc<AtomicBool>,
    seen: Arc<AtomicU64>,
    thread: JoinHandle<Result<hdrhistogram::Histogram<u64>, String>>,
}

impl Reader {
    fn end(self) -> Result<hdrhistogram::Histogram<u64>, String> {
        self.stop.store(true, Ordering::Relaxed);
        let found = self.thread.join().map_err(|_| "the reader's thread panicked".to_owned())??;
        if self.seen.load(Ordering::Relaxed) == 0 {
            Err("no alert came while events arrived".to_owned())
        } else {
            Ok(found)
        }
    }
}

/// A reader of committed records that has come to the end of a topic.
fn at_end(broker: &Broker, topic: &str) -> Result<BaseConsumer, String> {
    let mut config = broker.config();
    config.set("group.id", "reader").set("isolation.level", "read_committed").set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().map_err(|error| error.to_string())?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).map_err(|error| error.to_string())?;
    consumer.assign(&list).map_err(|error| error.to_string())?;
    match consumer.poll(PATIENCE) {
        Some(Err(KafkaError::PartitionEOF(_))) => Ok(consumer),
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(_)) => Err(format!("{topic} is not empty")),
        None => Err(format!("{topic} cannot be read")),
    }
}

fn reader(consumer: BaseConsumer, began: Instant, ns_between: f64) -> Reader {
    let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (told, counted) = (stop.clone(), seen.clone());
    let thread = std::thread::spawn(move || {
        let mut found = histogram();
        while !told.load(Ordering::Relaxed) {
            let Some(message) = consumer.poll(Duration::from_millis(20)) else { continue };
            let message = match message {
                Err(KafkaError::PartitionEOF(_)) => continue,
                other => other.map_err(|error| error.to_string())?,
            };
            // The greeting stands before the events.
            let Some(row) = message.payload().and_then(last_offset).and_then(|offset| offset.checked_sub(1)) else {
                continue;
            };
            let intended = Duration::from_nanos((row as f64 * ns_between) as u64);
            found.saturating_record(began.elapsed().saturating_sub(intended).as_nanos() as u64);
            counted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(found)
    });
    Reader { stop, seen, thread }
}

/// The offset of the last event that an alert rests on.
fn last_offset(alert: &[u8]) -> Option<u64> {
    let alert: serde_json::Value = serde_json::from_slice(alert).ok()?;
    alert.get("evidence")?.as_array()?.last()?.get("offset")?.as_u64()
}
