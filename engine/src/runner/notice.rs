//! What a run has to say to a person while it runs.

use std::fmt;

use super::held::HeldBack;
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
    /// So many rows wait in memory, since these partitions are behind the others.
    Waiting {
        /// How many.
        rows: u64,
        /// The partitions that event time waits for.
        partitions: Vec<PartitionId>,
    },
    /// This partition was quiet for its stream's `idle`: event time goes on without it.
    Idle(PartitionId),
    /// A table cannot be read, and so these rules do not run; the others do.
    HeldBack(HeldBack),
    /// A table cannot be read while the rules run: the rows read last stay in force.
    TableFails {
        /// The table.
        table: String,
        /// Why.
        why: String,
        /// What is there is not what was read before, and will not be read.
        is_lost: bool,
    },
    /// A table is read again.
    TableIsWell {
        /// The table.
        table: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Started { generation: 1, .. } => write!(f, "started"),
            Notice::Started { generation, .. } => {
                write!(f, "started, generation {generation}: reading again what the committed alerts rest on")
            }
            Notice::RulesChanged(_) => {
                write!(
                    f,
                    "the rules have changed since the last run: new ones alert from now on, with the history that is kept"
                )
            }
            Notice::Live => write!(f, "caught up with what was committed: from here on alerts are new"),
            Notice::Holding(partitions) => {
                let names: Vec<String> = partitions.iter().map(name).collect();
                write!(
                    f,
                    "event time waits for {}: nothing comes from there; give the stream an `idle` to go on without",
                    names.join(", ")
                )
            }
            Notice::Waiting { rows, partitions } => {
                let names: Vec<String> = partitions.iter().map(name).collect();
                write!(
                    f,
                    "{rows} events wait in memory: event time is held back by {}; bring it forward, or give the stream an `idle`",
                    if names.is_empty() { "a partition".to_owned() } else { names.join(", ") }
                )
            }
            Notice::Idle(partition) => {
                write!(f, "{} is quiet: event time goes on without it until its next event", name(partition))
            }
            Notice::HeldBack(HeldBack { table, why, rules }) => {
                let rules = rules.join("`, `");
                write!(
                    f,
                    "table `{table}` cannot be read: {why}. What needs it does not run: `{rules}`. Mend the table and start \
                     again; the others run"
                )
            }
            Notice::TableFails { table, why, is_lost: false } => write!(
                f,
                "table `{table}` cannot be read: {why}. The rows read last stay in force; reading goes on by itself when it is \
                 whole again"
            ),
            Notice::TableFails { table, why, is_lost: true } => write!(
                f,
                "table `{table}` cannot be read any more: {why}. The rows read last stay in force until this run ends; the \
                 next start needs the topic as it was, or another `name` under [engine] to start afresh"
            ),
            Notice::TableIsWell { table } => write!(f, "table `{table}` is read again"),
        }
    }
}

fn name(partition: &PartitionId) -> String {
    format!("partition {} of `{}`", partition.partition, partition.topic)
}
