//! The progress topic: how far each sink shard has committed. One partition a shard, compacted, so that a shard's
//! open transaction holds back nobody else and a start reads little.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Message, Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use tripline_engine::io::Progress;

use super::client::{KafkaClient, Trouble, listen};
use super::talk::Talk;
use super::topics::{Topic, describe};

/// The form of the records; one of a newer form is refused.
const FORMAT: u32 = 1;

/// How long one request may take.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// How long reading to the end may take without a new record before it is tried again.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// How often, and with which pauses, a topic that was just made is looked for.
const KNOWN_AFTER_ATTEMPTS: u32 = 30;
const KNOWN_PAUSE: Duration = Duration::from_millis(100);

/// A reader that hears at once when it is at the end.
const READER: &[(&str, &str)] =
    &[("isolation.level", "read_committed"), ("enable.partition.eof", "true"), ("fetch.wait.max.ms", "10")];

/// Old progress is worth nothing: segments are small and compacted soon.
const TOPIC_SETTINGS: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("segment.bytes", "16777216"),
    ("segment.ms", "3600000"),
    ("min.cleanable.dirty.ratio", "0.1"),
];

#[derive(Serialize, Deserialize)]
struct Stored<P> {
    format: u32,
    progress: P,
}

/// A progress record's value.
pub(super) fn encode(progress: &Progress) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Stored { format: FORMAT, progress }).map_err(|error| error.to_string())
}

fn decode(value: &[u8]) -> Result<Progress, String> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(value).map_err(|error| error.to_string())?;
    if format > FORMAT {
        return Err(format!("it is of form {format}, written by a newer Tripline; this one knows form {FORMAT}"));
    }
    serde_json::from_slice::<Stored<Progress>>(value).map(|stored| stored.progress).map_err(|error| error.to_string())
}

/// A shard's place in the progress topic.
pub(super) struct ProgressTopic {
    pub(super) name: String,
    pub(super) shard: u32,
    pub(super) shards: u32,
}

impl ProgressTopic {
    /// Makes the topic, unless it is there.
    pub(super) fn ensure(&self, client: &KafkaClient, consumer: &BaseConsumer<Talk>) -> Result<(), Trouble> {
        let found = self.describe(client, consumer)?;
        if let Some(topic) = found {
            return self.check(&topic);
        }
        let partitions = i32::try_from(self.shards).unwrap_or(i32::MAX);
        let mut topic = NewTopic::new(&self.name, partitions, TopicReplication::Fixed(-1));
        topic.config = TOPIC_SETTINGS.to_vec();
        let admin = client.admin()?;
        let options =
            AdminOptions::new().operation_timeout(Some(REQUEST_TIMEOUT)).request_timeout(Some(REQUEST_TIMEOUT));
        let made = block_on(admin.create_topics([&topic], &options));
        let made = made.and_then(|results| match results.into_iter().next() {
            Some(Err((_, code))) if code != RDKafkaErrorCode::TopicAlreadyExists => Err(KafkaError::AdminOp(code)),
            _ => Ok(()),
        });
        match made {
            Ok(()) => {}
            Err(error) if is_forbidden(&error) => {
                let address = client.address();
                let why = format!("topic `{}` at {address} is missing and may not be made: {error}", self.name);
                return Err(Trouble::Configuration(why));
            }
            Err(error) => {
                let what = format!("make topic `{}`", self.name);
                return Err(client.trouble_of(consumer, &what, &error.to_string()));
            }
        }
        for _ in 0..KNOWN_AFTER_ATTEMPTS {
            if let Some(topic) = self.describe(client, consumer)? {
                return self.check(&topic);
            }
            listen(consumer, KNOWN_PAUSE);
        }
        Err(Trouble::Heals(format!("topic `{}` has been made but is not there yet", self.name)))
    }

    fn describe(&self, client: &KafkaClient, consumer: &BaseConsumer<Talk>) -> Result<Option<Topic>, Trouble> {
        describe(consumer.client(), &self.name, REQUEST_TIMEOUT)
            .map_err(|why| client.trouble_of(consumer, &format!("look at topic `{}`", self.name), &why))
    }

