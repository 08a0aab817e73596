//! The runner end to end over the in-process log.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tripline_connectors::log::Log;
use tripline_engine::metrics::Counts;
use tripline_engine::runner::{RunError, Settings};
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
    let expected =
        Counts { read: 6, matched_input: 2, filtered: 1, late: 1, quarantined: 1, dead_letters: 1, alerts: 1 };
    assert_eq!(summary.counts, expected);
    assert_eq!(values(&log, "dead-letters"), ["nonsense"]);
    assert_eq!(values(&log, "late"), ["a 3 20", "a 4 9999"]);
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
