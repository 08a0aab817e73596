//! What the command line says takes the place of what the configuration says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tripline_query_lang::plan::Plan;

use super::assignment::Assignment;
use super::job::Asked;
use crate::config::{Complaint, Config, Format, Origin, Place, TableOrigin, Whence};

/// Puts inputs, output, workers and params of the command line into the configuration.
pub fn put_into(config: &mut Config, asked: &Asked<'_>) {
    let mut named: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for Assignment { name, value } in asked.input {
        named.entry(name).or_default().push(PathBuf::from(value));
    }
    for (name, paths) in named {
        let shown: Vec<String> = paths.iter().map(|path| format!("--input {name}={}", path.display())).collect();
        config.whence.insert(format!("source.{name}"), Whence::Argument(shown.join(" ")));
        let format = Format::of_paths(&paths);
        config.sources.insert(name.to_owned(), Origin::Files { paths, format });
    }
    if let Some(path) = asked.output {
        let argument = Whence::Argument(format!("--output {}", path.display()));
        config.whence.insert("sink.alerts".to_owned(), argument);
        config.sinks.insert("alerts".to_owned(), Place::File(path.to_owned()));
    }
    if let Some(workers) = asked.workers {
        config.engine.workers = usize::from(workers);
    }
    for Assignment { name, value } in asked.set {
        config.whence.insert(format!("params.{name}"), Whence::Argument(format!("--set {name}={value}")));
        config.lists.remove(name);
        config.params.retain(|(other, _)| other != name);
        config.params.push((name.clone(), value.clone()));
    }
}

/// `--input NAME=FILE` may name a table.
pub fn take_tables(config: &mut Config, plan: &Plan, complaints: &mut Vec<Complaint>) {
    for table in &plan.tables {
        let (stream, section) = (format!("source.{}", table.name), format!("table.{}", table.name));
        if !matches!(config.whence.get(&stream), Some(Whence::Argument(_))) {
            continue;
        }
        let Some(Origin::Files { paths, format }) = config.sources.remove(&table.name) else { continue };
        let argument = config.whence.remove(&stream);
        config.whence.extend(argument.map(|argument| (section, argument)));
        let [path] = &paths[..] else {
            let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
            complaints.push(Complaint::of(format!(
                "--input: `{}` is a table, which is read from one file, and there are {}: {}",
                table.name,
                paths.len(),
                paths.join(", ")
            )));
            continue;
        };
        let origin = TableOrigin::File { path: path.clone(), format, history: None };
        config.tables.insert(table.name.clone(), origin);
    }
}
