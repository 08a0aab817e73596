//! A small story: what follows from a script, and what is said of one that is wrong.

use std::borrow::Cow;

use super::{Story, Told};

const RULES: &str = r#"
stream payment { card: text  amount: decimal(2)  status: text from "data.status"  at: time(ms) } timed by at, late 5s
rule burst { by card on payment when count() over 10m >= 3 alert low "{card}" }
"#;

const SCRIPT: &str = r##"
title = "t"
start = 2025-01-01T00:00:00Z
lasts = "1h"

[arrival]
delay = "0s..4s"

[cast.card]
name  = "c-###"
count = 10

[stream.payment]
key    = "card"
fields = { card = "{card}", amount = "1.00..9.00", status = "ok" }

[[life]]
what   = "people pay"
times  = 50
spare  = true
events = [{ payment = {} }]

[[scene]]
what   = "a thief"
times  = 2
truth  = ["burst"]
events = [{ payment = { amount = 500 }, after = "1m", times = 3 }]

[[scene]]
what   = "a quiet one"
times  = 2
events = [{ payment = { amount = 700 } }]
"##;

fn story(script: &str) -> Story {
    Story {
        name: Cow::Borrowed("small"),
        rules: Cow::Borrowed(RULES),
        script: Cow::Owned(script.to_owned()),
        expected: None,
        readme: None,
    }
}

fn told(script: &str, seed: u64) -> Told {
    story(script).tell(Some(seed)).expect("a story")
}

/// The records of one amount, in order.
fn of_amount<'a>(told: &'a Told, amount: &str) -> Vec<&'a str> {
    let of = format!("\"amount\":{amount},");
    told.records.iter().map(|record| record.json.as_str()).filter(|json| json.contains(&of)).collect()
}

#[test]
fn the_same_seed_tells_the_same() {
    assert_eq!(told(SCRIPT, 1), told(SCRIPT, 1));
    assert_ne!(told(SCRIPT, 1), told(SCRIPT, 2));
}

#[test]
fn records_are_as_the_stream_declares_them_in_order_of_arrival() {
    let told = told(SCRIPT, 1);
    assert_eq!((told.records.len(), told.tellings.len()), (50 + 6 + 2, 4));
    assert!(told.records.is_sorted_by_key(|record| record.arrives_us));
    assert!(!told.records.is_sorted_by_key(|record| record.at_us), "nothing is out of order");
    let record = &told.records[0];
    let expected = format!(
        r#"{{"card":"{}","amount":{},"data":{{"status":"ok"}},"at":{}}}"#,
        record.key,
        record.json.split(&[':', ','][..]).nth(3).unwrap_or_default(),
        record.at_us / 1000
    );
    assert_eq!(record.json, expected);
}

#[test]
fn who_is_in_a_scene_is_in_no_other_and_not_in_ordinary_life_that_spares_them() {
    let told = told(SCRIPT, 1);
    let mut members: Vec<&String> = told.tellings.iter().flat_map(|telling| &telling.members).collect();
    members.sort();
    members.dedup();
    assert_eq!(members.len(), 4);
    let theirs = told.records.iter().filter(|record| members.contains(&&record.key)).count();
    assert_eq!(theirs, 6 + 2);
}

#[test]
fn a_scene_that_changes_leaves_the_others_as_they_were() {
    let changed = SCRIPT.replace("times = 3 }", "times = 5 }");
    let (before, after) = (told(SCRIPT, 1), told(&changed, 1));
    assert_ne!(of_amount(&before, "500.00"), of_amount(&after, "500.00"));
    assert_eq!(of_amount(&before, "700.00"), of_amount(&after, "700.00"));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (right, wrong, parts) in [
        ("amount = 700", "amuont = 700", ["a quiet one", "no field `amuont`"]),
        ("{ payment = { amount = 700 } }", "{ payed = { amount = 700 } }", ["a quiet one", "no stream `payed`"]),
        ("amount = 700", "amount = \"much\"", ["a quiet one", "decimal"]),
        ("truth  = [\"burst\"]", "truth  = [\"bust\"]", ["a thief", "no rule `bust`"]),
        ("\"{card}\"", "\"{cart}\"", ["a thief", "no `cart` in the cast"]),
        ("count = 10", "count = 3", ["a quiet one", "raise its `count`"]),
        ("times = 3 }", "until = \"1h\", every = \"0s\" }", ["a thief", "needs an `every`"]),
        ("lasts = \"1h\"", "lasts = \"an hour\"", ["the script of `small`", "no span of time"]),
        ("spare  = true", "spear  = true", ["the script of `small`", "spear"]),
    ] {
        assert!(SCRIPT.contains(right), "{right}");
        let said = story(&SCRIPT.replacen(right, wrong, 1)).tell(None).expect_err(wrong).to_string();
        assert!(parts.iter().all(|part| said.contains(part)), "{wrong}: {said}");
    }
}
