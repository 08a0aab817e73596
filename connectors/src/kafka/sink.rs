//! One sink shard: alerts, side records and the progress record in one Kafka transaction.
//!
//! The way out of every failure is the same: the producer is dropped, a new one of the same transactional id fences whatever
//! the old one had under way, and then the progress topic says what is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use tripline_engine::io::{AlertRecord, CommitError, Progress, SideKind, SideRecord, SinkError, TransactionalSink};

use super::client::{KafkaClient, Trouble, listen};
use super::headers;
use super::progress::{ProgressTopic, REQUEST_TIMEOUT, encode};
use super::talk::Talk;
use super::topics::describe;

/// How long fencing or a commit may take before its outcome counts as unknown.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a full queue is waited for at a time.
const ROOM_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a topic may be unknown, in attempts: metadata of a new one spreads slowly.
const UNKNOWN_ATTEMPTS: u32 = 10;

/// The largest record, headers included, unless `message.max.bytes` is set: librdkafka's default.
const RECORD_BYTES_MAX: usize = 1_000_000;

/// What goes to which topic.
#[derive(Clone, Debug, Default)]
pub struct KafkaPlaces {
    /// Alerts of rules that name no sink; `None`: nowhere.
    pub alerts: Option<String>,
    /// Alerts of rules that name this sink.
    pub named: BTreeMap<String, String>,
    /// Undecodable records.
    pub dead_letters: Option<String>,
    /// Late and quarantined events.
    pub late: Option<String>,
}

/// The sink.
pub struct KafkaSink {
    client: KafkaClient,
    /// The deployment's name.
    name: String,
    places: KafkaPlaces,
    progress: ProgressTopic,
    record_bytes_max: usize,
    producer: Option<ThreadedProducer<Talk>>,
    checked: bool,
}

impl KafkaSink {
    /// Shard `shard` of `shards` of the deployment `name`: its transactional id is `name-shard`, its progress is kept in the
    /// topic `name-progress`.
    pub fn new(client: &KafkaClient, name: &str, shard: (u32, u32), places: KafkaPlaces) -> Self {
        KafkaSink {
            client: client.clone(),
            name: name.to_owned(),
            places,
            progress: ProgressTopic { name: format!("{name}-progress"), shard: shard.0, shards: shard.1 },
            record_bytes_max: client.number("message.max.bytes").unwrap_or(RECORD_BYTES_MAX),
            producer: None,
            checked: false,
        }
    }

    /// Topics of the user must be there; the progress topic is made.
    fn check(&mut self) -> Result<(), Trouble> {
        if self.checked {
            return Ok(());
        }
        let consumer = self.client.consumer(&[])?;
        let KafkaPlaces { alerts, named, dead_letters, late } = &self.places;
        let topics: BTreeSet<&String> = alerts.iter().chain(named.values()).chain(dead_letters).chain(late).collect();
        topics.into_iter().try_for_each(|topic| self.exists(&consumer, topic))?;
        self.progress.ensure(&self.client, &consumer)?;
        self.checked = true;
        Ok(())
    }

    fn exists(&self, consumer: &BaseConsumer<Talk>, topic: &str) -> Result<(), Trouble> {
        let address = self.client.address();
        for _ in 0..UNKNOWN_ATTEMPTS {
            match describe(consumer.client(), topic, REQUEST_TIMEOUT) {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => listen(consumer, Duration::from_millis(300)),
                Err(why) => {
                    return Err(self.client.trouble_of(consumer, &format!("look at topic `{topic}`"), &why));
                }
            }
        }
        Err(Trouble::Configuration(format!(
            "there is no topic `{topic}` at {address}: it must be made before it is written"
        )))
    }

