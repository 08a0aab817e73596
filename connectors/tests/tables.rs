//! Tables end to end over the in-process log and over files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken case ends the test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tripline_connectors::file::{TableFile, TableFormat};
use tripline_connectors::json::{JsonDecoder, JsonRows};
use tripline_connectors::log::{Log, LogRecord, LogSink, LogSource, LogTopics};
use tripline_engine::io::Source;
use tripline_engine::metrics::TableHealth;
use tripline_engine::runner::{HeldBack, Input, Job, Notice, RunError, Settings, Summary, TableInput};
use tripline_query_lang::plan::{Plan, RuleId, StreamId, TableId};
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
    let table = LogSource::new(log.clone(), "customers", StreamId(u32::MAX)).with_share(1);
    let rows = JsonRows::new(&plan.tables[0]);
    let table = TableInput { table: TableId(0), source: Box::new(table), decoder: Box::new(rows) };
    tableless(log, plan).settings(Settings { workers, ..Settings::default() }).table(table)
}

fn tableless(log: &Log, plan: Plan) -> Job {
    let source = LogSource::new(log.clone(), "payments", StreamId(0)).with_share(1);
    Job::new(plan)
        .input(Input { source: Box::new(source), decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))) })
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

#[test]
fn rules_that_need_no_unreadable_table_run() {
    let more = r#"
        view usual { by customer on payment where customer in customers emit n = count() over forever }
        rule over_view { on payment where usual[customer].n >= 0 alert low "{customer}" }
        derive named { by customer on payment emit segment = customers[customer].segment }
        rule over_derive { on named alert low "{segment}" }
        view known { by customer on payment emit n = count() over forever }
        rule plain { by customer on payment when known[customer].n >= 0 alert low "plain" }
        derive twice { by customer on payment emit n = n }
        rule plain_too { on twice where n >= 0 alert every event low "too" }
    "#;
    let text = format!("{RULES}{more}");
    let plan = compile(&[Text { name: "t.trip".to_owned(), text }], &[]).plan.unwrap();
    let view = |name: &str| RuleId(plan.rules.iter().position(|rule| rule.name == name).unwrap() as u32);
    let shown = vec![view("known"), view("usual")];
    let log = log();
    (0..5).for_each(|n| pay(&log, "c", n, n));
    log.finish_topic("payments");
    let source = Box::new(LogSource::new(log.clone(), "nowhere", StreamId(u32::MAX)));
    let table = TableInput { table: TableId(0), source, decoder: Box::new(JsonRows::new(&plan.tables[0])) };
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = told.clone();
    let job = tableless(&log, plan.clone()).table(table).show(shown.clone());
    let job = job.observe(move |notice| hears.lock().unwrap().push(notice));
    let metrics = job.metrics();
    let summary = job.run(Arc::new(AtomicBool::new(false))).unwrap();
    let why = "there is no topic `nowhere` in the in-process log";
    let rules: Vec<String> = ["seen", "usual", "over_view", "named", "over_derive"].map(str::to_owned).into();
    let held = HeldBack { table: "customers".to_owned(), why: why.to_owned(), rules: rules.clone() };
    assert_eq!(summary.held_back, std::slice::from_ref(&held));
    assert!(told.lock().unwrap().contains(&Notice::HeldBack(held)));
    let health = TableHealth { failures: 1, trouble: Some(why.to_owned()), held_back: rules };
    assert_eq!(metrics.tables(), BTreeMap::from([("customers".to_owned(), health)]));
    let by = |rule: &str| {
        let of = |record: &Arc<LogRecord>| {
            let json: serde_json::Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            json["rule"] == rule
        };
        log.read_all("alerts").into_iter().filter(of).count()
    };
    assert_eq!((by("plain"), by("plain_too"), log.read_all("alerts").len()), (1, 5, 6));
    let rows: Vec<_> = summary.views.iter().map(|view| (view.view, view.rows.len())).collect();
    assert_eq!(rows, [(shown[0], 1)]);
}

/// Payments, while the file that says who pays breaks and is mended; what was told, and how the table is in the end.
fn run_over_a_file(log: &Log, path: &Path, act: impl FnOnce(&dyn Fn(&str))) -> (Vec<Notice>, TableHealth) {
    let plan = plan();
    let history = path.with_extension("history");
    let source = TableFile::new(&plan.tables[0], path, TableFormat::Csv, Some(history), Arc::new(|_| {}));
    let source = source.looking_every(Duration::from_millis(1));
    let rows = source.decoder();
    let table = TableInput { table: TableId(0), source: Box::new(source), decoder: rows };
    let (telling, told) = std::sync::mpsc::channel();
    let job = tableless(log, plan).table(table).observe(move |notice| drop(telling.send(notice)));
    let (metrics, stop) = (job.metrics(), Arc::new(AtomicBool::new(false)));
    let running = std::thread::spawn({
        let stop = stop.clone();
        move || job.run(stop)
    });
    let heard = std::cell::RefCell::new(Vec::new());
    act(&|wanted| {
        while !heard.borrow().iter().any(|notice: &Notice| notice.to_string().contains(wanted)) {
            heard.borrow_mut().push(told.recv_timeout(Duration::from_secs(20)).unwrap());
        }
    });
    stop.store(true, Ordering::Relaxed);
    running.join().unwrap().unwrap();
    (heard.into_inner(), metrics.tables().remove("customers").unwrap_or_default())
}

