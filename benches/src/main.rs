//! Benchmarks: workloads in memory, each query as a rule file beside a hand-written loop whose count must be ours.

mod engine;
mod format;
mod hand;
mod query;
mod report;
mod rng;
mod workload;

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand, ValueEnum};

use engine::{Engine, EngineError};
use query::{QUERIES, Query};
use report::Report;
use workload::{Options, Workload};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Benchmarks of Tripline.
#[derive(Parser)]
#[command(name = "benches", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one query
    Run {
        /// q1 to q6; with -json behind it from JSON bytes in memory
        query: String,
        #[command(flatten)]
        input: Input,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Run all queries
    All {
        /// Only this one
        #[arg(long)]
        only: Option<String>,
        #[command(flatten)]
        input: Input,
    },
    /// Write the workload to standard output
    Generate {
        #[command(flatten)]
        input: Input,
        /// The form
        #[arg(long, value_enum, default_value = "csv")]
        format: Form,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Csv,
    Json,
}

/// Where events come from.
#[derive(Args)]
struct Input {
    /// How many events: generated, or of the file at most
    #[arg(long)]
    events: Option<usize>,
    /// The same seed gives the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cards
    #[arg(long, default_value_t = 100_000)]
    cards: u32,
    /// Exponent of the cards' and merchants' distribution
    #[arg(long, default_value_t = 0.8)]
    zipf: f64,
    /// Events a second of event time
    #[arg(long, default_value_t = 1_000.0)]
    rate: f64,
    /// A file of the workload's format instead, CSV or JSON Lines
    #[arg(long)]
    input: Option<PathBuf>,
}

/// Why a benchmark failed.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error("no query is called `{0}`; there are q1 to q6, each also with -json")]
    Unknown(String),
    #[error("{path}: {error}")]
    Input { path: PathBuf, error: format::FormatError },
    #[error("there are no events")]
    Empty,
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{query} gave {ours} matches, the hand loop {hand}")]
    Count { query: String, ours: u64, hand: u64 },
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("definition of {query}: {error}")]
    Definition { query: &'static str, error: toml::de::Error },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run { query, input, json } => run(&query, &input, json),
        Command::All { only, input } => all(only.as_deref(), &input),
        Command::Generate { input, format } => generate(&input, format),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Input {
    fn workload(&self) -> Result<Workload, BenchError> {
        let Some(path) = &self.input else {
            let events = self.events.unwrap_or(Options::default().events);
            let (cards, zipf, rate) = (self.cards.max(1), self.zipf, self.rate);
            return Ok(Workload::generate(&Options {
                events,
                seed: self.seed,
                cards,
                zipf,
                rate,
                ..Options::default()
            }));
        };
        let read =
            File::open(path).map_err(format::FormatError::from).and_then(|file| format::read(BufReader::new(file)));
        let mut workload = read.map_err(|error| BenchError::Input { path: path.clone(), error })?;
        workload.events.truncate(self.events.unwrap_or(usize::MAX));
        if workload.events.is_empty() { Err(BenchError::Empty) } else { Ok(workload) }
    }
}

fn run(name: &str, input: &Input, json: bool) -> Result<(), BenchError> {
    let report = measure(name, &input.workload()?)?;
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

fn all(only: Option<&str>, input: &Input) -> Result<(), BenchError> {
    let workload = input.workload()?;
    for query in QUERIES.iter().filter(|query| only.is_none_or(|only| only.starts_with(query.name))) {
        let definition = query.definition().map_err(|error| BenchError::Definition { query: query.name, error })?;
        println!("{}: {}", query.name, definition.title);
        println!("   {}\n   {} Bias: {}", definition.why, definition.workload, definition.bias);
        println!("{}", measure(query.name, &workload)?);
    }
    if only.is_none_or(|only| only == "q2" || only == "q2-json") {
        println!("{}", measure("q2-json", &workload)?);
    }
    Ok(())
}

fn generate(input: &Input, form: Form) -> Result<(), BenchError> {
    let (workload, out) = (input.workload()?, BufWriter::new(io::stdout().lock()));
    match form {
        Form::Csv => format::write_csv(&workload, out)?,
        Form::Json => format::write_json(&workload, out)?,
    }
    Ok(())
}

/// Runs a query and its hand loop, the better of three rounds each, and compares their counts.
fn measure(name: &str, workload: &Workload) -> Result<Report, BenchError> {
    const ROUNDS: usize = 3;
    let (plain, from_json) = name.strip_suffix("-json").map_or((name, false), |plain| (plain, true));
    let query = Query::find(plain).ok_or_else(|| BenchError::Unknown(name.to_owned()))?;
    let engine = Engine::new(query)?;
    let (mut ours, mut by_hand) = ((0, Duration::MAX), (0, Duration::MAX));
    let mut bytes = Vec::new();
    if from_json {
        format::write_json(workload, &mut bytes)?;
    }
    let batches = if from_json { Vec::new() } else { engine.batches(workload) };
    for _ in 0..ROUNDS {
        let (count, time) = timed(|| (query.hand)(&workload.events, workload.cards.len()));
        by_hand = (count, by_hand.1.min(time));
        let (count, time) = timed(|| if from_json { engine.run_json(&bytes) } else { Ok(engine.run(&batches)) });
        ours = (count?, ours.1.min(time));
        if ours.0 != by_hand.0 {
            return Err(BenchError::Count { query: name.to_owned(), ours: ours.0, hand: by_hand.0 });
        }
    }
    Ok(Report::new(name.to_owned(), workload.events.len(), ours.0, ours.1, by_hand.1))
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = std::hint::black_box(work());
    (value, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_counts_what_its_hand_loop_counts() -> Result<(), BenchError> {
        let workload = Workload::generate(&Options { events: 40_000, cards: 20, ..Options::default() });
        for query in &QUERIES {
            assert!(measure(query.name, &workload)?.matches > 0, "{} should find something", query.name);
        }
        measure("q2-json", &workload)?;
        Ok(())
    }
}
