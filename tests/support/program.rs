//! The program as a person runs it: in a folder of its own, with the files that the test writes.

use std::path::Path;
use std::process::{Command, Output};

/// A folder with these files, by name or path; gone when it is dropped.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

/// Writes a file, and the folders that it lies in.
pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("the folder takes a folder");
    std::fs::write(path, text).expect("the folder takes a file");
}

/// Runs the program there, to its end.
pub fn tripline(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tripline")).args(args).current_dir(folder).output().expect("the binary runs")
}

/// What it told the person.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
