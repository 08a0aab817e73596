//! `tripline check` for machines and its state bill: the documented shape, and the example of docs/reference/check.md.

#[path = "support/program.rs"]
mod program;

use std::path::Path;
use std::process::Output;

use program::{folder, said, tripline, write};

const RULES: &str = "stream s { card: text  at: time } timed by at\nrule r { by crad on s alert low \"x\" }\n";

fn check(folder: &Path, args: &[&str]) -> Output {
    tripline(folder, &[&["check"], args].concat())
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(name);
    std::fs::read_to_string(path).expect("the reference is there")
}

/// The one object that is printed, held against the schema.
fn object(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let object = serde_json::from_str(&text).expect("one JSON object is printed");
    let schema = serde_json::from_str(&document("check.schema.json")).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let faults: Vec<String> = schema.iter_errors(&object).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    object
}

#[test]
fn the_example_of_the_reference_is_what_is_printed() {
    let folder = folder(&[("r.trip", RULES)]);
    let output = check(folder.path(), &["--json", "r.trip"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    object(&output);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(document("check.md").contains(&printed), "docs/reference/check.md does not show\n{printed}");
}

#[test]
fn all_files_are_told_of_and_the_bill_is_in_the_object() {
    let stray = "rule q { on nothing_of_the_kind alert low \"\" }\nparam p = = 1\n";
    let folder = folder(&[("a.trip", RULES), ("b.trip", stray)]);
    let found = object(&check(folder.path(), &["--json", "--bill", "."]));
    let files: Vec<_> = found["diagnostics"].as_array().into_iter().flatten().map(|one| one["file"].as_str()).collect();
    assert!(files.contains(&Some("a.trip")) && files.contains(&Some("b.trip")), "{found}");
    assert!(found.get("bill").is_none(), "there is no bill of a broken rule");

    let rule = "\nrule r { by card within forever match a: s+ then b: s alert low \"\" }";
    write(folder.path(), "b.trip", "");
    write(folder.path(), "a.trip", format!("{}{rule}", RULES.lines().next().unwrap_or_default()));
    let output = check(folder.path(), &["--json", "--bill", "--rate", "2.5", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let found = object(&output);
    assert_eq!(found["bill"]["rate"], 2.5);
    assert_eq!(found["bill"]["rules"][0]["events"], serde_json::Value::Null, "{found}");
}

/// The bill in the reference is that of the rule on the first page of the manual.
#[test]
fn the_bill_of_the_reference_is_fresh() {
    let folder = folder(&[("r.trip", include_str!("../query-lang/tests/cases/plan/complete_file.trip"))]);
    let output = check(folder.path(), &["--bill", "r.trip"]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let bill = printed.split("\n\n").find(|block| block.starts_with("card_testing:")).unwrap_or_default();
    assert!(
        !bill.is_empty() && document("check.md").contains(bill),
        "docs/reference/check.md does not show\n{printed}"
    );
}

#[test]
fn a_rate_is_above_nothing() {
    let folder = folder(&[]);
    for rate in ["0", "-1", "NaN", "inf"] {
        let output = check(folder.path(), &["--bill", "--rate", rate, "."]);
        assert_eq!(output.status.code(), Some(2), "{rate}");
    }
}

#[test]
fn a_bound_beyond_all_numbers_is_called_so() {
    let rule = "rule r { by card within 1d match a: s then each b: s limit 1000000 then each c: s limit 1000000 after match skip none alert low \"\" }";
    let stream = RULES.lines().next().unwrap_or_default();
    let folder = folder(&[("r.trip", &format!("{stream}\n{rule}\n"))]);
    let output = check(folder.path(), &["--json", "--bill", "r.trip"]);
    let found = object(&output);
    let whole = &found["bill"]["rules"][0];
    assert_eq!((&whole["bytes"], &whole["countless"]), (&serde_json::Value::Null, &true.into()), "{found}");
    assert!(whole["events"].is_u64(), "{found}");
    let text = check(folder.path(), &["--bill", "r.trip"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("r: 259,203 events, bytes beyond what can be counted: within 1d\n"), "{text}");
    assert!(!text.contains("18,446,744,073,709,551,615"), "{text}");
}
