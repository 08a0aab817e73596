//! Golden cases of the parser: `cases/syntax/*.trip`, each with the rendered diagnostics beside it in `*.txt`.
//! `UPDATE=1` writes them anew.
#![expect(clippy::unwrap_used, reason = "a broken case ends the test")]

use std::fs;
use std::path::PathBuf;
use tripline_query_lang::diagnostics::{codes::syntax, render_all};
use tripline_query_lang::{Source, parser};

fn cases() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "trip"));
    cases.sort();
    cases
}

#[test]
fn diagnostics_are_as_recorded() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differences = String::new();
    for path in cases() {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (_, diagnostics) = parser::parse(0, &text);
        let sources = [Source { name: name.clone(), text }];
        let shown = render_all(&diagnostics, &sources, false);
        let golden = path.with_extension("txt");
        if update {
            fs::write(golden, shown).unwrap();
        } else if fs::read_to_string(golden).ok().as_deref() != Some(shown.as_str()) {
            differences += &format!("--- {name}: now\n{shown}\n");
        }
    }
    assert!(differences.is_empty(), "other diagnostics than recorded (UPDATE=1 takes them):\n{differences}");
}

#[test]
fn every_code_has_a_case() {
    let texts = cases().into_iter().map(|path| fs::read_to_string(path).unwrap());
    let seen: Vec<_> = texts.flat_map(|text| parser::parse(0, &text).1).map(|diagnostic| diagnostic.code).collect();
    // A file of 4 GiB is no case; a count that is too large has the same code.
    let missing: Vec<_> = syntax::ENTRIES.iter().filter(|entry| !seen.contains(&entry.code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}
