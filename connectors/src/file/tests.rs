//! Records of files, and outputs that hold whole lines only.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tripline_engine::event::{BatchBuilder, PartitionId};
use tripline_engine::io::{
    AlertRecord, Cause, Cut, Hop, Polled, Position, Progress, RecordError, SideKind, SideRecord, Source, SourceError,
    Stage, TransactionalSink,
};
use tripline_query_lang::plan::{Field, FieldId, PathPart, Severity, Stream, StreamId};
use tripline_query_lang::value::Type;

use super::input::Input;
use super::lines::{Next, Records};
use super::output::{Medium, Output};
use super::{FileFormat, FileSource, LocalPlace, LocalPlaces, LocalSink};
use crate::convert::RECORD_BYTES_MAX;
use crate::side::reason;

const FOREVER: Duration = Duration::from_secs(60);

fn stream() -> Stream {
    let field = |name: &str, ty| Field {
        name: name.to_owned(),
        ty,
        optional: false,
        path: vec![PathPart::Key(name.to_owned())],
        time_unit: None,
    };
    let fields = vec![field("id", Type::Text), field("at", Type::Time)];
    Stream {
        name: "s".to_owned(),
        fields,
        timed_by: FieldId(1),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    }
}

/// Line and text of every record of an input that comes in pieces.
fn records(pieces: Vec<Vec<u8>>, quotes: bool) -> Vec<(i64, String)> {
    struct Pieces(std::vec::IntoIter<Vec<u8>>);
    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.0.find(|p| !p.is_empty()).unwrap_or_default();
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }
    let mut records = Records::new(Input::pipe(Pieces(pieces.into_iter())), quotes);
    let mut found = Vec::new();
    loop {
        match records.next(FOREVER).unwrap() {
            Next::Record(line) => found.push((line, String::from_utf8_lossy(records.bytes()).into_owned())),
            Next::NotYet => {}
            Next::End => return found,
        }
    }
}

fn of(text: &str, quotes: bool) -> Vec<(i64, String)> {
    records(text.as_bytes().chunks(100_000).map(<[u8]>::to_vec).collect(), quotes)
}

fn lines(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

#[test]
fn lines_with_their_numbers() {
    assert_eq!(of("\u{feff}a\r\n\n  \nb\nc", false), lines(&[(1, "a"), (4, "b"), (5, "c")]));
    assert_eq!(of("", false), []);
    assert_eq!(of("\n\n", false), []);
}

#[test]
fn a_row_goes_on_while_a_quote_is_open() {
    assert_eq!(of("a,\"b\nc\"\nd\n", true), lines(&[(1, "a,\"b\nc\""), (3, "d")]));
    assert_eq!(of("a,\"b\nc\"", true), lines(&[(1, "a,\"b\nc\"")]));
}

#[test]
fn of_a_quote_that_never_closes_only_the_line_is_lost() {
    assert_eq!(of("a\nb,\"\nc\nd", true), lines(&[(1, "a"), (2, "b,\""), (3, "c"), (4, "d")]));
    let rest = "e\n".repeat(RECORD_BYTES_MAX / 2 + 10);
    let found = of(&format!("a\nb,\"\n{rest}"), true);
    assert_eq!(found.len(), RECORD_BYTES_MAX / 2 + 12);
    assert_eq!(found[1..3], lines(&[(2, "b,\""), (3, "e")]));
}

#[test]
fn a_line_without_end_is_bounded() {
    let long = "x".repeat(10 * RECORD_BYTES_MAX);
    for quotes in [false, true] {
        let found = of(&format!("a\n{long}\nb\n{long}"), quotes);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((found[1].1.len(), found[2].1.as_str()), (RECORD_BYTES_MAX + 1, "b"));
        assert_eq!(found[3].1.len(), RECORD_BYTES_MAX + 1);
    }
}

proptest! {
    #[test]
    fn pieces_do_not_matter(pieces in prop::collection::vec("[a\",\n\r]{0,8}", 0..8), quotes in any::<bool>()) {
        let whole: String = pieces.concat();
        let split = records(pieces.into_iter().map(String::into_bytes).collect(), quotes);
        prop_assert_eq!(split, of(&whole, quotes));
    }
}

fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What a source gives: partition, offset, and the event time or the class of the fault.
fn drain(source: &mut FileSource, max: usize) -> Vec<(usize, i64, Result<i64, &'static str>)> {
    let stream = stream();
    let mut decoder = source.decoder()(&stream, &[]);
    let mut row = BatchBuilder::new(&stream, &[true, true]);
    let mut found = Vec::new();
    loop {
        let polled = source.poll(max, FOREVER, &mut |record| {
            let result = decoder.decode(record.value.unwrap(), &mut row);
            if let Ok(at) = result {
                row.end_row(at, record.offset);
            }
            found.push((record.partition, record.offset, result.map_err(|e| e.class)));
        });
        if polled.unwrap() == Polled::End {
            return found;
        }
    }
}

#[test]
fn files_are_partitions_and_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let json = |n: i64| format!("{{\"id\":\"a\",\"at\":\"1970-01-01T00:00:0{n}Z\"}}\n");
    let a = write(dir.path(), "a.jsonl", &format!("{}bad\n{}", json(1), json(2)));
    let b = write(dir.path(), "b.jsonl", &json(3));
    let mut source = FileSource::new(StreamId(0), &stream(), &[a.clone(), b], FileFormat::JsonLines);
    let partitions = source.open().unwrap();
    assert_eq!(partitions[0].id.topic.as_ref(), a.to_str().unwrap());
    assert_eq!(source.size_hint(), Some(4));
    let first = (0, 1, Ok(1_000_000));
    let rest = [(0, 2, Err("invalid json")), (0, 3, Ok(2_000_000))];
    assert_eq!(drain(&mut source, 1), [first, (1, 1, Ok(3_000_000)), rest[0], rest[1]]);
    source.seek(&[Some(3), None]).unwrap();
    assert_eq!(drain(&mut source, 10), [rest[1], (1, 1, Ok(3_000_000))]);
}

