//! The command line as a person meets it: exit codes, where things are printed, what wrong use says.

use std::path::Path;
use std::process::{Command, Output};

fn tripline(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tripline")).args(args).current_dir(folder).output().expect("the binary runs")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_use_exits_2() {
    let folder = folder();
    for args in [&["nonsense"][..], &["run", "--nonsense"], &["check", "none.trip"], &["check"], &["explain", "E9999"]]
    {
        let output = tripline(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert!(out(&output).is_empty() && !err(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn a_bad_rule_exits_1_and_says_where() {
    let folder = folder();
    let rules = "stream s { card: text  at: time } timed by at\nrule r { by crad on s alert low \"x\" }\n";
    std::fs::write(folder.path().join("r.trip"), rules).expect("the folder takes a file");
    let output = tripline(folder.path(), &["check", "r.trip"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let said = out(&output);
    assert!(said.contains("r.trip:2:") && said.contains("crad") && said.contains("did you mean `card`"), "{said}");
}

#[test]
fn a_bad_configuration_exits_2_with_all_faults() {
    let folder = folder();
    std::fs::write(folder.path().join("tripline.toml"), "[engine]\nworkres = 1\ntick = \"soon\"\n").expect("written");
    let output = tripline(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    assert!(said.contains("tripline.toml:2:") && said.contains("tripline.toml:3:"), "{said}");
}

#[test]
fn init_makes_a_folder_that_works_and_never_overwrites() {
    let folder = folder();
    assert!(tripline(folder.path(), &["init", "mine"]).status.success());
    let mine = folder.path().join("mine");
    for args in [&["check"][..], &["test"], &["run"]] {
        let output = tripline(&mine, args);
        assert!(output.status.success(), "{args:?}: {}{}", out(&output), err(&output));
    }
    assert_eq!(tripline(folder.path(), &["init", "mine"]).status.code(), Some(2));
}

#[test]
fn completions_and_man_page_are_generated() {
    let folder = folder();
    assert!(out(&tripline(folder.path(), &["completions", "bash"])).contains("tripline"));
    assert!(out(&tripline(folder.path(), &["man"])).contains(".TH"));
    assert!(out(&tripline(folder.path(), &["--help"])).contains("Exit codes"));
}

#[test]
fn stories_are_listed_played_and_compared() {
    let folder = folder();
    let listed = tripline(folder.path(), &["demo", "--list"]);
    let names: Vec<String> =
        out(&listed).lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    assert!(names.contains(&"high-value-burst".to_owned()), "{names:?}");
    let played = tripline(folder.path(), &["demo", "high-value-burst"]);
    assert!(played.status.success(), "{}", err(&played));
    let said = out(&played);
    assert!(said.contains("HIGH") && said.contains("precision") && said.contains("missed: "), "{said}");
    let unknown = tripline(folder.path(), &["demo", "high-value-brust"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("high-value-burst"), "{}", err(&unknown));
}

#[test]
fn a_story_in_a_folder_whose_alerts_are_not_those_expected_exits_1() {
    let folder = folder();
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/high-value-burst");
    for name in ["rules.trip", "story.toml", "expected.txt"] {
        std::fs::copy(story.join(name), folder.path().join(name)).expect("the story is there");
    }
    assert!(tripline(folder.path(), &["demo", "."]).status.success());
    let rules = std::fs::read_to_string(folder.path().join("rules.trip")).expect("just written");
    std::fs::write(folder.path().join("rules.trip"), rules.replace("payments = 3", "payments = 4")).expect("written");
    let played = tripline(folder.path(), &["demo", "."]);
    assert_eq!(played.status.code(), Some(1), "{}", out(&played));
    assert!(err(&played).contains("not what is expected"), "{}", err(&played));
}

#[test]
fn codes_and_rules_are_explained() {
    let folder = folder();
    assert!(out(&tripline(folder.path(), &["explain", "e0201"])).starts_with("E0201: "));
    assert!(tripline(folder.path(), &["init", "mine"]).status.success());
    let mine = folder.path().join("mine");
    let text = tripline(&mine, &["explain", "rules"]);
    assert!(out(&text).contains("  strategy: "), "{}{}", out(&text), err(&text));
    assert!(out(&tripline(&mine, &["explain", "--dot"])).starts_with("digraph "));
    assert!(out(&tripline(&mine, &["explain", "--mermaid"])).starts_with("flowchart "));
}

#[test]
fn a_story_makes_a_folder_that_works() {
    let folder = folder();
    for story in ["unpaid-order", "deploy-error-spike"] {
        assert!(tripline(folder.path(), &["init", story, "--story", story]).status.success());
        let made = folder.path().join(story);
        for args in [&["check"][..], &["test"], &["run"], &["demo", "."]] {
            let output = tripline(&made, args);
            assert!(output.status.success(), "{story} {args:?}: {}{}", out(&output), err(&output));
        }
    }
}

#[test]
fn rules_that_are_given_out_are_in_the_layout() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tripline(root, &["fmt", "--check", "src/cli/template", "src/story/card-fraud"]);
    assert!(output.status.success(), "run `tripline fmt` on {}{}", out(&output), err(&output));
}

#[test]
fn rows_of_views_are_shown_when_the_run_has_ended() {
    let folder = folder();
    let rules = "stream pay { card: text  amount: decimal(2)  note: text?  at: time } timed by at, late 10s\n\
        view cards { by card on pay emit seen = count() over forever, spend = sum(amount) over 10s, note = last(note) over 1h }\n\
        view lately { by card on pay emit seen = count() over 2s }\n\
        rule r { on pay where cards[card].seen >= 1 alert low \"{card} again\" }\n";
    std::fs::write(folder.path().join("r.trip"), rules).expect("written");
    let event = |card: &str, amount: &str, second: u32, note: &str| {
        format!(
            "{{\"card\":\"{card}\",\"amount\":{amount},\"note\":\"{note}\",\"at\":\"2026-01-01T00:00:{second:02}Z\"}}\n"
        )
    };
    let events = [("b", "1.00", 1, "x"), ("a", "2.50", 9, "y"), ("b", "4.00", 2, "z\\n"), ("b", "8.00", 12, "")];
    let text: String = events.iter().map(|(card, amount, at, note)| event(card, amount, *at, note)).collect();
    std::fs::write(folder.path().join("pay.jsonl"), text).expect("written");
    let run = |further: &[&str]| {
        let mut args = vec!["run", "r.trip", "--input", "pay.jsonl", "--quiet"];
        args[3] = "pay=pay.jsonl";
        args.extend(further);
        tripline(folder.path(), &args)
    };
    let table = "cards as of 2026-01-01T00:00:12Z: 2 rows\n  card  seen  spend  note\n  a     1     2.50   y\n  b     3     12.00\n\
        lately as of 2026-01-01T00:00:12Z: 1 row\n  card  seen\n  b     1\n";
    for workers in ["1", "3"] {
        let shown = run(&["--show", "cards", "--show", "lately", "--output", "alerts.jsonl", "--workers", workers]);
        assert_eq!(shown.status.code(), Some(0), "{}", err(&shown));
        assert_eq!(out(&shown), table, "{workers} workers");
    }
    let lines = out(&run(&["--show", "lately", "--output", "-"]));
    let last = lines.lines().last().expect("a line");
    let expected = r#"{"view":"lately","at":"2026-01-01T00:00:12Z","key":{"card":"b"},"fields":{"seen":1}}"#;
    assert_eq!((lines.lines().count(), last), (3, expected));
    let unknown = run(&["--show", "card"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("no view is called `card`; did you mean `cards`?"), "{}", err(&unknown));
}

#[test]
fn check_counts_rules_derives_and_views() {
    let folder = folder();
    let rules = "stream pay { card: text  at: time } timed by at\n\
        view cards { by card on pay emit seen = count() over 1h }\n\
        derive first { on pay where cards[card].seen is null emit * }\n\
        rule r { on first alert low \"{card}\" }\n";
    std::fs::write(folder.path().join("r.trip"), rules).expect("written");
    let checked = tripline(folder.path(), &["check", "r.trip"]);
    assert!(
        err(&checked).contains("no errors in 1 file, 1 stream, 1 rule, 1 derive, 1 view, 0 tests"),
        "{}",
        err(&checked)
    );
}

/// Nobody hears what is said, and so it stops nothing: neither the run nor its exit code.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let folder = folder();
    let rules = "stream s { card: text  at: time } timed by at\nrule r { on s alert low \"{card}\" }\n";
    std::fs::write(folder.path().join("r.trip"), rules).expect("written");
    std::fs::write(folder.path().join("s.jsonl"), "{\"card\":\"a\",\"at\":\"2026-01-01T00:00:00Z\"}\nno json\n")
        .expect("written");
    let full = || std::fs::File::create("/dev/full").expect("a device that is always full");
    let status = |args: &[&str], out: std::process::Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tripline"));
        command.args(args).current_dir(folder.path()).stdout(out).stderr(full());
        command.status().expect("the binary runs").code()
    };
    let run = ["run", "r.trip", "--input", "s=s.jsonl", "--output", "alerts.jsonl"];
    assert_eq!(status(&run, std::process::Stdio::null()), Some(0));
    let alerts = std::fs::read_to_string(folder.path().join("alerts.jsonl")).expect("alerts are written");
    assert_eq!(alerts.lines().count(), 1);
    for args in [&["check", "r.trip", "--json"][..], &["run", "r.trip", "--input", "s=s.jsonl"]] {
        assert_eq!(status(args, full().into()), Some(3), "{args:?}");
    }
}
