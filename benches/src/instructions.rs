//! Instructions an event, counted by valgrind: what a change costs, free of the noise of clocks. The counts that were
//! accepted stand in `benches/instructions.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::definition::{self, Benchmark, DefinitionError, Model};
use crate::engine::{self, Engine, EngineError};
use crate::input::{Events, Options, format};
use crate::places;

/// What is counted.
const QUERIES: [&str; 10] = ["q1", "q2", "q2-json", "q3", "q4", "q5", "q6", "q7", "q8-10", "q8ne-100"];
/// So few that valgrind is done in seconds, so many that keys come again.
const EVENTS: usize = if OPTIMISED { 20_000 } else { 5_000 };
const CARDS: u32 = 500;
/// A count may lie so far off without a word: the C library's and the allocator's ways differ a little between machines.
const TOLERANCE: f64 = 0.03;
/// Without optimisation, as tests are built, a count says little of a small change, but all of a large one; and only of a
/// loss: a gain shows better where it is optimised.
const TOLERANCE_UNOPTIMISED: f64 = 0.25;
const OPTIMISED: bool = !cfg!(debug_assertions);

/// Why nothing was counted, or what was found.
#[derive(Debug, thiserror::Error)]
pub enum InstructionsError {
    /// A definition is wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// Tripline does not run it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The events cannot be written as JSON.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// There is no valgrind.
    #[error("cannot run `valgrind`: {0}. It counts the instructions: apt-get install valgrind")]
    Valgrind(std::io::Error),
    /// It said something else than a count.
    #[error("{query}: valgrind gave no count:\n{said}")]
    NoCount {
        /// The query.
        query: String,
        /// What it said.
        said: String,
    },
    /// The accepted counts cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The accepted counts are none.
    #[error("{path}: {error}")]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// Some counts are not the accepted ones.
    #[error(
        "{}\nIf this is what the change is worth, accept it: {}, and commit benches/instructions.json",
        .0.join("\n"),
        if OPTIMISED { "make instructions ACCEPT=1" } else { "cargo run -p benches -- instructions --accept" }
    )]
    Moved(Vec<String>),
}

/// Instructions an event, by query.
type Counts = BTreeMap<String, u64>;

/// What was accepted.
#[derive(Default, Deserialize, Serialize)]
struct Accepted {
    optimised: Counts,
    unoptimised: Counts,
}

impl Accepted {
    fn of_this_build(&mut self) -> &mut Counts {
        if OPTIMISED { &mut self.optimised } else { &mut self.unoptimised }
    }
}

/// Counts, and compares with what was accepted; or accepts what was counted.
pub fn check(accept: bool) -> Result<(), InstructionsError> {
    let path = places::root().join("benches/instructions.json");
    let failed = |error| InstructionsError::File { path: path.clone(), error };
    let mut counted = Counts::new();
    for (query, count) in QUERIES.into_iter().zip(counts()) {
        let count = count?;
        println!("{query:10} {count:>8} instructions an event");
        counted.insert(query.to_owned(), count);
    }
    let text = fs::read_to_string(&path).map_err(failed)?;
    let no_json = |error| InstructionsError::Json { path: path.clone(), error };
    let mut accepted: Accepted = serde_json::from_str(&text).map_err(no_json)?;
    if accept {
        *accepted.of_this_build() = counted;
        let text = serde_json::to_string_pretty(&accepted).map_err(no_json)?;
        return fs::write(&path, text + "\n").map_err(failed);
    }
    let moved = moved(accepted.of_this_build(), &counted, OPTIMISED);
    if moved.is_empty() { Ok(()) } else { Err(InstructionsError::Moved(moved)) }
}

/// What lies further off than is tolerated; if optimised, either way: a gain that is not accepted hides the loss after it.
fn moved(accepted: &Counts, counted: &Counts, optimised: bool) -> Vec<String> {
    let one = |(query, now): (&String, &u64)| {
        let Some(before) = accepted.get(query) else { return Some(format!("{query}: no count was accepted yet")) };
        let change = *now as f64 / (*before).max(1) as f64 - 1.0;
        let says =
            || format!("{query}: {now} instructions an event, {before} were accepted ({:+.1} %)", change * 100.0);
        let is_off = if optimised { change.abs() > TOLERANCE } else { change > TOLERANCE_UNOPTIMISED };
        is_off.then(says)
    };
    counted.iter().filter_map(one).collect()
}

/// The counts of all queries, two counted at a time.
fn counts() -> Vec<Result<u64, InstructionsError>> {
    let (even, odd): (Vec<_>, Vec<_>) = QUERIES.chunks(2).map(|pair| (pair[0], pair.get(1))).unzip();
    std::thread::scope(|scope| {
        let even = scope.spawn(|| even.into_iter().map(count).collect::<Vec<_>>());
        let odd: Vec<_> = odd.into_iter().map(|query| query.copied().map(count)).collect();
        let even = even.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        even.into_iter().zip(odd).flat_map(|(even, odd)| std::iter::once(even).chain(odd)).collect()
    })
}

/// Instructions an event, of this program run by valgrind.
fn count(query: &str) -> Result<u64, InstructionsError> {
    let this = std::env::current_exe().map_err(InstructionsError::Valgrind)?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_region*"])
        .arg(this)
        .args(["counted", query])
        .output()
        .map_err(InstructionsError::Valgrind)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().filter(|_| output.status.success()).find_map(|line| line.split("Collected :").nth(1));
    let count: Option<u64> = line.and_then(|line| line.trim().parse().ok()).filter(|count| *count > 0);
    let count = count.ok_or_else(|| InstructionsError::NoCount { query: query.to_owned(), said })?;
    Ok(count / EVENTS as u64)
}

/// What valgrind runs: everything is made ready, then the counted part.
pub fn counted(query: &str) -> Result<(), InstructionsError> {
    let Some(one) = definition::find(query, false)?.pop() else { return Ok(()) };
    let engine = Engine::new(engine::plan(one.rules()?, &one.params())?)?;
    let events = Events::generate(&input(&one));
    if one.definition.model == Model::Json {
        let mut bytes = Vec::new();
        format::write_json(&events, &mut bytes)?;
        println!("{}", counted_region(|| engine.run_json(&bytes))?);
    } else {
        let batches = engine.batches(&events);
        println!("{}", counted_region(|| Ok(engine.run(&batches, Duration::MAX).1))?);
    }
    Ok(())
}

fn input(one: &Benchmark) -> Options {
    Options { events: EVENTS, cards: CARDS, ..one.definition.input.clone() }
}

#[inline(never)]
fn counted_region(work: impl FnOnce() -> Result<u64, EngineError>) -> Result<u64, EngineError> {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_named_and_what_hardly_did_is_not() {
        let counts = |q1, q2| BTreeMap::from([("q1".to_owned(), q1), ("q2".to_owned(), q2)]);
        assert_eq!(moved(&counts(100, 1_000), &counts(102, 980), true), Vec::<String>::new());
        assert_eq!(moved(&counts(100, 1_000), &counts(120, 500), false), Vec::<String>::new());
        assert_eq!(moved(&counts(100, 1_000), &counts(126, 500), false).len(), 1);
        let said = moved(&counts(100, 1_000), &counts(110, 900), true);
        assert_eq!(said[0], "q1: 110 instructions an event, 100 were accepted (+10.0 %)");
        assert_eq!(said[1], "q2: 900 instructions an event, 1000 were accepted (-10.0 %)");
        assert_eq!(moved(&Counts::new(), &counts(1, 1), false).len(), 2);
    }
}
