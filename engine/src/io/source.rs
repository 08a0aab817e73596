//! The input side: records of partitions, in offset order, from a position on.

use std::ops::ControlFlow;
use std::time::Duration;

use super::{SideKind, SideRecord};
use crate::event::{BatchBuilder, PartitionId};
use tripline_query_lang::plan::StreamId;
use tripline_query_lang::value::Value;

/// A partition as the source finds it at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Which.
    pub id: PartitionId,
    /// The topic's identity: another one under the same name is a re-created topic. Empty where there is none (a file).
    pub topic_id: String,
    /// The oldest offset that can still be read.
    pub earliest: i64,
}

/// One record as it lies in the client's memory.
pub struct Record<'a> {
    /// Position in [`Source::partitions`].
    pub partition: usize,
    /// Offset; a file's line number from 1.
    pub offset: i64,
    /// The record's own timestamp, microseconds: Kafka's, a file's modification time, the opening of standard input.
    pub timestamp_us: Option<i64>,
    /// Key bytes.
    pub key: Option<&'a [u8]>,
    /// Value bytes; `None` is a null payload.
    pub value: Option<&'a [u8]>,
    /// Headers; copied only when the record is written elsewhere.
    pub headers: &'a dyn Headers,
}

impl Record<'_> {
    /// A copy for a side output.
    pub fn aside(&self, kind: SideKind, partition: &PartitionId) -> SideRecord {
        SideRecord {
            kind,
            partition: partition.clone(),
            offset: self.offset,
            timestamp_us: self.timestamp_us,
            key: self.key.map(<[u8]>::to_vec),
            value: self.value.map(<[u8]>::to_vec),
            headers: self.headers.copy(),
        }
    }
}

/// A header: its name and value, copied.
pub type Header = (String, Option<Vec<u8>>);

/// Looks at one header, by name and value; whether to go on.
pub type Visitor<'a> = dyn FnMut(&str, Option<&[u8]>) -> ControlFlow<()> + 'a;

/// The headers of a record as they lie in the client's memory.
pub trait Headers {
    /// Shows each, in their order, until the visitor says that it has seen enough.
    fn visit(&self, visitor: &mut Visitor<'_>);
}

impl dyn Headers + '_ {
    /// A copy of all of them.
    pub fn copy(&self) -> Vec<Header> {
        let mut copy = Vec::new();
        self.visit(&mut |name, value| {
            copy.push((name.to_owned(), value.map(<[u8]>::to_vec)));
            ControlFlow::Continue(())
        });
        copy
    }

    /// A copy of the value of the first of this name, in letters of either case, if it has one of so many bytes at most.
    pub fn value_of(&self, wanted: &str, bytes_max: usize) -> Option<Vec<u8>> {
        let mut found = None;
        self.visit(&mut |name, value| {
            if !name.eq_ignore_ascii_case(wanted) {
                return ControlFlow::Continue(());
            }
            found = value.filter(|value| value.len() <= bytes_max).map(<[u8]>::to_vec);
            ControlFlow::Break(())
        });
        found
    }
}

impl Headers for Vec<Header> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        let _ = self.iter().try_for_each(|(name, value)| visitor(name, value.as_deref()));
    }
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// So many records were visited (possibly none before the time-out).
    Records(usize),
    /// Every partition has been read to its end, and no more will ever come (a file, a finished log).
    End,
}

/// Reads the partitions of one stream. Used by one ingest thread.
pub trait Source: Send {
    /// The stream that it feeds.
    fn stream(&self) -> StreamId;

    /// Connects, checks, and lists the partitions in a fixed order. Called once, before anything else.
    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError>;

    /// The next poll starts at these offsets, one per partition of [`Source::open`]; `None` is the oldest retained.
    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError>;

    /// Leaves the partitions from this position on to a source of their own, which another thread reads; `None`: one thread
    /// reads them all. Called after `open`, before `seek`; both then speak of their own partitions, counted from 0.
    fn split_off(&mut self, _from: usize) -> Result<Option<Box<dyn Source>>, SourceError> {
        Ok(None)
    }

    /// Visits up to `max` records, each partition's in offset order, waiting up to `wait` for the first.
    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError>;

    /// Whether every record has been visited that was there when it was opened. Asked of the sources of tables, which are
    /// read to that point before anything is looked up; one that ends tells by that.
    fn is_read(&self) -> bool {
        false
    }

    /// What keeps it from being read just now, though it may be read again later; asked of the sources of tables, whose rows
    /// stay in force meanwhile.
    fn trouble(&self) -> Option<&str> {
        None
    }

    /// How many records are known to wait behind the last ones that were visited; `None`: it does not know.
    fn behind(&self) -> Option<u64> {
        None
    }

    /// How many records it holds in all, where that is known (files), for a progress bar.
    fn size_hint(&self) -> Option<u64> {
        None
    }
}

/// Turns a value's bytes into a row.
pub trait Decoder: Send {
    /// Pushes one value or null per decoded column and returns the event time in microseconds; or leaves `row` as it
    /// was and says why.
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError>;
}

/// Turns a record of a table into a row.
pub trait RowDecoder: Send {
    /// A value per field of the table.
    fn row(&mut self, value: &[u8]) -> Result<Vec<Value>, RecordError>;

    /// Of a record without a value, which says that its key has no row any more: the parts of the table's key.
    fn key(&mut self, key: &[u8]) -> Result<Vec<Value>, RecordError>;
}

/// Why a record became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RecordError {
    /// Where in the pipeline.
    pub stage: Stage,
    /// A short stable word for counting: `invalid json`, `missing field`, `wrong type`, ...
    pub class: &'static str,
    /// The fact, with field and value quoted.
    pub message: String,
}

/// Where in the pipeline a record failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The bytes could not be read in the source's format.
    Decode,
    /// They could, but do not fit the stream's fields.
    Convert,
}

/// What stops a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// What the user said does not fit what is there: unknown topic, missing file, wrong password.
    #[error("{0}")]
    Configuration(String),
    /// The log is not the one that was read before: re-created topic, passed retention, offset out of range.
    #[error("{0}")]
    LostInput(String),
    /// It failed for good while reading.
    #[error("{0}")]
    Failed(String),
    /// It was told to stop while it waited for somebody to answer.
    #[error("told to stop: {0}")]
    Stopped(String),
}
