//! The runner end to end over the in-process log.
#![expect(clippy::panic, reason = "a sink is told to panic")]

mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tripline_connectors::log::{Fault, Log, LogRecord, LogSink, LogSource};
use tripline_engine::io::{AlertRecord, CommitError, Progress, SideRecord, SinkError, TransactionalSink};
use tripline_engine::metrics::Counts;
use tripline_engine::runner::{Input, Job, Notice, RunError, Settings, Summary};
use tripline_engine::time::ManualClock;
use tripline_query_lang::plan::{FieldId, StreamId, Unique};
use world::{append, job, log, plan, run, values};

/// Three partitions, disorder inside the lateness, several keys.
fn fill(log: &Log, events: u64) {
    let mut state = 7u64;
    for number in 0..events {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = state >> 60;
        let at = 10 * number + (state >> 40) % 50;
        append(log, (state >> 33) as usize % 3, &format!("k{key} {number} {at}"));
    }
    log.finish_topic(world::TOPIC);
}

fn output(events: u64, workers: usize, share: usize) -> Vec<String> {
    let log = log(3, 1);
    fill(&log, events);
    let summary = run(&log, plan(50, None, None), 1, workers, share).expect("a good run");
    assert!(summary.finished);
    assert_eq!((summary.counts.read, summary.counts.matched_input), (events, events));
    let alerts = values(&log, "alerts");
    assert_eq!(summary.counts.alerts, alerts.len() as u64);
    alerts
}

#[test]
fn any_arrival_and_number_of_workers_give_the_same_bytes() {
    let expected = output(3_000, 1, usize::MAX);
    assert!(expected.len() > 500, "{} alerts", expected.len());
    for (workers, share) in [(1, 1), (1, 7), (2, usize::MAX), (2, 3), (3, 64)] {
        assert!(output(3_000, workers, share) == expected, "{workers} workers, share {share}");
    }
}

#[test]
fn every_record_is_counted_once() {
    let log = log(1, 2);
    for line in ["a 1 100", "nonsense", "a 2 120", "a 3 20", "a 4 9999", "a -5 130"] {
        append(&log, 0, line);
    }
    log.finish_topic(world::TOPIC);
    let summary = run(&log, plan(50, Some(5_000), None), 2, 1, usize::MAX).expect("a good run");
    let expected = Counts {
        read: 6,
        matched_input: 2,
        filtered: 1,
        late: 1,
        quarantined: 1,
        dead_letters: 1,
        repeated: 0,
        keyless: 0,
        refused: 0,
        alerts: 1,
    };
    assert_eq!(summary.counts, expected);
    assert_eq!(values(&log, "dead-letters"), ["nonsense"]);
    assert_eq!(values(&log, "late"), ["a 3 20", "a 4 9999"]);
}

#[test]
fn repeats_are_left_out_on_any_partition_and_counted() {
    let with_repeats = |workers, again: bool| {
        let log = log(3, 1);
        for number in 0..300 {
            // A third of the events is wanted by no rule; a repeat has another key and another partition.
            let (key, x) = (number % 4, if number % 3 == 1 { -number } else { number });
            append(&log, number as usize % 3, &format!("k{key} {x} {}", 10 * number));
            if again {
                append(&log, (number as usize + 1) % 3, &format!("k5 {x} {}", 10 * number + 3));
            }
        }
        log.finish_topic(world::TOPIC);
        let mut plan = plan(50, None, None);
        plan.streams[0].unique = Some(Unique { fields: vec![FieldId(1)], over_us: 1_000 });
        let summary = run(&log, plan, 1, workers, 7).expect("a good run");
        (values(&log, "alerts"), summary.counts)
    };
    let (expected, counts) = with_repeats(1, false);
    assert_eq!((counts.matched_input, counts.filtered, counts.repeated), (200, 100, 0));
    for workers in 1..=3 {
        let (alerts, counts) = with_repeats(workers, true);
        assert_eq!((counts.read, counts.matched_input, counts.filtered, counts.repeated), (600, 200, 100, 300));
        assert!(counts.to_string().contains(", repeated 300, "), "{counts}");
        // Offsets are others than without the repeats, and with them the ids.
        let messages = |alerts: &[String]| -> Vec<String> { alerts.iter().map(|alert| said(alert)).collect() };
        assert_eq!(messages(&alerts), messages(&expected), "{workers} workers");
    }
}

/// What an alert says, without its id and coordinates.
fn said(alert: &str) -> String {
    let alert: serde_json::Value = serde_json::from_str(alert).expect("an alert is JSON");
    format!("{} {} {}", alert["time"], alert["message"], alert["with"])
}

