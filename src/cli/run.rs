//! `tripline run`: rules over a configuration's sources, or over files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tripline_engine::runner::{Notice, RunError};
use tripline_query_lang::plan::Plan;

use super::assignment::Assignment;
use super::exit::{Failure, Outcome};
use super::progress::Progress;
use super::{Talk, job, show, signals};
use crate::config::{Config, Format, Origin, Place, TableOrigin};
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

/// Runs until the input ends or the process is told to stop; then prints one line of counts.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    // From the first moment on: a signal while files are read or brokers are asked counts, too.
    let stop = signals::stop_flag()?;
    let (config, sources) = job::config_and_rules(args.config.as_deref(), &args.rules)?;
    let mut config = with_arguments(config.unwrap_or_default(), args);
    let changing: Vec<String> = config.lists.keys().cloned().collect();
    let plan = job::plan_with(&sources, &config.params, &changing, talk)?;
    take_tables(&mut config, args, &plan)?;
    let (views, plan) = (show::views(&args.show, &plan)?, Arc::new(plan));
    let shows_alerts = matches!(config.sinks.get("alerts"), None | Some(Place::Terminal));
    let to_stdout = config.sinks.values().any(|place| matches!(place, Place::File(path) if path == Path::new("-")));
    let notice: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(|text| anstream::eprintln!("{text}"));
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
                observer.say(&notice.to_string());
            }
        }
        _ => observer.say(&notice.to_string()),
    });
    let done = job.run(stop);
    progress.finish();
    match done {
        Ok(summary) => {
            let ended = if summary.finished { "the input has ended" } else { "told to stop" };
            talk.say(format_args!("{ended}: {}", summary.counts));
            show::print(&summary.views, &plan, to_stdout, &mut std::io::stdout().lock())?;
            // The input has ended, and nobody looked for what these rules find.
            if summary.finished && !summary.held_back.is_empty() { Err(Failure::Finding) } else { Ok(()) }
        }
        Err(RunError::Stopped(why)) => {
            talk.say(format_args!("told to stop before anything was read: {why}"));
            Ok(())
        }
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &RunError) -> Failure {
    Failure::Run(error.to_string())
}

/// `--input NAME=FILE` may name a table.
fn take_tables(config: &mut Config, args: &Args, plan: &Plan) -> Outcome {
    for Assignment { name, .. } in &args.input {
        if !plan.tables.iter().any(|table| table.name == *name) {
            continue;
        }
        let Some(Origin::Files { paths, format }) = config.sources.remove(name) else { continue };
        let [path] = &paths[..] else {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
            return Err(Failure::Usage(format!(
                "--input: `{name}` is a table, which is read from one file, and there are {}: {}",
                paths.len(),
                paths.join(", ")
            )));
        };
        config.tables.insert(name.clone(), TableOrigin::File { path: path.clone(), format, history: None });
    }
    Ok(())
}

/// What the command line says takes the place of what the configuration says.
fn with_arguments(mut config: Config, args: &Args) -> Config {
    let mut named: std::collections::BTreeMap<String, Vec<PathBuf>> = Default::default();
    for Assignment { name, value } in &args.input {
        named.entry(name.clone()).or_default().push(PathBuf::from(value));
    }
    for (stream, paths) in named {
        let format = Format::of_paths(&paths);
        config.sources.insert(stream, Origin::Files { paths, format });
    }
    if let Some(path) = &args.output {
        config.sinks.insert("alerts".to_owned(), Place::File(path.clone()));
    }
    if let Some(workers) = args.workers {
        config.engine.workers = usize::from(workers);
    }
    for Assignment { name, value } in &args.set {
        config.lists.remove(name);
        config.params.retain(|(other, _)| other != name);
        config.params.push((name.clone(), value.clone()));
    }
    config
}
