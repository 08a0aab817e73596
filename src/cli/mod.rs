//! The command line, a file a subcommand. Data goes to standard output, talk to standard error; exit codes are in [`exit`].

mod arguments;
mod assignment;
mod check;
mod demo;
mod exit;
mod explain;
mod fmt;
mod generate;
mod init;
mod job;
mod left_out;
mod progress;
mod rate;
mod rules;
mod run;
mod say;
mod show;
mod signals;
mod sweep;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use exit::Outcome;

/// Finds correlations in event streams as they happen, and alerts exactly once.
///
/// A rule file says what to look for, tripline.toml where events come from and where alerts go. Try `tripline demo` first,
/// then `tripline init my-rules`.
#[derive(Debug, Parser)]
#[command(name = "tripline", version, after_help = exit::HELP)]
pub struct Cli {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// Say only what is asked for, no talk
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch planted card fraud being caught, or one of the stories of `--list`
    Demo(demo::Args),
    /// Make a folder with rules, configuration, sample events and tests to start from
    Init(init::Args),
    /// Say everything that is wrong with rule files and configuration; start nothing
    Check(check::Args),
    /// Run the tests that stand in rule files, under a virtual clock
    Test(test::Args),
    /// Run rules over the sources of a configuration, or over files
    Run(run::Args),
    /// Lay rule files out in their one layout
    Fmt(fmt::Args),
    /// Say at length what a diagnostic's code means, or how rules are run and why
    Explain(explain::Args),
    /// Print a completion script for a shell
    Completions(generate::Completions),
    /// Print the manual page
    Man,
}

/// What every subcommand needs to know of the surroundings.
pub(crate) struct Talk {
    quiet: bool,
}

impl Talk {
    /// Says something on standard error, unless told to be quiet.
    pub fn say(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            say::line(text);
        }
    }

    /// The same for a text that ends its own lines.
    pub fn say_block(&self, text: &str) {
        if !self.quiet {
            say::block(text);
        }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let talk = Talk { quiet: cli.quiet };
    let outcome: Outcome = match cli.command {
        Command::Demo(args) => demo::run(&args, &talk),
        Command::Init(args) => init::run(&args, &talk),
        Command::Check(args) => check::run(&args, &talk),
        Command::Test(args) => test::run(&args, &talk),
        Command::Run(args) => run::run(&args, &talk),
        Command::Fmt(args) => fmt::run(&args, &talk),
        Command::Explain(args) => explain::run(&args, &talk),
        Command::Completions(args) => generate::completions(&args),
        Command::Man => generate::man(),
    };
    exit::code(outcome)
}
