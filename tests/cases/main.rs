//! The case corpus: small stories in text files, run by the reference and by the engine under every setting.
//!
//! A file has any number of cases, each `= title` with its tables; what stands before the first title belongs to all of
//! them. Cells are parted by two spaces or more, `-` is missing. `at` counts from 2026-01-01T00:00Z.
//!
//! ```text
//! = noise between two steps is skipped
//! rules
//!   stream ev { w: text  at: time(ms) } timed by at
//!   rule r { within 1h match a: ev where w == "a" then b: ev where w == "b" alert low "seen" }
//! events
//!   at  w
//!   0s  a
//!   1s  x
//!   2s  b
//! alerts
//!   at  rule  evidence
//!   2s  r     a@0s b@2s
//! ```
//!
//! Rows of tables stand among the events, with the table's name in the column `stream` (`NAME gone`: its key has no row any
//! more); their `at` may be `-`: always there. They arrive in their order, before or beside the events.
//!
//! Events may have the columns `stream` (else the first of the rules), `partition` and `arriving` (the record's own time).
//! Alerts have `at` and `rule`, and any of `message`, `state`, `severity`, `evidence`, `incomplete`, key parts and `with` fields.
mod file;
mod fuzz;
mod look;
mod phrasings;
#[path = "../support/run.rs"]
mod run;
mod table;
mod tools;
#[path = "../support/views.rs"]
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use file::Case;
use run::Setting;
use tripline::query_lang::plan::Plan;
use tripline::query_lang::{Source, compile};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "case") {
            found.push(path);
        }
    }
    found.sort();
}

fn plan(case: &Case) -> Result<Arc<Plan>, String> {
    let compiled = compile(&[Source { name: "case.trip".to_string(), text: case.rules.clone() }], &[]);
    let errors = compiled.diagnostics.iter().filter(|d| d.code.is_error());
    let errors: Vec<String> =
        errors.map(|d| format!("{} {} at `{}`", d.code.0, d.message, d.span.text(&case.rules))).collect();
    compiled.plan.map(Arc::new).ok_or_else(|| errors.join("; "))
}

fn settings() -> Vec<Setting> {
    let mut settings = Vec::new();
    for (batch, workers, cut, order, plain) in [
        (8192, [1, 1], None, 0, false),
        (8192, [3, 1], None, 5, true),
        (1, [1, 1], None, 0, false),
        (1, [2, 3], Some(2), 1, false),
        (1, [1, 2], Some(4), 2, false),
        (1, [3, 1], Some(7), 3, true),
        (7, [2, 2], Some(1), 4, false),
        (7, [3, 3], None, 6, false),
    ] {
        settings.push(Setting { batch, workers, cut, order, plain });
    }
    settings
}

fn run(case: &Case) -> Result<(), String> {
    let plan = plan(case)?;
    tools::check(&case.rules, &plan)?;
    let records = table::records(&plan, &case.events)?;
    let rows = table::rows(&plan, &case.events)?;
    let alerts = run::alerts_by_reference(&plan, &records, &rows)?;
    table::check(&plan, &alerts, &case.alerts)?;
    let expected = run::shown(&plan, &alerts);
    for setting in settings() {
        let found = run::by_engine(&plan, &records, &rows, &setting).map_err(|e| format!("under {setting:?}: {e}"))?;
        if found != expected {
            let (expected, found) = (expected.join("\n  "), found.join("\n  "));
            return Err(format!("under {setting:?} the engine finds\n  {found}\ninstead of\n  {expected}"));
        }
        if plan.rules.iter().any(|rule| rule.keeps.is_some()) {
            let rows_of_views = views::by_reference(&plan, &records, &rows)?;
            let found = views::by_engine(&plan, &records, &rows, &setting)?;
            if found != (expected.clone(), rows_of_views.clone()) {
                return Err(format!("under {setting:?} views show\n{found:#?}\ninstead of\n{rows_of_views:#?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_case_holds_under_every_setting() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let only = std::env::var("TRIPLINE_CASE").ok();
    let (mut failures, mut count) = (Vec::new(), 0);
    for path in paths {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let cases = match file::read(&path) {
            Ok(cases) => cases,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        for case in cases.iter().filter(|case| only.as_ref().is_none_or(|only| case.title.contains(only.as_str()))) {
            count += 1;
            if let Err(error) = run(case) {
                failures.push(format!("{name}:{}: {}\n  {error}", case.line, case.title));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
    assert!(only.is_some() || count >= 120, "only {count} cases were found");
}
