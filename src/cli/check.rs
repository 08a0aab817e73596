//! `tripline check`: everything that is wrong with rule files and configuration, in one go; starts nothing.

use std::path::PathBuf;

use super::Talk;
use super::exit::{Failure, Outcome};
use super::rules;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them
    #[arg(required = true)]
    rules: Vec<PathBuf>,
}

/// Prints all diagnostics.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let sources = rules::read(&args.rules)?;
    let compiled = tripline_query_lang::compile(&sources, &[]);
    talk.say(format_args!("{} files", sources.len()));
    if compiled.plan.is_some() { Ok(()) } else { Err(Failure::Finding) }
}
