//! `docs/PERFORMANCE.md` and its chart, made of the raw results that are kept in the house and of nothing else.

mod chart;
mod page;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::definition::{self, Benchmark, DefinitionError};
use crate::machine::Machine;
use crate::peers::results::Results;
use crate::places;
use crate::report::Report;

/// What `all` found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Own {
    /// On what.
    pub machine: Machine,
    /// One a benchmark.
    pub reports: Vec<Report>,
}

/// Everything that is kept.
pub struct Kept {
    /// All benchmarks.
    benchmarks: Vec<Benchmark>,
    /// Tripline alone; none before it was first kept.
    own: Option<Own>,
    /// Beside peers, a query each.
    peers: Vec<Results>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A definition is wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A kept result is not one.
    #[error("{path}: {error}")]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
}

/// Where what `all` found is.
pub fn own_path(kept: bool) -> PathBuf {
    places::results(kept).join("tripline.json")
}

/// Writes page and chart.
pub fn write() -> Result<(), PageError> {
    for (path, text) in made()? {
        fs::write(&path, text).map_err(|error| PageError::File { path: path.clone(), error })?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The files and what must be in them.
pub fn made() -> Result<Vec<(PathBuf, String)>, PageError> {
    let kept = read()?;
    let docs = places::root().join("docs");
    Ok(vec![(docs.join("PERFORMANCE.md"), page::page(&kept)), (docs.join("performance.svg"), chart::chart(&kept))])
}

fn read() -> Result<Kept, PageError> {
    let own = own_path(true);
    let own = if own.exists() { Some(json(&own)?) } else { None };
    let folder = places::results(true).join("peers");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let mut peers = paths.iter().map(|path| json(path)).collect::<Result<Vec<Results>, PageError>>()?;
    let benchmarks = definition::all()?;
    // In the order of the definitions, so that sizes ascend.
    let place = |results: &Results| benchmarks.iter().position(|one| one.name == results.query);
    peers.sort_by_key(place);
    Ok(Kept { benchmarks, own, peers })
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, PageError> {
    let text = fs::read_to_string(path).map_err(|error| PageError::File { path: path.to_owned(), error })?;
    serde_json::from_str(&text).map_err(|error| PageError::Json { path: path.to_owned(), error })
}

impl Kept {
    /// What Tripline alone reached.
    fn report(&self, name: &str) -> Option<&Report> {
        self.own.as_ref()?.reports.iter().find(|report| report.query == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_chart_are_those_of_the_kept_results() -> Result<(), PageError> {
        for (path, text) in made()? {
            let is = fs::read_to_string(&path).unwrap_or_default();
            assert!(is == text, "{} is stale: `cargo run -p benches -- page`", path.display());
        }
        Ok(())
    }
}
