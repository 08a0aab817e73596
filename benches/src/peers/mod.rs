//! Tripline beside its peers: the same file, in turn, some rounds, each run in a process of its own, every count compared
//! with the hand loop's over as many events as the peer came to.

mod java;
pub mod results;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::definition::{self, Benchmark, DefinitionError};
use crate::input::{Events, Options, Stream, format};
use crate::machine::Machine;
use crate::places;

pub use java::JavaError;
use java::{Java, PeerQuery};
use results::{Results, Run, Subject};

/// What to compare, and how thoroughly.
#[derive(clap::Args)]
pub struct Settings {
    /// Only these: q2, or r3 for all its sizes; may be repeated
    #[arg(long, value_name = "QUERY")]
    only: Vec<String>,
    /// Only this peer: esper, flink, siddhi
    #[arg(long)]
    peer: Option<String>,
    /// How often each is run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Card events in the file
    #[arg(long, default_value_t = 5_000_000)]
    events: usize,
    /// Letters in the file
    #[arg(long, default_value_t = 1_000_000)]
    letters: usize,
    /// Seconds after which a run is fed no more
    #[arg(long, default_value_t = 3)]
    budget: u64,
    /// Keep the raw results in the house, for `page`
    #[arg(long)]
    keep: bool,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// The peers cannot be fetched or built.
    #[error(transparent)]
    Java(#[from] JavaError),
    /// A definition is wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// A file cannot be written or read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No peer has it.
    #[error("no peer has a query like that; there are {}", known.join(", "))]
    Unknown {
        /// The queries.
        known: Vec<String>,
    },
    /// Something ran and was wrong; the rest was recorded.
    #[error("{} of the runs failed:\n{}", failed.len(), failed.join("\n"))]
    Failed {
        /// What, and how.
        failed: Vec<String>,
    },
}

/// Compares, prints medians, and keeps the raw results.
pub fn compare(settings: &Settings) -> Result<(), PeersError> {
    let java = Java::ready()?;
    let all = java.list()?;
    let wanted = |query: &PeerQuery| {
        let named = |only: &String| query.query == *only || query.query.starts_with(&format!("{only}-"));
        (settings.only.is_empty() || settings.only.iter().any(named))
            && settings.peer.as_ref().is_none_or(|peer| query.peer == *peer)
    };
    let chosen: Vec<&PeerQuery> = all.iter().filter(|query| wanted(query)).collect();
    if chosen.is_empty() {
        let mut known: Vec<String> = all.iter().map(|query| query.query.clone()).collect();
        known.dedup();
        return Err(PeersError::Unknown { known });
    }
    let mut by_query: BTreeMap<&str, Vec<&PeerQuery>> = BTreeMap::new();
    // In turn are the forms of one query, not the queries.
    chosen.into_iter().for_each(|query| by_query.entry(&query.query).or_default().push(query));
    let mut comparison = Comparison::new(settings, java)?;
    for (name, peers) in by_query {
        match definition::find(name, false) {
            Ok(found) => found.iter().try_for_each(|one| comparison.query(one, &peers))?,
            Err(error) => comparison.fail(name, "tripline", &error.to_string()),
        }
    }
    comparison.finish()
}

/// A comparison under way.
struct Comparison<'a> {
    settings: &'a Settings,
    java: Java,
    machine: Machine,
    /// By stream: the file, and its events for the hand loops.
    inputs: [(PathBuf, Events); 2],
    /// What a hand loop finds in the first so many events.
    counts: BTreeMap<(String, usize), Option<u64>>,
    failed: Vec<String>,
}

/// What one run printed.
#[derive(Deserialize)]
struct Printed {
    events: usize,
    matches: u64,
    seconds: f64,
    #[serde(default)]
    hand_events_per_s: Option<f64>,
}

