//! The Kafka sink: what is written together, what a restart finds, and who is shut out.

use std::time::Duration;

use tripline_connectors::kafka::{KafkaClient, KafkaPlaces, KafkaSink};
use tripline_engine::event::PartitionId;
use tripline_engine::io::{
    AlertRecord, Cause, CommitError, Cut, Hop, Position, Progress, RecordError, SideKind, SideRecord, SinkError, Stage,
    TransactionalSink,
};
use tripline_query_lang::plan::{Severity, StreamId};

use crate::broker::Broker;
use crate::topic::{self, Written};

fn alert(n: i64, to: &[&str]) -> AlertRecord {
    AlertRecord {
        position: Position {
            time_us: n,
            cause: Cause::Timer,
            path: vec![Hop { rule: 0, key: Vec::new(), sequence: 0 }],
        },
        rule: "burst".to_owned(),
        id: format!("{n:032x}"),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        key: format!("{{\"card\":\"c{}\"}}", n % 3).into_bytes(),
        body: format!("{{\"n\":{n}}}").into_bytes(),
        at_us: n * 1_000_000,
        severity: Severity::High,
        links: vec![b"00-aa-bb-01".to_vec()],
    }
}

fn progress(generation: u64, watermark_us: i64) -> Progress {
    let last = Some(alert(watermark_us, &[]).position);
    let (cut, floors, rules) = (Cut::default(), Vec::new(), vec![u64::MAX]);
    Progress { generation, shard: (0, 1), last, watermark_us, cut, floors, rules }
}

fn client(broker: &Broker) -> KafkaClient {
    KafkaClient::new(broker.settings()).unwrap()
}

/// A sink whose topics carry its name.
fn sink(broker: &Broker, name: &str) -> KafkaSink {
    let places = KafkaPlaces {
        alerts: Some(format!("{name}-alerts")),
        named: [("ops".to_owned(), format!("{name}-ops"))].into(),
        dead_letters: Some(format!("{name}-dead")),
        late: None,
    };
    KafkaSink::new(&client(broker), name, (0, 1), places)
}

fn topics(broker: &Broker, name: &str) {
    ["alerts", "ops", "dead"].iter().for_each(|topic| topic::create(broker, &format!("{name}-{topic}"), 3, &[]));
}

fn texts(written: &[Written]) -> Vec<String> {
    let mut texts: Vec<String> = written.iter().map(Written::text).collect();
    texts.sort();
    texts
}

