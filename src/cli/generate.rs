//! `tripline completions SHELL` and `tripline man`: generated from the command line's own declaration.

use std::io::Write as _;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::exit::Outcome;

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Prints a completion script.
pub fn completions(args: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tripline", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Prints the manual page in roff.
pub fn man() -> Outcome {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    Ok(std::io::stdout().write_all(&page)?)
}
