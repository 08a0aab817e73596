//! `tripline explain`: what a diagnostic's code means at length, or what becomes of rules.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use tripline_engine::explain::Explanation;
use tripline_query_lang::diagnostics::codes;

use super::exit::{Failure, Outcome};
use super::job::Asked;
use super::{Talk, job};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A code, as it stands in a message (E0201); or rule files, or folders of them; without any, those that the
    /// configuration names
    what: Vec<String>,
    /// The configuration; without rule files `tripline.toml` is taken
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Draw the dataflow and the automata for Graphviz
    #[arg(long, conflicts_with = "mermaid")]
    dot: bool,
    /// Draw them as a Mermaid flowchart
    #[arg(long)]
    mermaid: bool,
}

/// Prints the long explanation of a code, or how rules are run and why.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    match args.what.as_slice() {
        [code] if is_code(code) => explain_code(code),
        paths => {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            explain_rules(args, &paths, talk)
        }
    }
}

/// `E0201`, `w0901`
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'e', 'W', 'w']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn explain_code(code: &str) -> Outcome {
    let Some(entry) = codes::find(code) else {
        let known: Vec<&str> = codes::all().map(|entry| entry.code.0).collect();
        return Err(Failure::Usage(format!("there is no code `{code}`; the codes are {}", known.join(", "))));
    };
    Ok(writeln!(std::io::stdout(), "{}: {}\n\n{}", entry.code.0, entry.summary, entry.explanation)?)
}

fn explain_rules(args: &Args, paths: &[PathBuf], talk: &Talk) -> Outcome {
    let asked = Asked { config: args.config.as_deref(), rules: paths, lists_as_declared: true, ..Asked::default() };
    let (_, _, plan) = job::prepare(&asked)?.plan(talk)?;
    let explanation = Explanation::new(Arc::new(plan)).map_err(|error| Failure::Usage(error.to_string()))?;
    let shown = match (args.dot, args.mermaid) {
        (true, _) => explanation.dot(),
        (_, true) => explanation.mermaid(),
        (false, false) => explanation.text(),
    };
    Ok(write!(std::io::stdout(), "{shown}")?)
}
