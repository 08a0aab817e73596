//! Finding and reading rule files: those named on the command line, or those of the configuration.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use tripline_query_lang::Source;

use super::exit::Failure;
use crate::config::{Complaint, Config};

/// How deep rule files may lie in a folder.
const DEPTH_MAX: usize = 32;

/// Reads these files; a folder stands for the `*.trip` files in it and in its folders. All that cannot be read are named at once.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut complaints = Vec::new();
    let sources = named(paths, &mut complaints);
    if complaints.is_empty() {
        return Ok(sources);
    }
    Err(Failure::Usage(complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// The same; says apart what cannot be read.
pub fn named(paths: &[PathBuf], complaints: &mut Vec<Complaint>) -> Vec<Source> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            in_folder(path, DEPTH_MAX, &mut files);
            if files.len() == before {
                let fault = format!("no rule file (`*.trip`) lies in the folder `{}`", path.display());
                complaints.push(Complaint::of(fault));
            }
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    // A file is read once, however often and in whatever spelling it is named.
    let mut seen = BTreeSet::new();
    files.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let mut sources = Vec::new();
    for path in &files {
        match read_one(path) {
            Ok(source) => sources.push(source),
            Err(fault) => complaints.push(Complaint::of(fault)),
        }
    }
    sources
}

/// Reads the files that the configuration's `rules` name, relative to its folder.
pub fn configured(config: &Config, folder: &Path, complaints: &mut Vec<Complaint>) -> Vec<Source> {
    let mut complain = |fault: String| complaints.push(config.complaint("engine.rules", fault));
    let patterns = &config.engine.rules;
    // Rules that are there and wrong are complained of by whoever has read the configuration.
    if patterns.is_empty() && !config.says("engine.rules") {
        complain(
            "no rules: name rule files on the command line, or as `rules = [\"rules/*.trip\"]` under [engine]"
                .to_owned(),
        );
    }
    let mut files = Vec::new();
    for pattern in patterns {
        match matching(folder, pattern) {
            Ok(found) if found.is_empty() => {
                complain(format!("no file fits `{pattern}`, which `rules` under [engine] names"));
            }
            Ok(found) => files.extend(found),
            Err(why) => complain(format!("`{pattern}`, which `rules` under [engine] names: {why}")),
        }
    }
    named(&files, complaints)
}

fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    // The folder's own name is no pattern.
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    let found = glob::glob(&Path::new(&folder).join(pattern).to_string_lossy()).map_err(|e| e.to_string())?;
    found.collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// The rule files of a folder and of the folders in it, but for hidden ones and links to others.
fn in_folder(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = match folder.components().next() {
            Some(Component::CurDir) if folder.components().count() == 1 => PathBuf::from(entry.file_name()),
            _ => folder.join(entry.file_name()),
        };
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !is_hidden && depth > 0 {
            in_folder(&path, depth - 1, files);
        } else if !is_folder && path.extension().is_some_and(|ending| ending == "trip") && path.is_file() {
            files.push(path);
        }
    }
}

fn read_one(path: &Path) -> Result<Source, String> {
    let name = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Source { name, text }),
            Err(e) => {
                Err(format!("`{name}` is not UTF-8 text: byte {} cannot be read", e.utf8_error().valid_up_to() + 1))
            }
        },
        Err(e) => Err(format!("cannot read the rule file `{name}`: {e}")),
    }
}
