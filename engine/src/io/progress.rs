//! How far the output has come: what is committed together with the alerts, and decides after a restart what is dropped.

use serde::{Deserialize, Serialize};

use crate::event::Position;

/// The record that stands in each transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Counts restarts; a higher one than its own means that a successor is at work.
    pub generation: u64,
    /// Which of how many shards: fixed for the life of a deployment.
    pub shard: (u32, u32),
    /// The last alert position that this shard has committed; `None` before the first.
    pub last: Option<Position>,
    /// All output before this event time is committed; `i64::MIN` before the first, `i64::MAX` after the end.
    pub watermark_us: i64,
    /// How far each partition has been read.
    pub cut: Cut,
    /// Decisions that the log does not say: where event time went on without a partition. Ordered as the cut.
    pub floors: Vec<FloorEntry>,
    /// The fingerprints of the rules that were running, ascending; where there are very many, one hash of them all.
    pub rules: Vec<u64>,
}

/// From an offset of a partition on, events before a time are late, whatever the partition's own newest event: time had
/// gone on without it (it was idle, or it is new).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorEntry {
    /// The stream's name.
    pub stream: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The first offset that it holds for.
    pub from: i64,
    /// Events before this time are late, microseconds.
    pub floor_us: i64,
}

/// The next offset to read of every assigned partition (also of those with no record yet), ordered by stream, topic,
/// partition. Side records at a smaller offset are committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// One entry a partition.
    pub partitions: Vec<CutEntry>,
}

/// One partition of a [`Cut`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutEntry {
    /// The stream's name.
    pub stream: String,
    /// The topic.
    pub topic: String,
    /// The topic's identity.
    pub topic_id: String,
    /// The partition.
    pub partition: i32,
    /// The oldest offset that was there at the first start: output rests on all records from here on.
    pub first: i64,
    /// The next offset.
    pub next: i64,
}
