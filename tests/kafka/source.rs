//! The Kafka source: what it reads, and what it says when it cannot.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, Producer};
use tripline_connectors::kafka::{KafkaClient, KafkaSource};
use tripline_engine::io::{PartitionInfo, Polled, Source, SourceError};
use tripline_query_lang::plan::StreamId;

use crate::broker::{Broker, USER};
use crate::topic::{self, PATIENCE};

const STREAM: StreamId = StreamId(3);

/// A record as the source gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    partition: usize,
    offset: i64,
    timestamped: bool,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
}

fn client(broker: &Broker) -> KafkaClient {
    KafkaClient::new(broker.settings()).unwrap()
}

/// Polls until there are so many records.
fn take(source: &mut KafkaSource, count: usize) -> Result<Vec<Given>, SourceError> {
    let mut given = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while given.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} records came", given.len());
        source.poll(10_000, Duration::from_millis(100), &mut |record| {
            given.push(Given {
                partition: record.partition,
                offset: record.offset,
                timestamped: record.timestamp_us.is_some_and(|us| us > 1_500_000_000_000_000),
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: record.headers.copy(),
            });
        })?;
    }
    Ok(given)
}

fn opened(broker: &Broker, topic: &str) -> (KafkaSource, Vec<PartitionInfo>) {
    let mut source = KafkaSource::new(&client(broker), STREAM, topic);
    let partitions = source.open().unwrap();
    (source, partitions)
}

