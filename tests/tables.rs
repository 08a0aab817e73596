//! Tables and changing lists as a person gives them to the program: files, configuration, what is said when they are wrong.

#[path = "support/program.rs"]
mod program;

use std::path::Path;

use program::{said, tripline, write};

const RULES: &str = r#"
stream payment { card: text  country: text  at: time(ms) } timed by at
table cards key card { card: text  owner: text  limit: int? }
param banned = ["nowhere"]
rule seen {
  on    payment where country not in banned
  alert low "{card}: {cards[card].owner}, {cards[card].limit}"
}
"#;

const EVENTS: &str = "card,country,at\na,de,1000\nb,fr,2000\nc,de,3000\nb,es,4000\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    program::folder(&[&[("r.trip", RULES), ("payments.csv", EVENTS)], files].concat())
}

/// The messages of a run's alerts, in order.
fn messages(folder: &Path, args: &[&str]) -> Vec<String> {
    let output = tripline(folder, &[&["run", "--output", "alerts.jsonl"], args].concat());
    assert!(output.status.success(), "{}", said(&output));
    let alerts = std::fs::read_to_string(folder.join("alerts.jsonl")).expect("alerts are written");
    let message = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["message"].clone();
    alerts.lines().map(|line| message(line).as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_table_is_an_input_like_a_stream() {
    let folder = folder(&[("cards.csv", "limit,card,owner\n10,a,ada\n,b,bob\nmany,c,eve\n")]);
    let args = ["r.trip", "--input", "payment=payments.csv", "--input", "cards=cards.csv"];
    // The row with a limit that is no number is a dead letter.
    let expected = ["a: ada, 10", "b: bob, -", "c: -, -", "b: bob, -"];
    assert_eq!(messages(folder.path(), &args), expected);
    let json = r#"{"card":"c","owner":"eve","limit":7}"#;
    write(folder.path(), "cards.jsonl", json);
    let args = ["r.trip", "--input", "payment=payments.csv", "--input", "cards=cards.jsonl", "--workers", "2"];
    assert_eq!(messages(folder.path(), &args)[2], "c: eve, 7");
}

#[test]
fn a_list_comes_from_a_file_the_configuration_or_the_command_line() {
    let config = "[source.payment]\nfile = \"payments.csv\"\n[table.cards]\nfile = \"cards.csv\"\n";
    let folder = folder(&[("cards.csv", "card,owner\n"), ("banned.txt", "de\nes\n\nes\n")]);
    let messages = |section: &str, args: &[&str]| {
        write(folder.path(), "tripline.toml", format!("{config}{section}"));
        messages(folder.path(), &[&["r.trip", "--config", "tripline.toml"], args].concat()).len()
    };
    assert_eq!(messages("", &[]), 4);
    assert_eq!(messages("[param.banned]\nfile = \"banned.txt\"\n", &[]), 1);
    assert_eq!(messages("[params]\nbanned = [\"fr\"]\n", &[]), 3);
    let by_hand = ["--set", "banned=[\"fr\", \"es\"]"];
    assert_eq!(messages("[param.banned]\nfile = \"banned.txt\"\n", &by_hand), 2);
}

#[test]
fn rules_without_their_table_do_not_run_and_the_others_do() {
    let folder = folder(&[("cards.csv", "card\n")]);
    let rules = format!("{RULES}\nrule plain {{ on payment alert low \"{{card}}\" }}\n");
    write(folder.path(), "r.trip", rules);
    let args =
        ["run", "r.trip", "--input", "payment=payments.csv", "--input", "cards=cards.csv", "--output", "a.jsonl"];
    let output = tripline(folder.path(), &args);
    let said = said(&output);
    let expected = "table `cards` cannot be read: `cards.csv`: there is no column `owner`; there is `card`. \
                    What needs it does not run: `seen`. Mend the table and start again; the others run";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("the input has ended: read 4, "), "{said}");
    assert_eq!(output.status.code(), Some(1), "nobody looked for what it finds");
    let alerts = std::fs::read_to_string(folder.path().join("a.jsonl")).expect("alerts are written");
    assert_eq!(alerts.lines().filter(|line| line.contains(r#""rule":"plain""#)).count(), 4);
    assert_eq!(alerts.lines().count(), 4);
}

#[test]
fn what_does_not_fit_is_said_before_anything_starts() {
    let folder = folder(&[("cards.csv", "card\n"), ("tripline.toml", "[param.banned]\nfile = \"none.txt\"\n")]);
    let said = |args: &[&str]| {
        let output = tripline(
            folder.path(),
            &[&["run", "r.trip", "--config", "tripline.toml", "--input", "payment=payments.csv"], args].concat(),
        );
        assert!(!output.status.success());
        said(&output)
    };
    let without = said(&[]);
    assert!(without.contains("table `cards` has no source: add a section [table.cards]"), "{without}");
    let columns = said(&["--input", "cards=cards.csv", "--set", "banned=[\"x\"]"]);
    let expected =
        "table `cards` cannot be read, and rules need it: `cards.csv`: there is no column `owner`; there is `card`";
    assert!(columns.contains(expected), "{columns}");
    write(folder.path(), "cards.csv", "card,owner\n");
    let list = said(&["--input", "cards=cards.csv"]);
    assert!(list.contains("table `banned` cannot be read") && list.contains("none.txt"), "{list}");
}

#[test]
fn a_table_is_read_from_one_file() {
    let folder = folder(&[("a.csv", "card,owner\na,ada\n"), ("b.csv", "card,owner\nb,bob\n")]);
    let inputs = ["--input", "payment=payments.csv", "--input", "cards=a.csv", "--input", "cards=b.csv"];
    let output = tripline(folder.path(), &[&["run", "r.trip"][..], &inputs[..]].concat());
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let expected = "`cards` is a table, which is read from one file, and there are 2: `a.csv`, `b.csv`";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_file_is_csv_by_its_ending_wherever_it_is_named() {
    let config = "[source.payment]\nfile = \"PAYMENTS.CSV\"\n[table.cards]\nfile = \"Cards.Csv\"\n";
    let cards = "card,owner\na,ada\nb,bob\n";
    let files = [("tripline.toml", config), ("PAYMENTS.CSV", EVENTS), ("Cards.Csv", cards)];
    let folder = folder(&files);
    let expected = ["a: ada, -", "b: bob, -", "c: -, -", "b: bob, -"];
    assert_eq!(messages(folder.path(), &["r.trip", "--config", "tripline.toml"]), expected);
    let named = ["r.trip", "--input", "payment=PAYMENTS.CSV", "--input", "cards=Cards.Csv"];
    assert_eq!(messages(folder.path(), &named), expected);
}

#[test]
fn a_row_that_does_not_fit_is_found_by_its_line_and_items_have_no_blanks() {
    let config = "[source.payment]\nfile = \"payments.csv\"\n[table.cards]\nfile = \"cards.csv\"\n\
                  [param.banned]\nfile = \"banned.txt\"\n[dead_letters]\nfile = \"dead.jsonl\"\n";
    let cards = "card,owner,limit\na,ada,1\nb,bob,many\n\nc,eve,\nd,dan,more\n";
    let folder = folder(&[("tripline.toml", config), ("cards.csv", cards), ("banned.txt", "  de \r\n\n\tes\n")]);
    assert_eq!(messages(folder.path(), &["r.trip", "--config", "tripline.toml"]), ["b: -, -"]);
    let dead = std::fs::read_to_string(folder.path().join("dead.jsonl")).expect("it is written");
    let dead: Vec<serde_json::Value> = dead.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let places: Vec<_> = dead.iter().map(|one| (&one["topic"], &one["headers"])).collect();
    let (topic, lines) = (serde_json::json!("cards.csv"), ["3", "6"].map(|line| serde_json::json!([["line", line]])));
    assert_eq!(places, [(&topic, &lines[0]), (&topic, &lines[1])]);
}