#[test]
fn a_thread_that_panics_ends_the_run_with_an_error() {
    let log = log(1, 1);
    append(&log, 0, "a 1 100");
    append(&log, 0, "panic");
    let error = run(&log, plan(0, None, None), 1, 2, usize::MAX).expect_err("the decoder panics");
    assert!(matches!(&error, RunError::Panicked { thread, .. } if thread == "ingest-0"), "{error}");
}

#[test]
fn a_stop_commits_what_is_complete_and_a_restart_goes_on() {
    let log = log(1, 1);
    (0..4).for_each(|i| append(&log, 0, &format!("a {i} {}", 10 * i)));
    let stop = Arc::new(AtomicBool::new(false));
    let settings = Settings { commit_every: Duration::from_millis(5), ..Settings::default() };
    let running = {
        let (job, stop) = (job(&log, plan(0, None, None), 1, usize::MAX, settings), stop.clone());
        std::thread::spawn(move || job.run(stop))
    };
    assert!(log.wait_until("alerts", Duration::from_secs(10), |alerts| alerts.len() == 2));
    let asked = Instant::now();
    stop.store(true, Ordering::Relaxed);
    let summary = running.join().expect("no panic").expect("a good run");
    assert!(!summary.finished && asked.elapsed() < Duration::from_secs(5));
    assert_eq!(values(&log, "alerts").len(), 2, "the event at 30 may still have company");

    append(&log, 0, "a 4 40");
    log.finish_topic(world::TOPIC);
    let summary = run(&log, plan(0, None, None), 1, 1, usize::MAX).expect("a good run");
    assert_eq!((summary.counts.read, summary.counts.alerts), (5, 2));
    assert_eq!(values(&log, "alerts").len(), 4);
}

#[test]
fn a_lost_log_is_a_loud_stop() {
    let log = log(1, 1);
    append(&log, 0, "a 1 100");
    log.finish_topic(world::TOPIC);
    run(&log, plan(0, None, None), 1, 1, usize::MAX).expect("a good run");
    log.trim(world::TOPIC, 0, 1);
    let error = run(&log, plan(0, None, None), 1, 1, usize::MAX).expect_err("a record is gone");
    assert!(matches!(&error, RunError::LostInput(text) if text.contains("now begins at offset 1")), "{error}");
    log.create_topic(world::TOPIC, 1);
    let error = run(&log, plan(0, None, None), 1, 1, usize::MAX).expect_err("another topic");
    assert!(matches!(&error, RunError::LostInput(text) if text.contains("made anew")), "{error}");
}

/// A sink that panics when the first alert comes.
struct Panics;

impl TransactionalSink for Panics {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        Ok(None)
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn alert(&mut self, _alert: &AlertRecord) -> Result<(), SinkError> {
        panic!("told to panic")
    }

    fn side(&mut self, _record: &SideRecord) -> Result<(), SinkError> {
        Err(SinkError::Failed("the disk is full".to_owned()))
    }

    fn commit(&mut self, _progress: &Progress) -> Result<(), CommitError> {
        Ok(())
    }
}

fn run_into(sink: impl TransactionalSink + 'static, line: &str) -> Result<Summary, RunError> {
    let log = log(1, 1);
    for line in ["a 1 100", line, "a 3 900"] {
        append(&log, 0, line);
    }
    let source = LogSource::new(log.clone(), world::TOPIC, StreamId(0));
    let input = Input { source: Box::new(source), decoder: Box::new(world::Lines::make) };
    let settings = Settings { workers: 2, commit_every: Duration::from_millis(1), ..Settings::default() };
    let job = Job::new(plan(0, None, None)).settings(settings).input(input).sink(Box::new(sink));
    job.run(Arc::new(AtomicBool::new(false)))
}

#[test]
fn a_sink_that_panics_or_fails_ends_the_run_with_an_error() {
    let error = run_into(Panics, "a 2 101").expect_err("the sink panics");
    assert!(matches!(&error, RunError::Panicked { thread, .. } if thread == "sink-0"), "{error}");
    let error = run_into(Panics, "nonsense").expect_err("the disk is full");
    assert_eq!(error, RunError::Failed("the disk is full".to_owned()));
}

#[test]
fn an_observer_that_panics_ends_the_run_with_an_error() {
    let job = job(&log(1, 1), plan(0, None, None), 2, usize::MAX, Settings::default());
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let job = job.observe(|notice| panic!("cannot say `{notice}`"));
        // Nobody listens any more when this took too long.
        let _ = ended.send(job.run(Arc::new(AtomicBool::new(false))));
    });
    let end = end.recv_timeout(Duration::from_secs(60)).expect("it ends, and does not wait for ever");
    let expected = RunError::Panicked { thread: "supervisor".to_owned(), message: "cannot say `started`".to_owned() };
    assert_eq!(end, Err(expected));
}

