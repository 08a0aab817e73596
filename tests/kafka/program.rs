//! The whole program on a real broker: alerts, dead letters and late events; any number of workers; orderly ends.

use std::time::Duration;

use crate::broker::Broker;
use crate::engine::Deployment;
use crate::load::{DONE_AT_US, PARTITIONS, RULES, Truth, load, truth};
use crate::topic;

/// The messages of a rule's alerts, sorted.
pub fn messages(alerts: &[String], rule: &str) -> Vec<String> {
    let parsed = alerts.iter().map(|a| serde_json::from_str::<serde_json::Value>(a).unwrap());
    let mut messages: Vec<String> =
        parsed.filter(|a| a["rule"] == rule).map(|a| a["message"].as_str().unwrap().to_owned()).collect();
    messages.sort();
    messages
}

/// What a deployment has committed equals the truth, as far as a plain loop knows it.
pub fn check(deployment: &Deployment<'_>, alerts: &[String], truth: &Truth) {
    assert_eq!(messages(alerts, "large"), truth.large);
    let dead = deployment.origins("dead");
    assert_eq!(dead.len(), truth.bad, "dead letters");
    assert_eq!(deployment.origins("late").len(), truth.late, "late events");
    for rule in ["burst", "testing", "unpaid"] {
        assert!(!messages(alerts, rule).is_empty(), "the load has no alert of `{rule}`, and proves nothing of it");
    }
}

#[test]
fn one_two_and_three_workers_give_the_same_alert_bytes() {
    let (broker, input) = (Broker::shared(), "program-workers");
    topic::create(broker, input, PARTITIONS, &[]);
    let items = load(1, 20_000);
    topic::write(broker, input, items.iter().map(|item| item.put()));
    let run = |workers: usize| {
        let deployment = Deployment::new(broker, &format!("program-workers-{workers}"), input);
        deployment.run_through(workers, DONE_AT_US);
        let alerts = deployment.alerts();
        check(&deployment, &alerts, &truth(&items));
        (alerts, deployment.origins("dead"), deployment.origins("late"))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}

#[test]
fn each_kind_of_bad_record_is_one_dead_letter_and_its_neighbours_flow() {
    let (broker, input) = (Broker::shared(), "program-bad");
    topic::create(broker, input, 1, &[("max.message.bytes", "20000000")]);
    let good = |n: i64| format!("{{\"id\":\"g{n}\",\"card\":\"c\",\"amount\":995.00,\"kind\":\"card\",\"at\":{n}}}");
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(10_000_000));
    let with = |member: &str| good(2).replace("\"amount\":995.00", member).into_bytes();
    let bad: Vec<(Option<Vec<u8>>, &str)> = vec![
        (Some(b"{\"id\":".to_vec()), "invalid json"),
        (Some(vec![b'{', 0xff, b'}']), "invalid utf-8"),
        (Some(b"{}".to_vec()), "missing field"),
        (Some(with("\"amount\":true")), "wrong type"),
        (Some(with("\"amount\":1.005")), "out of range"),
        (Some(with("\"amount\":1e30")), "out of range"),
        (Some(b"[1]".to_vec()), "wrong type"),
        (Some(Vec::new()), "invalid json"),
        (Some(deep.into_bytes()), "too deep"),
        (Some(large.into_bytes()), "too large"),
        (None, "null payload"),
    ];
    let mut records: Vec<Option<Vec<u8>>> = Vec::new();
    for (n, (value, _)) in bad.iter().enumerate() {
        records.push(Some(good(n as i64).into_bytes()));
        records.push(value.clone());
    }
    records.push(Some(good(1_000_000_000).into_bytes()));
    topic::write(broker, input, records.iter().map(|value| (0, Some(&b"k"[..]), value.as_deref())));
    let deployment = Deployment::new(broker, "program-bad", input);
    deployment.run_through(1, 900_000_000_000);
    assert_eq!(messages(&deployment.alerts(), "large").len(), bad.len());
    let dead = deployment.read("dead");
    let found: Vec<(String, i64)> = dead
        .iter()
        .map(|w| {
            let header = |name: &str| w.header(&format!("__connect.errors.{name}")).unwrap();
            (header("class.name"), header("offset").parse().unwrap())
        })
        .collect();
    let expected: Vec<(String, i64)> =
        bad.iter().enumerate().map(|(n, (_, class))| ((*class).to_owned(), n as i64 * 2 + 1)).collect();
    assert_eq!(found, expected);
    for (letter, (value, class)) in dead.iter().zip(&bad) {
        assert_eq!(letter.key.as_deref(), Some(&b"k"[..]));
        assert!(*class == "too large" || letter.value == *value, "the bytes of a record that is {class}");
        assert_eq!(letter.header("__connect.errors.topic").as_deref(), Some(input));
    }
}

#[test]
fn a_topic_made_anew_is_refused() {
    let (broker, input) = (Broker::shared(), "program-anew");
    topic::create(broker, input, PARTITIONS, &[]);
    let items = load(2, 500);
    topic::write(broker, input, items.iter().map(|item| item.put()));
    let deployment = Deployment::new(broker, "program-anew", input);
    deployment.run_through(1, DONE_AT_US);
    let before = deployment.alerts();
    topic::delete(broker, input);
    topic::create(broker, input, PARTITIONS, &[]);
    topic::write(broker, input, items.iter().map(|item| item.put()));
    let mut engine = deployment.start(1);
    let status = engine.wait(topic::PATIENCE);
    assert_eq!(status.code(), Some(3), "{}", engine.said());
    let said = engine.said();
    assert!(said.contains("program-anew") && said.contains("made anew"), "{said}");
    assert_eq!(deployment.alerts(), before);
}

#[test]
fn a_stop_while_no_broker_answers_ends_well() {
    let broker = Broker::own();
    let deployment = Deployment::new(&broker, "program-nobody", "any");
    broker.stop();
    let mut engine = deployment.start(1);
    engine.wait_to_say("Connection refused");
    assert!(engine.said().contains(&broker.address()), "{}", engine.said());
    assert!(engine.is_running());
    engine.terminate();
}

#[test]
fn an_unknown_topic_exits_3_and_names_it() {
    let broker = Broker::shared();
    let deployment = Deployment::new(broker, "program-unknown", "no-such-input");
    let mut engine = deployment.start(1);
    assert_eq!(engine.wait(Duration::from_secs(30)).code(), Some(3));
    let said = engine.said();
    assert!(said.contains("no-such-input") && said.contains(&broker.address()), "{said}");
}

#[test]
fn the_rules_of_these_tests_compile() {
    let source = tripline_query_lang::Source { name: "rules.trip".to_owned(), text: RULES.to_owned() };
    let compiled = tripline_query_lang::compile(&[source], &[]);
    assert!(compiled.plan.is_some(), "{:?}", compiled.diagnostics);
}