impl Comparison<'_> {
    fn new(settings: &Settings, java: Java) -> Result<Comparison<'_>, PeersError> {
        let input = |stream: Stream, name: &str, events: usize| {
            let path = places::scratch().join(format!("peers/{name}-{events}.csv"));
            let events = Events::generate(&Options { stream, events, ..Options::default() });
            let written = File::create(&path).and_then(|file| format::write_csv(&events, BufWriter::new(file)));
            written.map_err(|error| PeersError::File { path: path.clone(), error })?;
            Ok::<_, PeersError>((path, events))
        };
        let inputs = [input(Stream::Tx, "tx", settings.events)?, input(Stream::Abc, "abc", settings.letters)?];
        let machine = Machine::this(&java.version()?);
        Ok(Comparison { settings, java, machine, inputs, counts: BTreeMap::new(), failed: Vec::new() })
    }

    fn query(&mut self, one: &Benchmark, peers: &[&PeerQuery]) -> Result<(), PeersError> {
        let Settings { rounds, budget, .. } = *self.settings;
        println!("\n{}: {}", one.name, one.definition.title);
        let mut results = Results::new(&one.name, &one.definition.title, self.machine.clone(), rounds, budget);
        for round in 0..rounds {
            match self.tripline(one, round) {
                Ok(runs) => results.runs.extend(runs),
                Err(why) => self.fail(&one.name, "tripline", &why),
            }
            for peer in peers {
                match self.peer(one, peer, round) {
                    Ok(run) => {
                        results.text(peer);
                        results.runs.push(run);
                    }
                    Err(why) => self.fail(&one.name, &format!("{} {}", peer.peer, peer.form), &why),
                }
            }
        }
        results.summary().iter().for_each(|line| println!("   {line}"));
        let path = places::results(self.settings.keep).join(format!("peers/{}.json", one.name));
        results.write(&path).map_err(|error| PeersError::File { path, error })
    }

    fn fail(&mut self, query: &str, who: &str, why: &str) {
        eprintln!("{query}, {who}: {why}");
        self.failed.push(format!("{query}, {who}: {why}"));
    }

    fn file(&self, one: &Benchmark) -> &(PathBuf, Events) {
        &self.inputs[usize::from(one.definition.input.stream == Stream::Abc)]
    }

    fn tripline(&self, one: &Benchmark, round: u32) -> Result<Vec<Run>, String> {
        let this = std::env::current_exe().map_err(|e| e.to_string())?;
        let (path, events) = self.file(one);
        let printed = printed(Command::new(this).args(["run", &one.name, "--json", "--input"]).arg(path).args([
            "--events",
            &events.len().to_string(),
            "--budget",
            &self.settings.budget.to_string(),
        ]))?;
        let run = |subject, seconds| Run {
            subject,
            form: "best".to_owned(),
            round,
            events: printed.events,
            matches: printed.matches,
            seconds,
        };
        let hand = printed.hand_events_per_s.map(|speed| run(Subject::Hand, printed.events as f64 / speed));
        Ok([run(Subject::Tripline, printed.seconds)].into_iter().chain(hand).collect())
    }

    fn peer(&mut self, one: &Benchmark, peer: &PeerQuery, round: u32) -> Result<Run, String> {
        let (path, events) = self.file(one);
        let mut command = self.java.run(peer);
        let printed = printed(command.arg(path).args([events.len().to_string(), self.settings.budget.to_string()]))?;
        let expected = self.expected(one, printed.events);
        if expected != Some(printed.matches) {
            let expected = expected.map_or("none".to_owned(), |count| count.to_string());
            return Err(format!("{} matches in {} events, the hand loop {expected}", printed.matches, printed.events));
        }
        Ok(Run {
            subject: Subject::Peer(peer.peer.clone()),
            form: peer.form.clone(),
            round,
            events: printed.events,
            matches: printed.matches,
            seconds: printed.seconds,
        })
    }

    fn expected(&mut self, one: &Benchmark, events: usize) -> Option<u64> {
        let key = (one.name.clone(), events);
        if let Some(count) = self.counts.get(&key) {
            return *count;
        }
        let mut input = self.file(one).1.clone();
        input.truncate(events);
        let count = one.definition.hand.count(&input, one.size);
        self.counts.insert(key, count);
        count
    }

    fn finish(self) -> Result<(), PeersError> {
        println!("\nraw results: {}", places::results(self.settings.keep).join("peers").display());
        if self.failed.is_empty() { Ok(()) } else { Err(PeersError::Failed { failed: self.failed }) }
    }
}

/// Runs a command that prints one line of JSON.
fn printed(command: &mut Command) -> Result<Printed, String> {
    let output = command.output().map_err(|error| format!("cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rev().find(|line| line.starts_with('{')).filter(|_| output.status.success());
    let said = || {
        let errors = String::from_utf8_lossy(&output.stderr);
        let telling = |line: &&str| line.contains("Exception") || line.contains("Error") || line.contains("rror:");
        let line = errors.lines().find(telling).or(errors.lines().last()).unwrap_or("it printed nothing");
        format!("{}: {line}", output.status)
    };
    serde_json::from_str(line.ok_or_else(said)?).map_err(|error| error.to_string())
}

/// The folder of the peers' project.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}
