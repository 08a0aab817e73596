//! The output side: one transactional sink per shard takes alerts, side records and the progress record together.

use super::Progress;
use crate::event::{PartitionId, Position};

/// An alert, ready to be written.
#[derive(Clone, Debug)]
pub struct AlertRecord {
    /// Where in the total order it came about.
    pub position: Position,
    /// The rule's name.
    pub rule: String,
    /// The alert's id, 32 lower-case hex digits.
    pub id: String,
    /// The sinks that the rule names; empty: the default.
    pub to: Vec<String>,
    /// The record's key: the rule key's parts as a JSON object, canonical.
    pub key: Vec<u8>,
    /// The canonical JSON body.
    pub body: Vec<u8>,
    /// Its event time, microseconds.
    pub at_us: i64,
    /// Its severity, for a terminal.
    pub severity: tripline_query_lang::plan::Severity,
    /// `traceparent` headers of the events that it rests on, passed on as links.
    pub links: Vec<Vec<u8>>,
}

/// A record that did not become an event, or came too late to count.
#[derive(Clone, Debug)]
pub struct SideRecord {
    /// Why.
    pub kind: SideKind,
    /// Where it came from.
    pub partition: PartitionId,
    /// Its offset there.
    pub offset: i64,
    /// Its timestamp, microseconds.
    pub timestamp_us: Option<i64>,
    /// Its key's bytes.
    pub key: Option<Vec<u8>>,
    /// Its value's bytes.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Why a record went to a side output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideKind {
    /// It could not be decoded.
    DeadLetter(super::RecordError),
    /// It lies further behind its own partition's newest event than `late` allows; by so many microseconds.
    Late {
        /// How far behind the bound.
        behind_us: i64,
    },
    /// It lies further in front of its record's timestamp than `ahead` allows; by so many microseconds.
    Quarantined {
        /// How far beyond the bound.
        beyond_us: i64,
    },
}

/// One sink shard: everything between [`TransactionalSink::begin`] and a successful [`TransactionalSink::commit`]
/// becomes visible together, or not at all.
pub trait TransactionalSink: Send {
    /// Fences every older process of this shard, then reads its last committed progress record. Also the way out of
    /// every unclear commit: the sink drops its client, makes a new one, and does the same.
    fn recover(&mut self) -> Result<Option<Progress>, SinkError>;

    /// Opens a transaction.
    fn begin(&mut self) -> Result<(), SinkError>;

    /// Adds an alert. May wait for room.
    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError>;

    /// Adds a dead letter, late or quarantined record; one with no configured place is only counted by the caller.
    fn side(&mut self, record: &SideRecord) -> Result<(), SinkError>;

    /// Adds the progress record and commits.
    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError>;
}

/// How a commit failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// It may or may not have happened: `recover`, compare progress, then decide.
    #[error("the commit's outcome is unknown: {0}")]
    Unclear(String),
    /// It will not happen.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// What stops a sink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// What the user said does not fit what is there.
    #[error("{0}")]
    Configuration(String),
    /// A younger process of the same name has taken over: this one must end.
    #[error("{0}")]
    Fenced(String),
    /// This transaction failed; `recover` and try again.
    #[error("{0}")]
    Retry(String),
    /// It failed for good: a full disk, a closed pipe.
    #[error("{0}")]
    Failed(String),
}
