//! Raw results of one query: every single run, and on what it was made. They are kept in the house as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::java::PeerQuery;
use crate::machine::Machine;
use crate::report::speed;

/// All runs of a query.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// `q2`
    pub query: String,
    /// In a few words.
    pub title: String,
    /// On what.
    pub machine: Machine,
    /// How often each was run.
    pub rounds: u32,
    /// After how many seconds a run was fed no more.
    pub budget_seconds: u64,
    /// The peers by name, with their versions.
    pub peers: BTreeMap<String, String>,
    /// What each peer ran, by `peer form`.
    pub texts: BTreeMap<String, String>,
    /// Each run.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Who.
    pub subject: Subject,
    /// How the query was written.
    pub form: String,
    /// From 0.
    pub round: u32,
    /// How many events it came to.
    pub events: usize,
    /// What it found; equal to the hand loop's.
    pub matches: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Who ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// We.
    Tripline,
    /// The loop written by hand.
    Hand,
    /// A peer, by name.
    Peer(String),
}

impl Run {
    /// Events a second.
    pub fn speed(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

impl Results {
    /// None yet.
    pub fn new(query: &str, title: &str, machine: Machine, rounds: u32, budget_seconds: u64) -> Results {
        let (query, title) = (query.to_owned(), title.to_owned());
        let (peers, texts) = (BTreeMap::new(), BTreeMap::new());
        Results { query, title, machine, rounds, budget_seconds, peers, texts, runs: Vec::new() }
    }

    /// Notes what a peer ran.
    pub fn text(&mut self, peer: &PeerQuery) {
        self.peers.insert(peer.peer.clone(), peer.title.clone());
        self.texts.insert(format!("{} {}", peer.peer, peer.form), peer.text.clone());
    }

    /// The median speed of a subject's form; `None` where it did not run.
    pub fn median(&self, subject: &Subject, form: &str) -> Option<f64> {
        let of = |run: &&Run| run.subject == *subject && run.form == form;
        median(self.runs.iter().filter(of).map(Run::speed).collect())
    }

    /// The median of our speed by another's in the same round.
    pub fn ratio(&self, subject: &Subject, form: &str) -> Option<f64> {
        let ours = |round: u32| self.runs.iter().find(|run| run.subject == Subject::Tripline && run.round == round);
        let of = |run: &&Run| run.subject == *subject && run.form == form;
        median(self.runs.iter().filter(of).filter_map(|run| Some(ours(run.round)?.speed() / run.speed())).collect())
    }

    /// Who ran it, in which forms, in the order of the runs.
    pub fn subjects(&self) -> Vec<(Subject, String)> {
        let mut subjects: Vec<(Subject, String)> = Vec::new();
        for run in &self.runs {
            let one = (run.subject.clone(), run.form.clone());
            if !subjects.contains(&one) {
                subjects.push(one);
            }
        }
        subjects
    }

    /// Lines for people.
    pub fn summary(&self) -> Vec<String> {
        let line = |(subject, form): (Subject, String)| {
            let name = match &subject {
                Subject::Tripline => "tripline".to_owned(),
                Subject::Hand => "hand loop".to_owned(),
                Subject::Peer(peer) => format!("{peer} {form}"),
            };
            let median = self.median(&subject, &form)?;
            let ratio = self.ratio(&subject, &form)?;
            Some(format!("{name:14} {:>8} events/s, tripline is {ratio:.3} times as fast", speed(median)))
        };
        self.subjects().into_iter().filter_map(line).collect()
    }

    /// Writes them to a file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
