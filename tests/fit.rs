//! Configuration, command line, rules and files against each other: what does not fit is said before anything starts, all of
//! it at once, by `check` as by `run`, and no file is harmed.

#[path = "support/program.rs"]
mod program;

use std::path::Path;

use program::{folder, said, tripline, write};

const RULES: &str = "stream pay { card: text  at: time } timed by at\nstream ref { card: text  at: time } timed by at\n\
    table shops key shop { shop: text }\nparam floor = 1.00\nparam low = 1.00\nparam bad = [\"x\"]\n\
    rule a { by card on pay where card in shops and card not in bad and 5.00 > floor + low alert low \"x\" to pager }\n\
    rule b { on ref alert low \"\" }\n";

const EVENT: &str = "{\"card\":\"c\",\"at\":\"2026-01-01T00:00:00Z\"}\n";

/// What `check` says, and `run` as well, both with exit code 2.
fn refused(folder: &Path, args: &[&str]) -> String {
    let [check, run] = ["check", "run"].map(|command| tripline(folder, &[&[command][..], args].concat()));
    assert_eq!((check.status.code(), run.status.code()), (Some(2), Some(2)), "{}{}", said(&check), said(&run));
    assert_eq!(said(&check), said(&run));
    said(&check)
}

#[test]
fn everything_that_does_not_fit_is_said_at_once() {
    let config = r#"[kafka.main]
"bootstrap.servers" = "127.0.0.1:9092"
"security.protocol" = "sasl_sll"
[source.pay]
file = "none.jsonl"
[source.reff]
file = "none2.jsonl"
[table.nope]
file = "none3.csv"
[sink.alerts]
file = "none/dir/x"
[param.bad]
file = "none.txt"
[params]
floor = "abc"
nope = 1
[param.low]
file = "x"
[engine]
workers = 0
"#;
    let folder = folder(&[("tripline.toml", config), ("r.trip", RULES)]);
    let found = refused(folder.path(), &["r.trip", "--config", "tripline.toml"]);
    for expected in [
        "  stream `ref` has no source: add a section [source.ref]",
        "  table `shops` has no source: add a section [table.shops]",
        "  rule `a` alerts to `pager`, but there is no section [sink.pager]",
        "  tripline.toml:1: [kafka.main]: ",
        "  tripline.toml:4: [source.pay]: `none.jsonl` cannot be read: there is no such file",
        "  tripline.toml:6: there is a source for `reff`, but the rules declare no such stream",
        "  tripline.toml:8: there is a source for table `nope`, but the rules declare no such table",
        "  tripline.toml:10: [sink.alerts]: `none/dir/x` cannot be written: there is no folder `none/dir`",
        "  tripline.toml:12: [param.bad]: `none.txt` cannot be read: there is no such file",
        "  tripline.toml:15: the value given for `floor` cannot be read (given: abc); values are written as in a rule file",
        "  tripline.toml:16: no param is called `nope`",
        "  tripline.toml:17: `low` comes from a file or a topic, so it has to be a list",
        "  tripline.toml:20: `workers` in [engine] is `0`",
    ] {
        assert!(found.contains(expected), "{expected}\nis not in\n{found}");
    }
    assert!(found.contains("sasl_sll") || found.contains("security.protocol"), "{found}");
    let by_hand = tripline(folder.path(), &["run", "r.trip", "--set", "bda=1", "--input", "pay=none.jsonl"]);
    assert!(
        said(&by_hand).contains("`--set bda=1`: no param is called `bda`; did you mean `bad`?"),
        "{}",
        said(&by_hand)
    );
    assert!(said(&by_hand).contains("`--input pay=none.jsonl`: `none.jsonl` cannot be read"), "{}", said(&by_hand));
}

#[test]
fn rules_that_cannot_be_found_are_a_fault_of_the_configuration() {
    let config = "[engine]\nworkers = 0\nrules = [\"nothing/*.trip\"]\n";
    let folder = folder(&[("tripline.toml", config)]);
    let found = refused(folder.path(), &[]);
    assert!(found.contains("tripline.toml:2: ") && found.contains("tripline.toml:3: no file fits"), "{found}");
    let json = tripline(folder.path(), &["check", "--json"]);
    let object: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one JSON object");
    assert_eq!((object["ok"].as_bool(), object["configuration"].as_array().map(Vec::len)), (Some(false), Some(2)));
    assert_eq!(object["configuration"][1]["line"], 3);
    let nothing = tripline(folder.path(), &["check", "--json", "none.trip"]);
    let object: serde_json::Value = serde_json::from_slice(&nothing.stdout).expect("one JSON object");
    let message = object["configuration"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("cannot read the rule file `none.trip`"), "{object}");
}

