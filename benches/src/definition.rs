//! Benchmarks as files: `definitions/NAME.toml` says why one exists, what it reads, which rules it runs and what they
//! must find. A new benchmark is a new file; one with sizes is run once for each, as `NAME-SIZE`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::family::Family;
use crate::hand::Hand;
use crate::input::Options;

/// A definition file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// In a few words.
    pub title: String,
    /// What it shows.
    pub why: String,
    /// What its input is like.
    pub workload: String,
    /// Whom it favours.
    pub bias: String,
    /// What is measured.
    #[serde(default)]
    pub model: Model,
    /// Rule files of the same folder, without `.trip`; the first declares the stream.
    pub rules: Vec<String>,
    /// Rules that differ in their constants, as many as the size says.
    #[serde(default)]
    pub family: Option<Family>,
    /// Of `phrasings`: their folder in `tests/cases/phrasings`.
    #[serde(default)]
    pub phrasings: String,
    /// The loop that somebody would write by hand: it gives the expected count.
    pub hand: Hand,
    /// `param n` of the rules, how many rules of the family, or events a second.
    #[serde(default)]
    pub sizes: Vec<u64>,
    /// Worker threads.
    #[serde(default = "one")]
    pub workers: usize,
    /// What it reads when nothing else is said.
    #[serde(default)]
    pub input: Options,
    /// What we want to reach; with sizes, at some of them.
    #[serde(default, rename = "goal")]
    goals: Option<Goals>,
    /// What a small input must give.
    #[cfg_attr(not(test), expect(dead_code, reason = "held by a test"))]
    pub expected: Expected,
}

fn one() -> usize {
    1
}

/// What is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Events in memory to alerts.
    #[default]
    Memory,
    /// JSON bytes in memory to alerts.
    Json,
    /// A CSV file through the whole pipeline.
    Csv,
    /// The in-process log through the whole pipeline.
    Log,
    /// A real broker to alerts in a topic of it, beside a client that only counts.
    Kafka,
    /// Events in memory that arrive at a fixed rate, as many a second as the size says.
    Latency,
    /// Rule text to a program that is ready.
    Compile,
    /// Rule text to the first event.
    Start,
    /// Events in memory to alerts, for each phrasing of a query.
    Phrasings,
    /// A run without events.
    Idle,
}

/// What a definition says of goals.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Goals {
    /// The one goal.
    One(Goal),
    /// By size.
    Sized(BTreeMap<String, Goal>),
}

/// Events a second that we want to reach on an ordinary core.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Less is not good enough.
    pub floor: f64,
    /// This is.
    pub goal: f64,
}

/// Counts that never change, held by a test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "held by a test"))]
pub struct Expected {
    /// So many events of the definition's input give
    pub events: usize,
    /// so many matches, for each size.
    pub matches: Vec<u64>,
}

/// A definition at one of its sizes.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// `q2`, `r1-1000`
    pub name: String,
    /// The size; 0 where there are none.
    pub size: u64,
    /// Its file.
    pub definition: Definition,
}

/// Why the definitions are of no use.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A definition says what no definition can say.
    #[error("{path}: {error}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// Why.
        error: toml::de::Error,
    },
    /// No benchmark has this name.
    #[error("no benchmark is called `{name}`; there are {}", known.join(", "))]
    Unknown {
        /// As asked for.
        name: String,
        /// All names.
        known: Vec<String>,
    },
}

/// Where the definitions are.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/definitions"))
}

fn read(path: &Path) -> Result<String, DefinitionError> {
    fs::read_to_string(path).map_err(|error| DefinitionError::Read { path: path.to_owned(), error })
}

/// All benchmarks, by name, sizes in the order of their file.
pub fn all() -> Result<Vec<Benchmark>, DefinitionError> {
    let unreadable = |error| DefinitionError::Read { path: folder().to_owned(), error };
    let entries = fs::read_dir(folder()).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>().map_err(unreadable)?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let mut benchmarks = Vec::new();
    for path in paths {
        let parsed = toml::from_str::<Definition>(&read(&path)?);
        let definition = parsed.map_err(|error| DefinitionError::Parse { path: path.clone(), error })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if definition.sizes.is_empty() {
            benchmarks.push(Benchmark { name, size: 0, definition });
        } else {
            let sized =
                |size: &u64| Benchmark { name: format!("{name}-{size}"), size: *size, definition: definition.clone() };
            benchmarks.extend(definition.sizes.iter().map(sized));
        }
    }
    Ok(benchmarks)
}

/// Those that a name means: the one of this name, or all sizes of a definition (`q8`), or all that continue it (`q2`
/// means `q2-json`, too) when `family` is set.
pub fn find(name: &str, wide: bool) -> Result<Vec<Benchmark>, DefinitionError> {
    let all = all()?;
    let continues = |longer: &str| longer.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
    let found: Vec<Benchmark> =
        all.iter().filter(|one| one.name == name || wide && continues(&one.name)).cloned().collect();
    if found.is_empty() {
        let known = all.into_iter().map(|one| one.name).collect();
        return Err(DefinitionError::Unknown { name: name.to_owned(), known });
    }
    Ok(found)
}

impl Benchmark {
    /// What we want to reach here.
    pub fn goal(&self) -> Option<&Goal> {
        match self.definition.goals.as_ref()? {
            Goals::One(goal) => Some(goal),
            Goals::Sized(goals) => goals.get(&self.size.to_string()),
        }
    }

    /// The rule files' names and texts.
    pub fn rules(&self) -> Result<Vec<(String, String)>, DefinitionError> {
        let file = |name: &String| {
            let name = format!("{name}.trip");
            Ok((name.clone(), read(&folder().join(name))?))
        };
        let mut files = self.definition.rules.iter().map(file).collect::<Result<Vec<_>, DefinitionError>>()?;
        files.extend(self.definition.family.map(|family| ("family.trip".to_owned(), family.rules(self.size))));
        Ok(files)
    }

    /// What overrides the rules' params.
    pub fn params(&self) -> Vec<(String, String)> {
        let Definition { family, model, .. } = &self.definition;
        let sized = self.size > 0 && family.is_none() && *model != Model::Latency;
        if sized { vec![("n".to_owned(), self.size.to_string())] } else { Vec::new() }
    }
}
