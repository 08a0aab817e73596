//! Tables end to end over the in-process log and over files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken case ends the test")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tripline_connectors::file::{TableFile, TableFormat};
use tripline_connectors::json::{JsonDecoder, JsonRows};
use tripline_connectors::log::{Log, LogRecord, LogSink, LogSource, LogTopics};
use tripline_engine::io::Source;
use tripline_engine::runner::{Input, Job, RunError, Settings, Summary, TableInput};
use tripline_query_lang::plan::{Plan, StreamId, TableId};
use tripline_query_lang::{Source as Text, compile};

const RULES: &str = r#"
    stream payment { customer: text  n: int  at: time(ms) } timed by at
    table customers key id { id: text  segment: text } late 0s
    rule seen {
      by    customer
      on    payment
      alert every event low "{customers[customer].segment}"
      with  n = n, known = count(where customers[customer].segment is not null) over 1h
    }
"#;

fn plan() -> Plan {
    compile(&[Text { name: "t.trip".to_owned(), text: RULES.to_owned() }], &[]).plan.unwrap()
}

fn topics() -> LogTopics {
    LogTopics {
        alerts: "alerts".into(),
        progress: "progress".into(),
        dead_letters: Some("dead-letters".into()),
        late: Some("late".into()),
    }
}

fn log() -> Log {
    let log = Log::default();
    log.create_topic("payments", 1);
    log.create_topic("customers", 2);
    LogTopics::create(&log, 1);
    log
}

fn pay(log: &Log, customer: &str, n: i64, at_ms: i64) {
    let json = format!(r#"{{"customer":"{customer}","n":{n},"at":{at_ms}}}"#);
    let record = LogRecord { timestamp_us: Some(at_ms * 1000), ..LogRecord::of_value(json) };
    log.append("payments", 0, record).unwrap();
}

fn row(log: &Log, partition: usize, key: &str, value: Option<&str>, at_ms: i64) {
    let record = LogRecord {
        timestamp_us: Some(at_ms * 1000),
        key: Some(key.as_bytes().to_vec()),
        value: value.map(|value| value.as_bytes().to_vec()),
        headers: Vec::new(),
    };
    log.append("customers", partition, record).unwrap();
}

fn job(log: &Log, workers: usize) -> Job {
    let plan = plan();
    let source = LogSource::new(log.clone(), "payments", StreamId(0)).with_share(1);
    let table = LogSource::new(log.clone(), "customers", StreamId(u32::MAX)).with_share(1);
    let rows = JsonRows::new(&plan.tables[0]);
    Job::new(plan)
        .settings(Settings { workers, ..Settings::default() })
        .input(Input { source: Box::new(source), decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))) })
        .table(TableInput { table: TableId(0), source: Box::new(table), decoder: Box::new(rows) })
        .sink(Box::new(LogSink::new(log.clone(), topics(), "test", 0)))
}

/// What was said of each payment: number, segment, how many were known.
fn said(log: &Log) -> Vec<(i64, String, i64)> {
    let alert = |record: &Arc<LogRecord>| {
        let json: serde_json::Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        let number = |name: &str| json["fields"][name].as_i64().unwrap_or_else(|| panic!("{json}"));
        (number("n"), json["message"].as_str().unwrap().to_owned(), number("known"))
    };
    log.read_all("alerts").iter().map(alert).collect()
}

/// Runs until so many alerts are there, then stops.
fn run_until(log: &Log, alerts: usize) -> Result<Summary, RunError> {
    let stop = Arc::new(AtomicBool::new(false));
    let running = {
        let (job, stop) = (job(log, 1), stop.clone());
        std::thread::spawn(move || job.run(stop))
    };
    assert!(log.wait_until("alerts", Duration::from_secs(20), |found| found.len() >= alerts));
    stop.store(true, Ordering::Relaxed);
    running.join().unwrap()
}

