//! `tripline explain CODE`: what a diagnostic means, at length.

use std::io::Write as _;

use tripline_query_lang::diagnostics::codes;

use super::exit::{Failure, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, as it stands in the message: E0201
    code: String,
}

/// Prints the long explanation of a code.
pub fn run(args: &Args) -> Outcome {
    let code = args.code.to_uppercase();
    let Some(entry) = codes::find(&code) else {
        let known: Vec<&str> = codes::all().map(|entry| entry.code.0).collect();
        return Err(Failure::Usage(format!("there is no code `{}`; the codes are {}", args.code, known.join(", "))));
    };
    Ok(writeln!(std::io::stdout(), "{}: {}\n\n{}", entry.code.0, entry.summary, entry.explanation)?)
}
