//! Benchmarks: definitions as files, each query beside a hand-written loop whose count must be ours.

mod definition;
mod engine;
mod family;
mod hand;
mod input;
mod instructions;
mod machine;
mod memory;
mod models;
mod peers;
mod performance;
mod places;
mod report;
mod threads;

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand, ValueEnum};

use definition::{Benchmark, DefinitionError};
use input::{Events, Options, Stream, format};
use machine::Machine;
use models::{ModelError, measure};
use performance::Own;
use report::{Report, Took};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Benchmarks of Tripline.
#[derive(Parser)]
#[command(name = "benches", about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run one benchmark
    Run {
        /// Its name, such as q1 or r2-1000
        name: String,
        #[command(flatten)]
        input: Input,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Run all benchmarks, each in a process of its own
    All {
        /// Only those whose name is this, or continues it: q2 means q2-json, too
        #[arg(long)]
        only: Option<String>,
        /// Keep the results in the house, for `page`
        #[arg(long)]
        keep: bool,
    },
    /// Compare with the peers, which Maven fetches
    Peers(peers::Settings),
    /// Count instructions an event, with valgrind, and compare with what was accepted
    Instructions {
        /// Accept what is counted
        #[arg(long)]
        accept: bool,
    },
    /// What valgrind runs of a query
    #[command(hide = true)]
    Counted {
        /// Its name
        name: String,
    },
    /// Make docs/PERFORMANCE.md of the results that are kept
    Page,
    /// Say what each benchmark is for
    List,
    /// Write events to standard output
    Generate {
        #[command(flatten)]
        input: Input,
        /// Which events
        #[arg(long, value_enum, default_value = "tx")]
        stream: Stream,
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

/// Where events come from; what is not said is as the benchmark's definition says.
#[derive(Args)]
struct Input {
    /// How many events: generated, or of the file at most
    #[arg(long)]
    events: Option<usize>,
    /// The same seed gives the same events
    #[arg(long)]
    seed: Option<u64>,
    /// How many cards
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    cards: Option<u32>,
    /// Exponent of the cards' and merchants' distribution
    #[arg(long)]
    zipf: Option<f64>,
    /// Events a second of event time
    #[arg(long)]
    rate: Option<f64>,
    /// Share of the events that arrive late, 0 to 1
    #[arg(long)]
    disorder: Option<f64>,
    /// How late they are at most, ms
    #[arg(long)]
    disorder_ms: Option<u64>,
    /// A file of the workload's format instead, CSV or JSON Lines
    #[arg(long)]
    input: Option<PathBuf>,
    /// End a round early when it has taken so many seconds
    #[arg(long, value_name = "SECONDS")]
    budget: Option<u64>,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Instructions(#[from] instructions::InstructionsError),
    #[error(transparent)]
    Page(#[from] performance::PageError),
    #[error(transparent)]
    Peers(#[from] peers::PeersError),
    #[error("{path}: {error}")]
    Input { path: PathBuf, error: format::FormatError },
    #[error("there are no events")]
    Empty,
    #[error("`{0}` has sizes; say which: {1}")]
    Size(String, String),
    #[error("{} failed: {}", if failed.len() == 1 { "one benchmark" } else { "benchmarks" }, failed.join(", "))]
    Failed { failed: Vec<String> },
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Run { name, input, json } => run(&name, &input, json),
        Task::All { only, keep } => all(only.as_deref(), keep),
        Task::Instructions { accept } => instructions::check(accept).map_err(BenchError::from),
        Task::Counted { name } => instructions::counted(&name).map_err(BenchError::from),
        Task::Page => performance::write().map_err(BenchError::from),
        Task::Peers(settings) => peers::compare(&settings).map_err(BenchError::from),
        Task::List => list(),
        Task::Generate { input, stream, format } => generate(&input, stream, format),
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
    fn events(&self, defined: &Options) -> Result<Events, BenchError> {
        let Some(path) = &self.input else {
            let options = Options {
                stream: defined.stream,
                events: self.events.unwrap_or(defined.events),
                seed: self.seed.unwrap_or(defined.seed),
                cards: self.cards.unwrap_or(defined.cards),
                zipf: self.zipf.unwrap_or(defined.zipf),
                rate: self.rate.unwrap_or(defined.rate),
                disorder: self.disorder.unwrap_or(defined.disorder),
                disorder_ms: self.disorder_ms.unwrap_or(defined.disorder_ms),
                ..defined.clone()
            };
            return if options.events == 0 { Err(BenchError::Empty) } else { Ok(Events::generate(&options)) };
        };
        let max = self.events.unwrap_or(usize::MAX);
        let read = File::open(path).map_err(format::FormatError::from);
        let read = read.and_then(|file| format::read(BufReader::with_capacity(1 << 20, file), max));
        read.map_err(|error| BenchError::Input { path: path.clone(), error })
    }
}

fn one(name: &str) -> Result<Benchmark, BenchError> {
    let found = definition::find(name, false);
    if found.is_err()
        && let Ok(sizes) = definition::find(name, true)
    {
        let names: Vec<String> = sizes.into_iter().map(|one| one.name).collect();
        return Err(BenchError::Size(name.to_owned(), names.join(", ")));
    }
    found?.pop().ok_or_else(|| BenchError::Size(name.to_owned(), String::new()))
}

fn run(name: &str, input: &Input, json: bool) -> Result<(), BenchError> {
    let one = one(name)?;
    let budget = input.budget.map_or(Duration::MAX, Duration::from_secs);
    let report = measure(&one, input.events(&one.definition.input)?, budget)?;
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

/// A process each, so that one's memory is not another's.
fn all(only: Option<&str>, keep: bool) -> Result<(), BenchError> {
    /// Then a round of a slow benchmark ends, seconds.
    const BUDGET: &str = "2";
    let benchmarks = only.map_or_else(definition::all, |name| definition::find(name, true))?;
    let this = std::env::current_exe()?;
    let mut own = Own { machine: Machine::this(""), reports: Vec::new() };
    let (mut failed, mut said, mut took) = (Vec::new(), String::new(), Vec::new());
    for one in benchmarks {
        let definition = &one.definition;
        if said != definition.title {
            println!("\n{}: {}", one.name, definition.title);
            println!("   {}\n   {} Bias: {}", definition.why, definition.workload, definition.bias);
            said.clone_from(&definition.title);
        }
        let started = Instant::now();
        let output = Command::new(&this).args(["run", &one.name, "--budget", BUDGET, "--json"]).output()?;
        if output.status.success() {
            let report: Report = serde_json::from_slice(&output.stdout)?;
            println!("{report}");
            own.reports.push(report);
        } else {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
            failed.push(one.name.clone());
        }
        took.push((started.elapsed(), one.name));
    }
    println!("\n{}", Took(took));
    let path = performance::own_path(keep);
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(&path, serde_json::to_string_pretty(&own)? + "\n")?;
    if failed.is_empty() { Ok(()) } else { Err(BenchError::Failed { failed }) }
}

fn list() -> Result<(), BenchError> {
    for one in definition::all()? {
        println!("{:12} {}", one.name, one.definition.title);
    }
    Ok(())
}

fn generate(input: &Input, stream: Stream, form: Form) -> Result<(), BenchError> {
    let events = input.events(&Options { stream, ..Options::default() })?;
    let out = BufWriter::new(io::stdout().lock());
    match form {
        Form::Csv => format::write_csv(&events, out)?,
        Form::Json => format::write_json(&events, out)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Model;

    /// Those that a test can afford: no broker, nothing that is a matter of time.
    fn is_quick(one: &Benchmark) -> bool {
        matches!(one.definition.model, Model::Memory | Model::Json | Model::Csv | Model::Log) && one.size <= 100
    }

    #[test]
    fn every_benchmark_counts_what_its_hand_loop_counts() -> Result<(), BenchError> {
        for one in definition::all()?.into_iter().filter(is_quick) {
            let options = &one.definition.input;
            let events = match options.stream {
                Stream::Tx => Options { events: 6_000, cards: 2, ..options.clone() },
                Stream::Abc => Options { events: 1_000, ..options.clone() },
            };
            measure(&one, Events::generate(&events), Duration::MAX)?;
        }
        Ok(())
    }

    #[test]
    fn the_rules_of_every_definition_compile() -> Result<(), BenchError> {
        for one in definition::all()?.into_iter().filter(|one| one.size <= 1_000) {
            let plan = engine::plan(one.rules()?, &one.params());
            assert!(plan.is_ok(), "{}: {}", one.name, plan.err().map_or(String::new(), |error| error.to_string()));
        }
        Ok(())
    }

    #[test]
    fn the_hand_loops_count_what_the_definitions_say() -> Result<(), BenchError> {
        let mut wrong = Vec::new();
        for definition in definition::all()?.chunk_by(|a, b| a.definition.title == b.definition.title) {
            let expected = &definition[0].definition.expected;
            let defined = &definition[0].definition.input;
            let cards = defined.cards.min(Options::default().cards);
            let input = Options { events: expected.events, cards, ..defined.clone() };
            let events = Events::generate(&input);
            let events = events.in_order().unwrap_or(events);
            let counts: Vec<u64> =
                definition.iter().filter_map(|one| one.definition.hand.count(&events, one.size)).collect();
            if counts != expected.matches {
                wrong.push(format!("{}: {counts:?}, not {:?}", definition[0].name, expected.matches));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        Ok(())
    }
}
