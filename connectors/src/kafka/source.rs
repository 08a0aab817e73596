//! A topic as the source of a stream. Reading begins where the engine says, and nowhere else: what is not there any more is
//! a loud stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use tripline_engine::event::PartitionId;
use tripline_engine::io::{PartitionInfo, Polled, Record, Source, SourceError};
use tripline_query_lang::plan::StreamId;

use super::batch::{BatchQueue, Message};
use super::client::{KafkaClient, Trouble};
use super::topics::{Topic, describe};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a topic may be unknown: metadata of a new one spreads slowly.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);

/// How often the topic is looked at while reading: is it still the one, has it grown?
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Bytes that one poll visits before it returns.
const POLL_BYTES: usize = 4 << 20;

/// Reads one topic.
pub struct KafkaSource {
    client: KafkaClient,
    stream: StreamId,
    topic: Arc<str>,
    /// It says when it has come to a partition's end.
    tells_end: bool,
    open: Option<Open>,
}

struct Open {
    queue: BatchQueue,
    topic: Topic,
    /// The oldest offsets, by position in the partitions.
    earliest: Vec<i64>,
    /// The next offsets.
    next: Vec<i64>,
    looked: Instant,
    /// It has been said that there are more partitions now.
    grown_told: bool,
    /// The partitions whose end has been seen, by position.
    ended: Vec<bool>,
    /// How many partitions the topic had when it was opened; others may be read by other threads.
    all: usize,
}

/// Ours: what makes reading exact, and what keeps librdkafka's queue full.
const SETTINGS: &[(&str, &str)] = &[("isolation.level", "read_committed")];

impl KafkaSource {
    /// A source of this topic.
    pub fn new(client: &KafkaClient, stream: StreamId, topic: &str) -> Self {
        KafkaSource { client: client.clone(), stream, topic: topic.into(), tells_end: false, open: None }
    }

    /// A source of the rows of a table: it knows when it has been read up to what is there.
    pub fn of_table(client: &KafkaClient, topic: &str) -> Self {
        KafkaSource { tells_end: true, ..KafkaSource::new(client, StreamId(u32::MAX), topic) }
    }

    fn queue(&self) -> Result<BatchQueue, SourceError> {
        let tells_end = if self.tells_end { "true" } else { "false" };
        let consumer = self.client.consumer(&[SETTINGS, &[("enable.partition.eof", tells_end)]].concat())?;
        let queue = BatchQueue::new(consumer);
        queue.ok_or_else(|| SourceError::Configuration("`group.id` may not be empty".to_owned()))
    }

    fn find(&self, queue: &BatchQueue) -> Result<Topic, Trouble> {
        let consumer = queue.consumer();
        let since = Instant::now();
        self.client.patiently(consumer, || match describe(consumer.client(), &self.topic, REQUEST_TIMEOUT) {
            Ok(Some(topic)) => Ok(topic),
            Ok(None) if since.elapsed() < UNKNOWN_FOR => Err(Trouble::Heals(self.unknown())),
            Ok(None) => Err(Trouble::Configuration(self.unknown())),
            Err(why) => Err(self.client.trouble_of(consumer, &format!("read topic `{}`", self.topic), &why)),
        })
    }

    fn unknown(&self) -> String {
        format!("there is no topic `{}` at {}", self.topic, self.client.address())
    }

    fn earliest(&self, queue: &BatchQueue, partition: i32) -> Result<i64, Trouble> {
        let consumer = queue.consumer();
        self.client.patiently(consumer, || {
            consumer.fetch_watermarks(&self.topic, partition, REQUEST_TIMEOUT).map(|(low, _)| low).map_err(|error| {
                let what = format!("find the oldest offset of partition {partition} of topic `{}`", self.topic);
                self.client.trouble_of(consumer, &what, &error.to_string())
            })
        })
    }

    fn lost(&self, what: &str) -> SourceError {
        SourceError::LostInput(format!("topic `{}` at {}: {what}", self.topic, self.client.address()))
    }

    /// What librdkafka reports in place of a record: something that passes, or the end.
    fn judge(&self, partition: i32, code: RDKafkaErrorCode, why: &str) -> Result<(), SourceError> {
        let Some(open) = &self.open else { return Ok(()) };
        match code {
            RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
                Err(self.lost(&format!("the next record of partition {partition} is not there any more: {why}")))
            }
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
                let (topic, address) = (&self.topic, self.client.address());
                Err(SourceError::Configuration(format!("topic `{topic}` at {address} may not be read: {why}")))
            }
            code if passes_over_records(code) => {
                let (topic, address) = (&self.topic, self.client.address());
                Err(SourceError::Failed(format!(
                    "records of partition {partition} of topic `{topic}` at {address} cannot be read, and none is passed \
                     over: {why}"
                )))
            }
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition => self.look(true),
            _ => {
                open.queue.consumer().context().tell(&format!("reading topic `{}`: {why}", self.topic));
                self.look(false)
            }
        }
    }

    /// Whether the topic is still the one that was opened. A broker that does not answer is no finding.
    fn look(&self, missed: bool) -> Result<(), SourceError> {
        let Some(open) = &self.open else { return Ok(()) };
        match describe(open.queue.consumer().client(), &self.topic, REQUEST_TIMEOUT) {
            Ok(Some(topic)) if topic.id != open.topic.id => Err(self.lost("it was made anew while it was read")),
            Ok(Some(topic)) if topic.partitions.len() > open.all && !open.grown_told => {
                let now = topic.partitions.len();
                let told = format!("topic `{}` has {now} partitions now: start again to read the new ones", self.topic);
                open.queue.consumer().context().tell(&told);
                Ok(())
            }
            Ok(None) if missed => Err(self.lost("it is gone")),
            _ => Ok(()),
        }
    }
}