#[test]
fn csv_rows_have_a_header() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.csv", "at,id\n1970-01-01T00:00:01Z,\"x\ny\"\n1970-01-01T00:00:02Z\n");
    let mut source = FileSource::new(StreamId(0), &stream(), &[a], FileFormat::Csv);
    source.open().unwrap();
    assert_eq!(drain(&mut source, 10), [(0, 2, Ok(1_000_000)), (0, 4, Err("invalid csv"))]);
}

#[test]
fn wrong_files_say_which_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let csv = write(dir.path(), "a.csv", "id,when\n");
    let why = |paths: &[PathBuf], format| match FileSource::new(StreamId(0), &stream(), paths, format).open() {
        Err(SourceError::Configuration(why)) => why,
        other => format!("{other:?}"),
    };
    let missing = dir.path().join("missing");
    assert!(
        why(&[missing], FileFormat::JsonLines)
            .ends_with("missing`: cannot be opened: No such file or directory (os error 2)")
    );
    assert!(why(&[dir.path().to_owned()], FileFormat::JsonLines).ends_with("cannot be opened: it is a folder"));
    assert!(why(&[csv.clone(), csv.clone()], FileFormat::JsonLines).ends_with("is named twice"));
    assert!(why(&[csv], FileFormat::Csv).ends_with("there is no column `at`; there is `id`, `when`"));
    let empty = write(dir.path(), "empty.csv", "");
    assert!(why(&[empty], FileFormat::Csv).ends_with("has no header line"));
}

fn alert(body: &str, to: &[&str]) -> AlertRecord {
    AlertRecord {
        position: Position {
            time_us: 0,
            cause: Cause::Timer,
            path: vec![Hop { rule: 0, key: Vec::new(), sequence: 0 }],
        },
        rule: "burst".to_owned(),
        id: "0".repeat(32),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        key: b"{}".to_vec(),
        body: body.as_bytes().to_vec(),
        at_us: 0,
        severity: Severity::High,
        links: Vec::new(),
    }
}

fn progress() -> Progress {
    Progress {
        generation: 1,
        shard: (0, 1),
        last: None,
        watermark_us: 0,
        cut: Cut::default(),
        floors: Vec::new(),
        rules: Vec::new(),
    }
}

fn side_record(kind: SideKind) -> SideRecord {
    SideRecord {
        kind,
        partition: PartitionId { stream: StreamId(0), topic: "t".into(), partition: 2 },
        offset: 7,
        timestamp_us: Some(0),
        key: None,
        value: Some(vec![0xff, b'a']),
        headers: vec![("h".to_owned(), Some(b"v".to_vec()))],
    }
}

fn dead_letter() -> SideRecord {
    let message = "not UTF-8".to_owned();
    side_record(SideKind::DeadLetter(RecordError { stage: Stage::Decode, class: "invalid utf-8", message }))
}

