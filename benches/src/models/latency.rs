//! Latency at a fixed rate of arrival, as an open loop: each event has a moment at which it was meant to arrive, and its
//! latency counts from there, however late it was taken. What waits behind a stall is counted in full.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::{ModelError, broken, compare, failed, hand, plan};
use crate::definition::Benchmark;
use crate::engine::{Engine, Run};
use crate::input::Events;
use crate::report::Report;

/// Events that are taken at once at most.
const ROWS_MAX: usize = 4_096;

/// Nanoseconds, up to a minute.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order")
}

/// The percentiles of a histogram of nanoseconds, in microseconds.
pub fn percentiles(mut report: Report, what: &str, histogram: &Histogram<u64>) -> Report {
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
        report = report.with(&format!("{what}_{name}_us"), histogram.value_at_quantile(quantile) as f64 / 1e3);
    }
    report.with(&format!("{what}_max_us"), histogram.max() as f64 / 1e3)
}

/// Feeds the events at the definition's size, in events a second.
pub fn measure(one: &Benchmark, events: &Events) -> Result<Report, ModelError> {
    let engine = Engine::new(plan(one)?).map_err(|error| failed(one, error))?;
    let ns_between = 1e9 / one.size.max(1) as f64;
    let intended_ns = |row: usize| (row as f64 * ns_between) as u64;
    let (mut by_event, mut by_alert) = (histogram(), histogram());
    let (mut run, mut next, mut busy) = (Run::new(&engine), 0, Duration::ZERO);
    let start = Instant::now();
    while next < events.len() {
        let now_ns = start.elapsed().as_nanos() as u64;
        let due = ((now_ns as f64 / ns_between) as usize + 1).min(events.len()).min(next + ROWS_MAX);
        if due <= next {
            std::hint::spin_loop();
            continue;
        }
        let taken = Instant::now();
        let batch = engine.batch(events, next..due);
        let done_ns = |start: &Instant| start.elapsed().as_nanos() as u64;
        run.feed(&engine, &batch, |row| {
            let latency = done_ns(&start).saturating_sub(intended_ns(row));
            by_alert.saturating_record(latency);
        });
        let done = done_ns(&start);
        (next..due).for_each(|row| by_event.saturating_record(done.saturating_sub(intended_ns(row))));
        busy += taken.elapsed();
        next = due;
    }
    let time = start.elapsed();
    let ours = run.finish();
    let hand_start = Instant::now();
    let by_hand = hand(one, events)?;
    let hand_time = hand_start.elapsed();
    compare(one, ours, by_hand)?;
    if by_alert.is_empty() {
        return Err(broken(one, "no alert came while events arrived: there is no latency to report"));
    }
    let report = Report::new(one.name.clone(), events.len(), ours, time, Some(hand_time));
    let report = percentiles(percentiles(report, "alert", &by_alert), "event", &by_event);
    Ok(report.with("busy_share", busy.as_secs_f64() / time.as_secs_f64()))
}
