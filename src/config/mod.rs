//! `tripline.toml`: where events come from, where alerts go, how the engine runs. What is said about detection stands in
//! rule files.
//!
//! [`read`] turns text into a checked [`Config`] or into *all* its faults; nothing is started before that. The keys are
//! declared once, in [`keys`], which parsing, messages and docs/reference/config.md share.

mod fault;
pub mod keys;
mod read;
mod secret;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use fault::{Complaint, Fault, Faults};
pub use read::{read, read_in_part};
pub use secret::{Environment, Secret, SystemEnvironment};

/// A checked configuration; by default an empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Client settings per `[kafka.NAME]`, by their librdkafka names.
    pub kafka: BTreeMap<String, BTreeMap<String, Secret>>,
    /// Where each stream's events come from, by stream.
    pub sources: BTreeMap<String, Origin>,
    /// Where each table's rows come from, by table.
    pub tables: BTreeMap<String, TableOrigin>,
    /// Where alerts go, by sink; `alerts` is the default sink of every rule.
    pub sinks: BTreeMap<String, Place>,
    /// Where undecodable records go; without it they are only counted.
    pub dead_letters: Option<Place>,
    /// Where late and quarantined events go; without it they are only counted.
    pub late: Option<Place>,
    /// Where the items of list params come from that change, by param.
    pub lists: BTreeMap<String, TableOrigin>,
    /// How the engine runs.
    pub engine: Engine,
    /// `param` overrides, as text in the rule language's notation.
    pub params: Vec<(String, String)>,
    /// The file as the user named it; empty: there is none.
    pub file: String,
    /// Where each section stands, and each of `[params]`: `source.payment`, `params.floor`. Those that could not be read, too.
    pub whence: BTreeMap<String, Whence>,
}

/// Where a part of a configuration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whence {
    /// In this line of the file.
    Line(usize),
    /// On the command line, as it is written there.
    Argument(String),
}

impl Config {
    /// Whether there is such a section, be it right or wrong.
    pub fn says(&self, section: &str) -> bool {
        self.whence.contains_key(section)
    }

    /// The same for a section of a kind and a name.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        self.says(&format!("{kind}.{name}"))
    }

    /// A section as messages name it.
    pub fn name_of(&self, section: &str) -> String {
        match self.whence.get(section) {
            Some(Whence::Argument(argument)) => format!("`{argument}`"),
            _ => format!("[{section}]"),
        }
    }

    /// Something to say about a section.
    pub fn complaint(&self, section: &str, message: String) -> Complaint {
        match self.whence.get(section) {
            Some(Whence::Line(line)) => Complaint { file: Some(self.file.clone()), line: Some(*line), message },
            _ => Complaint::of(message),
        }
    }
}

/// Where a stream's events come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A topic of a `[kafka.NAME]`.
    Kafka {
        /// The client.
        client: String,
        /// The topic; its records are JSON.
        topic: String,
    },
    /// Files, read one after the other as partitions; `-` is standard input.
    Files {
        /// The files.
        paths: Vec<PathBuf>,
        /// How they are written.
        format: Format,
    },
}

/// Where a table's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum TableOrigin {
    /// A compacted topic of a `[kafka.NAME]`.
    Kafka {
        /// The client.
        client: String,
        /// The topic.
        topic: String,
    },
    /// A file.
    File {
        /// The file.
        path: PathBuf,
        /// How it is written.
        format: Format,
        /// Where its changes are kept, if that was said.
        history: Option<PathBuf>,
    },
}

/// Where output goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A topic of a `[kafka.NAME]`.
    Kafka {
        /// The client.
        client: String,
        /// The topic.
        topic: String,
    },
    /// A file of JSON Lines.
    File(PathBuf),
    /// The terminal.
    Terminal,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a record, or a line.
    Json,
    /// Comma-separated, with a header line. Files only.
    Csv,
}

impl Format {
    /// How files are written where nobody says it: CSV if all their names end in `.csv`, in letters of either case.
    pub fn of_paths<P: AsRef<Path>>(paths: &[P]) -> Format {
        let is_csv = |path: &P| path.as_ref().extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if paths.iter().all(is_csv) { Format::Csv } else { Format::Json }
    }
}

/// How the engine runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// Worker threads.
    pub workers: usize,
    /// Prefix of transactional ids and of the progress topic.
    pub name: String,
    /// Rule files, as patterns relative to the configuration's folder.
    pub rules: Vec<String>,
    /// How long a tick is.
    pub tick: Duration,
    /// The shortest time between two commits of alerts.
    pub commit_every: Duration,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            workers: 1,
            name: String::from("tripline"),
            rules: Vec::new(),
            tick: Duration::from_millis(5),
            commit_every: Duration::from_millis(5),
        }
    }
}
