//! The page on writing and tuning a rule tells the truth: its commands run in its order, and print what stands there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A command of the page, and what it is said to print.
struct Said {
    command: String,
    lines: Vec<String>,
}

/// Commands begin with `$ ` inside of a fence; what follows is what they print.
fn commands() -> Vec<Said> {
    let page = include_str!("../docs/language/tuning.md");
    let mut found: Vec<Said> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        if line.starts_with("```") {
            open = !open;
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| open) {
            found.push(Said { command: command.to_owned(), lines: Vec::new() });
        } else if let Some(said) = found.last_mut().filter(|_| open) {
            said.lines.push(line.to_owned());
        }
    }
    found
}

fn run_in(folder: &Path, command: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_tripline")).parent().expect("a binary is in a folder");
    Command::new("bash")
        .args(["-euc", &format!("export PATH=\"{}:$PATH\"\n{command}", binary.display())])
        .current_dir(folder)
        .output()
        .expect("bash runs")
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_print_what_stands_there() {
    let home = tempfile::tempdir().expect("a folder");
    let mut folder: PathBuf = home.path().to_owned();
    let mut ran = 0;
    for Said { command, lines } in commands() {
        if let Some(into) = command.strip_prefix("cd ") {
            folder.push(into);
            continue;
        }
        let output = run_in(&folder, &command);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command}\n{out}{err}");
        // In the order of the page; between its lines there may be others.
        let mut printed = out.lines().map(words);
        for line in lines.iter().filter(|line| *line != "...") {
            assert!(printed.any(|other| other == words(line)), "`{command}` does not print `{line}`, but\n{out}");
        }
        ran += 1;
    }
    assert!(ran >= 10, "the page has lost its commands: {ran}");
}
