//! Golden cases of compiling: `cases/semantics/*.trip` with the rendered diagnostics beside each in `*.txt`,
//! `cases/plan/*.trip` with their plans and `cases/bill/*.trip` with their state bills. `UPDATE=1` writes them anew.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken case ends the test")]

use std::fs;
use std::path::{Path, PathBuf};
use tripline_query_lang::bill::{self, Rate};
use tripline_query_lang::diagnostics::render;
use tripline_query_lang::{Compiled, Source, compile};

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "trip"));
    cases.sort();
    assert!(!cases.is_empty(), "no cases");
    cases
}

fn compile_case(path: &Path) -> (Vec<Source>, Compiled) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let sources = vec![Source { name, text: fs::read_to_string(path).unwrap() }];
    // `name=value` a line: params from outside.
    let params = fs::read_to_string(path.with_extension("params")).unwrap_or_default();
    let params: Vec<_> = params
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let compiled = compile(&sources, &params);
    (sources, compiled)
}

fn diagnostics(sources: &[Source], compiled: &Compiled) -> String {
    let shown: Vec<_> = compiled.diagnostics.iter().map(|diagnostic| render(diagnostic, sources, false)).collect();
    shown.join("\n")
}

/// Compares with the golden file beside the case, or writes it.
fn compare(path: &Path, shown: &str) -> String {
    let golden = path.with_extension("txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(golden, shown).unwrap();
        return String::new();
    }
    if fs::read_to_string(golden).ok().as_deref() == Some(shown) {
        return String::new();
    }
    format!("--- {}: now\n{shown}\n", path.display())
}

#[test]
fn diagnostics_are_as_recorded() {
    let mut differences = String::new();
    for path in cases("semantics") {
        let (sources, compiled) = compile_case(&path);
        differences += &compare(&path, &diagnostics(&sources, &compiled));
    }
    assert!(differences.is_empty(), "other diagnostics than recorded (UPDATE=1 takes them):\n{differences}");
}

#[test]
fn plans_are_as_recorded() {
    let mut differences = String::new();
    for path in cases("plan") {
        let (sources, compiled) = compile_case(&path);
        let Some(plan) = &compiled.plan else {
            panic!("{} has errors:\n{}", path.display(), diagnostics(&sources, &compiled));
        };
        differences += &compare(&path, &format!("{plan:#?}\n"));
    }
    assert!(differences.is_empty(), "other plans than recorded (UPDATE=1 takes them):\n{differences}");
}

#[test]
fn bills_are_as_recorded() {
    let mut differences = String::new();
    for path in cases("bill") {
        let (sources, compiled) = compile_case(&path);
        let Some(plan) = &compiled.plan else {
            panic!("{} has errors:\n{}", path.display(), diagnostics(&sources, &compiled));
        };
        differences += &compare(&path, &bill::render(&bill::of(plan, Rate::DEFAULT), Rate::DEFAULT));
    }
    assert!(differences.is_empty(), "other bills than recorded (UPDATE=1 takes them):\n{differences}");
}

#[test]
fn every_code_has_a_case() {
    let recorded: String = cases("semantics")
        .iter()
        .map(|path| fs::read_to_string(path.with_extension("txt")).unwrap_or_default())
        .collect();
    for entry in tripline_query_lang::diagnostics::codes::all() {
        let code = entry.code.0;
        let is_ours = ["E02", "E03", "E04", "E05", "W09"].iter().any(|range| code.starts_with(range));
        if is_ours {
            assert!(recorded.contains(code), "no case in tests/cases/semantics shows {code} ({})", entry.name);
        }
    }
}
