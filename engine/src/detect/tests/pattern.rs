//! Patterns through detection: roles as masks, keys of steps, deadlines, what an alert carries.

use super::*;
use crate::alert::Evidence;
use crate::event::{Cause, Hop, Position};
use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{
    Absent, ArithOp, Element, HandOver, Limits, Node, Pattern, Runs, Skip, Step, StepId, StepInfo, StepKey, Suppress,
    Within,
};

pub(super) fn step_info(name: &str, key: StepKey, filter: Option<Expr>) -> StepInfo {
    StepInfo { name: name.into(), stream: StreamId(0), is_loop: false, may_be_empty: false, key, filter }
}

pub(super) fn own(key: Expr) -> StepKey {
    StepKey::Own(vec![key])
}

pub(super) fn element(link: Link, id: u32) -> Element {
    Element { link, node: Node::Step(Step { id: StepId(id), quant: None, limits: Limits::default() }) }
}

fn no(stream: u32, hold_us: Option<i64>) -> Element {
    let absent = Absent { stream: StreamId(stream), key: own(field(KEY)), hold_us, filter: None };
    Element { link: Link::Then, node: Node::No(absent) }
}

fn at_most(left: Expr, right: i64) -> Expr {
    let kind = ExprKind::Compare(CompareOp::LessEqual, Box::new(left), Box::new(int(right)));
    Expr { kind, ty: Type::Bool }
}

/// `by key within 10 match a: p where x >= 5 then b: p where x <= 1`, both `x` in the message.
fn pair() -> Rule {
    let mut pair = rule("pair");
    let steps = vec![
        step_info("a", own(field(KEY)), Some(at_least(field(X), 5))),
        step_info("b", own(field(KEY)), Some(at_most(field(X), 1))),
    ];
    pair.body = Body::Pattern(Pattern {
        steps,
        seq: vec![element(Link::Start, 0), element(Link::Then, 1)],
        within: Some(Within::Time(10)),
        runs: Runs::Max(100_000),
        without: Vec::new(),
        skip: Skip::PastLast,
    });
    let of_step = |step| Expr { kind: ExprKind::Step(StepId(step), FieldId(X)), ty: Type::Int };
    said(&mut pair).template =
        vec![TemplatePart::Expr(of_step(0)), TemplatePart::Text(", ".into()), TemplatePart::Expr(of_step(1))];
    let at = Expr { kind: ExprKind::At, ty: Type::Time };
    pair.fields = vec![With { name: "at".into(), expr: at }];
    pair
}

fn pattern(rule: &mut Rule) -> &mut Pattern {
    match &mut rule.body {
        Body::Pattern(pattern) => pattern,
        Body::Threshold(_) => unreachable!("made by `pair`"),
    }
}

fn witnesses(alert: &Alert) -> Vec<(&str, i64)> {
    let one = |evidence: &'_ Evidence| match &evidence.what {
        Witness::Event(coordinates) => coordinates.offset,
        Witness::Deadline(at_us) => *at_us,
    };
    alert.evidence.iter().map(|evidence| (&*evidence.step, one(evidence))).collect()
}

#[test]
fn a_match_becomes_an_alert() {
    let events = [(Some("a"), 7, 1), (Some("b"), 0, 2), (Some("a"), 3, 3), (Some("a"), 1, 11), (Some("a"), 1, 12)];
    let alerts = alerts(vec![pair()], &events);
    assert_eq!(times(&alerts), [("a".into(), 11)]);
    assert_eq!((&*alerts[0].message, &alerts[0].fields[..]), ("7, 1", &[Value::Time(11)][..]));
    assert_eq!(witnesses(&alerts[0]), [("a", 0), ("b", 3)]);
    let cause = Cause::Event { stream: 0, topic: "t".into(), partition: 0, offset: 3 };
    assert_eq!(
        alerts[0].position,
        Position { time_us: 11, cause, path: vec![Hop { rule: 0, key: vec![129, b'a'], sequence: 0 }] }
    );
}

#[test]
fn only_rows_that_can_play_a_part_are_keyed() {
    let program = Program::new(plan(vec![pair()])).expect("few roles");
    let rows = batch(0, 0, 0, &[(Some("a"), 7, 1), (Some("a"), 3, 2), (None, 3, 3), (None, 7, 4)]);
    let prepared = program.prepare(&rows, 1);
    assert_eq!((prepared.filtered, prepared.keyless), (2, 1));
    assert_eq!(prepared.parcels[0].picks.len(), 1);
}

#[test]
fn next_sees_every_event_of_the_key() {
    let mut next = pair();
    pattern(&mut next).seq[1].link = Link::Next;
    let events = [
        (Some("a"), 7, 1),
        (Some("b"), 3, 2),
        (Some("a"), 1, 3),
        (Some("a"), 7, 4),
        (Some("a"), 3, 5),
        (Some("a"), 1, 6),
    ];
    assert_eq!(times(&alerts(vec![next], &events)), [("a".into(), 3)]);
}

