//! What a run has to say to a person while it runs.

use std::fmt;

use crate::event::PartitionId;
use crate::recovery::RulesChange;

/// Something that a person may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Everything is open, and reading begins.
    Started {
        /// How often this deployment was started.
        generation: u64,
        /// Records that the sources hold in all, where all of them know.
        records: Option<u64>,
    },
    /// The rules are others than in the run before.
    RulesChanged(RulesChange),
    /// What was read before has been read again: from here on alerts are new.
    Live,
    /// These partitions have been quiet for a while, and event time waits for them.
    Holding(Vec<PartitionId>),
    /// This partition was quiet for its stream's `idle`: event time goes on without it.
    Idle(PartitionId),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Started { generation: 1, .. } => write!(f, "started"),
            Notice::Started { generation, .. } => {
                write!(f, "started, generation {generation}: reading again what the committed alerts rest on")
            }
            Notice::RulesChanged(change) => write!(
                f,
                "the rules have changed since the last run: {} new, {} gone; new ones alert from now on",
                change.added.len(),
                change.removed.len()
            ),
            Notice::Live => write!(f, "caught up with what was committed: from here on alerts are new"),
            Notice::Holding(partitions) => {
                let names: Vec<String> = partitions.iter().map(name).collect();
                write!(
                    f,
                    "event time waits for {}: nothing comes from there; give the stream an `idle` to go on without",
                    names.join(", ")
                )
            }
            Notice::Idle(partition) => {
                write!(f, "{} is quiet: event time goes on without it until its next event", name(partition))
            }
        }
    }
}

fn name(partition: &PartitionId) -> String {
    format!("partition {} of `{}`", partition.partition, partition.topic)
}
