//! Rules over rules, lists that change, and keys of tables, through kills: what is committed is what one undisturbed run
//! commits.

use crate::broker::Broker;
use crate::engine::Deployment;
use crate::program::messages;
use crate::topic;

/// 2026-01-01T00:00:00Z
const START_MS: i64 = 1_767_225_600_000;

/// Card, country and time of payments, milliseconds after the start.
fn pay(broker: &Broker, topic: &str, payments: &[(i32, &str, &str, i64)]) {
    let json = |(partition, card, country, at): &(i32, &str, &str, i64)| {
        (*partition, format!(r#"{{"card":"{card}","country":"{country}","at":{}}}"#, START_MS + at))
    };
    let values: Vec<(i32, String)> = payments.iter().map(json).collect();
    topic::write(broker, topic, values.iter().map(|(partition, value)| (*partition, None, Some(value.as_bytes()))));
}

/// Microseconds.
fn time(ms: i64) -> i64 {
    (START_MS + ms) * 1000
}

/// Runs until this time is committed, and is killed.
fn run_and_kill(deployment: &Deployment<'_>, workers: usize, until_ms: i64) {
    let mut engine = deployment.start(workers);
    deployment.wait_for(&mut engine, time(until_ms));
    engine.kill();
}

#[test]
fn a_rule_over_a_rule_is_exactly_once_through_kills() {
    let rules = r#"
        stream payment { card: text  country: text  at: time(ms) } timed by at, late 20ms, unique by (card, at) over 1s
        rule seen { by card on payment alert every event low "{card} {n}" with n = count() over 100ms, country = country }
        rule many { by country on seen where n >= 2 alert every event low "{country} {m}" with m = count() over 200ms }
        derive per_window { by card on seen every 50ms emit card, n = count() }
        rule busy { on per_window where n >= 2 alert every event low "{card} {n}" }
        view usual { by country on many emit top = max(m) over 1h }
        rule odd { on payment where usual[country].top >= 3 alert every event low "{card} {country}" }
    "#;
    let (broker, input) = (Broker::shared(), "chains-rules");
    topic::create(broker, input, 2, &[]);
    let (cards, countries) = (["a", "b", "c"], ["de", "fr"]);
    // Each comes twice, on both partitions.
    let load = |from: i64, to: i64| {
        let one = |n: i64| (cards[(n * 7 % 3) as usize], countries[(n * 5 / 3 % 2) as usize], n * 10);
        let both = (from..to).flat_map(|n| [0, 1].map(|partition| (partition, one(n).0, one(n).1, one(n).2)));
        pay(broker, input, &both.collect::<Vec<_>>());
    };
    load(0, 150);
    let disturbed = Deployment::of(broker, "chains-killed", input, rules, "");
    run_and_kill(&disturbed, 1, 700);
    run_and_kill(&disturbed, 2, 1_400);
    load(150, 300);
    run_and_kill(&disturbed, 3, 2_000);
    pay(broker, input, &[(0, "z", "zz", 60_000), (1, "z", "zz", 60_001)]);
    disturbed.run_through(2, time(59_980));
    let undisturbed = Deployment::of(broker, "chains-whole", input, rules, "");
    undisturbed.run_through(1, time(59_980));
    let alerts = undisturbed.alerts();
    assert_eq!(disturbed.alerts(), alerts);
    assert_eq!(messages(&alerts, "seen").len(), 300);
    for rule in ["many", "busy", "odd"] {
        assert!(messages(&alerts, rule).len() > 10, "the load proves nothing of `{rule}`");
    }
}

const LISTED: &str = r#"
    stream payment { card: text  country: text  at: time(ms) } timed by at
    param banned = ["nowhere"]
    rule listed {
      by card on payment alert every event low "{card} {country} {n}"
      with country = country, n = count(where country in banned) over 1h
    }
"#;

/// A list of `de` that `fr` joins while the rules run: `change` makes it so, at this offset.
fn a_list_changes(deployment: &Deployment<'_>, input: &str, offset: i64, change: impl FnOnce(&str)) {
    let broker = Broker::shared();
    pay(broker, input, &[(0, "a", "de", 1_000), (0, "a", "fr", 2_000), (0, "end", "", 3_000)]);
    let mut engine = deployment.start(1);
    deployment.wait_for(&mut engine, time(3_000));
    change("fr");
    deployment.wait_until(&mut engine, |progress| {
        let entries = progress["cut"]["partitions"].as_array().unwrap();
        entries.iter().any(|entry| entry["stream"] == "param banned" && entry["next"].as_i64() > Some(offset))
    });
    pay(broker, input, &[(0, "a", "fr", 4_000), (0, "end", "", 5_000)]);
    deployment.wait_for(&mut engine, time(5_000));
    engine.kill();
    // A restart that judged the second payment by the list of now would count one more.
    pay(broker, input, &[(0, "a", "fr", 6_000), (0, "end", "", 7_000)]);
    deployment.run_through(2, time(7_000));
    let listed = messages(&deployment.alerts(), "listed");
    let of_a: Vec<&str> = listed.iter().map(String::as_str).filter(|message| message.starts_with("a ")).collect();
    assert_eq!(of_a, ["a de 1", "a fr 1", "a fr 2", "a fr 3"]);
}

#[test]
fn a_list_from_a_topic_changes_by_a_logged_decision() {
    let (broker, input, list) = (Broker::shared(), "chains-listed", "chains-list");
    topic::create(broker, input, 1, &[]);
    topic::create(broker, list, 1, &[("cleanup.policy", "compact")]);
    let put = |item: &str| {
        let record = (0, Some(item.as_bytes()), Some(item.as_bytes()));
        topic::write_at(broker, list, [(record, START_MS)]);
    };
    put("de");
    let section = format!("[param.banned]\nkafka = \"main\"\ntopic = \"{list}\"\n");
    let deployment = Deployment::of(broker, "chains-topic", input, LISTED, &section);
    a_list_changes(&deployment, input, 1, put);
}

#[test]
fn a_list_from_a_file_changes_by_a_logged_decision() {
    let (broker, input) = (Broker::shared(), "chains-filed");
    topic::create(broker, input, 1, &[]);
    let deployment = Deployment::of(broker, "chains-file", input, LISTED, "[param.banned]\nfile = \"banned.txt\"\n");
    deployment.write("banned.txt", "de\n");
    // Lines of a file count from 1.
    a_list_changes(&deployment, input, 2, |item| deployment.write("banned.txt", &format!("de\n{item}\n")));
}

#[test]
fn keys_of_a_table_are_silent_and_have_empty_windows() {
    let rules = r#"
        stream payment { card: text  country: text  at: time(ms) } timed by at
        table cards key card { card: text  owner: text }
        rule silent { by card in cards match no payment for 3500ms alert low "{card}" }
        derive per_window { by card in cards on payment every 2s emit card, n = count() }
        rule rows { on per_window alert every event low "{card} {n}" }
    "#;
    let (broker, input, table) = (Broker::shared(), "chains-keys", "chains-cards");
    topic::create(broker, input, 1, &[]);
    topic::create(broker, table, 1, &[("cleanup.policy", "compact")]);
    let row = |card: &str| format!(r#"{{"card":"{card}","owner":"o"}}"#);
    let values = ["a", "b"].map(|card| (card, row(card)));
    let records = values.iter().map(|(card, row)| ((0, Some(card.as_bytes()), Some(row.as_bytes())), START_MS));
    topic::write_at(broker, table, records);
    pay(broker, input, &[(0, "z", "", 0), (0, "a", "", 1_000), (0, "a", "", 4_000), (0, "z", "", 5_000)]);
    let of_topic = format!("[table.cards]\nkafka = \"main\"\ntopic = \"{table}\"\n");
    let of_topic = Deployment::of(broker, "chains-of-topic", input, rules, &of_topic);
    let of_file = Deployment::of(broker, "chains-of-file", input, rules, "[table.cards]\nfile = \"cards.csv\"\n");
    of_file.write("cards.csv", "card,owner\na,o\nb,o\n");
    run_and_kill(&of_topic, 2, 5_000);
    run_and_kill(&of_file, 1, 5_000);
    pay(broker, input, &[(0, "z", "", 10_000)]);
    for deployment in [of_topic, of_file] {
        deployment.run_through(3, time(10_000));
        let alerts = deployment.alerts();
        assert_eq!(messages(&alerts, "silent"), ["a", "b"]);
        let expected = ["a 0", "a 0", "a 1", "a 1", "b 0", "b 0", "b 0", "b 0"];
        assert_eq!(messages(&alerts, "rows"), expected);
    }
}
