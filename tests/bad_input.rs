//! What bad input gets, through the whole program: one dead letter each with its bytes and a reason, neighbours unaffected,
//! every record accounted for; and an output that cannot be written stops the run.

#[path = "support/program.rs"]
mod program;

use std::path::Path;

use program::{folder, said, tripline, write};

const RULES: &str = r#"
stream payment {
  id:     text
  card:   text
  amount: decimal(2)
  note:   text?
  at:     time
} timed by at, late 5s, ahead 1h

rule burst {
  by    card
  on    payment where amount > 500.00
  when  count() over 10m >= 3
  alert high "{card}"
}
"#;

fn payment(id: u32, amount: &str, at: &str) -> String {
    format!(r#"{{"id":"p{id}","card":"c1","amount":{amount},"at":"{at}"}}"#)
}

/// Each bad record with the class that its dead letter names.
fn bad_records() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!(r#"{{"id":"x","x":{}{},"card":"c1"}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let huge = payment(8, "1.00", "2026-03-01T09:00:00Z").replace("c1", &"c".repeat(10_000_000));
    vec![
        ("invalid json", br#"{"id":"p2""#.to_vec()),
        ("invalid utf-8", b"{\"id\":\"\xff\xfe\"}".to_vec()),
        ("missing field", br#"{"id":"p4","amount":1.00,"at":"2026-03-01T09:00:00Z"}"#.to_vec()),
        ("wrong type", payment(5, "true", "2026-03-01T09:00:00Z").into_bytes()),
        ("out of range", payment(6, "1e30", "2026-03-01T09:00:00Z").into_bytes()),
        ("out of range", payment(7, "1.234", "2026-03-01T09:00:00Z").into_bytes()),
        ("too large", huge.into_bytes()),
        ("too deep", "[".repeat(100_000).into_bytes()),
        ("too deep", deep.into_bytes()),
        ("wrong type", b"null".to_vec()),
        ("wrong type", br#"{"id":"p12","card":"c1","amount":1.00,"at":1767225600}"#.to_vec()),
    ]
}

/// A folder with a job whose input has good and bad records.
fn job() -> tempfile::TempDir {
    let good = |id, amount, second: u32| payment(id, amount, &format!("2026-03-01T09:00:0{second}Z")).into_bytes();
    let mut lines = vec![good(1, "600.00", 0)];
    lines.extend(bad_records().into_iter().map(|(_, record)| record));
    lines.push(payment(20, "900.00", "9999-12-31T23:59:59Z").into_bytes());
    lines.push(payment(21, "900.00", "1970-01-01T00:00:00Z").into_bytes());
    lines.push(good(22, "700.00", 1));
    lines.push(good(23, "800.00", 2));
    let bytes: Vec<u8> = lines
        .into_iter()
        .flat_map(|mut line| {
            line.push(b'\n');
            line
        })
        .collect();
    let config = "[source.payment]\nfile = \"in.jsonl\"\n[dead_letters]\nfile = \"dead.jsonl\"\n[late]\nfile = \"late.jsonl\"\n\
                  [sink.alerts]\nfile = \"alerts.jsonl\"\n[engine]\nrules = [\"r.trip\"]\n";
    let folder = folder(&[("r.trip", RULES), ("tripline.toml", config)]);
    write(folder.path(), "in.jsonl", bytes);
    folder
}

fn json_lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).expect("the run has written it");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

#[test]
fn each_bad_record_is_one_dead_letter_and_its_neighbours_count() {
    let folder = job();
    let output = tripline(folder.path(), &["run"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("read 16, matched-input 3, filtered 0, late 1, quarantined 1, dead letters 11, alerts 1"),
        "{said}"
    );

    let dead = json_lines(&folder.path().join("dead.jsonl"));
    let classes: Vec<&str> = dead.iter().map(|line| line["class"].as_str().unwrap_or_default()).collect();
    let expected: Vec<&str> = bad_records().iter().map(|(class, _)| *class).collect();
    assert_eq!(classes, expected);
    assert_eq!(dead[0]["value"], r#"{"id":"p2""#);
    assert_eq!(dead[0]["offset"], 2);
    let (long, whole) = (&bad_records()[6].1, &dead[6]);
    assert_eq!(whole["value"].as_str().map(str::len), Some((1 << 20) + 1));
    assert_eq!(whole["headers"], serde_json::json!([["whole-bytes", long.len().to_string()]]));
    assert!(dead.iter().all(|line| !line["reason"].as_str().unwrap_or_default().is_empty()));

    let late = json_lines(&folder.path().join("late.jsonl"));
    let kinds: Vec<&str> = late.iter().map(|line| line["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!((kinds.contains(&"late"), kinds.contains(&"quarantined"), kinds.len()), (true, true, 2));
    assert_eq!(json_lines(&folder.path().join("alerts.jsonl"))[0]["key"]["card"], "c1");
}

#[test]
fn a_full_disk_stops_the_run_with_the_reason() {
    let folder = job();
    let output = tripline(folder.path(), &["run", "--output", "/dev/full"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("/dev/full") && said.contains("No space left on device"), "{said}");
}

#[test]
fn what_is_not_there_is_named() {
    let folder = job();
    let output = tripline(folder.path(), &["run", "--input", "payment=none.jsonl"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("none.jsonl"));
    let output = tripline(folder.path(), &["run", "r.trip"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("stream `payment` has no source"));
}

/// What a run over this input says, at its end.
fn said_of(rules: &str, visits: &str) -> String {
    let folder = folder(&[("r.trip", rules), ("visits.csv", visits)]);
    let args = ["run", "r.trip", "--input", "visit=visits.csv", "--output", "alerts.jsonl"];
    let output = tripline(folder.path(), &args);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn an_event_without_a_key_is_counted() {
    let rules = "stream visit { who: text?  page: text  at: time(ms) } timed by at\n\
                 rule seen { by who on visit where page == \"/\" alert low \"{who}\" }\n\
                 rule again { by (who, page) on visit alert low \"{who}\" }\n";
    let said = said_of(rules, "who,page,at\na,/,1000\n,/,2000\n,/b,3000\nb,/b,4000\n");
    let expected = "read 4, matched-input 4, filtered 0, late 0, quarantined 0, dead letters 0, keyless 2, alerts 3";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn runs_that_are_refused_are_counted() {
    let stream = "stream visit { who: text  page: text  at: time(ms) } timed by at\n";
    let rule = "rule apart { by who within 1h runs 2 match a: visit where page == \"/shop/cart\" \
                then b: visit where page == \"/\" and at > a.at alert low \"{who}\" }\n";
    let visits = "who,page,at\na,/shop/cart,1000\na,/shop/cart,2000\na,/shop/cart,3000\na,/,4000\n";
    let said = said_of(&format!("{stream}{rule}"), visits);
    assert!(said.contains("dead letters 0, refused 1, alerts 1"), "{said}");
}

#[test]
fn who_keeps_no_dead_letters_is_told_of_the_first_of_each_kind() {
    let folder = job();
    let run = |args: &[&str]| {
        let args = [&["run", "r.trip", "--input", "payment=in.jsonl", "--output", "alerts.jsonl"], args].concat();
        said(&tripline(folder.path(), &args))
    };
    let told = run(&[]);
    for expected in [
        "left out 3 (wrong type), the first in line 5 of `in.jsonl`: field `amount` should be a number with at most 2 digits",
        "left out 2 (out of range), the first in line 6 of `in.jsonl`: ",
        "left out 2 (too deep), the first in line 9 of `in.jsonl`: ",
        "left out for 6 reasons more",
        "to keep all that is left out, give [dead_letters] and [late] a `file` or a `topic` in the configuration",
    ] {
        assert!(told.contains(expected), "{expected}\nis not in\n{told}");
    }
    // Into a log, each line has its time and level.
    let first = told.lines().next().unwrap_or_default();
    assert!(first.starts_with("20") && first.ends_with("Z info started"), "{told}");
    assert_eq!(run(&["--quiet"]), "");
    assert!(!said(&tripline(folder.path(), &["run"])).contains("left out"));
}