    fn check(&self, topic: &Topic) -> Result<(), Trouble> {
        let (had, now) = (topic.partitions.len(), self.shards as usize);
        if had == now {
            return Ok(());
        }
        Err(Trouble::Configuration(format!(
            "topic `{}` has {had} partitions, one for each sink shard of this deployment, which cannot go on with {now}; use \
             another `name` under [engine] for a new deployment",
            self.name
        )))
    }

    /// The shard's last committed progress. Called when no older producer of the shard can commit any more.
    pub(super) fn read(&self, client: &KafkaClient) -> Result<Option<Progress>, Trouble> {
        let everything = client.consumer(&[("isolation.level", "read_uncommitted")])?;
        let end = self.watermarks(client, &everything)?.1;
        let committed = client.consumer(READER)?;
        let begin = self.watermarks(client, &committed)?.0;
        let partition = self.partition();
        let mut assignment = TopicPartitionList::new();
        let assigned = assignment
            .add_partition_offset(&self.name, partition, Offset::Offset(begin))
            .and_then(|()| committed.assign(&assignment));
        assigned.map_err(|error| Trouble::Heals(format!("cannot read topic `{}`: {error}", self.name)))?;
        self.to_end(client, &committed, end)
    }

    /// Reads until nothing committed before `end` can be missing.
    fn to_end(
        &self,
        client: &KafkaClient,
        consumer: &BaseConsumer<Talk>,
        end: i64,
    ) -> Result<Option<Progress>, Trouble> {
        let mut found = None;
        let mut deadline = Instant::now() + READ_TIMEOUT;
        while Instant::now() < deadline {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    deadline = Instant::now() + READ_TIMEOUT;
                    if let Some(value) = message.payload() {
                        let offset = message.offset();
                        let wrong = |why| {
                            let place =
                                format!("offset {offset}, partition {} of topic `{}`", self.partition(), self.name);
                            Trouble::Configuration(format!("the progress record at {place} cannot be read: {why}"))
                        };
                        found = Some(decode(value).map_err(wrong)?);
                    }
                }
                // The reader is at the last stable offset; it is the end unless a transaction is still open.
                Some(Err(KafkaError::PartitionEOF(_))) if self.watermarks(client, consumer)?.1 >= end => {
                    return Ok(found);
                }
                Some(Err(KafkaError::PartitionEOF(_))) | None => {}
                Some(Err(error)) => {
                    let what = format!("read topic `{}`", self.name);
                    return Err(client.trouble_of(consumer, &what, &error.to_string()));
                }
            }
        }
        match self.watermarks(client, consumer)?.1 {
            stable if stable < end => Err(Trouble::Heals(self.hanging(client, stable))),
            _ => {
                Err(client.trouble_of(consumer, &format!("read topic `{}` to its end", self.name), "no answer in time"))
            }
        }
    }

    /// No producer of this shard is left that could end it: the broker has yet to, or has forgotten to.
    fn hanging(&self, client: &KafkaClient, offset: i64) -> String {
        let (name, partition, address) = (&self.name, self.partition(), client.address());
        format!(
            "partition {partition} of topic `{name}` at {address} has a transaction since offset {offset} that does not end, \
             and hides what is committed behind it; if this lasts, the broker has lost the transaction's end: see \
             `kafka-transactions.sh --bootstrap-server {address} find-hanging`"
        )
    }

    /// Oldest offset, and end as this consumer's isolation sees it.
    fn watermarks(&self, client: &KafkaClient, consumer: &BaseConsumer<Talk>) -> Result<(i64, i64), Trouble> {
        consumer.fetch_watermarks(&self.name, self.partition(), REQUEST_TIMEOUT).map_err(|error| {
            client.trouble_of(consumer, &format!("find the end of topic `{}`", self.name), &error.to_string())
        })
    }

    pub(super) fn partition(&self) -> i32 {
        i32::try_from(self.shard).unwrap_or(i32::MAX)
    }
}

fn is_forbidden(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
                | RDKafkaErrorCode::PolicyViolation
                | RDKafkaErrorCode::InvalidTopic
                | RDKafkaErrorCode::InvalidConfig
        )
    )
}

/// Waits for an admin request, which a thread of the client completes.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
