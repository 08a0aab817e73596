//! A table from a compacted topic: read first, looked up as of the events' times, the same after a restart.

use crate::broker::Broker;
use crate::engine::Deployment;
use crate::program::messages;
use crate::topic;

const RULES: &str = r#"
stream payment { id: text  card: text  at: time(ms) } timed by at
table cards key card { card: text  owner: text }
rule seen {
  by    card
  on    payment
  alert every event low "{id} {cards[card].owner} {known}"
  with  known = count(where card in cards) over 1h
}
"#;

/// 2026-01-01T00:00:00Z
const START_MS: i64 = 1_767_225_600_000;

fn pay(broker: &Broker, topic: &str, payments: &[(&str, &str, i64)]) {
    let json =
        |(id, card, at): &(&str, &str, i64)| format!(r#"{{"id":"{id}","card":"{card}","at":{}}}"#, START_MS + at);
    let values: Vec<String> = payments.iter().map(json).collect();
    topic::write(broker, topic, values.iter().map(|value| (0, None, Some(value.as_bytes()))));
}

fn rows(broker: &Broker, topic: &str, rows: &[(i32, &str, Option<&str>, i64)]) {
    let owner = |owner: Option<&str>, card: &str| owner.map(|owner| format!(r#"{{"card":"{card}","owner":{owner}}}"#));
    let values: Vec<Option<String>> = rows.iter().map(|(_, card, value, _)| owner(*value, card)).collect();
    let records = rows.iter().zip(&values).map(|((partition, card, _, at), value)| {
        ((*partition, Some(card.as_bytes()), value.as_deref().map(str::as_bytes)), START_MS + at)
    });
    topic::write_at(broker, topic, records);
}

#[test]
fn a_compacted_topic_is_read_first_and_a_restart_finds_the_same() {
    let (broker, input, table) = (Broker::shared(), "tables-payments", "tables-cards");
    topic::create(broker, input, 1, &[]);
    topic::create(broker, table, 2, &[("cleanup.policy", "compact")]);
    let bad = r#"5"#;
    rows(
        broker,
        table,
        &[
            (0, "a", Some(r#""ada""#), 0),
            (1, "b", Some(r#""bob""#), 1_500),
            (0, "a", Some(r#""eve""#), 2_500),
            (0, "a", Some(bad), 2_600),
            (1, "b", None, 3_500),
        ],
    );
    pay(
        broker,
        input,
        &[
            ("0", "z", 500),
            ("1", "a", 1_000),
            ("2", "b", 1_000),
            ("3", "b", 2_000),
            ("4", "a", 3_000),
            ("5", "b", 4_000),
        ],
    );
    pay(broker, input, &[("end", "z", 5_000)]);
    let section = format!("[table.cards]\nkafka = \"main\"\ntopic = \"{table}\"\n");
    let deployment = Deployment::of(broker, "tables", input, RULES, &section);
    deployment.run_through(2, (START_MS + 5_000) * 1000);
    let first = ["0 - 0", "1 ada 1", "2 - 0", "3 bob 1", "4 eve 2", "5 - 1"];
    assert_eq!(messages(&deployment.alerts(), "seen"), first);
    assert_eq!(deployment.origins("dead"), [("0".to_owned(), 2)]);

    // A row whose record's time has passed long ago holds from the watermark on, and not for what was said before.
    rows(broker, table, &[(1, "z", Some(r#""zoe""#), 100)]);
    pay(broker, input, &[("6", "z", 6_000), ("end2", "y", 7_000)]);
    deployment.run_through(1, (START_MS + 7_000) * 1000);
    pay(broker, input, &[("7", "z", 8_000), ("end3", "y", 9_000)]);
    deployment.run_through(3, (START_MS + 9_000) * 1000);
    let all =
        ["0 - 0", "1 ada 1", "2 - 0", "3 bob 1", "4 eve 2", "5 - 1", "6 zoe 2", "7 zoe 3", "end zoe 1", "end2 - 0"];
    assert_eq!(messages(&deployment.alerts(), "seen"), all);
    assert_eq!(deployment.origins("dead").len(), 1);
}
