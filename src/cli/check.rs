//! `tripline check`: everything that is wrong with rule files and configuration, in one go, and what the rules may cost;
//! starts nothing.

mod json;

use std::io::Write as _;
use std::path::PathBuf;

use tripline_query_lang::bill::{self, Rate};

use super::Talk;
use super::exit::{Failure, Outcome};
use super::job::{self, Asked};
use super::rate;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them; without any, those that the configuration names
    rules: Vec<PathBuf>,
    /// The configuration; without rule files `tripline.toml` is taken
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object instead of text, see docs/reference/check.md
    #[arg(long)]
    json: bool,
    /// Say what one key of each rule can hold at most, and which clause is responsible
    #[arg(long)]
    bill: bool,
    /// Events a second of one key, for the bill
    #[arg(long, value_name = "EVENTS", default_value_t = 1.0, requires = "bill", value_parser = rate::rate)]
    rate: f64,
}

/// Prints all diagnostics to standard output: they are what this command is for.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let Some(rate) = Rate::new(args.rate) else {
        return Err(Failure::Usage(format!("`--rate {}` is no rate: expected events a second, above 0", args.rate)));
    };
    let asked = Asked { config: args.config.as_deref(), rules: &args.rules, ..Asked::default() };
    let mut prepared = match job::prepare(&asked) {
        Ok(prepared) => prepared,
        Err(failure) if args.json => {
            writeln!(std::io::stdout(), "{}", json::nothing(&failure.to_string()))?;
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    };
    // Rule files alone are no more than that.
    if args.config.is_some() || args.rules.is_empty() {
        prepared.fit();
    }
    let bills = prepared.compiled.plan.as_ref().filter(|_| args.bill).map(|plan| bill::of(plan, rate));
    if args.json {
        let bill = bills.as_ref().map(|bills| (bills.as_slice(), rate));
        writeln!(std::io::stdout(), "{}", json::report(&prepared, bill))?;
    } else {
        write!(anstream::stdout(), "{}", job::rendered(&prepared.compiled.diagnostics, &prepared.sources))?;
        if let Some(bills) = &bills {
            write!(anstream::stdout(), "{}", bill::render(bills, rate))?;
        }
    }
    if let Some(failure) = prepared.failure() {
        return Err(failure);
    }
    let (sources, Some(plan)) = (prepared.sources, prepared.compiled.plan) else { return Err(Failure::Finding) };
    let of = |word: &str| plan.rules.iter().filter(|rule| rule.word() == word).count();
    let always = [
        (sources.len(), "file"),
        (plan.streams.iter().filter(|stream| stream.is_input()).count(), "stream"),
        (of("rule"), "rule"),
    ];
    let further = [(of("derive"), "derive"), (of("view"), "view")].into_iter().filter(|(number, _)| *number > 0);
    let counted: Vec<String> = always
        .into_iter()
        .chain(further)
        .chain([(plan.tests.len(), "test")])
        .map(|(number, what)| format!("{number} {what}{}", if number == 1 { "" } else { "s" }))
        .collect();
    talk.say(format_args!("no errors in {}", counted.join(", ")));
    Ok(())
}
