//! Runs cases of other engines' suites: `conformance [--reference] FILE...`. One JSON line per case on standard output,
//! then one per source with its totals. Exit code 1 when an expressible case disagrees, 2 when a file cannot be read. A line that is
//! no case gets a line that says why.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use examples::conformance::{Judge, Report, judge, read};
use serde_json::json;

fn main() -> ExitCode {
    let (flags, files): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let by_reference = flags.iter().any(|flag| flag == "--reference");
    if files.is_empty() || flags.iter().any(|flag| flag != "--reference") {
        eprintln!("usage: conformance [--reference] FILE...");
        return ExitCode::from(2);
    }
    match run(&files, if by_reference { Judge::Reference } else { Judge::Engine }) {
        Ok(all_agree) => ExitCode::from(u8::from(!all_agree)),
        Err(message) => {
            eprintln!("conformance: {message}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Total {
    cases: usize,
    expressible: usize,
    agree: usize,
}

fn run(files: &[String], by: Judge) -> Result<bool, String> {
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    let mut line = |value: &serde_json::Value| writeln!(out, "{value}").map_err(|e| e.to_string());
    for file in files {
        let path = Path::new(file);
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        for case in read(path)? {
            let report = match case {
                Ok(case) => judge(&case, folder, by),
                Err(broken) => Report::broken(broken),
            };
            let total = totals.entry(report.source.clone()).or_default();
            total.cases += 1;
            total.expressible += usize::from(report.expressible);
            total.agree += usize::from(report.agrees == Some(true));
            line(&serde_json::to_value(&report).map_err(|e| e.to_string())?)?;
        }
    }
    for (source, Total { cases, expressible, agree }) in &totals {
        line(&json!({ "summary": source, "cases": cases, "expressible": expressible, "agree": agree }))?;
        eprintln!("{source:8} {cases:4} cases, {expressible:4} expressible, {agree:4} agree");
    }
    Ok(totals.values().all(|total| total.agree == total.expressible))
}
