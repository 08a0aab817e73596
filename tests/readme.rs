//! The README tells the truth: its commands run in the order in which they stand there, its rules compile and pass their tests.

use std::path::Path;
use std::process::Command;

/// A fenced block of the README: the word behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let readme = include_str!("../README.md");
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in readme.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(word), false) => {
                blocks.push((word.to_owned(), String::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let (_, text) = blocks.last_mut().expect("a block is open");
                text.push_str(line);
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

fn starts_with_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.trim_start().starts_with(word))
}

/// Blocks that are commands: the two of `make` are run by the project's own check, the one on Kafka by the broker's tests.
fn commands() -> Vec<String> {
    let plain = blocks().into_iter().filter(|(word, _)| word.is_empty()).map(|(_, text)| text);
    plain
        .filter(|text| starts_with_any(text, &["export ", "tripline "]))
        .filter(|text| text.trim() != "tripline run -c tripline.toml")
        .collect()
}

fn run_in(folder: &Path, script: &str) -> std::process::Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_tripline")).parent().expect("a binary is in a folder");
    Command::new("bash")
        .args(["-euc", &format!("export PATH=\"{}:$PATH\"\n{script}", binary.display())])
        .current_dir(folder)
        .output()
        .expect("bash runs")
}

#[test]
fn commands_run_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = commands().concat();
    assert!(
        script.contains("tripline init") && script.contains("--input"),
        "the README has lost its commands:\n{script}"
    );
    let output = run_in(folder.path(), &script);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n--- printed\n{out}\n{err}");
    let alerts =
        std::fs::read_to_string(folder.path().join("my-rules/alerts.jsonl")).expect("the last command writes it");
    assert_eq!(alerts.lines().count(), 2, "{alerts}");
}

#[test]
fn rules_compile_and_their_tests_pass() {
    let rules: String = blocks()
        .into_iter()
        .filter(|(word, text)| word.is_empty() && starts_with_any(text, &["stream ", "rule "]))
        .map(|(_, text)| text)
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("readme.trip"), rules).expect("the folder takes a file");
    let output = run_in(folder.path(), "tripline test readme.trip");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
}

#[test]
fn the_picture_of_the_demo_is_what_it_prints() {
    let (_, picture) =
        blocks().into_iter().find(|(_, text)| text.contains("planted")).expect("the README shows the demo");
    let folder = tempfile::tempdir().expect("a folder");
    let output = run_in(folder.path(), "tripline demo --rate 0 --color never");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed = words(&String::from_utf8_lossy(&output.stdout));
    for part in words(&picture).split("...") {
        let part = part.trim();
        // Between the alerts of the picture there are others.
        let lines: Vec<&str> = if part.starts_with("2026") { part.split(" 2026-").collect() } else { vec![part] };
        for line in lines {
            let since = line.split(" since ").next().unwrap_or(line);
            assert!(printed.contains(since), "the demo does not print `{since}`");
        }
    }
}
