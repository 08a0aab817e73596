//! Topics of a test: made, filled, read back.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::broker::Broker;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A record as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Written {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<String> {
        let value = &self.headers.iter().rfind(|(key, _)| key == name)?.1;
        Some(String::from_utf8(value.clone()?).unwrap())
    }

    /// The value's text.
    pub fn text(&self) -> String {
        String::from_utf8(self.value.clone().unwrap()).unwrap()
    }
}

fn admin(broker: &Broker) -> AdminClient<DefaultClientContext> {
    broker.config().create().unwrap()
}

/// Makes a topic, and waits until it is known.
pub fn create(broker: &Broker, name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    topic.config = settings.to_vec();
    let made = block_on(admin(broker).create_topics([&topic], &AdminOptions::new())).unwrap();
    made.into_iter().for_each(|made| drop(made.unwrap()));
    let consumer: BaseConsumer = broker.config().create().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metadata = consumer.fetch_metadata(Some(name), PATIENCE).unwrap();
        let found = metadata.topics().iter().any(|t| {
            t.error().is_none()
                && t.partitions().len() == partitions as usize
                && t.partitions().iter().all(|p| p.leader() >= 0)
        });
        if found {
            return;
        }
        assert!(Instant::now() < deadline, "topic {name} is not known");
        drop(consumer.poll(Duration::from_millis(50)));
    }
}

/// Deletes a topic, and waits until it is gone.
pub fn delete(broker: &Broker, name: &str) {
    let gone = block_on(admin(broker).delete_topics(&[name], &AdminOptions::new())).unwrap();
    gone.into_iter().for_each(|gone| drop(gone.unwrap()));
    let consumer: BaseConsumer = broker.config().create().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while consumer.fetch_metadata(Some(name), PATIENCE).unwrap().topics().iter().any(|t| t.error().is_none()) {
        assert!(Instant::now() < deadline, "topic {name} is still there");
        drop(consumer.poll(Duration::from_millis(50)));
    }
}

/// Takes all records before this offset away.
pub fn forget(broker: &Broker, name: &str, partition: i32, before: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(name, partition, Offset::Offset(before)).unwrap();
    block_on(admin(broker).delete_records(&list, &AdminOptions::new())).unwrap();
}

/// A record to write: partition, key, value.
pub type Put<'a> = (i32, Option<&'a [u8]>, Option<&'a [u8]>);

/// Writes records, and waits until all are there.
pub fn write<'a>(broker: &Broker, topic: &str, records: impl IntoIterator<Item = Put<'a>>) {
    let producer: BaseProducer = writer(broker).set("message.max.bytes", "20000000").create().unwrap();
    for (partition, key, value) in records {
        send(&producer, topic, (partition, key, value), None);
    }
    producer.flush(PATIENCE).unwrap();
}

/// What is sent again on a busy machine must not stand twice, or behind later records.
fn writer(broker: &Broker) -> ClientConfig {
    let mut config = broker.config();
    config.set("linger.ms", "5").set("enable.idempotence", "true");
    config
}

/// Writes records with times of their own, in milliseconds.
pub fn write_at<'a>(broker: &Broker, topic: &str, records: impl IntoIterator<Item = (Put<'a>, i64)>) {
    let producer: BaseProducer = writer(broker).create().unwrap();
    for ((partition, key, value), at_ms) in records {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).timestamp(at_ms);
        (record.key, record.payload) = (key, value);
        assert!(producer.send(record).is_ok(), "a few records have room");
    }
    producer.flush(PATIENCE).unwrap();
}

/// Queues a record, waiting for room.
pub fn send(producer: &BaseProducer, topic: &str, (partition, key, value): Put<'_>, header: Option<(&str, &[u8])>) {
    let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition);
    (record.key, record.payload) = (key, value);
    record.headers = header.map(|(key, value)| OwnedHeaders::new().insert(Header { key, value: Some(value) }));
    while let Err((_, unsent)) = producer.send(record) {
        record = unsent;
        producer.poll(Duration::from_millis(10));
    }
}

/// Everything that is committed in a topic, by partition and offset.
pub fn read(broker: &Broker, topic: &str) -> Vec<Written> {
    read_as(broker, topic, "read_committed")
}

/// As seen with this isolation.
pub fn read_as(broker: &Broker, topic: &str, isolation: &str) -> Vec<Written> {
    let mut config = broker.config();
    config.set("group.id", "test").set("enable.partition.eof", "true").set("isolation.level", isolation);
    config.set("fetch.wait.max.ms", "10");
    let consumer: BaseConsumer = config.create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let partitions: Vec<i32> = metadata.topics()[0].partitions().iter().map(|p| p.id()).collect();
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut found, mut open) = (Vec::new(), partitions.len());
    let deadline = Instant::now() + 4 * PATIENCE;
    while open > 0 {
        match consumer.poll(PATIENCE) {
            Some(Ok(message)) => found.push(written(&message)),
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            // A broker that has just been started drops a connection now and then.
            Some(Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure,
            ))) if Instant::now() < deadline => {}
            other => panic!("reading {topic}: {other:?}"),
        }
    }
    found.sort_by_key(|w| (w.partition, w.offset));
    found
}

fn written(message: &impl Message) -> Written {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Written {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect(),
    }
}

/// Waits for an admin request.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A topic's setting as the broker has it.
pub fn setting(broker: &Broker, topic: &str, name: &str) -> String {
    use rdkafka::admin::ResourceSpecifier;
    let described = block_on(admin(broker).describe_configs([&ResourceSpecifier::Topic(topic)], &AdminOptions::new()));
    let resource = described.unwrap().remove(0).unwrap();
    resource.get(name).unwrap().value.clone().unwrap()
}