#[test]
fn a_transaction_shows_all_or_nothing_and_a_restart_finds_its_progress() {
    let (broker, name) = (Broker::shared(), "sink-whole");
    topics(broker, name);
    let mut first = sink(broker, name);
    assert_eq!(first.recover(), Ok(None));
    first.begin().unwrap();
    (1..=3).for_each(|n| first.alert(&alert(n, &[])).unwrap());
    first.alert(&alert(4, &["ops"])).unwrap();
    assert_eq!(texts(&topic::read(broker, "sink-whole-alerts")), [""; 0]);
    first.commit(&progress(1, 4)).unwrap();
    first.begin().unwrap();
    first.alert(&alert(5, &[])).unwrap();
    // The process ends with a transaction open; the next one clears it away.
    drop(first);
    let mut second = sink(broker, name);
    assert_eq!(second.recover(), Ok(Some(progress(1, 4))));
    second.begin().unwrap();
    second.commit(&progress(2, 5)).unwrap();
    assert_eq!(sink(broker, name).recover(), Ok(Some(progress(2, 5))));
    let alerts = topic::read(broker, "sink-whole-alerts");
    assert_eq!(texts(&alerts), ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    assert_eq!(texts(&topic::read(broker, "sink-whole-ops")), ["{\"n\":4}"]);
    let one = alerts.iter().find(|w| w.text() == "{\"n\":1}").unwrap();
    assert_eq!(one.key.as_deref(), Some(&b"{\"card\":\"c1\"}"[..]));
    for (header, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", "00000000000000000000000000000001"),
        ("ce_type", "tripline.alert"),
        ("ce_source", "tripline/sink-whole/burst"),
        ("ce_time", "1970-01-01T00:00:01Z"),
        ("content-type", "application/json"),
        ("trace-link", "00-aa-bb-01"),
    ] {
        assert_eq!(one.header(header).as_deref(), Some(value), "{header}");
    }
    // Alerts of one key share a partition.
    let of =
        |key: &[u8]| alerts.iter().filter(|w| w.key.as_deref() == Some(key)).map(|w| w.partition).collect::<Vec<_>>();
    assert_eq!(of(b"{\"card\":\"c1\"}").len(), 1);
}

#[test]
fn the_older_sink_is_shut_out_wherever_it_stands() {
    let (broker, name) = (Broker::shared(), "sink-fenced");
    topics(broker, name);
    let mut old = sink(broker, name);
    old.recover().unwrap();
    old.begin().unwrap();
    old.alert(&alert(1, &[])).unwrap();
    let mut young = sink(broker, name);
    assert_eq!(young.recover(), Ok(None));
    match old.commit(&progress(1, 1)) {
        Err(CommitError::Sink(SinkError::Fenced(why))) => assert!(why.contains("`sink-fenced-0`"), "{why}"),
        other => panic!("{other:?}"),
    }
    young.begin().unwrap();
    young.alert(&alert(2, &[])).unwrap();
    young.commit(&progress(2, 2)).unwrap();
    assert_eq!(texts(&topic::read(broker, "sink-fenced-alerts")), ["{\"n\":2}"]);
    // One that stands between transactions notices at the next.
    let mut third = sink(broker, name);
    assert_eq!(third.recover(), Ok(Some(progress(2, 2))));
    let begun = young.begin().and_then(|()| young.alert(&alert(3, &[])));
    let ended = begun.map_err(CommitError::from).and_then(|()| young.commit(&progress(2, 3)));
    assert!(matches!(ended, Err(CommitError::Sink(SinkError::Fenced(_)))), "{ended:?}");
    assert_eq!(texts(&topic::read(broker, "sink-fenced-alerts")), ["{\"n\":2}"]);
}

fn side(kind: SideKind, value: Vec<u8>) -> SideRecord {
    SideRecord {
        kind,
        partition: PartitionId { stream: StreamId(0), topic: "payments".into(), partition: 2 },
        offset: 77,
        timestamp_us: Some(1_700_000_000_123_000),
        key: Some(vec![0, 0xff]),
        value: Some(value),
        headers: vec![("own".to_owned(), Some(b"x".to_vec())), ("empty".to_owned(), None)],
    }
}

#[test]
fn a_dead_letter_carries_the_record_its_place_and_the_reason() {
    let (broker, name) = (Broker::shared(), "sink-dead");
    topics(broker, name);
    let mut sink = sink(broker, name);
    sink.recover().unwrap();
    sink.begin().unwrap();
    let message = "not UTF-8 from byte 0 on".to_owned();
    let error = RecordError { stage: Stage::Decode, class: "invalid utf-8", message };
    sink.side(&side(SideKind::DeadLetter(error.clone()), vec![0xfe, b'a'])).unwrap();
    sink.side(&side(SideKind::DeadLetter(error), vec![b'x'; 10_000_000])).unwrap();
    // There is no place for late events here: they are only counted, by others.
    sink.side(&side(SideKind::Late { behind_us: 1 }, vec![b'l'])).unwrap();
    sink.commit(&progress(1, 1)).unwrap();
    let mut dead = topic::read(broker, "sink-dead-dead");
    dead.sort_by_key(|w| w.value.as_ref().map(Vec::len));
    assert_eq!(dead.len(), 2);
    let small = &dead[0];
    assert_eq!((small.key.as_deref(), small.value.as_deref()), (Some(&[0, 0xff][..]), Some(&[0xfe, b'a'][..])));
    assert_eq!(small.headers[..2], [("own".to_owned(), Some(b"x".to_vec())), ("empty".to_owned(), None)]);
    for (header, value) in [
        ("topic", "payments"),
        ("partition", "2"),
        ("offset", "77"),
        ("timestamp", "1700000000123"),
        ("stage", "decode"),
        ("class.name", "invalid utf-8"),
        ("exception.message", "not UTF-8 from byte 0 on"),
    ] {
        assert_eq!(small.header(&format!("__connect.errors.{header}")).as_deref(), Some(value), "{header}");
    }
    // What no topic of ordinary settings takes is cut, and says so.
    let large = &dead[1];
    assert!((900_000..1_000_000).contains(&large.value.as_ref().unwrap().len()));
    assert_eq!(large.header("__connect.errors.value.bytes").as_deref(), Some("10000000"));
}

#[test]
fn a_missing_topic_of_the_user_is_named() {
    let broker = Broker::shared();
    let why = sink(broker, "sink-missing").recover().unwrap_err();
    let expected = format!(
        "there is no topic `sink-missing-alerts` at {}: it must be made before it is written",
        broker.address()
    );
    assert_eq!(why, SinkError::Configuration(expected));
}

#[test]
fn the_progress_topic_is_ours_compacted_and_bound_to_the_number_of_shards() {
    let (broker, name) = (Broker::shared(), "sink-progress");
    let of = |shard| KafkaSink::new(&client(broker), name, shard, KafkaPlaces::default());
    assert_eq!(of((0, 2)).recover(), Ok(None));
    let mut other = of((1, 2));
    assert_eq!(other.recover(), Ok(None));
    other.begin().unwrap();
    let mine = Progress { shard: (1, 2), ..progress(1, 9) };
    other.commit(&mine).unwrap();
    assert_eq!(of((0, 2)).recover(), Ok(None));
    assert_eq!(of((1, 2)).recover(), Ok(Some(mine)));
    match of((0, 3)).recover() {
        Err(SinkError::Configuration(why)) => assert!(why.contains("has 2 partitions"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(topic::setting(broker, "sink-progress-progress", "cleanup.policy"), "compact");
}

#[test]
fn progress_of_a_newer_form_is_refused() {
    let (broker, name) = (Broker::shared(), "sink-newer");
    let mut sink = KafkaSink::new(&client(broker), name, (0, 1), KafkaPlaces::default());
    sink.recover().unwrap();
    topic::write(broker, "sink-newer-progress", [(0, Some(&b"0"[..]), Some(&b"{\"format\":2}"[..]))]);
    match sink.recover() {
        Err(SinkError::Configuration(why)) => assert!(why.contains("written by a newer Tripline"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// Waits until so many records are visible: a commit is answered before its end is written everywhere.
fn until_visible(broker: &Broker, topic: &str, count: usize) {
    let deadline = std::time::Instant::now() + topic::PATIENCE;
    while topic::read(broker, topic).len() < count {
        assert!(std::time::Instant::now() < deadline, "{count} records do not come in {topic}");
    }
}

#[test]
fn a_broker_that_goes_away_makes_a_commit_unclear_and_comes_back() {
    let (broker, name) = (Broker::own(), "sink-away");
    topics(&broker, name);
    let mut sink = sink(&broker, name);
    sink.recover().unwrap();
    sink.begin().unwrap();
    sink.alert(&alert(1, &[])).unwrap();
    sink.commit(&progress(1, 1)).unwrap();
    until_visible(&broker, "sink-away-alerts", 1);
    broker.settle();
    sink.begin().unwrap();
    sink.alert(&alert(2, &[])).unwrap();
    broker.kill();
    let ended = sink.commit(&progress(1, 2));
    assert!(matches!(ended, Err(CommitError::Unclear(_))), "{ended:?}");
    assert!(matches!(sink.recover(), Err(SinkError::Retry(_))));
    broker.start();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let found = loop {
        match sink.recover() {
            Ok(found) => break found,
            Err(SinkError::Retry(_)) if std::time::Instant::now() < deadline => {}
            other => panic!("{other:?}"),
        }
    };
    // The broker was gone before the commit: nothing of the transaction is there, and it is sent again.
    assert_eq!(found, Some(progress(1, 1)));
    sink.begin().unwrap();
    sink.alert(&alert(2, &[])).unwrap();
    sink.commit(&progress(1, 2)).unwrap();
    assert_eq!(texts(&topic::read(&broker, "sink-away-alerts")), ["{\"n\":1}", "{\"n\":2}"]);
}
