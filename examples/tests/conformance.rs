//! The handed-out cases: what rules can say is said, and all that is said agrees, by the reference and by the engine.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use examples::conformance::{Judge, Report, judge, read};

const SOURCES: [&str; 5] = ["flink", "trino", "eql", "esper", "siddhi"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

fn reports(by: Judge) -> Vec<Report> {
    let folder = folder();
    let cases = SOURCES.iter().flat_map(|source| match read(&folder.join(format!("{source}.jsonl"))) {
        Ok(cases) => cases,
        Err(error) => panic!("{error}"),
    });
    cases.map(|case| judge(&case, &folder, by)).collect()
}

fn verdicts() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder().join("verdicts.jsonl")).unwrap_or_default();
    let verdict = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        Some((value.get("id")?.as_str()?.to_string(), value.get("verdict")?.as_str()?.to_string()))
    };
    text.lines().filter_map(verdict).collect()
}

fn disagreeing(reports: &[Report]) -> Vec<String> {
    let show = |r: &Report| {
        let rule = r.rule.as_deref().unwrap_or_default();
        format!("{}: {}\n{rule}", r.id, r.reason.as_deref().unwrap_or_default())
    };
    reports.iter().filter(|r| r.agrees == Some(false)).map(show).collect()
}

#[test]
fn what_rules_can_say_is_said_and_the_reference_agrees() {
    let verdicts = verdicts();
    let reports = reports(Judge::Reference);
    assert_eq!(reports.len(), verdicts.len());
    let is_sayable = |id: &str| matches!(verdicts.get(id).map(String::as_str), Some("same" | "option" | "composed"));
    let unsaid: Vec<String> = reports
        .iter()
        .filter(|r| !r.expressible && is_sayable(&r.id))
        .map(|r| format!("{}: {}", r.id, r.reason.as_deref().unwrap_or_default()))
        .collect();
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
    let disagreeing = disagreeing(&reports);
    assert!(disagreeing.is_empty(), "{}", disagreeing.join("\n"));
}

#[test]
fn variations_agree_with_what_the_sources_mean() {
    let cases = match read(&folder().join("varied.jsonl")) {
        Ok(cases) => cases,
        Err(error) => panic!("{error}"),
    };
    for by in [Judge::Engine, Judge::Reference] {
        let reports: Vec<Report> = cases.iter().map(|case| judge(case, &folder(), by)).collect();
        let unsaid: Vec<&str> = reports.iter().filter(|r| !r.expressible).map(|r| r.id.as_str()).collect();
        assert!(unsaid.is_empty(), "{by:?}: {unsaid:?}");
        let disagreeing = disagreeing(&reports);
        assert!(disagreeing.is_empty(), "{by:?}: {} cases\n{}", disagreeing.len(), disagreeing.join("\n"));
    }
}

#[test]
fn the_engine_agrees() {
    let disagreeing = disagreeing(&reports(Judge::Engine));
    assert!(disagreeing.is_empty(), "{} cases\n{}", disagreeing.len(), disagreeing.join("\n"));
}
