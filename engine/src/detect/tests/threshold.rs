//! Threshold rules: admission, episodes, suppression, what an alert carries.

use super::*;
use crate::event::{Cause, Hop, Position};
use tripline_query_lang::plan::Suppress;

#[test]
fn without_when_every_admitted_event_alerts() {
    let mut low = rule("low");
    threshold(&mut low).on[0].filter = Some(at_least(field(X), 5));
    let alerts = alerts(vec![low], &[(Some("a"), 7, 10), (Some("b"), 4, 11), (Some("b"), 5, 12)]);
    assert_eq!(times(&alerts), [("a".into(), 10), ("b".into(), 12)]);
    let alert = &alerts[1];
    assert_eq!((&*alert.message, &alert.fields[..]), ("x is 5", &[Value::Int(5)][..]));
    assert_eq!(witness(alert), ("p", 2));
    let cause = Cause::Event { stream: 0, topic: "t".into(), partition: 0, offset: 2 };
    assert_eq!(
        alert.position,
        Position { time_us: 12, cause, path: vec![Hop { rule: 0, key: vec![129, b'b'], sequence: 0 }] }
    );
}

#[test]
fn the_first_clause_that_fits_admits() {
    let mut both = rule("both");
    let clause = |name: &str, filter| On { name: Some(name.into()), ..on(0, filter) };
    threshold(&mut both).on = vec![clause("big", Some(at_least(field(X), 5))), clause("any", None), on(1, None)];
    let mut local = local(vec![both], 1);
    local.push(&batch(0, 0, 0, &[(Some("a"), 9, 1), (Some("a"), 1, 2)]));
    local.push(&batch(1, 0, 5, &[(Some("a"), 9, 3)]));
    let alerts = local.finish();
    assert_eq!(alerts.iter().map(witness).collect::<Vec<_>>(), [("big", 0), ("any", 1), ("q", 5)]);
}

#[test]
fn an_episode_alerts_when_it_opens() {
    let mut high = rule("high");
    threshold(&mut high).when = Some(at_least(slot(X), 5));
    let events = [(Some("a"), 5, 1), (Some("a"), 6, 2), (Some("b"), 5, 3), (Some("a"), 4, 4), (Some("a"), 5, 5)];
    assert_eq!(times(&alerts(vec![high.clone()], &events)), [("a".into(), 1), ("b".into(), 3), ("a".into(), 5)]);
    said(&mut high).every_event = true;
    assert_eq!(times(&alerts(vec![high], &events)).len(), 4);
}

#[test]
fn an_episode_ends_when_the_last_event_has_left_the_window() {
    let mut burst = rule("burst");
    when_count(&mut burst, 10, 1);
    // Exactly 10 later the last event is still in the window; 11 later it has left.
    let events = [(Some("a"), 0, 0), (Some("a"), 0, 10), (Some("a"), 0, 21)];
    assert_eq!(times(&alerts(vec![burst.clone()], &events)), [("a".into(), 0), ("a".into(), 21)]);
    // Whether the watermark passed in between makes no difference.
    let mut steps = local(vec![burst], 1);
    let mut all = Vec::new();
    for (offset, event) in events.iter().enumerate() {
        steps.push(&batch(0, 0, offset as i64, &[*event]));
        all.extend(steps.advance(event.2 + 1));
    }
    assert_eq!(times(&all), [("a".into(), 0), ("a".into(), 21)]);
}

#[test]
fn suppress_includes_its_end_and_opens_episodes() {
    let mut rare = rule("rare");
    rare.suppress = Some(Suppress { span_us: 10, by: Vec::new() });
    let event = |at_us| (Some("a"), at_us, at_us);
    assert_eq!(
        times(&alerts(vec![rare.clone()], &[0, 10, 11, 21, 22].map(event))),
        [0, 11, 22].map(|t| ("a".into(), t))
    );
    // The alert at 3 is suppressed, its episode is open all the same: the event at 12 finds it so.
    threshold(&mut rare).when = Some(at_least(slot(X), 5));
    let events = [(Some("a"), 5, 0), (Some("a"), 0, 1), (Some("a"), 5, 3), (Some("a"), 5, 12)];
    assert_eq!(times(&alerts(vec![rare.clone()], &events)), [("a".into(), 0)]);
    // By x as well as by key.
    rare.suppress = Some(Suppress { span_us: 10, by: vec![slot(X)] });
    threshold(&mut rare).when = None;
    let events = [(Some("a"), 5, 0), (Some("a"), 6, 1), (Some("a"), 5, 2), (Some("b"), 5, 3)];
    assert_eq!(times(&alerts(vec![rare], &events)), [("a".into(), 0), ("a".into(), 1), ("b".into(), 3)]);
}

