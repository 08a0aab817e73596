//! The in-process log: topics, partitions, offsets, headers and timestamps as a broker has them, with transactions and a
//! read-committed view. Unbounded and deterministic: the transport of the demo, of `test` blocks and of the engine's tests.
//!
//! ```
//! use tripline_connectors::log::{Log, LogRecord};
//!
//! let log = Log::default();
//! log.create_topic("payments", 2);
//! assert_eq!(log.append("payments", 1, LogRecord::of_value(b"{}")), Some(0));
//! assert_eq!(log.read("payments", 1, 0, 10).len(), 1);
//! ```

mod sink;
mod source;

pub use sink::{Fault, LogSink, LogTopics};
pub use source::LogSource;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// A record as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRecord {
    /// Microseconds since the epoch.
    pub timestamp_us: Option<i64>,
    /// Key bytes.
    pub key: Option<Vec<u8>>,
    /// Value bytes; `None` is a null payload.
    pub value: Option<Vec<u8>>,
    /// Headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl LogRecord {
    /// A record with nothing but a value.
    pub fn of_value(value: impl Into<Vec<u8>>) -> LogRecord {
        LogRecord { value: Some(value.into()), ..LogRecord::default() }
    }
}

/// A log. Cheap to clone: all clones are the same log.
#[derive(Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
    /// How often something was appended somewhere, or a topic finished.
    grown: Mutex<u64>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    topics: BTreeMap<String, Topic>,
    producers: BTreeMap<String, Producer>,
    topics_made: u64,
}

struct Topic {
    id: String,
    partitions: Vec<Partition>,
    finished: bool,
}

#[derive(Default)]
struct Partition {
    /// Offset of the first record that is still there.
    earliest: i64,
    records: VecDeque<Arc<LogRecord>>,
}

/// What a transactional producer has not committed yet. A younger one of the same name has a higher epoch.
#[derive(Default)]
struct Producer {
    epoch: u64,
    open: Vec<(String, usize, LogRecord)>,
    faults: VecDeque<Fault>,
}

impl Partition {
    fn end(&self) -> i64 {
        self.earliest + self.records.len() as i64
    }

    fn read(&self, from: i64, max: usize) -> impl Iterator<Item = (i64, &Arc<LogRecord>)> {
        let skip = usize::try_from(from.saturating_sub(self.earliest)).unwrap_or(0);
        let first = self.earliest + skip as i64;
        self.records.iter().skip(skip).take(max).enumerate().map(move |(i, record)| (first + i as i64, record))
    }
}

impl Log {
    fn lock(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_lock(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be asked before a look at the state, if the look may be followed by a [`Log::wait`].
    fn grown(&self) -> u64 {
        *self.0.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who waits.
    fn grow(&self) {
        *self.0.grown.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.news.notify_all();
    }

    /// Makes a topic, or makes it anew with another identity and without its records.
    pub fn create_topic(&self, topic: &str, partitions: usize) {
        let mut state = self.lock();
        state.topics_made += 1;
        let id = format!("topic-{}", state.topics_made);
        let partitions = (0..partitions.max(1)).map(|_| Partition::default()).collect();
        state.topics.insert(topic.to_owned(), Topic { id, partitions, finished: false });
    }

    /// Appends a record; returns its offset, or `None` when there is no such partition.
    pub fn append(&self, topic: &str, partition: usize, record: LogRecord) -> Option<i64> {
        let mut state = self.lock();
        let partition = state.topics.get_mut(topic)?.partitions.get_mut(partition)?;
        partition.records.push_back(Arc::new(record));
        let offset = partition.end() - 1;
        drop(state);
        self.grow();
        Some(offset)
    }

    /// Nothing will be appended to the topic any more: its sources end.
    pub fn finish_topic(&self, topic: &str) {
        if let Some(topic) = self.lock().topics.get_mut(topic) {
            topic.finished = true;
        }
        self.grow();
    }

    /// Retention: forgets the records before this offset.
    pub fn trim(&self, topic: &str, partition: usize, before: i64) {
        if let Some(partition) = self.lock().topics.get_mut(topic).and_then(|t| t.partitions.get_mut(partition)) {
            while partition.earliest < before && partition.records.pop_front().is_some() {
                partition.earliest += 1;
            }
        }
    }

    /// Up to `max` committed records from an offset on, with their offsets.
    pub fn read(&self, topic: &str, partition: usize, from: i64, max: usize) -> Vec<(i64, Arc<LogRecord>)> {
        let state = self.read_lock();
        let partition = state.topics.get(topic).and_then(|topic| topic.partitions.get(partition));
        let records = partition.into_iter().flat_map(|partition| partition.read(from, max));
        records.map(|(offset, record)| (offset, record.clone())).collect()
    }

    /// All committed records of a topic, a partition after the other.
    pub fn read_all(&self, topic: &str) -> Vec<Arc<LogRecord>> {
        let state = self.read_lock();
        let partitions = state.topics.get(topic).into_iter().flat_map(|topic| &topic.partitions);
        partitions.flat_map(|partition| partition.records.iter().cloned()).collect()
    }

    /// Number of partitions of a topic; 0 when there is none of the name.
    pub fn partitions(&self, topic: &str) -> usize {
        self.read_lock().topics.get(topic).map_or(0, |topic| topic.partitions.len())
    }

    /// Waits until something has been appended since so much had been, at most this long.
    fn wait(&self, seen: u64, at_most: Duration) {
        let grown = self.0.grown.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.news.wait_timeout_while(grown, at_most, |grown| *grown == seen));
    }

    /// Waits until `enough` of the topic's committed records holds, at most this long; says whether it does.
    pub fn wait_until(&self, topic: &str, at_most: Duration, enough: impl Fn(&[Arc<LogRecord>]) -> bool) -> bool {
        let deadline = std::time::Instant::now() + at_most;
        loop {
            let seen = self.grown();
            if enough(&self.read_all(topic)) {
                return true;
            }
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return false;
            }
            self.wait(seen, left);
        }
    }
}