#[test]
fn it_knows_what_waits_behind_the_last_record() {
    let (broker, topic) = (Broker::shared(), "source-behind");
    topic::create(broker, topic, 1, &[]);
    let producer: BaseProducer = broker.config().create().unwrap();
    (0..5).for_each(|_| topic::send(&producer, topic, (0, None, Some(b"v")), None));
    producer.flush(PATIENCE).unwrap();
    let (mut source, _) = opened(broker, topic);
    source.seek(&[Some(1)]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    for left in [3, 2, 1, 0] {
        while source.poll(1, Duration::from_millis(100), &mut |_| {}).unwrap() != Polled::Records(1) {
            assert!(Instant::now() < deadline, "{left} and one more records are missing");
        }
        assert_eq!(source.behind(), Some(left));
    }
}

#[test]
fn records_come_whole_and_in_order() {
    let (broker, topic) = (Broker::shared(), "source-whole");
    topic::create(broker, topic, 2, &[]);
    let producer: BaseProducer = broker.config().create().unwrap();
    topic::send(&producer, topic, (1, Some(b"k"), Some(b"v")), Some(("traceparent", b"00-1-2-01")));
    topic::send(&producer, topic, (1, None, None), None);
    topic::send(&producer, topic, (1, Some(b""), Some(b"")), None);
    producer.flush(PATIENCE).unwrap();
    let (mut source, partitions) = opened(broker, topic);
    assert_eq!(partitions.iter().map(|p| (p.id.partition, p.earliest)).collect::<Vec<_>>(), [(0, 0), (1, 0)]);
    assert_eq!(partitions[0].id.topic.as_ref(), topic);
    assert!(partitions[0].topic_id.len() >= 20, "{:?}", partitions[0].topic_id);
    source.seek(&[None, None]).unwrap();
    let given = take(&mut source, 3).unwrap();
    let whole = |offset, key: Option<&[u8]>, value: Option<&[u8]>| Given {
        partition: 1,
        offset,
        timestamped: true,
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: Vec::new(),
    };
    let traced = vec![("traceparent".to_owned(), Some(b"00-1-2-01".to_vec()))];
    let first = Given { headers: traced, ..whole(0, Some(b"k"), Some(b"v")) };
    assert_eq!(given, [first, whole(1, None, None), whole(2, Some(b""), Some(b""))]);
}

#[test]
fn many_records_from_any_offset() {
    let (broker, topic) = (Broker::shared(), "source-many");
    topic::create(broker, topic, 3, &[]);
    let values: Vec<String> = (0..30_000).map(|n| n.to_string()).collect();
    topic::write(broker, topic, values.iter().enumerate().map(|(n, v)| (n as i32 % 3, None, Some(v.as_bytes()))));
    let (mut source, _) = opened(broker, topic);
    source.seek(&[None, Some(9_000), Some(10_000)]).unwrap();
    let given = take(&mut source, 11_000).unwrap();
    assert_eq!(given.len(), 11_000);
    for partition in 0..3 {
        let offsets: Vec<i64> = given.iter().filter(|g| g.partition == partition).map(|g| g.offset).collect();
        let from = [0, 9_000, 10_000][partition];
        assert_eq!(offsets, (from..10_000).collect::<Vec<i64>>(), "partition {partition}");
    }
    // Again from elsewhere: nothing of what was on its way before comes.
    source.seek(&[Some(9_999), Some(10_000), Some(9_990)]).unwrap();
    let given = take(&mut source, 11).unwrap();
    assert_eq!(given.len(), 11);
    assert!(given.iter().all(|g| g.offset >= 9_990));
}

#[test]
fn only_committed_records_come() {
    let (broker, topic) = (Broker::shared(), "source-committed");
    topic::create(broker, topic, 1, &[]);
    let producer: BaseProducer = broker.config().set("transactional.id", topic).create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    for (value, commit) in [("a", true), ("b", false), ("c", true)] {
        producer.begin_transaction().unwrap();
        topic::send(&producer, topic, (0, None, Some(value.as_bytes())), None);
        producer.flush(PATIENCE).unwrap();
        match commit {
            true => producer.commit_transaction(PATIENCE).unwrap(),
            false => producer.abort_transaction(PATIENCE).unwrap(),
        }
    }
    let (mut source, _) = opened(broker, topic);
    source.seek(&[None]).unwrap();
    let values: Vec<Option<Vec<u8>>> = take(&mut source, 2).unwrap().into_iter().map(|g| g.value).collect();
    assert_eq!(values, [Some(b"a".to_vec()), Some(b"c".to_vec())]);
}

#[test]
fn a_topic_made_anew_has_another_id() {
    let (broker, topic) = (Broker::shared(), "source-anew");
    topic::create(broker, topic, 1, &[]);
    let (_, before) = opened(broker, topic);
    topic::delete(broker, topic);
    topic::create(broker, topic, 1, &[]);
    let (_, after) = opened(broker, topic);
    assert_ne!(before[0].topic_id, after[0].topic_id);
}

#[test]
fn a_topic_made_anew_while_it_is_read_is_a_loud_stop() {
    let (broker, topic) = (Broker::shared(), "source-anew-running");
    topic::create(broker, topic, 1, &[]);
    topic::write(broker, topic, [(0, None, Some(&b"old"[..]))]);
    let (mut source, _) = opened(broker, topic);
    source.seek(&[None]).unwrap();
    take(&mut source, 1).unwrap();
    topic::delete(broker, topic);
    topic::create(broker, topic, 1, &[]);
    let new: &[u8] = b"new";
    topic::write(broker, topic, (0..10).map(|_| (0, None, Some(new))));
    let why = until_error(&mut source);
    assert!(matches!(&why, SourceError::LostInput(why) if why.contains("source-anew-running")), "{why:?}");
}

#[test]
fn an_offset_that_is_gone_is_a_loud_stop() {
    let (broker, topic) = (Broker::shared(), "source-gone");
    topic::create(broker, topic, 1, &[]);
    let value: &[u8] = b"x";
    topic::write(broker, topic, (0..10).map(|_| (0, None, Some(value))));
    topic::forget(broker, topic, 0, 5);
    let (mut source, partitions) = opened(broker, topic);
    assert_eq!(partitions[0].earliest, 5);
    source.seek(&[Some(2)]).unwrap();
    let why = until_error(&mut source);
    assert!(matches!(&why, SourceError::LostInput(why) if why.contains("not there any more")), "{why:?}");
}

fn until_error(source: &mut KafkaSource) -> SourceError {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Err(why) = source.poll(100, Duration::from_millis(100), &mut |_| {}) {
            return why;
        }
        assert!(Instant::now() < deadline, "no error came");
    }
}

