//! `tripline fmt`: rule files in their one layout.

use std::io::Write as _;
use std::path::PathBuf;

use tripline_query_lang::format::{self, FormatError};

use super::exit::{Failure, Outcome};
use super::{Talk, job, rules, say};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rule files, or folders of them
    #[arg(required = true)]
    rules: Vec<PathBuf>,
    /// Change nothing; exit 1 and name the files that are laid out otherwise
    #[arg(long)]
    check: bool,
}

/// Lays the files out anew; a file with a syntax error is left as it is.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let mut found = false;
    for source in rules::read(&args.rules)? {
        match format::format(&source.text) {
            Ok(text) if text == source.text => {}
            Ok(_) if args.check => {
                found = true;
                writeln!(std::io::stdout(), "{}", source.name)?;
            }
            Ok(text) => {
                std::fs::write(&source.name, text)
                    .map_err(|e| Failure::Run(format!("cannot write `{}`: {e}", source.name)))?;
                talk.say(format_args!("laid out {}", source.name));
            }
            Err(FormatError::Syntax(diagnostics)) => {
                found = true;
                say::block(&job::rendered(&diagnostics, &[source]));
            }
            Err(error @ FormatError::Changed) => return Err(Failure::Run(format!("{}: {error}", source.name))),
        }
    }
    if found { Err(Failure::Finding) } else { Ok(()) }
}
