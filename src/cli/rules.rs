//! Finding and reading rule files: those named on the command line, or those of the configuration.

use std::fs;
use std::path::{Path, PathBuf};

use tripline_query_lang::Source;

use super::exit::Failure;

/// Reads these files; a folder stands for its `*.trip` files. All that cannot be read are named at once.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = matching(&path.join("*.trip").to_string_lossy())?;
            if found.is_empty() {
                let fault = format!("no rule file (`*.trip`) lies in the folder `{}`", path.display());
                return Err(Failure::Usage(fault));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    let (read, faults): (Vec<_>, Vec<_>) = files.iter().map(|path| read_one(path)).partition(Result::is_ok);
    if faults.is_empty() {
        return Ok(read.into_iter().flatten().collect());
    }
    Err(Failure::Usage(faults.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("\n")))
}

/// Reads the files that the configuration's `rules` name, relative to its folder.
pub fn read_configured(patterns: &[String], folder: &Path) -> Result<Vec<Source>, Failure> {
    if patterns.is_empty() {
        let fault = "no rules: name rule files on the command line, or as `rules = [\"rules/*.trip\"]` under [engine]";
        return Err(Failure::Usage(fault.to_owned()));
    }
    let mut files = Vec::new();
    for pattern in patterns {
        let found = matching(&folder.join(pattern).to_string_lossy())?;
        if found.is_empty() {
            return Err(Failure::Usage(format!("no file fits `{pattern}`, which `rules` under [engine] names")));
        }
        files.extend(found);
    }
    read(&files)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("`{pattern}`: {why}"));
    let found = glob::glob(pattern).map_err(|e| wrong(&e))?;
    found.collect::<Result<_, _>>().map_err(|e| wrong(&e))
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
