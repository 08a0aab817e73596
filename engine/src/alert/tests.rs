//! The bytes of an alert: golden, as documented, and as the schema says.

use std::path::PathBuf;

use super::*;
use crate::event::PartitionId;
use crate::expr::write_key;
use crate::io::{Cause, Hop};
use tripline_query_lang::plan::{
    self, Body, Expr, ExprKind, FieldId, Key, Rule, Severity, Stream, StreamId, Threshold, With,
};
use tripline_query_lang::value::{Decimal, Point, Type};

const START_US: i64 = 1_767_225_600_000_000;

fn plan_with(fields: &[&str]) -> Plan {
    let with =
        |name: &&str| With { name: (*name).into(), expr: Expr { kind: ExprKind::Const(Value::Null), ty: Type::Null } };
    let tags = [Value::Text("card".into()), Value::Text("fraud".into())];
    let rule = Rule {
        name: "high_value_burst".into(),
        key_table: None,
        fingerprint: 0x0123_4567_89ab_cdef,
        metadata: vec![("owner".into(), Value::Text("fraud team".into())), ("tags".into(), Value::List(tags.into()))],
        keys: vec![Key { name: "card".into(), ty: Type::Text }],
        body: Body::Threshold(Threshold {
            on: Vec::new(),
            slots: Vec::new(),
            window: None,
            when: None,
            hold_us: None,
            episode_us: None,
        }),
        histories: Vec::new(),
        fields: fields.iter().map(with).collect(),
        having: None,
        alert: Some(plan::Alert {
            every_event: false,
            severity: Severity::High,
            template: Vec::new(),
            to: vec!["pager".into()],
        }),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    };
    let stream = Stream {
        name: "payment".into(),
        fields: Vec::new(),
        timed_by: FieldId(0),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    };
    Plan { streams: vec![stream], rules: vec![rule], ..Plan::default() }
}

fn event(seconds: i64, offset: i64) -> Evidence {
    let partition = PartitionId { stream: StreamId(0), topic: "payments".into(), partition: 0 };
    let at_us = START_US + seconds * 1_000_000;
    Evidence { step: "payment".into(), what: Witness::Event(Coordinates { at_us, partition, offset, place: None }) }
}

fn alert() -> Alert {
    let cause = Cause::Event { stream: 0, topic: "payments".into(), partition: 0, offset: 17 };
    let key_parts = vec![Value::Text("c1".into())];
    let mut key = Vec::new();
    assert!(write_key(&key_parts, &mut key));
    Alert {
        position: Position { time_us: START_US + 120_000_000, cause, path: vec![Hop { rule: 0, key, sequence: 0 }] },
        rule: RuleId(0),
        key: key_parts,
        at_us: START_US + 120_000_000,
        state: AlertState::Firing,
        message: "c1: 3 payments, 2100.00 in ten minutes".into(),
        fields: vec![Value::Int(3), Value::Decimal(Decimal { mantissa: 210_000, scale: 2 })],
        evidence: vec![event(120, 17)],
        incomplete: false,
    }
}

const GOLDEN: &str = concat!(
    r#"{"id":"21f41323040c756802201b1c5758a08c","rule":"high_value_burst","state":"firing","severity":"high","key":{"card":"c1"},"at":"2026-01-01T00:02:00Z""#,
    r#","message":"c1: 3 payments, 2100.00 in ten minutes","fields":{"n":3,"total":2100.00}"#,
    r#","evidence":[{"step":"payment","stream":"payment","topic":"payments","partition":0,"offset":17,"at":"2026-01-01T00:02:00Z"}]"#,
    r#","fingerprint":"0123456789abcdef","metadata":{"owner":"fraud team","tags":["card","fraud"]}}"#,
);

fn document(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(name);
    std::fs::read_to_string(&path).expect("the reference pages are in docs/reference")
}