#[test]
fn lost_answers_and_aborted_commits_change_nothing() {
    let log = log(3, 2);
    fill(&log, 400);
    for shard in ["test-0", "test-1"] {
        log.inject(shard, [Fault::LostAnswer, Fault::LostRequest, Fault::Aborted, Fault::LostAnswer]);
    }
    run(&log, plan(50, None, None), 2, 2, 5).expect("a good run");
    let mut found = values(&log, "alerts");
    let mut expected = output(400, 1, usize::MAX);
    found.sort();
    expected.sort();
    assert!(found == expected);
}

#[test]
fn a_successor_fences_the_process_before_it() {
    let log = log(1, 1);
    append(&log, 0, "a 1 100");
    let settings = Settings { commit_every: Duration::from_millis(1), ..Settings::default() };
    let first = {
        let job = job(&log, plan(0, None, None), 1, usize::MAX, settings.clone());
        std::thread::spawn(move || job.run(Arc::new(AtomicBool::new(false))))
    };
    assert!(log.wait_until("progress", Duration::from_secs(10), |progress| progress.len() > 1));
    let stop = Arc::new(AtomicBool::new(false));
    let second = {
        let (job, stop) = (job(&log, plan(0, None, None), 1, usize::MAX, settings), stop.clone());
        std::thread::spawn(move || job.run(stop))
    };
    let of_second = |record: &Arc<tripline_connectors::log::LogRecord>| {
        String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).contains("\"generation\":2")
    };
    assert!(log.wait_until("progress", Duration::from_secs(10), |progress| progress.iter().any(of_second)));
    append(&log, 0, "a 2 110");
    append(&log, 0, "a 3 120");
    let error = first.join().expect("no panic").expect_err("it was overtaken");
    assert!(matches!(error, RunError::Fenced(_)), "{error}");
    assert!(log.wait_until("alerts", Duration::from_secs(10), |alerts| alerts.len() == 1));
    stop.store(true, Ordering::Relaxed);
    second.join().expect("no panic").expect("a good run");
    assert_eq!(values(&log, "alerts").len(), 1);
}

#[test]
fn a_quiet_partition_is_named_and_idle_lets_time_go_on() {
    let log = log(2, 1);
    (0..5).for_each(|i| append(&log, 0, &format!("a {i} {}", 10 * i)));
    let notices = Arc::new(Mutex::new(Vec::new()));
    let clock = Arc::new(ManualClock::default());
    let stop = Arc::new(AtomicBool::new(false));
    let settings = Settings { commit_every: Duration::from_millis(1), ..Settings::default() };
    let running = {
        let (notices, told, stop) = (notices.clone(), clock.clone(), stop.clone());
        let job =
            job(&log, plan(0, None, Some(60_000_000)), 1, usize::MAX, settings).clock(clock).observe(move |notice| {
                // The partition without an event is named first, and only then does enough time pass.
                told.advance(Duration::from_secs(if matches!(notice, Notice::Started { .. }) { 15 } else { 60 }));
                notices.lock().expect("no panic").push(notice.to_string());
            });
        std::thread::spawn(move || job.run(stop))
    };
    assert!(log.wait_until("alerts", Duration::from_secs(10), |alerts| alerts.len() == 4));
    stop.store(true, Ordering::Relaxed);
    running.join().expect("no panic").expect("a good run");
    let notices = notices.lock().expect("no panic").join("\n");
    assert!(notices.contains("event time waits for partition 1 of `in`"), "{notices}");
    assert!(notices.contains("partition 1 of `in` is quiet"), "{notices}");
    assert!(values(&log, "progress").iter().any(|progress| progress.contains("\"floor_us\"")));
}

#[test]
fn a_stream_without_a_source_is_said_at_once() {
    let log = log(1, 1);
    let sink = LogSink::new(log, world::topics(), "test", 0);
    let error = Job::new(plan(0, None, None)).sink(Box::new(sink)).run(Arc::new(AtomicBool::new(false)));
    let expected = RunError::Configuration("the rules read stream `in`, but it has no source".to_owned());
    assert_eq!(error, Err(expected));
}

#[test]
fn a_trace_context_is_passed_on_as_a_link() {
    let log = log(1, 1);
    append(&log, 0, "a 1 1000");
    let context = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec();
    let headers = vec![("traceparent".to_owned(), Some(context.clone()))];
    let record = LogRecord { timestamp_us: Some(1_000), headers, ..LogRecord::of_value("a 2 1001") };
    log.append(world::TOPIC, 0, record).expect("the topic is there");
    log.finish_topic(world::TOPIC);
    run(&log, plan(0, None, None), 1, 1, usize::MAX).expect("a good run");
    let alerts = log.read_all("alerts");
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].headers.contains(&("trace-link".to_owned(), Some(context))), "{:?}", alerts[0].headers);
}
