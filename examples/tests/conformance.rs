//! The handed-out cases: what rules can say is said, and all that is said agrees, by the reference and by the engine.
#![expect(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use examples::conformance::{Case, Judge, Report, judge, read};

const SOURCES: [&str; 5] = ["flink", "trino", "eql", "esper", "siddhi"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

fn reports(by: Judge) -> Vec<Report> {
    let folder = folder();
    let cases = SOURCES.iter().flat_map(|source| cases(&format!("{source}.jsonl")));
    cases.map(|case| judge(&case, &folder, by)).collect()
}

fn cases(file: &str) -> Vec<Case> {
    let lines = read(&folder().join(file)).unwrap_or_else(|error| panic!("{error}"));
    lines.into_iter().map(|case| case.unwrap_or_else(|broken| panic!("{broken:?}"))).collect()
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
    let cases = cases("varied.jsonl");
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

#[test]
fn what_is_no_case_is_told_and_does_no_harm() {
    let folder = std::env::temp_dir().join(format!("tripline-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let deep = format!("{}true{}", "(".repeat(5000), ")".repeat(5000));
    let case = |pattern: String| {
        format!(
            r#"{{"id":"flink/x","profile":"flink","events":[{{"id":1,"t":0,"type":"E"}}],"pattern":{pattern},"skip":null,"expect":[]}}"#
        )
    };
    let lines = [
        "{".to_string(),
        "[]".to_string(),
        r#"{"id":"flink/pattern","profile":"flink","events":[],"pattern":7}"#.to_string(),
        case(r#"[{"var":"a","quant":{"min":1000000000,"max":null}}]"#.to_string()),
        case(r#"[{"var":"a","unheard_of":true}]"#.to_string()),
        case(format!(r#"[{{"var":"a","cond":"{deep}"}}]"#)),
        case(r#"[{"var":"a","cond":"'open"}]"#.to_string()),
        case(r#"[{"var":"a"},{"var":"b","contiguity":"next","within_prev_ms":-9223372036854775808}]"#.to_string()),
    ];
    let file = folder.join("broken.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file for the test");
    let found: Vec<String> = read(&file)
        .expect("a file that can be read")
        .into_iter()
        .map(|case| match case {
            Ok(case) => judge(&case, &folder, Judge::Engine).reason.unwrap_or_default(),
            Err(broken) => Report::broken(broken).reason.unwrap_or_default(),
        })
        .collect();
    let _ = std::fs::remove_dir_all(&folder);
    let starts = [
        "not a case: EOF",
        "not a case: a case is an object",
        "not a case: invalid type",
        "`min` is 1000000000, expected 0 to 1000",
        "`unheard_of` in a pattern, which the format does not know",
        "more than 100 brackets",
        "an open text",
        "-9223372036854775808 ms is out of range",
    ];
    for (reason, start) in found.iter().zip(starts) {
        assert!(reason.starts_with(start), "{reason}, expected {start}");
    }
    assert_eq!(found.len(), starts.len());
}