#[test]
fn a_table_that_breaks_while_it_runs_leaves_its_rows_in_force_also_for_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    std::fs::write(&path, "id,segment\na,old\nb,two\n").unwrap();
    let log = log();
    let pay_and_wait = |n: i64| {
        pay(&log, "a", n, n * 1000);
        pay(&log, "z", 0, n * 1000 + 1);
        assert!(log.wait_until("alerts", Duration::from_secs(20), |found| found.len() as i64 >= 2 * n - 1));
    };
    let (_, health) = run_over_a_file(&log, &path, |until| {
        pay_and_wait(1);
        std::fs::remove_file(&path).unwrap();
        until("table `customers` cannot be read: ");
        pay_and_wait(2);
        std::fs::write(&path, "id,group\na,new\n").unwrap();
        until("there is no column `segment`");
        pay_and_wait(3);
        std::fs::write(&path, "id,segment\na,new\n").unwrap();
        until("table `customers` is read again");
        // What is told may be ahead of what holds.
        pay_and_wait(4);
    });
    assert_eq!((health.trouble, health.held_back.len()), (None, 0));
    assert!(health.failures >= 2);

    // The file is broken when the run starts again: its history says what it was.
    std::fs::write(&path, "id\n").unwrap();
    let (heard, health) = run_over_a_file(&log, &path, |until| {
        until("table `customers` cannot be read: ");
        pay_and_wait(5);
    });
    assert!(heard.iter().any(|notice| matches!(notice, Notice::TableFails { is_lost: false, .. })));
    assert_eq!(health.failures, 1);
    let of_a: Vec<_> = said(&log).into_iter().filter(|(n, ..)| *n > 0).collect();
    let expected = [(1, "old", 1), (2, "old", 2), (3, "old", 3), (4, "new", 4), (5, "new", 5)];
    assert_eq!(of_a, expected.map(|(n, segment, known)| (n, segment.to_owned(), known)));
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
fn a_file_that_is_no_table_for_a_while_changes_nothing_until_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("customers.csv"), folder.path().join("away"));
    let whole = "id,segment\na,old\nb,two\n";
    std::fs::write(&path, whole).unwrap();
    let mut source = file(&path, None);
    source.open().unwrap();
    told(&mut source);
    let mut in_trouble = |text: Option<&str>, expected: &str| {
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::rename(&path, &away).unwrap(),
        }
        assert_eq!(told(&mut source), owned([]));
        let trouble = source.trouble().unwrap().to_owned();
        assert!(trouble.contains("customers.csv`: ") && trouble.contains(expected), "{trouble}");
        std::fs::write(&path, whole).unwrap();
        assert_eq!(told(&mut source), owned([]), "the rows are those that were in force");
        assert_eq!(source.trouble(), None);
    };
    in_trouble(Some("id,segment\na,old\nb,t"), "it has no line break at its end and may be half-written");
    in_trouble(Some(""), "may be half-written");
    in_trouble(None, "it cannot be opened: No such file");
    in_trouble(Some("id,group\na,old\n"), "there is no column `segment`; there is `id`, `group`");
    in_trouble(Some("\n"), "it has no header line");

    // A row that does not fit is told, and the others are used.
    std::fs::write(&path, "id,segment\na,\nb,three\n").unwrap();
    assert_eq!(told(&mut source), owned([(3, "a,"), (4, "b,three")]), "and the row before it stays in force");
    // One without a last line break is taken when it has stood still for long.
    std::fs::write(&path, "id,segment\na,new\nb,three").unwrap();
    let news: Vec<_> = (0..5).flat_map(|_| told(&mut source)).collect();
    assert_eq!(news, owned([(5, "a,new")]));
    std::fs::write(&path, "id,segment\na,\n").unwrap();
    assert_eq!(told(&mut source), owned([(6, "-b,three"), (7, "a,")]));
    std::fs::write(&path, "id,segment\n").unwrap();
    assert_eq!(told(&mut source), owned([(8, "-a,new")]));
    assert_eq!(source.trouble(), None);
}

#[test]
fn rows_are_read_under_the_columns_that_they_were_written_under() {
    let folder = tempfile::tempdir().unwrap();
    let (path, history) = (folder.path().join("customers.csv"), folder.path().join("history"));
    std::fs::write(&path, "id,segment\na,one\nb,two\n").unwrap();
    let keys = |source: &mut TableFile| {
        let (mut decoder, mut keys) = (source.decoder(), Vec::new());
        for _ in 0..3 {
            let visit = &mut |record: tripline_engine::io::Record<'_>| {
                let (row, gone) = (record.value.or(record.key).unwrap(), record.value.is_none());
                keys.push(format!("{}{}", if gone { "-" } else { "" }, decoder.key(row).unwrap()[0]));
            };
            source.poll(100, Duration::ZERO, visit).unwrap();
        }
        keys
    };
    let mut source = file(&path, Some(&history));
    source.open().unwrap();
    assert_eq!(keys(&mut source), ["a", "b"]);
    // Another order of columns, and one more.
    std::fs::write(&path, "segment,more,id\none,1,a\nthree,2,c\n").unwrap();
    assert_eq!(keys(&mut source), ["-b", "a", "c"]);

    // A process that died while it wrote left half a line, which nobody has seen.
    let written = std::fs::read_to_string(&history).unwrap();
    std::fs::write(&history, format!("{written}{{\"row\":\"three")).unwrap();
    // And the file is no table just now: its history says what it was.
    std::fs::write(&path, "what\n").unwrap();
    let mut again = file(&path, Some(&history));
    again.open().unwrap();
    assert!(again.trouble().unwrap().contains("there is no column `id`"));
    assert_eq!(keys(&mut again), ["a", "b", "-b", "a", "c"]);
    assert_eq!(std::fs::read_to_string(&history).unwrap(), written);
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