#[test]
fn rows_are_read_first_and_hold_from_their_time_on() {
    for workers in [1, 3] {
        let log = log();
        for n in 0..100 {
            pay(&log, &format!("c{}", n % 10), n, n);
        }
        log.finish_topic("payments");
        row(&log, 0, "c1", Some(r#"{"id":"c1","segment":"old"}"#), 0);
        row(&log, 1, "c2", Some(r#"{"id":"c2","segment":"two"}"#), 30);
        row(&log, 0, "c1", Some(r#"{"id":"c1","segment":"new"}"#), 41);
        row(&log, 0, "c1", Some(r#"{"id":"c1"}"#), 50);
        row(&log, 0, "c1", None, 61);
        row(&log, 1, "?", None, 70);
        let summary = job(&log, workers).run(Arc::new(AtomicBool::new(false))).unwrap();
        assert!(summary.finished);
        let of = |customer: i64| -> Vec<String> {
            said(&log).into_iter().filter(|(n, ..)| n % 10 == customer).map(|(_, segment, _)| segment).collect()
        };
        assert_eq!(of(1), ["old", "old", "old", "old", "new", "new", "-", "-", "-", "-"]);
        assert_eq!(of(2), ["-", "-", "-", "two", "two", "two", "two", "two", "two", "two"]);
        assert_eq!(of(3), ["-"; 10]);
        // The row without a segment is a dead letter, and leaves the one before it in force.
        assert_eq!(log.read_all("dead-letters").len(), 1);
        assert_eq!((summary.counts.read, summary.counts.dead_letters), (106, 1));
        assert_eq!(summary.counts.matched_input, 105);
    }
}

#[test]
fn a_row_that_comes_late_holds_from_then_on_also_for_a_restart() {
    let log = log();
    pay(&log, "a", 1, 1_000);
    pay(&log, "a", 2, 2_000);
    pay(&log, "z", 0, 3_000);
    assert!(run_until(&log, 2).is_ok());
    // Its record's time lies before all payments, but it comes when time has passed them.
    row(&log, 0, "a", Some(r#"{"id":"a","segment":"vip"}"#), 500);
    pay(&log, "a", 3, 3_500);
    pay(&log, "z", 0, 4_000);
    assert!(run_until(&log, 4).is_ok());
    pay(&log, "a", 4, 5_000);
    log.finish_topic("payments");
    assert!(job(&log, 2).run(Arc::new(AtomicBool::new(false))).is_ok());
    let of_a: Vec<_> = said(&log).into_iter().filter(|(n, ..)| *n > 0).collect();
    let expected = [(1, "-", 0), (2, "-", 0), (3, "vip", 1), (4, "vip", 2)];
    assert_eq!(of_a, expected.map(|(n, segment, known)| (n, segment.to_owned(), known)));
}

#[test]
fn a_table_that_cannot_be_read_keeps_the_rules_from_starting() {
    let log = log();
    let missing = LogSource::new(log.clone(), "nowhere", StreamId(u32::MAX));
    let rows = JsonRows::new(&plan().tables[0]);
    let table = TableInput { table: TableId(0), source: Box::new(missing), decoder: Box::new(rows) };
    let source = || LogSource::new(log.clone(), "payments", StreamId(0));
    let job = || {
        let decoder = Box::new(|stream: &_, _: &[bool]| Box::new(JsonDecoder::new(stream)) as Box<_>);
        Job::new(plan()).input(Input { source: Box::new(source()), decoder }).sink(Box::new(LogSink::new(
            log.clone(),
            topics(),
            "test",
            0,
        )))
    };
    let error = job().table(table).run(Arc::new(AtomicBool::new(false))).unwrap_err();
    let expected =
        "table `customers` cannot be read, and rules need it: there is no topic `nowhere` in the in-process log";
    assert_eq!(error, RunError::Configuration(expected.to_owned()));
    let error = job().run(Arc::new(AtomicBool::new(false))).unwrap_err();
    assert_eq!(error, RunError::Configuration("the rules need table `customers`, but it has no source".to_owned()));
}

/// What a file's source tells: offset, and the row or, with `-` before it, the row that is gone.
fn told(source: &mut TableFile) -> Vec<(i64, String)> {
    let mut told = Vec::new();
    for _ in 0..3 {
        let visit = &mut |record: tripline_engine::io::Record<'_>| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let shown = record.value.map(text).or(record.key.map(|row| format!("-{}", text(row))));
            told.push((record.offset, shown.unwrap()));
        };
        source.poll(100, Duration::ZERO, visit).unwrap();
    }
    told
}

fn file(path: &Path, history: Option<&Path>) -> TableFile {
    let (plan, quiet) = (plan(), Arc::new(|_: &str| {}));
    TableFile::new(&plan.tables[0], path, TableFormat::Csv, history.map(Path::to_owned), quiet)
        .looking_every(Duration::ZERO)
}

fn owned<const N: usize>(rows: [(i64, &str); N]) -> Vec<(i64, String)> {
    rows.into_iter().map(|(offset, row)| (offset, row.to_owned())).collect()
}

#[test]
fn a_file_tells_what_changes_in_it_and_its_history_tells_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, history) = (folder.path().join("customers.csv"), folder.path().join("history"));
    std::fs::write(&path, "id,segment\na,old\nb,two\nc,\n").unwrap();
    let mut source = file(&path, Some(&history));
    source.open().unwrap();
    // The row without a segment is told as well: it is a dead letter.
    assert_eq!(told(&mut source), owned([(1, "c,"), (2, "a,old"), (3, "b,two")]));
    assert!(source.is_read());
    std::fs::write(&path, "segment,id\n").unwrap();
    assert_eq!(told(&mut source), owned([]), "other columns are refused, and the rows stay");
    std::fs::write(&path, "id,segment\na,newer\nd,four\nc,\n").unwrap();
    let news = owned([(4, "-b,two"), (5, "a,newer"), (6, "d,four")]);
    assert_eq!(told(&mut source), news);

    // While nobody looked, the file has changed once more.
    std::fs::write(&path, "id,segment\na,newer\n").unwrap();
    let mut again = file(&path, Some(&history));
    again.open().unwrap();
    again.seek(&[Some(4)]).unwrap();
    assert_eq!(told(&mut again), [news, owned([(7, "-d,four")])].concat());

    let mut fresh = file(&path, None);
    fresh.open().unwrap();
    assert_eq!(told(&mut fresh), owned([(1, "a,newer")]));
}

#[test]
fn a_file_without_its_columns_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    std::fs::write(&path, "id\na\n").unwrap();
    let error = file(&path, None).open().unwrap_err().to_string();
    assert!(error.ends_with("there is no column `segment`; there is `id`"), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(file(&path, None).open().unwrap_err().to_string().contains("cannot be opened"));
}
