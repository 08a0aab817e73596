//! What does not fit between rules, configuration and files.

use crate::config::{Complaint, Config};

/// What does not fit between rules and configuration. All of it is said at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WiringFault {
    /// A rule reads a stream that comes from nowhere.
    #[error("stream `{stream}` has no source: add a section [source.{stream}], or `--input {stream}=FILE`")]
    NoSource {
        /// The stream.
        stream: String,
    },
    /// A rule looks up a table that comes from nowhere.
    #[error("table `{table}` has no source: add a section [table.{table}], or `--input {table}=FILE`")]
    NoTable {
        /// The table.
        table: String,
    },
    /// A source for a table that the rules do not declare.
    #[error("there is a source for table `{table}`, but the rules declare no such table; they declare {}", declared.join(", "))]
    UnknownTable {
        /// As in the configuration.
        table: String,
        /// The tables that there are.
        declared: Vec<String>,
    },
    /// A source for a stream that the rules do not declare.
    #[error("there is a source for `{stream}`, but the rules declare no such stream; they declare {}", declared.join(", "))]
    UnknownStream {
        /// As in the configuration.
        stream: String,
        /// The streams that there are.
        declared: Vec<String>,
    },
    /// A rule names a sink that there is not.
    #[error("rule `{rule}` alerts to `{sink}`, but there is no section [sink.{sink}]")]
    UnknownSink {
        /// The rule.
        rule: String,
        /// The sink.
        sink: String,
    },
    /// Output goes to a cluster and to this machine.
    #[error(
        "[{one}] is on Kafka and [{other}] is not: what is committed together goes to one cluster, or stays on this machine"
    )]
    MixedPlaces {
        /// A section that is on Kafka.
        one: String,
        /// A section that is not.
        other: String,
    },
    /// A client's settings are wrong.
    #[error("[{section}]: {why}")]
    Client {
        /// The section.
        section: String,
        /// What is wrong; no setting's value is in it.
        why: String,
    },
    /// An input that cannot be read.
    #[error("`{path}` cannot be read: {why}")]
    Unreadable {
        /// What names it.
        section: String,
        /// The file.
        path: String,
        /// Why.
        why: String,
        /// It is a table or a list, without which other rules can run.
        is_table: bool,
    },
    /// An output that cannot be written.
    #[error("`{path}` cannot be written: {why}")]
    Unwritable {
        /// What names it.
        section: String,
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A file that is named twice for one stream.
    #[error("`{path}` is named twice (as `{other}` before): its events would count twice")]
    ReadTwice {
        /// What names it.
        section: String,
        /// The file.
        path: String,
        /// As it was spelled before.
        other: String,
    },
    /// Standard input for two streams.
    #[error("standard input is named twice, here and by {other}: what one of them reads is gone for the other")]
    StandardInput {
        /// A section.
        section: String,
        /// Another, as messages name it.
        other: String,
    },
    /// A file that is written and read.
    #[error("this would write over `{path}`, which {other}")]
    Overwrites {
        /// What writes it.
        section: String,
        /// The file.
        path: String,
        /// What else it is: `[source.s] reads`, `is a rule file`.
        other: String,
    },
    /// A file that two outputs write, each over what the other has written.
    #[error(
        "`{path}` is the file that {other} writes as `{spelled}`; outputs that share a file have to spell it alike"
    )]
    WrittenTwice {
        /// A section.
        section: String,
        /// The file.
        path: String,
        /// Another section, as messages name it.
        other: String,
        /// Its spelling.
        spelled: String,
    },
    /// Output goes to two clusters.
    #[error("[{one}] and [{other}] are on different clusters: what is committed together goes to one")]
    TwoClusters {
        /// A section.
        one: String,
        /// Another.
        other: String,
    },
}

impl WiringFault {
    /// The section that is wrong; none where one is missing.
    pub fn section(&self) -> Option<String> {
        match self {
            WiringFault::NoSource { .. } | WiringFault::NoTable { .. } | WiringFault::UnknownSink { .. } => None,
            WiringFault::UnknownTable { table, .. } => Some(format!("table.{table}")),
            WiringFault::UnknownStream { stream, .. } => Some(format!("source.{stream}")),
            WiringFault::MixedPlaces { one, .. } | WiringFault::TwoClusters { one, .. } => Some(one.clone()),
            WiringFault::Client { section, .. }
            | WiringFault::Unreadable { section, .. }
            | WiringFault::Unwritable { section, .. }
            | WiringFault::ReadTwice { section, .. }
            | WiringFault::StandardInput { section, .. }
            | WiringFault::Overwrites { section, .. }
            | WiringFault::WrittenTwice { section, .. } => Some(section.clone()),
        }
    }

    /// Where it is, and what to say.
    pub fn complaint(&self, config: &Config) -> Complaint {
        let Some(section) = self.section() else { return Complaint::of(self.to_string()) };
        let place = match self {
            WiringFault::Unreadable { .. }
            | WiringFault::Unwritable { .. }
            | WiringFault::ReadTwice { .. }
            | WiringFault::StandardInput { .. }
            | WiringFault::Overwrites { .. }
            | WiringFault::WrittenTwice { .. } => format!("{}: ", config.name_of(&section)),
            // These name what they are about.
            _ => String::new(),
        };
        config.complaint(&section, format!("{place}{self}"))
    }

    /// Whether a run can do without: rules that need this table do not run then, and the others do.
    pub fn is_bearable(&self) -> bool {
        matches!(self, WiringFault::Unreadable { is_table: true, .. })
    }
}
