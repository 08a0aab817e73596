//! `tripline init DIR`: a folder to start from, in which `tripline test` and `tripline run` work at once; with `--story`, one
//! of the stories, its events recorded into files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::exit::{Failure, Outcome};
use super::{Talk, demo};
use crate::story::{RULES, SCRIPT, Story};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make
    dir: PathBuf,
    /// Start from one of the stories of `tripline demo --list`, with its events recorded
    #[arg(long, value_name = "STORY")]
    story: Option<String>,
}

/// What is written without a story: path in the folder, text.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("template/README.md")),
    ("tripline.toml", include_str!("template/tripline.toml")),
    ("rules/card_fraud.trip", include_str!("template/card_fraud.trip")),
    ("events/payments.jsonl", include_str!("template/payments.jsonl")),
];

/// Writes the folder; never over a file that is there.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let files: Vec<(String, String)> = match &args.story {
        Some(name) => of_story(&demo::named(name)?)?,
        None => FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
    };
    let there = files.iter().map(|(name, _)| args.dir.join(name)).find(|path| path.exists());
    if let Some(path) = there {
        return Err(Failure::Usage(format!("`{}` is already there; name another folder", path.display())));
    }
    for (name, text) in &files {
        write(&args.dir.join(name), text)?;
    }
    let dir = args.dir.display();
    talk.say(format_args!("made {dir} with {} files; now:\n  cd {dir}\n  tripline test\n  tripline run", files.len()));
    if args.story.is_some() {
        talk.say("  tripline demo .");
    }
    Ok(())
}

/// A story's page, script and rules, its events as files, and a configuration that reads them.
fn of_story(story: &Story) -> Result<Vec<(String, String)>, Failure> {
    let told = story.tell(None)?;
    let mut events: BTreeMap<String, String> = BTreeMap::new();
    for record in told.records {
        let lines = events.entry(record.stream).or_default();
        lines.push_str(&record.json);
        lines.push('\n');
    }
    let stream = |stream: &String| format!("[source.{stream}]\nfile = \"events/{stream}.jsonl\"\n\n");
    let table = |table: &String| format!("[table.{table}]\nfile = \"tables/{table}.jsonl\"\n\n");
    let sources: String = events.keys().map(stream).chain(told.rows.keys().map(table)).collect();
    let name = &story.name;
    let config = format!(
        "# Where events come from, where alerts go, how the engine runs. Detection itself stands in {RULES}.\n\n{sources}\
         [sink.alerts]\nterminal = true\n\n[engine]\nname  = \"{name}\"\nrules = [\"{RULES}\"]\n"
    );
    let mut files = vec![
        (RULES.to_owned(), story.rules.clone().into_owned()),
        (SCRIPT.to_owned(), story.script.clone().into_owned()),
        ("tripline.toml".to_owned(), config),
    ];
    files.extend(story.readme.iter().map(|page| ("README.md".to_owned(), page.clone().into_owned())));
    files.extend(events.into_iter().map(|(stream, lines)| (format!("events/{stream}.jsonl"), lines)));
    let lines = |rows: Vec<String>| rows.into_iter().map(|row| row + "\n").collect();
    files.extend(told.rows.into_iter().map(|(table, rows)| (format!("tables/{table}.jsonl"), lines(rows))));
    Ok(files)
}

fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|e| Failure::Usage(format!("cannot write `{}`: {e}", path.display())))
}
