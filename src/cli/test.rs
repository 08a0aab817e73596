//! `tripline test`: runs the `test` blocks of rule files under a virtual clock.

use std::io::Write as _;
use std::path::PathBuf;

use anstyle::AnsiColor;

use super::exit::{Failure, Outcome};
use super::job::Asked;
use super::{Talk, job};
use crate::testing::run_tests;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them; without any, those that the configuration names
    rules: Vec<PathBuf>,
    /// The configuration; without rule files `tripline.toml` is taken
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run only tests whose title contains this
    #[arg(long, short, value_name = "TEXT")]
    filter: Option<String>,
}

/// Runs the tests, prints a line for each and the details of those that fail.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let asked =
        Asked { config: args.config.as_deref(), rules: &args.rules, lists_as_declared: true, ..Asked::default() };
    let (config, sources, plan) = job::prepare(&asked)?.plan(talk)?;
    if plan.tests.is_empty() {
        talk.say("there are no tests in these files; a test begins with `test \"what it shows\" {`");
        return Ok(());
    }
    let (green, red) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default().bold());
    let mut out = anstream::stdout();
    let mut results = run_tests(&sources, &config.params, &plan);
    if let Some(filter) = &args.filter {
        results.retain(|result| result.title.contains(filter));
        if results.is_empty() {
            return Err(Failure::Usage(format!("no test's title contains `{filter}`")));
        }
    }
    for result in &results {
        match &result.failure {
            None => writeln!(out, "{green}pass{green:#} {}", result.title)?,
            Some(why) => {
                writeln!(out, "{red}FAIL{red:#} {} ({}:{})", result.title, result.file, result.line)?;
                why.lines().try_for_each(|line| writeln!(out, "     {line}"))?;
            }
        }
    }
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    talk.say(format_args!("{} passed, {failed} failed", results.len() - failed));
    if failed == 0 { Ok(()) } else { Err(Failure::Finding) }
}