#[test]
fn an_absence_fires_when_time_has_passed_its_deadline() {
    let mut absence = pair();
    said(&mut absence).template.truncate(1);
    pattern(&mut absence).steps.truncate(1);
    pattern(&mut absence).seq[1] = no(1, Some(5));
    pattern(&mut absence).within = None;
    let mut local = local(vec![absence], 2);
    local.push(&batch(0, 0, 0, &[(Some("b"), 7, 1), (Some("a"), 7, 1), (Some("c"), 7, 1)]));
    local.push(&batch(1, 0, 0, &[(Some("c"), 0, 6)]));
    assert_eq!(local.advance(6), []);
    // An event exactly at the deadline could still come: only a watermark beyond it fires.
    let alerts = local.advance(7);
    assert_eq!(times(&alerts), [("a".into(), 6), ("b".into(), 6)]);
    assert_eq!(witnesses(&alerts[0]), [("a", 1), ("no q", 6)]);
    assert_eq!(
        alerts[0].position,
        Position { time_us: 6, cause: Cause::Timer, path: vec![Hop { rule: 0, key: vec![129, b'a'], sequence: 0 }] }
    );
    assert!(local.detectors().iter().flatten().all(|detector| detector.open() == super::super::Open::default()));
}

#[test]
fn nothing_is_left_of_a_run_that_time_has_ended() {
    let mut local = local(vec![pair()], 1);
    local.push(&batch(0, 0, 0, &[(Some("a"), 7, 1), (Some("b"), 7, 2), (Some("b"), 0, 3)]));
    let open = |local: &mut Local| local.detectors()[0][0].open();
    local.advance(4);
    assert_eq!((open(&mut local).keys, open(&mut local).runs), (1, 1));
    local.advance(11);
    assert_eq!(open(&mut local).runs, 1);
    local.advance(13);
    assert_eq!(open(&mut local), super::super::Open::default());
}

#[test]
fn a_steps_own_key_routes_an_event_twice() {
    let mut shifted = pair();
    let plus = |n| {
        let kind = ExprKind::Arith(ArithOp::Add, Box::new(field(X)), Box::new(int(n)));
        Expr { kind, ty: Type::Int }
    };
    shifted.keys = vec![Key { name: "x".into(), ty: Type::Int }];
    // The same event may play both parts under one key, but fills one of them.
    pattern(&mut shifted).steps = vec![step_info("a", own(field(X)), None), step_info("b", own(plus(10)), None)];
    for workers in 1..4 {
        let mut local = local(vec![shifted.clone()], workers);
        local.push(&batch(0, 0, 0, &[(None, 11, 1), (None, 12, 2), (None, 2, 3), (None, 1, 4)]));
        let alerts = local.finish();
        assert_eq!(times(&alerts), [("12".into(), 3), ("11".into(), 4)]);
        assert_eq!(witnesses(&alerts[1]), [("a", 0), ("b", 3)]);
    }
    // Two routes to one key: each rule sees the event once, in both roles.
    pattern(&mut shifted).steps[1].key = own(plus(0));
    let twice = alerts(vec![shifted.clone(), shifted], &[(None, 1, 1), (None, 1, 2), (None, 1, 3)]);
    let of_rules: Vec<_> = twice.iter().map(|alert| (alert.rule.0, witnesses(alert))).collect();
    assert_eq!(of_rules, [0, 1].map(|rule| (rule, vec![("a", 0), ("b", 1)])));
}

#[test]
fn a_key_that_is_handed_over_is_that_of_the_first_step() {
    let mut handed = pair();
    said(&mut handed).template.truncate(1);
    let from = Expr { kind: ExprKind::Step(StepId(0), FieldId(X)), ty: Type::Int };
    let own_x = HandOver { own: field(X), from };
    pattern(&mut handed).steps[0].filter = Some(at_least(field(X), 5));
    pattern(&mut handed).steps[1] = step_info("b", StepKey::HandOver(vec![own_x]), None);
    let events = [(Some("a"), 7, 1), (Some("b"), 8, 2), (Some("c"), 6, 3), (Some("d"), 8, 4), (Some("e"), 7, 5)];
    let alerts = alerts(vec![handed], &events);
    assert_eq!(times(&alerts), [("b".into(), 4), ("a".into(), 5)]);
    assert_eq!(alerts[0].position.key(), [129, b'b']);
}

#[test]
fn suppress_counts_from_the_last_alert_that_went_out() {
    let mut rare = pair();
    rare.suppress = Some(Suppress { span_us: 10, by: Vec::new() });
    let pairs = [1, 7, 11, 12, 20].iter().flat_map(|at| [(Some("a"), 7, *at), (Some("a"), 1, *at)]);
    let events: Vec<Event<'_>> = pairs.collect();
    assert_eq!(times(&alerts(vec![rare], &events)), [("a".into(), 1), ("a".into(), 12)]);
}