/// librdkafka says so, goes on behind the records that it cannot read, and never comes back to them.
fn passes_over_records(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::BadCompression
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::NotImplemented
            | RDKafkaErrorCode::MessageSizeTooLarge
    )
}

impl Source for KafkaSource {
    fn stream(&self) -> StreamId {
        self.stream
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        let queue = self.queue()?;
        let topic = self.find(&queue)?;
        let earliest =
            topic.partitions.iter().map(|p| self.earliest(&queue, *p)).collect::<Result<Vec<i64>, Trouble>>()?;
        let info = |(&partition, &earliest): (&i32, &i64)| PartitionInfo {
            id: PartitionId { stream: self.stream, topic: self.topic.clone(), partition },
            topic_id: topic.id.clone(),
            earliest,
        };
        let infos = topic.partitions.iter().zip(&earliest).map(info).collect();
        let all = topic.partitions.len();
        let (next, ended) = (earliest.clone(), vec![false; all]);
        self.open = Some(Open { queue, topic, earliest, next, looked: Instant::now(), grown_told: false, ended, all });
        Ok(infos)
    }

    /// By a client of its own.
    fn split_off(&mut self, from: usize) -> Result<Option<Box<dyn Source>>, SourceError> {
        let queue = self.queue()?;
        let Some(open) = &mut self.open else { return Ok(None) };
        let topic = Topic { id: open.topic.id.clone(), partitions: open.topic.partitions.split_off(from) };
        let (earliest, next) = (open.earliest.split_off(from), open.next.split_off(from));
        let (ended, all, looked) = (open.ended.split_off(from), open.all, Instant::now());
        let others = Open { queue, topic, earliest, next, looked, grown_told: true, ended, all };
        let (client, topic) = (self.client.clone(), self.topic.clone());
        let tells_end = self.tells_end;
        Ok(Some(Box::new(KafkaSource { client, stream: self.stream, topic, tells_end, open: Some(others) })))
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut assignment = TopicPartitionList::new();
        open.next = offsets.iter().zip(&open.earliest).map(|(offset, first)| offset.unwrap_or(*first)).collect();
        for (partition, next) in open.topic.partitions.iter().zip(&open.next) {
            let added = assignment.add_partition_offset(&self.topic, *partition, Offset::Offset(*next));
            added.map_err(|error| SourceError::Failed(format!("topic `{}`: {error}", self.topic)))?;
        }
        let assigned = open.queue.consumer().assign(&assignment);
        assigned.map_err(|error| SourceError::Failed(format!("topic `{}`: {error}", self.topic)))
    }

    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError> {
        let Some(open) = &mut self.open else { return Ok(Polled::Records(0)) };
        let (mut visited, mut bytes, mut faults, mut wait) = (0, 0, Vec::new(), wait);
        while visited < max && bytes < POLL_BYTES {
            let partitions = &open.topic.partitions;
            let found = open.queue.visit(max - visited, wait, &mut |message: Message<'_>| {
                if let Some((code, why)) = message.fault() {
                    match (code, partitions.binary_search(&message.partition())) {
                        (RDKafkaErrorCode::PartitionEOF, Ok(partition)) => open.ended[partition] = true,
                        _ => faults.push((message.partition(), code, why)),
                    }
                } else if let Ok(partition) = partitions.binary_search(&message.partition()) {
                    bytes += message.value().map_or(0, <[u8]>::len);
                    visited += 1;
                    open.next[partition] = message.offset() + 1;
                    visit(Record {
                        partition,
                        offset: message.offset(),
                        timestamp_us: message.timestamp_ms().and_then(|ms| ms.checked_mul(1000)),
                        key: message.key(),
                        value: message.value(),
                        headers: &message,
                    });
                }
            });
            if found == 0 {
                break;
            }
            wait = Duration::ZERO;
        }
        if open.looked.elapsed() >= LOOK_EVERY {
            open.looked = Instant::now();
            self.look(false)?;
        }
        faults.iter().try_for_each(|(partition, code, why)| self.judge(*partition, *code, why))?;
        Ok(Polled::Records(visited))
    }

    fn behind(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        let behind = |(partition, next): (&i32, &i64)| {
            let end = open.queue.end_of(&self.topic, *partition)?;
            Some(u64::try_from(end - next).unwrap_or(0))
        };
        open.topic.partitions.iter().zip(&open.next).map(behind).sum()
    }

    fn is_read(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.ended.iter().all(|ended| *ended))
    }
}
