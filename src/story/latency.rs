//! From the moment a record was due in the log to the moment its alert was committed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;

/// When each record was due, by topic and partition, in the order of offsets.
///
/// *Due*, not sent: when the feed falls behind its rate, the wait counts, so that a stall is not left out (coordinated omission).
pub struct Latency {
    start: Instant,
    state: Mutex<State>,
}

struct State {
    due_ns: BTreeMap<(String, i32), Vec<u64>>,
    /// Nanoseconds.
    alerts: Histogram<u64>,
}

impl Latency {
    /// Nothing measured yet; times are counted from here.
    pub fn new() -> Self {
        let alerts = Histogram::new(3).expect("three significant digits are allowed");
        Latency { start: Instant::now(), state: Mutex::new(State { due_ns: BTreeMap::new(), alerts }) }
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The next record of the partition was due at this time.
    pub fn due(&self, topic: &str, partition: i32, at_ns: u64) {
        self.lock().due_ns.entry((topic.to_owned(), partition)).or_default().push(at_ns);
    }

    /// An alert that this record completed has just been committed.
    pub fn committed(&self, topic: &str, partition: i32, offset: i64) {
        let now_ns = self.now_ns();
        let state = &mut *self.lock();
        let due = state.due_ns.get(&(topic.to_owned(), partition)).zip(usize::try_from(offset).ok());
        if let Some(due_ns) = due.and_then(|(due, offset)| due.get(offset)) {
            // It grows with the value, so that nothing is cut off.
            let _ = state.alerts.record(now_ns.saturating_sub(*due_ns));
        }
    }

    /// Milliseconds at these percentiles; none before the first alert.
    pub fn percentiles_ms(&self, percentiles: &[f64]) -> Option<Vec<f64>> {
        let state = self.lock();
        let at = |p: &f64| state.alerts.value_at_percentile(*p) as f64 / 1e6;
        (!state.alerts.is_empty()).then(|| percentiles.iter().map(at).collect())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