    fn fence(&mut self) -> Result<ThreadedProducer<Talk>, SinkError> {
        let producer = self.client.producer(&format!("{}-{}", self.name, self.progress.shard))?;
        match producer.init_transactions(TRANSACTION_TIMEOUT) {
            Ok(()) => Ok(producer),
            Err(error) => {
                let talk = producer.context_of_client();
                Err(match error.rdkafka_error_code() {
                    Some(code) if is_fenced(code) => {
                        SinkError::Retry(format!("another process is taking over: {error}"))
                    }
                    Some(
                        RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                        | RDKafkaErrorCode::ClusterAuthorizationFailed
                        | RDKafkaErrorCode::InvalidTransactionTimeout,
                    ) => SinkError::Configuration(format!("no transactions at {}: {error}", self.client.address())),
                    _ => self.client.trouble(talk, "begin transactions", &error.to_string()).into(),
                })
            }
        }
    }

    fn told<T>(&self, result: Result<T, SinkError>) -> Result<T, SinkError> {
        if let Err(SinkError::Retry(why)) = &result {
            self.client.tell(&format!("{why}; trying again"));
        }
        result
    }

    fn producer(&self) -> Result<&ThreadedProducer<Talk>, SinkError> {
        self.producer.as_ref().ok_or_else(|| SinkError::Retry("the sink has not recovered".to_owned()))
    }

    /// Queues a record, waiting for room.
    fn send(
        &self,
        topic: &str,
        partition: Option<i32>,
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        headers: Option<OwnedHeaders>,
    ) -> Result<(), SinkError> {
        let producer = self.producer()?;
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        (record.key, record.payload, record.partition, record.headers) = (key, value, partition, headers);
        loop {
            record = match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), unsent)) => unsent,
                Err((error, _)) => return Err(self.failed(&error)),
            };
            // Delivered or not, a time-out here is no error: a broker that is away shows at the commit.
            let _ = producer.flush(ROOM_TIMEOUT);
            if self.client.is_stopped() && producer.context_of_client().cause().is_some() {
                return Err(SinkError::Retry(format!("no broker takes records at {}", self.client.address())));
            }
        }
    }

    /// What an error of the transaction means.
    fn failed(&self, error: &KafkaError) -> SinkError {
        let undelivered = self.producer.as_ref().and_then(|producer| producer.context_of_client().take_undelivered());
        let code = error.rdkafka_error_code();
        let size = |code| code == RDKafkaErrorCode::MessageSizeTooLarge;
        match (code, undelivered) {
            (Some(code), _) if is_fenced(code) => SinkError::Fenced(format!(
                "a younger process with the transactional id `{}-{}` has taken over: this one ends",
                self.name, self.progress.shard
            )),
            (_, Some((code, what))) if size(code) => {
                SinkError::Failed(format!("a record is too large {what}; raise `max.message.bytes` of the topic"))
            }
            (Some(code), _) if size(code) => {
                SinkError::Failed(format!("a record is too large: {error}; raise `message.max.bytes` of the client"))
            }
            (Some(RDKafkaErrorCode::TopicAuthorizationFailed), _) => {
                SinkError::Configuration(format!("a topic at {} may not be written: {error}", self.client.address()))
            }
            (_, Some((RDKafkaErrorCode::TopicAuthorizationFailed, what))) => {
                SinkError::Configuration(format!("writing is not allowed {what}, at {}", self.client.address()))
            }
            (_, Some((_, what))) => SinkError::Retry(format!("a record was not delivered {what}")),
            (_, None) => SinkError::Retry(error.to_string()),
        }
    }
}

