//! The texts that the grammars are held against: the parser's cases, all rule files of the project, the manual's examples,
//! the rules of the case corpus.

use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") && !path.ends_with("node_modules") {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "trip" || e == "case" || e == "md") {
            found.push(path);
        }
    }
}

/// Every text below the project's root with its name, in a fixed order.
pub fn texts(root: &Path) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    files(root, &mut paths);
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let text = std::fs::read_to_string(&path).expect("a text of the project is readable UTF-8");
        match path.extension().and_then(|e| e.to_str()) {
            Some("trip") => texts.push((name, text)),
            Some("md") => texts.extend(fenced(&text).into_iter().map(|text| (name.clone(), text))),
            _ => texts.extend(rules(&text).into_iter().map(|text| (name.clone(), text))),
        }
    }
    texts
}

/// The ```trip blocks of a page.
fn fenced(page: &str) -> Vec<String> {
    let blocks = page.split("```trip\n").skip(1);
    blocks.filter_map(|block| block.split("\n```").next().map(|text| format!("{text}\n"))).collect()
}

/// The `rules` parts of a file of cases.
fn rules(cases: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in cases.lines() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            inside = line.trim() == "rules";
            if inside {
                found.push(String::new());
            }
        } else if inside && let Some(text) = found.last_mut() {
            text.push_str(&format!("{line}\n"));
        }
    }
    found
}
