//! What a run gave: as a line for people, and as one of JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The outcome of one benchmark.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The benchmark's name.
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
    /// What else the benchmark measures, each with its unit in its name.
    #[serde(flatten)]
    pub more: BTreeMap<String, f64>,
}

impl Report {
    /// From the times of both; without a hand loop its figures are 0.
    pub fn new(query: String, events: usize, matches: u64, ours: Duration, hand: Option<Duration>) -> Report {
        let seconds = ours.as_secs_f64();
        let hand_seconds = hand.map(|hand| hand.as_secs_f64());
        Report {
            query,
            events,
            matches,
            seconds,
            events_per_s: events as f64 / seconds,
            ns_per_event: seconds * 1e9 / events.max(1) as f64,
            hand_events_per_s: hand_seconds.map_or(0.0, |hand| events as f64 / hand),
            ratio_to_hand: hand_seconds.map_or(0.0, |hand| hand / seconds),
            peak_rss_mb: crate::memory::peak_mb(),
            workers: 1,
            more: BTreeMap::new(),
        }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, value: f64) -> Report {
        self.more.insert(name.to_owned(), value);
        self
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:20} {:>9}/s {:>10.1} ns/event {:>7.4} of the hand loop's {:>7}/s {:>9} matches in {} events, {:.0} MiB",
            self.query,
            speed(self.events_per_s),
            self.ns_per_event,
            self.ratio_to_hand,
            speed(self.hand_events_per_s),
            self.matches,
            self.events,
            self.peak_rss_mb
        )?;
        self.more.iter().try_for_each(|(name, value)| write!(f, "\n{:20}    {name} {}", "", figure(*value)))
    }
}

/// How long each of some benchmarks took, as a line that says what was run.
pub struct Took(pub Vec<(Duration, String)>);

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// So many of the longest are named.
        const NAMED: usize = 5;
        let mut longest: Vec<_> = self.0.iter().collect();
        longest.sort_by(|a, b| b.cmp(a));
        let all: u64 = longest.iter().map(|(time, _)| time.as_secs()).sum();
        write!(f, "{} benchmarks in {} min {} s; longest", longest.len(), all / 60, all % 60)?;
        let named = longest.iter().take(NAMED).map(|(time, name)| format!("{name} {:.0} s", time.as_secs_f64()));
        write!(f, ": {}", named.collect::<Vec<_>>().join(", "))
    }
}

/// Events a second, in a few letters.
pub fn speed(events_per_s: f64) -> String {
    match events_per_s {
        s if s >= 1e7 => format!("{:.0} M", s / 1e6),
        s if s >= 1e6 => format!("{:.1} M", s / 1e6),
        s if s >= 1e5 => format!("{:.2} M", s / 1e6),
        s if s >= 1e4 => format!("{:.0} k", s / 1e3),
        s => format!("{:.1} k", s / 1e3),
    }
}

/// A number with three digits that count.
pub fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