/// Waits until every record of the transaction has been answered, or a commit would not wait any longer either.
///
/// The binding's own flush, which is a part of its commit, waits in steps of 100 ms: it polls for events that the producer's
/// own thread takes.
fn drain(producer: &ThreadedProducer<Talk>) {
    let at_most_ms = i32::try_from(TRANSACTION_TIMEOUT.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client's pointer is valid while the producer lives, and the call may be made from any thread. What it
    // returns, the commit finds out as well.
    unsafe { rdkafka_sys::rd_kafka_flush(producer.client().native_ptr(), at_most_ms) };
}

/// Somebody else uses the transactional id now, or the broker has ended the transaction.
fn is_fenced(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{Fenced, InvalidProducerEpoch, ProducerFenced};
    matches!(code, Fenced | ProducerFenced | InvalidProducerEpoch)
}

/// The context, under a name that says whose.
trait ContextOfClient {
    fn context_of_client(&self) -> &Talk;
}

impl ContextOfClient for ThreadedProducer<Talk> {
    fn context_of_client(&self) -> &Talk {
        self.client().context()
    }
}

impl TransactionalSink for KafkaSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        // The old one first: two of one id in one process would fence each other.
        self.producer = None;
        let checked = self.check().map_err(SinkError::from);
        self.told(checked)?;
        let producer = self.fence();
        let producer = self.told(producer)?;
        let progress = self.progress.read(&self.client).map_err(SinkError::from);
        let progress = self.told(progress)?;
        self.producer = Some(producer);
        Ok(progress)
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        let begun = self.producer()?.begin_transaction();
        begun.map_err(|error| self.failed(&error))
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        let KafkaPlaces { alerts, named, .. } = &self.places;
        let topics: BTreeSet<&String> = match alert.to.as_slice() {
            [] => alerts.iter().collect(),
            names => names.iter().filter_map(|name| named.get(name)).collect(),
        };
        for topic in topics {
            let headers = headers::of_alert(alert, &self.name);
            self.send(topic, None, (Some(&alert.key), Some(&alert.body)), Some(headers))?;
        }
        Ok(())
    }

    fn side(&mut self, record: &SideRecord) -> Result<(), SinkError> {
        let topic = match record.kind {
            SideKind::DeadLetter(_) => &self.places.dead_letters,
            SideKind::Late { .. } | SideKind::Quarantined { .. } => &self.places.late,
        };
        let Some(topic) = topic else { return Ok(()) };
        // A record that no topic of ordinary settings takes must not stop the rest: its beginning has to do.
        let room = self.record_bytes_max.saturating_sub(overhead(record));
        let value = record.value.as_deref();
        let cut = value.filter(|value| value.len() > room);
        let headers = headers::of_side(record, cut.map(<[u8]>::len));
        let value = cut.and_then(|value| value.get(..room)).or(value);
        self.send(topic, None, (record.key.as_deref(), value), Some(headers))
    }

    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError> {
        let value = encode(progress).map_err(SinkError::Failed)?;
        let key = self.progress.shard.to_string();
        let partition = Some(self.progress.partition());
        self.send(&self.progress.name, partition, (Some(key.as_bytes()), Some(&value)), None)?;
        let producer = self.producer()?;
        drain(producer);
        let Err(error) = producer.commit_transaction(TRANSACTION_TIMEOUT) else { return Ok(()) };
        let failed = self.failed(&error);
        // Never again this producer: a commit that is still under way must not meet the next transaction.
        self.producer = None;
        match (&failed, &error) {
            (SinkError::Retry(_), KafkaError::Transaction(error)) if error.txn_requires_abort() => Err(failed.into()),
            (SinkError::Retry(why), _) => Err(CommitError::Unclear(why.clone())),
            _ => Err(failed.into()),
        }
    }
}

/// About what a side record takes besides its value.
fn overhead(record: &SideRecord) -> usize {
    let header = |(name, value): &(String, Option<Vec<u8>>)| name.len() + value.as_ref().map_or(0, Vec::len) + 16;
    let own: usize = record.headers.iter().map(header).sum();
    let message = match &record.kind {
        SideKind::DeadLetter(error) => error.message.len(),
        SideKind::Late { .. } | SideKind::Quarantined { .. } => 100,
    };
    1024 + message + record.partition.topic.len() + own + record.key.as_ref().map_or(0, Vec::len)
}