const SIMPLE: &str = "stream s { card: text  at: time } timed by at\nstream t { card: text  at: time } timed by at\n\
    rule r { on s alert low \"{card}\" }\nrule q { on t alert low \"{card}\" }\n";

#[test]
fn no_input_is_written_over() {
    let folder = folder(&[("r.trip", SIMPLE), ("in.jsonl", EVENT), ("t.jsonl", EVENT)]);
    let whole = |name: &str, text: &str| {
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).expect("it is there"), text);
    };
    let run = |further: &[&str]| {
        let output =
            tripline(folder.path(), &[&["run", "r.trip", "-i", "s=in.jsonl", "-i", "t=t.jsonl"], further].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    };
    let found = run(&["-o", "./in.jsonl"]);
    assert!(
        found.contains("`--output ./in.jsonl`: this would write over `./in.jsonl`, which `--input s=in.jsonl` reads"),
        "{found}"
    );
    whole("in.jsonl", EVENT);
    assert!(run(&["-o", "r.trip"]).contains("which is a rule file"));
    whole("r.trip", SIMPLE);
    let config = "[late]\nfile = \"in.jsonl\"\n[dead_letters]\nfile = \"tripline.toml\"\n[sink.alerts]\nfile = \"a\"\n\
                  [sink.more]\nfile = \"./a\"\n";
    write(folder.path(), "tripline.toml", config);
    let found = run(&["-c", "tripline.toml"]);
    assert!(found.contains("tripline.toml:1: [late]: this would write over"), "{found}");
    assert!(
        found.contains("tripline.toml:3: [dead_letters]: ") && found.contains("which is the configuration"),
        "{found}"
    );
    assert!(found.contains("is the file that [sink.alerts] writes as"), "{found}");
    whole("in.jsonl", EVENT);
    whole("tripline.toml", config);
    std::os::unix::fs::symlink("in.jsonl", folder.path().join("link")).expect("linked");
    assert!(run(&["-o", "link"]).contains("this would write over `link`"));
}

#[test]
fn what_is_named_twice_does_not_count_twice() {
    let folder = folder(&[("r.trip", SIMPLE), ("in.jsonl", EVENT), ("t.jsonl", EVENT)]);
    let run = |args: &[&str]| said(&tripline(folder.path(), &[&["run", "r.trip"], args].concat()));
    let found = run(&["-i", "s=-", "-i", "t=-"]);
    assert!(found.contains("standard input is named twice, here and by `--input s=-`"), "{found}");
    let found = run(&["-i", "s=in.jsonl", "-i", "s=./in.jsonl", "-i", "t=t.jsonl"]);
    assert!(
        found.contains("`./in.jsonl` is named twice (as `in.jsonl` before): its events would count twice"),
        "{found}"
    );
    // One file for two streams is two readings of it.
    assert!(run(&["-i", "s=in.jsonl", "-i", "t=in.jsonl"]).contains("the input has ended: read 2"));
    let checked = tripline(folder.path(), &["check", "r.trip", "./r.trip", "."]);
    assert!(said(&checked).contains("no errors in 1 file"), "{}", said(&checked));
}

#[test]
fn a_folder_of_rules_is_read_with_its_folders() {
    let rule = |name: &str| format!("rule {name} {{ on s alert low \"\" }}\n");
    let files = [
        ("rules/b.trip", "stream s { card: text  at: time } timed by at\n".to_owned()),
        ("rules/a/deep/er/x.trip", rule("x")),
        ("rules/z.trip", rule("z")),
        ("rules/.hidden/y.trip", "this is no rule".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    let json = tripline(folder.path(), &["check", "--json", "rules"]);
    let object: serde_json::Value = serde_json::from_slice(&json.stdout).expect("one JSON object");
    assert_eq!(object["files"], serde_json::json!(["rules/a/deep/er/x.trip", "rules/b.trip", "rules/z.trip"]));
    write(folder.path(), "tripline.toml", "[source.s]\nfile = \"-\"\n[engine]\nrules = [\"rules\"]\n");
    let checked = tripline(folder.path(), &["check"]);
    assert!(said(&checked).contains("no errors in 3 files"), "{}", said(&checked));
}
