//! The manual cannot lie: every example of docs/language is a file that compiles without an error and whose tests pass.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Every ```trip block of a chapter, with the line it starts at.
fn examples(chapter: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(chapter).expect("a chapter is readable");
    let mut examples = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (None, "```trip") => open = Some((number + 2, String::new())),
            (Some(_), "```") => examples.extend(open.take()),
            (Some((_, block)), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    examples
}

fn chapters() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language");
    let mut chapters: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the manual is there")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    chapters.sort();
    chapters
}

#[test]
fn every_example_compiles_and_passes_its_tests() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut faults = Vec::new();
    let mut ran = 0;
    for chapter in chapters() {
        for (line, text) in examples(&chapter) {
            let place = format!("{}:{line}", chapter.display());
            let file = folder.path().join(format!("example-{ran}.trip"));
            std::fs::write(&file, &text).expect("the folder takes a file");
            let output = Command::new(env!("CARGO_BIN_EXE_tripline")).arg("test").arg(&file).output().expect("it runs");
            if !output.status.success() {
                let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                faults.push(format!("--- {place}\n{out}{err}"));
            }
            assert!(text.contains("test \""), "{place}: an example without a test proves nothing");
            ran += 1;
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(ran >= 20, "the manual has lost its examples: {ran}");
}
