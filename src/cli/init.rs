//! `tripline init DIR`: a folder to start from, in which `tripline test` and `tripline run` work at once.

use std::fs;
use std::path::{Path, PathBuf};

use super::Talk;
use super::exit::{Failure, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make
    dir: PathBuf,
}

/// What is written: path in the folder, text.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("template/README.md")),
    ("tripline.toml", include_str!("template/tripline.toml")),
    ("rules/card_fraud.trip", include_str!("template/card_fraud.trip")),
    ("events/payments.jsonl", include_str!("template/payments.jsonl")),
];

/// Writes the folder; never over a file that is there.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let there = FILES.iter().map(|(name, _)| args.dir.join(name)).find(|path| path.exists());
    if let Some(path) = there {
        return Err(Failure::Usage(format!("`{}` is already there; name another folder", path.display())));
    }
    for (name, text) in FILES {
        write(&args.dir.join(name), text)?;
    }
    let dir = args.dir.display();
    talk.say(format_args!("made {dir} with {} files; now:\n  cd {dir}\n  tripline test\n  tripline run", FILES.len()));
    Ok(())
}

fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|e| Failure::Usage(format!("cannot write `{}`: {e}", path.display())))
}