#[test]
fn when_and_later_fields_read_with_fields() {
    let mut sums = rule("sums");
    let with = |name: &str, expr| With { name: name.into(), expr };
    let of_with = |index| Expr { kind: ExprKind::With(index), ty: Type::Int };
    let double = |expr: Expr| {
        let kind = ExprKind::Arith(plan::ArithOp::Add, Box::new(expr.clone()), Box::new(expr));
        Expr { kind, ty: Type::Int }
    };
    sums.fields = vec![with("x", slot(X)), with("double", double(of_with(0))), with("four", double(of_with(1)))];
    threshold(&mut sums).when = Some(at_least(of_with(1), 8));
    let alerts = alerts(vec![sums], &[(Some("a"), 3, 1), (Some("a"), 4, 2)]);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].fields, [4, 8, 16].map(Value::Int));
}

#[test]
fn rows_without_a_key_join_nothing_and_are_counted() {
    let mut keyless = rule("keyless");
    keyless.keys.clear();
    threshold(&mut keyless).on[0].keys.clear();
    threshold(&mut keyless).on[0].filter = Some(at_least(field(X), 5));
    let rows = batch(0, 0, 0, &[(None, 1, 1), (Some("a"), 1, 2), (None, 9, 3)]);
    let program = |rules| Program::new(plan(rules)).expect("few roles");
    let prepared = program(vec![rule("keyed")]).prepare(&rows, 1);
    assert_eq!((prepared.parcels.len(), prepared.filtered, prepared.keyless), (1, 0, 2));
    let prepared = program(vec![keyless.clone()]).prepare(&rows, 1);
    assert_eq!((prepared.parcels.len(), prepared.filtered, prepared.keyless), (1, 2, 0));
    let alerts = alerts(vec![keyless], &[(None, 9, 3)]);
    assert_eq!(alerts[0].key, []);
}

#[test]
fn rules_of_equal_keys_share_a_scope_and_equal_predicates_a_mask() {
    let mut other_text = rule("other");
    threshold(&mut other_text).on[0].filter = Some(at_least(field(X), 5));
    let mut by_x = rule("by_x");
    by_x.keys[0] = Key { name: "x".into(), ty: Type::Int };
    threshold(&mut by_x).on[0].keys = vec![field(X)];
    threshold(&mut by_x).on[0].filter = Some(at_least(field(X), 5));
    let program = Program::new(plan(vec![rule("one"), by_x, other_text])).expect("few roles");
    assert_eq!(program.scopes(), 2);
    assert_eq!(program.scopes[0].rules, [0, 2]);
    assert_eq!(program.predicates.count(0), 1);
    assert_eq!(program.needed_fields(), [vec![true, true, false], vec![false; 3]]);
}

#[test]
fn alerts_of_one_event_are_in_the_order_of_the_rules() {
    let mut by_x = rule("by_x");
    by_x.keys[0] = Key { name: "x".into(), ty: Type::Int };
    threshold(&mut by_x).on[0].keys = vec![field(X)];
    let rules = vec![rule("one"), by_x, rule("three")];
    let alerts = alerts(rules, &[(Some("a"), 1, 1), (Some("a"), 2, 1)]);
    let order: Vec<_> = alerts.iter().map(|alert| (alert.fields[0].clone(), alert.rule.0)).collect();
    assert_eq!(order, [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)].map(|(x, rule)| (Value::Int(x), rule)));
}

#[test]
fn nothing_is_left_when_time_has_passed_it() {
    let mut burst = rule("burst");
    when_count(&mut burst, 10, 2);
    burst.suppress = Some(Suppress { span_us: 15, by: Vec::new() });
    let mut local = local(vec![burst], 1);
    local.push(&batch(0, 0, 0, &[(Some("a"), 0, 0), (Some("a"), 0, 1), (Some("b"), 0, 100)]));
    let open = |local: &mut Local| local.detectors()[0][0].open();
    assert_eq!(open(&mut local).waiting, 3);
    local.advance(2);
    let busy = open(&mut local);
    assert_eq!((busy.keys, busy.runs, busy.timers, busy.waiting), (1, 1, 1, 1));
    // The window ends after 11, the silence after 16.
    local.advance(16);
    assert_eq!(open(&mut local).keys, 1);
    local.advance(17);
    assert_eq!(open(&mut local), super::super::Open { waiting: 1, ..Default::default() });
    local.advance(100 + 16);
    assert_eq!(open(&mut local), super::super::Open::default());
}
