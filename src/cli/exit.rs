//! How a command ends: exit codes 0 to 3, and what is said before.

use std::process::ExitCode;

use super::say;

/// Shown at the end of `--help`.
pub const HELP: &str = "\
Exit codes: 0 fine, 1 a finding (a failing test, a bad rule), 2 usage or configuration, 3 the run failed.";

/// Fine, or how it is not.
pub type Outcome = Result<(), Failure>;

/// How a command ends other than well. The text is what is left to say.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command did its work and found something: diagnostics, failing tests. It has said so already.
    #[error("")]
    Finding,
    /// The command line or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// The run failed.
    #[error("{0}")]
    Run(String),
    /// Nobody reads the output any more (a closed pipe): no failure of ours.
    #[error("")]
    NobodyReads,
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::NobodyReads => 0,
            Failure::Finding => 1,
            Failure::Usage(_) => 2,
            Failure::Run(_) => 3,
        }
    }
}

/// A write to standard output that failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::NobodyReads,
            _ => Failure::Run(format!("cannot write to standard output: {error}")),
        }
    }
}

/// Says what is left to say, and turns it into the process's exit code.
pub fn code(outcome: Outcome) -> ExitCode {
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    let text = failure.to_string();
    if !text.is_empty() {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        say::line(format_args!("{red}error{red:#}: {text}"));
    }
    ExitCode::from(failure.code())
}
