//! `tripline check`: everything that is wrong with rule files and configuration, in one go; starts nothing.

use std::io::Write as _;
use std::path::PathBuf;

use super::Talk;
use super::exit::{Failure, Outcome};
use super::job;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them; without any, those that the configuration names
    rules: Vec<PathBuf>,
    /// The configuration; without rule files `tripline.toml` is taken
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints all diagnostics to standard output: they are what this command is for.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let (config, sources) = job::config_and_rules(args.config.as_deref(), &args.rules)?;
    let params = config.map(|config| config.params).unwrap_or_default();
    let compiled = tripline_query_lang::compile(&sources, &params);
    write!(anstream::stdout(), "{}", job::rendered(&compiled.diagnostics, &sources))?;
    let Some(plan) = compiled.plan else { return Err(Failure::Finding) };
    let counted = [
        (sources.len(), "file"),
        (plan.streams.len(), "stream"),
        (plan.rules.len(), "rule"),
        (plan.tests.len(), "test"),
    ];
    let counted: Vec<String> = counted
        .iter()
        .map(|(number, what)| format!("{number} {what}{}", if *number == 1 { "" } else { "s" }))
        .collect();
    talk.say(format_args!("no errors in {}", counted.join(", ")));
    Ok(())
}
