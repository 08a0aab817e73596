//! Phrasings of one meaning: each folder under `phrasings/` holds rules that say the same of the benchmark's events in other
//! words. All find the same: time, key, text and the events that matched, by the reference and by the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tripline::query_lang::plan::Plan;
use tripline::query_lang::{Source, compile};

use crate::run::{self, Record, Setting};

/// Some thousand events of few cards, so that much happens to each.
fn records() -> Vec<Record> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % n
    };
    let kinds = ["auth", "auth", "auth", "pwd_reset", "pwd_confirm", "transfer", "balance", "refund"];
    let mut ts = 0i64;
    let mut record = |id: u64| {
        ts += [0, 500, 4000, 9999][below(4) as usize];
        let (card, kind) = (below(9), kinds[below(8) as usize]);
        let amount = [0, 10_000, 10_001, 50_000, 99_999, 100_000, 100_001, 180_050, 260_000][below(9) as usize];
        let json = format!(
            "{{\"id\":{id},\"ts\":{ts},\"card\":\"card{card}\",\"amount\":{}.{:02},\"merchant\":\"m\",\"country\":\"DE\",\
             \"kind\":\"{kind}\",\"ok\":true}}",
            amount / 100,
            amount % 100
        );
        Record { stream: 0, partition: 0, timestamp_ms: ts, json }
    };
    (0..1500).map(&mut record).collect()
}

fn plan(path: &Path) -> Result<Arc<Plan>, String> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let stream = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/definitions/tx.trip");
    let source = |path: &Path| Ok::<_, String>(Source { name: path.display().to_string(), text: read(path)? });
    let compiled = compile(&[source(&stream)?, source(path)?], &[]);
    let errors: Vec<&str> =
        compiled.diagnostics.iter().filter(|d| d.code.is_error()).map(|d| d.message.as_str()).collect();
    compiled.plan.map(Arc::new).ok_or_else(|| format!("{}: {}", path.display(), errors.join("; ")))
}

/// An alert without what depends on the rule's own words: its id, its fingerprint, the names of its steps.
fn meaning(alert: &str) -> Result<String, String> {
    let alert: Value = serde_json::from_str(alert.split(" Position").next().unwrap_or_default())
        .map_err(|e| format!("{alert}: {e}"))?;
    let offsets: Vec<&Value> = alert["evidence"].as_array().into_iter().flatten().map(|one| &one["offset"]).collect();
    Ok(format!("{} {} {} {offsets:?}", alert["at"], alert["key"], alert["message"]))
}

fn found(path: &Path, records: &[Record]) -> Result<Vec<String>, String> {
    let plan = plan(path)?;
    let expected = run::shown(&plan, &run::alerts_by_reference(&plan, records, &[])?);
    for plain in [false, true] {
        let setting = Setting { batch: 100, workers: [1, 2], cut: Some(3), order: 0, plain };
        let engine = run::by_engine(&plan, records, &[], &setting)?;
        if engine != expected {
            return Err(format!("{}: the engine finds what the reference does not", path.display()));
        }
    }
    expected.iter().map(|alert| meaning(alert)).collect()
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[test]
fn phrasings_of_one_meaning_find_the_same() {
    let records = records();
    let mut failures = Vec::new();
    let folders = listed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/phrasings"));
    assert_eq!(folders.len(), 3);
    for folder in folders {
        let phrasings = listed(&folder);
        assert!(phrasings.len() >= 6, "{}", folder.display());
        let mut first: Option<Vec<String>> = None;
        for path in phrasings {
            match (found(&path, &records), &first) {
                (Err(error), _) => failures.push(error),
                (Ok(found), Some(first)) if found != *first => {
                    let (only, missing) =
                        (found.iter().find(|a| !first.contains(a)), first.iter().find(|a| !found.contains(a)));
                    failures.push(format!("{}: only here {only:?}, only there {missing:?}", path.display()));
                }
                (Ok(_), Some(_)) => {}
                (Ok(found), None) => {
                    assert!(found.len() > 20, "{} finds {}", path.display(), found.len());
                    first = Some(found);
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
