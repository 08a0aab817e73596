//! Writes alerts, side records and progress to topics of the in-process log, in transactions.

use super::{Log, LogRecord, State};
use crate::side::reason;
use tripline_engine::io::{AlertRecord, CommitError, Progress, SideKind, SideRecord, SinkError, TransactionalSink};

/// Where a sink writes.
#[derive(Clone, Debug)]
pub struct LogTopics {
    /// Alerts; a shard's go to one partition, so that they stay in order.
    pub alerts: String,
    /// Progress records.
    pub progress: String,
    /// Undecodable records; `None`: only counted.
    pub dead_letters: Option<String>,
    /// Late and quarantined events; `None`: only counted.
    pub late: Option<String>,
}

impl LogTopics {
    /// The topics `alerts`, `progress`, `dead-letters` and `late`, made in this log with so many partitions.
    pub fn create(log: &Log, partitions: usize) -> LogTopics {
        for topic in ["alerts", "progress", "dead-letters", "late"] {
            log.create_topic(topic, partitions);
        }
        LogTopics {
            alerts: "alerts".to_owned(),
            progress: "progress".to_owned(),
            dead_letters: Some("dead-letters".to_owned()),
            late: Some("late".to_owned()),
        }
    }
}

/// What a test lets go wrong at the next commit of a transactional producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The commit happens, the answer is lost.
    LostAnswer,
    /// The request is lost: the commit does not happen, and nobody can tell.
    LostRequest,
    /// The transaction is aborted, and the sink is told so.
    Aborted,
}

impl Log {
    /// Lets the next commits of a transactional producer go wrong.
    pub fn inject(&self, transactional_id: &str, faults: impl IntoIterator<Item = Fault>) {
        self.lock().producers.entry(transactional_id.to_owned()).or_default().faults.extend(faults);
    }
}

/// One sink shard over the in-process log.
pub struct LogSink {
    log: Log,
    topics: LogTopics,
    transactional_id: String,
    shard: usize,
    epoch: Option<u64>,
}

impl LogSink {
    /// The shard `shard` of the deployment `name`.
    pub fn new(log: Log, topics: LogTopics, name: &str, shard: usize) -> LogSink {
        LogSink { log, topics, transactional_id: format!("{name}-{shard}"), shard, epoch: None }
    }

    fn write(&mut self, topic: &str, record: LogRecord) -> Result<(), SinkError> {
        let mut state = self.log.lock();
        let Some(target) = state.topics.get(topic) else {
            return Err(SinkError::Configuration(format!("there is no topic `{topic}` in the in-process log")));
        };
        let partition = self.shard % target.partitions.len();
        self.producer(&mut state)?.open.push((topic.to_owned(), partition, record));
        Ok(())
    }

    fn producer<'a>(&self, state: &'a mut State) -> Result<&'a mut super::Producer, SinkError> {
        match state.producers.get_mut(&self.transactional_id) {
            Some(producer) if Some(producer.epoch) == self.epoch => Ok(producer),
            Some(_) if self.epoch.is_some() => {
                Err(SinkError::Fenced(format!("a younger process uses `{}`", self.transactional_id)))
            }
            _ => Err(SinkError::Failed(format!("`{}` was not recovered before use", self.transactional_id))),
        }
    }

    fn apply(state: &mut State, open: Vec<(String, usize, LogRecord)>) {
        for (topic, partition, record) in open {
            if let Some(partition) = state.topics.get_mut(&topic).and_then(|t| t.partitions.get_mut(partition)) {
                partition.records.push_back(record.into());
            }
        }
    }
}

impl TransactionalSink for LogSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        let mut state = self.log.lock();
        let producer = state.producers.entry(self.transactional_id.clone()).or_default();
        producer.epoch += 1;
        producer.open.clear();
        self.epoch = Some(producer.epoch);
        let Some(topic) = state.topics.get(&self.topics.progress) else {
            let fault = format!("there is no topic `{}` in the in-process log", self.topics.progress);
            return Err(SinkError::Configuration(fault));
        };
        let own = topic.partitions[self.shard % topic.partitions.len()].records.iter().rev();
        let own = own.filter(|record| record.key.as_deref() == Some(self.transactional_id.as_bytes()));
        match own.filter_map(|record| record.value.as_deref()).next() {
            Some(newest) => serde_json::from_slice(newest).map(Some).map_err(|e| {
                SinkError::Configuration(format!("the progress record of `{}` is damaged: {e}", self.transactional_id))
            }),
            None => Ok(None),
        }
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        self.producer(&mut self.log.lock())?.open.clear();
        Ok(())
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        let id = ("ce_id".to_owned(), Some(alert.id.clone().into_bytes()));
        let links = alert.links.iter().map(|link| ("trace-link".to_owned(), Some(link.clone())));
        let record = LogRecord {
            timestamp_us: Some(alert.at_us),
            key: Some(alert.key.clone()),
            value: Some(alert.body.clone()),
            headers: std::iter::once(id).chain(links).collect(),
        };
        self.write(&self.topics.alerts.clone(), record)
    }

    fn side(&mut self, side: &SideRecord) -> Result<(), SinkError> {
        let topic = match &side.kind {
            SideKind::DeadLetter(_) => &self.topics.dead_letters,
            SideKind::Late { .. } | SideKind::Quarantined { .. } => &self.topics.late,
        };
        let Some(topic) = topic.clone() else { return Ok(()) };
        let mut headers = side.headers.clone();
        let place = [
            ("topic", side.partition.topic.to_string()),
            ("partition", side.partition.partition.to_string()),
            ("offset", side.offset.to_string()),
            ("reason", reason(&side.kind)),
        ];
        headers.extend(place.map(|(name, value)| (name.to_owned(), Some(value.into_bytes()))));
        let (timestamp_us, key, value) = (side.timestamp_us, side.key.clone(), side.value.clone());
        self.write(&topic, LogRecord { timestamp_us, key, value, headers })
    }

    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError> {
        let value = serde_json::to_vec(progress).map_err(|e| SinkError::Failed(e.to_string()))?;
        let key = Some(self.transactional_id.clone().into_bytes());
        self.write(&self.topics.progress.clone(), LogRecord { key, value: Some(value), ..LogRecord::default() })?;
        let mut state = self.log.lock();
        let producer = self.producer(&mut state)?;
        let open = std::mem::take(&mut producer.open);
        let fault = producer.faults.pop_front();
        match fault {
            Some(Fault::Aborted) => Err(SinkError::Retry("the transaction was aborted".to_owned()))?,
            Some(Fault::LostRequest) => Err(CommitError::Unclear("no answer".to_owned())),
            Some(Fault::LostAnswer) => {
                Self::apply(&mut state, open);
                Err(CommitError::Unclear("no answer".to_owned()))
            }
            None => {
                Self::apply(&mut state, open);
                drop(state);
                self.log.grow();
                Ok(())
            }
        }
    }
}
