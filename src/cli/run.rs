//! `tripline run`: rules over a configuration's sources, or over files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tripline_engine::runner::{Notice, RunError};

use super::assignment::Assignment;
use super::exit::{Failure, Outcome};
use super::job::Asked;
use super::progress::Progress;
use super::say::{self, Level};
use super::{Talk, job, left_out, show, signals};
use crate::config::Place;
use crate::wiring::{self, Surroundings};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them; without any, those that the configuration names
    rules: Vec<PathBuf>,
    /// The configuration; without rule files `tripline.toml` is taken
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read a stream or a table from a file (JSON Lines, or CSV by its ending); `-` is standard input; may be repeated
    #[arg(long, short, value_name = "STREAM=FILE")]
    input: Vec<Assignment>,
    /// Write alerts to a file of JSON Lines; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Worker threads; the alerts are the same for any number
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Override a param of the rules, in the rule language's notation; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Assignment>,
    /// Print the rows of a view when the run has ended; may be repeated
    #[arg(long, value_name = "VIEW")]
    show: Vec<String>,
}

impl Args {
    fn asked(&self) -> Asked<'_> {
        Asked {
            config: self.config.as_deref(),
            rules: &self.rules,
            input: &self.input,
            output: self.output.as_deref(),
            workers: self.workers,
            set: &self.set,
            lists_as_declared: false,
        }
    }
}

/// Runs until the input ends or the process is told to stop; then prints one line of counts.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    // From the first moment on: a signal while files are read or brokers are asked counts, too.
    let stop = signals::stop_flag()?;
    let mut prepared = job::prepare(&args.asked())?;
    prepared.fit();
    let (config, _, plan) = prepared.plan(talk)?;
    let (views, plan) = (show::views(&args.show, &plan)?, Arc::new(plan));
    let shows_alerts = matches!(config.sinks.get("alerts"), None | Some(Place::Terminal));
    let to_stdout = config.sinks.values().any(|place| matches!(place, Place::File(path) if path == Path::new("-")));
    let notice: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(|text| say::log(Level::Warning, text));
    let around = Surroundings { notice, stop: stop.clone() };
    let job = wiring::job(plan.clone(), &config, &around).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        Failure::Usage(format!("rules and configuration do not fit, nothing was started\n{}", lines.join("\n")))
    })?;
    let job = job.show(views);
    let metrics = job.metrics();
    signals::print_counts_on_request(metrics.clone())?;
    let progress = Arc::new(Progress::new(metrics.clone(), !talk.quiet && !shows_alerts && !to_stdout));
    let (observer, quiet) = (progress.clone(), talk.quiet);
    let job = job.observe(move |notice| match notice {
        Notice::Started { records, .. } => {
            observer.start(records);
            if !quiet {
                observer.say(Level::Info, &notice.to_string());
            }
        }
        Notice::Live | Notice::RulesChanged(_) | Notice::TableIsWell { .. } => {
            observer.say(Level::Info, &notice.to_string())
        }
        _ => observer.say(Level::Warning, &notice.to_string()),
    });
    let done = job.run(stop);
    progress.finish();
    match done {
        Ok(summary) => {
            let ended = if summary.finished { "the input has ended" } else { "told to stop" };
            if !talk.quiet {
                left_out::lines(&metrics.left_out(), &config).iter().for_each(|line| say::log(Level::Warning, line));
                say::log(Level::Info, format_args!("{ended}: {}", summary.counts));
            }
            show::print(&summary.views, &plan, to_stdout, &mut std::io::stdout().lock())?;
            // The input has ended, and nobody looked for what these rules find.
            if summary.finished && !summary.held_back.is_empty() { Err(Failure::Finding) } else { Ok(()) }
        }
        Err(RunError::Stopped(why)) => {
            if !talk.quiet {
                say::log(Level::Info, format_args!("told to stop before anything was read: {why}"));
            }
            Ok(())
        }
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &RunError) -> Failure {
    Failure::Run(error.to_string())
}
