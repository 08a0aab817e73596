//! What a run gave: as a line for people, and as one of JSON.

use std::time::Duration;

use serde::Serialize;

/// The outcome of one query.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `q1`; `q2-json` is from JSON bytes.
    pub query: String,
    /// How many events were read.
    pub events: usize,
    /// How many alerts there were.
    pub matches: u64,
    /// How long it took.
    pub seconds: f64,
    /// Events a second.
    pub events_per_s: f64,
    /// Nanoseconds an event.
    pub ns_per_event: f64,
    /// Events a second of the hand loop in the same run.
    pub hand_events_per_s: f64,
    /// Our events a second by the hand loop's.
    pub ratio_to_hand: f64,
    /// The most memory that the process has had, input included, MiB.
    pub peak_rss_mb: f64,
    /// How many workers.
    pub workers: usize,
}

impl Report {
    /// From the times of both.
    pub fn new(query: String, events: usize, matches: u64, ours: Duration, hand: Duration) -> Report {
        let (seconds, hand_seconds) = (ours.as_secs_f64(), hand.as_secs_f64());
        Report {
            query,
            events,
            matches,
            seconds,
            events_per_s: events as f64 / seconds,
            ns_per_event: seconds * 1e9 / events as f64,
            hand_events_per_s: events as f64 / hand_seconds,
            ratio_to_hand: hand_seconds / seconds,
            peak_rss_mb: peak_rss_mb().unwrap_or(0.0),
            workers: 1,
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:8} {:>8.2} M events/s {:>8.1} ns/event {:>8.3} of the hand loop's {:>7.1} M/s {:>9} matches {:>6.0} MiB",
            self.query,
            self.events_per_s / 1e6,
            self.ns_per_event,
            self.ratio_to_hand,
            self.hand_events_per_s / 1e6,
            self.matches,
            self.peak_rss_mb
        )
    }
}

/// The process's highest resident set so far, MiB; none where the system does not say.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}