fn schema() -> jsonschema::Validator {
    let schema = serde_json::from_str(&document("alert.schema.json")).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

#[test]
fn the_body_is_golden_and_documented() {
    let json = alert().json(&plan_with(&["n", "total"]));
    assert_eq!(json, GOLDEN);
    assert!(
        document("alert.md").contains(&format!("```json\n{json}\n```")),
        "docs/reference/alert.md has another example"
    );
}

#[test]
fn every_value_has_one_spelling() {
    let decimal = |mantissa, scale| Value::Decimal(Decimal { mantissa, scale });
    let cases = [
        (Value::Null, "null"),
        (Value::Bool(true), "true"),
        (Value::Int(i64::MIN), "-9223372036854775808"),
        (Value::Float(1.0), "1.0"),
        (Value::Float(0.1), "0.1"),
        (Value::Float(1e300), "1e300"),
        (decimal(-5, 2), "-0.05"),
        (decimal(100, 0), "100"),
        (Value::Text("\"a\\\n\u{1}\u{e9}/".into()), r#""\"a\\\n\u0001é/""#),
        (Value::Time(START_US + 1), "\"2026-01-01T00:00:00.000001Z\""),
        (Value::Time(i64::MIN), "\"-9223372036854775808us\""),
        (Value::Duration(90_000_000), "90"),
        (Value::Duration(-250_000), "-0.25"),
        (Value::Duration(0), "0"),
        (Value::Duration(100_000_000), "100"),
        (Value::Point(Point { lat: 52.5, lon: -13.0 }), "[52.5,-13.0]"),
        (Value::List([Value::Int(1), Value::Null].into()), "[1,null]"),
    ];
    let schema = schema();
    for (value, text) in cases {
        let json = Alert { fields: vec![value], ..alert() }.json(&plan_with(&["v"]));
        assert!(json.contains(&format!("\"fields\":{{\"v\":{text}}}")), "{json} has not {text}");
        let parsed: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert!(schema.is_valid(&parsed), "{json}");
    }
}

#[test]
fn the_schema_knows_a_deadline_and_refuses_others() {
    let plan = plan_with(&["n", "total"]);
    let deadline = Evidence { step: "no order".into(), what: Witness::Deadline(START_US) };
    let late = Alert { evidence: vec![event(0, 1), deadline], incomplete: true, ..alert() };
    let json = late.json(&plan);
    assert!(json.contains(r#",{"step":"no order","deadline":"2026-01-01T00:00:00Z"}],"#), "{json}");
    assert!(json.ends_with(r#""tags":["card","fraud"]},"incomplete":true}"#), "{json}");
    let schema = schema();
    let mut parsed: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert!(schema.is_valid(&parsed), "{json}");
    parsed["more"] = 1.into();
    assert!(!schema.is_valid(&parsed));
}

#[test]
fn what_is_said_later_has_the_first_id_and_its_state() {
    let plan = plan_with(&["n", "total"]);
    let schema = schema();
    let first = alert();
    for (state, shown, occurrence) in [
        (AlertState::Firing, r#","state":"firing","severity":"#, ""),
        (AlertState::Repeated(2), r#","state":"repeated","repeat":2,"severity":"#, "-2"),
        (AlertState::Resolved, r#","state":"resolved","severity":"#, "-resolved"),
    ] {
        let later = Alert { state, ..first.clone() };
        let json = later.json(&plan);
        assert!(json.contains(shown), "{json}");
        assert_eq!(later.id(&plan), first.id(&plan));
        assert_eq!(later.record(&plan).id, format!("{}{occurrence}", first.id(&plan)));
        let mut parsed: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert!(schema.is_valid(&parsed), "{json}");
        parsed["state"] = if state == AlertState::Resolved { "repeated" } else { "over" }.into();
        assert!(!schema.is_valid(&parsed));
    }
}

#[test]
fn the_id_depends_on_what_was_seen_and_on_nothing_else() {
    let plan = plan_with(&[]);
    let id = alert().id(&plan);
    assert_eq!(id, "21f41323040c756802201b1c5758a08c");
    let said = Alert { message: String::new(), fields: Vec::new(), incomplete: true, at_us: 0, ..alert() };
    assert_eq!(said.id(&plan), id);
    let mut renumbered = plan_with(&[]);
    renumbered.streams.insert(0, Stream { name: "refund".into(), ..renumbered.streams[0].clone() });
    let mut moved = alert();
    if let Witness::Event(event) = &mut moved.evidence[0].what {
        event.partition.stream = StreamId(1);
    }
    assert_eq!(moved.id(&renumbered), id);

    let mut rules = plan.clone();
    rules.rules[0].fingerprint += 1;
    let mut key = alert();
    key.position.path[0].key.push(0);
    let others = [
        alert().id(&rules),
        key.id(&plan),
        Alert { evidence: vec![event(120, 18)], ..alert() }.id(&plan),
        Alert { evidence: vec![event(121, 17)], ..alert() }.id(&plan),
        Alert { evidence: vec![event(120, 17), event(120, 18)], ..alert() }.id(&plan),
    ];
    assert!(others.iter().all(|other| *other != id), "{others:?}");
}

#[test]
fn a_record_is_what_a_sink_needs() {
    let record = alert().record(&plan_with(&["n", "total"]));
    assert_eq!(record.key, br#"{"card":"c1"}"#);
    assert_eq!(
        (&*record.rule, record.severity, &record.to[..]),
        ("high_value_burst", Severity::High, &["pager".into()][..])
    );
    assert_eq!(record.body, GOLDEN.as_bytes());
}