#[test]
fn an_unknown_topic_names_topic_and_address() {
    let broker = Broker::shared();
    let why = KafkaSource::new(&client(broker), STREAM, "no-such-topic").open().unwrap_err();
    let expected = format!("there is no topic `no-such-topic` at {}", broker.address());
    assert_eq!(why, SourceError::Configuration(expected));
}

#[test]
fn a_wrong_password_names_address_and_cause_and_not_the_password() {
    let broker = Broker::shared();
    topic::create(broker, "source-guarded", 1, &[]);
    let with = |password: &str| {
        let settings: BTreeMap<String, String> = [
            ("bootstrap.servers", broker.guarded_address().as_str()),
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanisms", "PLAIN"),
            ("sasl.username", USER.0),
            ("sasl.password", password),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        KafkaClient::new(settings).unwrap()
    };
    assert_eq!(KafkaSource::new(&with(USER.1), STREAM, "source-guarded").open().unwrap().len(), 1);
    let client = with("hunter2");
    assert!(!format!("{client:?}").contains("hunter2"));
    match KafkaSource::new(&client, STREAM, "source-guarded").open().unwrap_err() {
        SourceError::Configuration(why) => {
            assert!(why.contains(&broker.guarded_address()), "{why}");
            assert!(why.contains("Authentication failed"), "{why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (told, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (hear, stopping) = (told.clone(), stop.clone());
    let client = KafkaClient::new([("bootstrap.servers".to_owned(), address.clone())].into())
        .unwrap()
        .on_notice(move |text| {
            hear.lock().unwrap().push(text.to_owned());
            stopping.store(true, Ordering::Release);
        })
        .stopped_by(stop);
    let why = KafkaSource::new(&client, STREAM, "any").open().unwrap_err();
    assert!(matches!(why, SourceError::Stopped(_)), "{why:?}");
    let told = told.lock().unwrap().join("\n");
    assert!(told.contains(&address) && told.contains("Connection refused") && told.contains("trying again"), "{told}");
}

/// Damage on the broker's disk: the second of three batches is not what was written any more.
#[test]
fn records_that_are_damaged_stop_the_reading_and_none_is_passed_over() {
    let broker = Broker::own();
    // A sum over the batch shows any damage; where nobody looks at it, that of what was compressed shows as it is unpacked.
    let unchecked = Some(("check.crcs".to_owned(), "false".to_owned()));
    for (topic, compression, check) in [("source-sum", "none", None), ("source-packed", "gzip", unchecked)] {
        topic::create(&broker, topic, 1, &[("compression.type", "producer")]);
        let producer: BaseProducer =
            broker.config().set("compression.type", compression).set("linger.ms", "5").create().unwrap();
        for batch in ["first", "second", "third"] {
            for record in 0..100 {
                let value = format!("{batch} batch, record {record} of a hundred");
                topic::send(&producer, topic, (0, None, Some(value.as_bytes())), None);
            }
            producer.flush(PATIENCE).unwrap();
        }
        drop(producer);
        broker.stop();
        broker.damage(topic, 1);
        broker.start();
        let client = KafkaClient::new(broker.settings().into_iter().chain(check).collect()).unwrap();
        let mut source = KafkaSource::new(&client, STREAM, topic);
        source.open().unwrap();
        source.seek(&[Some(0)]).unwrap();
        let (mut offsets, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        let stopped = loop {
            assert!(Instant::now() < deadline, "{topic}: {offsets:?}");
            if let Err(why) = source.poll(10_000, Duration::from_millis(100), &mut |record| offsets.push(record.offset))
            {
                break why;
            }
        };
        // librdkafka goes on behind the damage; what comes of the same poll dies with the run.
        let before: Vec<i64> = offsets.into_iter().filter(|offset| *offset < 200).collect();
        assert_eq!(before, (0..100).collect::<Vec<i64>>(), "{topic}");
        let SourceError::Failed(why) = stopped else { panic!("{topic}: {stopped:?}") };
        assert!(why.contains(&format!("partition 0 of topic `{topic}`")), "{why}");
        assert!(why.contains("none is passed over"), "{why}");
    }
}
