//! The command line as a person meets it: exit codes, where things are printed, what wrong use says.

#[path = "support/program.rs"]
mod program;

use std::path::Path;
use std::process::{Command, Output};

use program::{folder, said, tripline, write};

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn wrong_use_exits_2() {
    let folder = folder(&[]);
    for args in [&["nonsense"][..], &["run", "--nonsense"], &["check", "none.trip"], &["check"], &["explain", "E9999"]]
    {
        let output = tripline(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert!(out(&output).is_empty() && !said(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn a_bad_rule_exits_1_and_says_where() {
    let folder = folder(&[]);
    let rules = "stream s { card: text  at: time } timed by at\nrule r { by crad on s alert low \"x\" }\n";
    write(folder.path(), "r.trip", rules);
    let output = tripline(folder.path(), &["check", "r.trip"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let said = out(&output);
    assert!(said.contains("r.trip:2:") && said.contains("crad") && said.contains("did you mean `card`"), "{said}");
}

#[test]
fn a_bad_configuration_exits_2_with_all_faults() {
    let folder = folder(&[]);
    write(folder.path(), "tripline.toml", "[engine]\nworkres = 1\ntick = \"soon\"\n");
    let output = tripline(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("tripline.toml:2:") && said.contains("tripline.toml:3:"), "{said}");
}

#[test]
fn init_makes_a_folder_that_works_and_never_overwrites() {
    let folder = folder(&[]);
    assert!(tripline(folder.path(), &["init", "mine"]).status.success());
    let mine = folder.path().join("mine");
    for args in [&["check"][..], &["test"], &["run"]] {
        let output = tripline(&mine, args);
        assert!(output.status.success(), "{args:?}: {}{}", out(&output), said(&output));
    }
    assert_eq!(tripline(folder.path(), &["init", "mine"]).status.code(), Some(2));
}

#[test]
fn completions_and_man_page_are_generated() {
    let folder = folder(&[]);
    assert!(out(&tripline(folder.path(), &["completions", "bash"])).contains("tripline"));
    assert!(out(&tripline(folder.path(), &["man"])).contains(".TH"));
    assert!(out(&tripline(folder.path(), &["--help"])).contains("Exit codes"));
}

#[test]
fn stories_are_listed_played_and_compared() {
    let folder = folder(&[]);
    let listed = tripline(folder.path(), &["demo", "--list"]);
    let names: Vec<String> =
        out(&listed).lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    assert!(names.contains(&"high-value-burst".to_owned()), "{names:?}");
    let played = tripline(folder.path(), &["demo", "high-value-burst"]);
    assert!(played.status.success(), "{}", said(&played));
    let told = out(&played);
    assert!(told.contains("HIGH") && told.contains("precision") && told.contains("missed: "), "{told}");
    let unknown = tripline(folder.path(), &["demo", "high-value-brust"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("high-value-burst"), "{}", said(&unknown));
}

#[test]
fn a_story_in_a_folder_whose_alerts_are_not_those_expected_exits_1() {
    let folder = folder(&[]);
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/high-value-burst");
    for name in ["rules.trip", "story.toml", "expected.txt"] {
        std::fs::copy(story.join(name), folder.path().join(name)).expect("the story is there");
    }
    assert!(tripline(folder.path(), &["demo", "."]).status.success());
    let rules = std::fs::read_to_string(folder.path().join("rules.trip")).expect("just written");
    write(folder.path(), "rules.trip", rules.replace("payments = 3", "payments = 4"));
    let played = tripline(folder.path(), &["demo", "."]);
    assert_eq!(played.status.code(), Some(1), "{}", out(&played));
    assert!(said(&played).contains("not what is expected"), "{}", said(&played));
}

#[test]
fn codes_and_rules_are_explained() {
    let folder = folder(&[]);
    assert!(out(&tripline(folder.path(), &["explain", "e0201"])).starts_with("E0201: "));
    assert!(tripline(folder.path(), &["init", "mine"]).status.success());
    let mine = folder.path().join("mine");
    let text = tripline(&mine, &["explain", "rules"]);
    assert!(out(&text).contains("  strategy: "), "{}{}", out(&text), said(&text));
    assert!(out(&tripline(&mine, &["explain", "--dot"])).starts_with("digraph "));
    assert!(out(&tripline(&mine, &["explain", "--mermaid"])).starts_with("flowchart "));
}

#[test]
fn a_story_makes_a_folder_that_works() {
    let folder = folder(&[]);
    for story in ["unpaid-order", "deploy-error-spike"] {
        assert!(tripline(folder.path(), &["init", story, "--story", story]).status.success());
        let made = folder.path().join(story);
        for args in [&["check"][..], &["test"], &["run"], &["demo", "."]] {
            let output = tripline(&made, args);
            assert!(output.status.success(), "{story} {args:?}: {}{}", out(&output), said(&output));
        }
    }
}

#[test]
fn rules_that_are_given_out_are_in_the_layout() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tripline(root, &["fmt", "--check", "src/cli/template", "src/story/card-fraud"]);
    assert!(output.status.success(), "run `tripline fmt` on {}{}", out(&output), said(&output));
}

#[test]
fn rows_of_views_are_shown_when_the_run_has_ended() {
    let folder = folder(&[]);
    let rules = "stream pay { card: text  amount: decimal(2)  note: text?  at: time } timed by at, late 10s\n\
        view cards { by card on pay emit seen = count() over forever, spend = sum(amount) over 10s, note = last(note) over 1h }\n\
        view lately { by card on pay emit seen = count() over 2s }\n\
        rule r { on pay where cards[card].seen >= 1 alert low \"{card} again\" }\n";
    write(folder.path(), "r.trip", rules);
    let event = |card: &str, amount: &str, second: u32, note: &str| {
        format!(
            "{{\"card\":\"{card}\",\"amount\":{amount},\"note\":\"{note}\",\"at\":\"2026-01-01T00:00:{second:02}Z\"}}\n"
        )
    };
    let events = [("b", "1.00", 1, "x"), ("a", "2.50", 9, "y"), ("b", "4.00", 2, "z\\n"), ("b", "8.00", 12, "")];
    let text: String = events.iter().map(|(card, amount, at, note)| event(card, amount, *at, note)).collect();
    write(folder.path(), "pay.jsonl", text);
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
        assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
        assert_eq!(out(&shown), table, "{workers} workers");
    }
    let lines = out(&run(&["--show", "lately", "--output", "-"]));
    let last = lines.lines().last().expect("a line");
    let expected = r#"{"view":"lately","at":"2026-01-01T00:00:12Z","key":{"card":"b"},"fields":{"seen":1}}"#;
    assert_eq!((lines.lines().count(), last), (3, expected));
    let unknown = run(&["--show", "card"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("no view is called `card`; did you mean `cards`?"), "{}", said(&unknown));
}

#[test]
fn check_counts_rules_derives_and_views() {
    let folder = folder(&[]);
    let rules = "stream pay { card: text  at: time } timed by at\n\
        view cards { by card on pay emit seen = count() over 1h }\n\
        derive first { on pay where cards[card].seen is null emit * }\n\
        rule r { on first alert low \"{card}\" }\n";
    write(folder.path(), "r.trip", rules);
    let checked = tripline(folder.path(), &["check", "r.trip"]);
    assert!(
        said(&checked).contains("no errors in 1 file, 1 stream, 1 rule, 1 derive, 1 view, 0 tests"),
        "{}",
        said(&checked)
    );
}

/// Nobody hears what is said, and so it stops nothing: neither the run nor its exit code.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let folder = folder(&[]);
    let rules = "stream s { card: text  at: time } timed by at\nrule r { on s alert low \"{card}\" }\n";
    write(folder.path(), "r.trip", rules);
    write(folder.path(), "s.jsonl", "{\"card\":\"a\",\"at\":\"2026-01-01T00:00:00Z\"}\nno json\n");
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