#[test]
fn a_commit_shows_all_and_only_its_lines() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| LocalPlace::File(dir.path().join(name));
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    std::fs::write(dir.path().join("alerts"), "from an older run, longer than what comes now\n").unwrap();
    let named = [("ops".to_owned(), place("ops")), ("same".to_owned(), place("ops"))].into();
    let places = LocalPlaces { alerts: Some(place("alerts")), named, dead_letters: Some(place("dead")), late: None };
    let mut sink = LocalSink::new(places);
    assert_eq!(sink.recover(), Ok(None));
    sink.begin().unwrap();
    sink.alert(&alert("{\"n\":0}", &[])).unwrap();
    sink.begin().unwrap();
    sink.alert(&alert("{\"n\":1}", &[])).unwrap();
    sink.alert(&alert("{\"n\":2}", &["ops", "same"])).unwrap();
    sink.side(&dead_letter()).unwrap();
    sink.side(&side_record(SideKind::Late { behind_us: 1 })).unwrap();
    assert_eq!(read("alerts"), "");
    sink.commit(&progress()).unwrap();
    assert_eq!((read("alerts").as_str(), read("ops").as_str()), ("{\"n\":1}\n", "{\"n\":2}\n"));
    assert_eq!(sink.recover(), Ok(Some(progress())));
    let dead: serde_json::Value = serde_json::from_str(&read("dead")).unwrap();
    let expected = serde_json::json!({
        "kind": "dead_letter", "stage": "decode", "class": "invalid utf-8", "reason": "not UTF-8", "topic": "t",
        "partition": 2, "offset": 7, "timestamp": "1970-01-01T00:00:00Z", "value": {"base16": "ff61"}, "headers": [["h", "v"]],
    });
    assert_eq!(dead, expected);
}

#[test]
fn reasons_are_sentences() {
    assert_eq!(reason(&SideKind::Late { behind_us: 1_500_000 }), "late by 1.5 s more than allowed");
    let beyond = reason(&SideKind::Quarantined { beyond_us: 60_000_000 });
    assert_eq!(beyond, "ahead of its record's time by 60 s more than allowed");
}

/// A disk with room for so many bytes.
#[derive(Clone)]
struct SmallDisk(Arc<Mutex<Vec<u8>>>, usize);

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = self.0.lock().unwrap();
        let room = (self.1 - disk.len()).min(bytes.len());
        disk.extend_from_slice(&bytes[..room]);
        if room == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for SmallDisk {
    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.0.lock().unwrap().truncate(bytes as usize);
        Ok(())
    }
}

#[test]
fn a_full_disk_leaves_whole_lines() {
    let disk = SmallDisk(Arc::default(), 20);
    let mut output = Output::on(Path::new("alerts"), Box::new(disk.clone()));
    output.line(b"{\"n\":1}");
    output.commit().unwrap();
    output.line(b"{\"n\":2}");
    output.line(b"{\"n\":3}");
    let why = output.commit().unwrap_err();
    assert_eq!(why, "cannot write `alerts`: no storage space; it ends with the last committed line");
    assert_eq!(*disk.0.lock().unwrap(), b"{\"n\":1}\n");
}

#[test]
fn an_output_that_cannot_be_made_says_so() {
    let alerts = Some(LocalPlace::File(PathBuf::from("/nowhere/alerts.jsonl")));
    let why = LocalSink::new(LocalPlaces { alerts, ..LocalPlaces::default() }).recover().unwrap_err().to_string();
    assert_eq!(why, "cannot create `/nowhere/alerts.jsonl`: No such file or directory (os error 2)");
}

#[test]
fn the_terminal_shows_time_severity_rule_message_and_evidence() {
    let body = r#"{"at":"2026-01-01T00:00:02Z","message":"c1: \u001b[2J 3 payments","evidence":[
        {"step":"hit","stream":"payment","topic":"payments","partition":1,"offset":42,"at":"2026-01-01T00:00:02Z"},
        {"step":"no","at":"2026-01-01T00:30:00Z"}]}"#;
    let line = anstream::adapter::strip_str(&crate::terminal::alert_line(&alert(body, &[]))).to_string();
    let message = "burst: c1: \u{fffd}[2J 3 payments";
    let evidence = "[hit payments/1@42, no until 2026-01-01T00:30:00Z]";
    assert_eq!(line, format!("2026-01-01T00:00:02Z HIGH     {message} {evidence}"));
}
