//! Patterns over single letters, a second apart: `a0` is an `a` at second 0.

use std::sync::Arc;

use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::*;
use tripline_query_lang::value::{Type, Value};

use super::{Event, run};
use crate::alert::Witness;
use crate::event::{Coordinates, PartitionId};

const SECOND: i64 = 1_000_000;

/// Steps are numbered when the pattern is finished.
fn step(letter: char) -> Element {
    let id = StepId(letter as u32);
    Element { link: Link::Start, node: Node::Step(Step { id, quant: None, limits: Limits::default() }) }
}

fn then(element: Element) -> Element {
    Element { link: Link::Then, ..element }
}

fn next(element: Element) -> Element {
    Element { link: Link::Next, ..element }
}

fn then_each(element: Element) -> Element {
    Element { link: Link::ThenEach, ..element }
}

fn quant(element: Element, min: u32, max: Option<u32>, words: &str) -> Element {
    let has = |word: &str| words.split(' ').any(|w| w == word);
    let branching = if has("each") { Branching::Each } else { Branching::One };
    let new = Some(Quant { min, max, greedy: has("greedy"), branching, consecutive: has("consecutive") });
    let node = match element.node {
        Node::Step(step) => Node::Step(Step { quant: new, ..step }),
        Node::Sub(sub) => Node::Sub(Sub { quant: new, ..sub }),
        other => other,
    };
    Element { node, ..element }
}

fn over(element: Element, seconds: i64) -> Element {
    let node = match element.node {
        Node::Step(mut step) => {
            step.limits.over_us = Some(seconds * SECOND);
            Node::Step(step)
        }
        other => other,
    };
    Element { node, ..element }
}

fn no(letter: char, seconds: Option<i64>) -> Element {
    let absent = Absent {
        stream: StreamId(0),
        key: StepKey::Own(Vec::new()),
        hold_us: seconds.map(|s| s * SECOND),
        filter: Some(is(letter)),
    };
    Element { link: Link::Then, node: Node::No(absent) }
}

fn bracket(seq: Vec<Element>) -> Element {
    Element { link: Link::Start, node: Node::Sub(Sub { seq, quant: None, limits: Limits::default() }) }
}

fn group(kind: GroupKind, members: Vec<Element>) -> Element {
    Element { link: Link::Start, node: Node::Group(Group { kind, members, limits: Limits::default() }) }
}

fn is(letter: char) -> Expr {
    let text = |kind| Box::new(Expr { kind, ty: Type::Text });
    let field = text(ExprKind::Field(FieldId(0)));
    let constant = text(ExprKind::Const(Value::Text(letter.to_string().into())));
    Expr { kind: ExprKind::Compare(CompareOp::Equal, field, constant), ty: Type::Bool }
}

fn pattern(mut seq: Vec<Element>, skip: Skip) -> Pattern {
    fn number(elements: &mut [Element], letters: &mut Vec<char>) {
        for element in elements {
            match &mut element.node {
                Node::Step(step) => {
                    letters.extend(char::from_u32(step.id.0));
                    step.id = StepId(letters.len() as u32 - 1);
                }
                Node::Sub(sub) => number(&mut sub.seq, letters),
                Node::Group(group) => number(&mut group.members, letters),
                Node::No(_) => {}
            }
        }
    }
    let mut letters = Vec::new();
    number(&mut seq, &mut letters);
    let info = |letter: &char| StepInfo {
        name: letter.to_string(),
        stream: StreamId(0),
        is_loop: false,
        may_be_empty: false,
        key: StepKey::Own(Vec::new()),
        filter: Some(is(*letter)),
    };
    let steps = letters.iter().map(info).collect();
    Pattern { steps, seq, within: Some(Within::Forever), runs: Runs::Max(100_000), without: Vec::new(), skip }
}

/// The matches of a pattern over letters, `-` is a second without an event.
fn matches(pattern: Pattern, letters: &str) -> Vec<String> {
    let stream = Stream {
        name: "ev".to_string(),
        fields: vec![Field {
            name: "name".to_string(),
            ty: Type::Text,
            optional: true,
            path: Vec::new(),
            time_unit: None,
        }],
        timed_by: FieldId(0),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    };
    let alert = Alert { every_event: false, severity: Severity::Info, template: Vec::new(), to: Vec::new() };
    let rule = Rule {
        name: "r".to_string(),
        key_table: None,
        fingerprint: 0,
        metadata: Vec::new(),
        keys: Vec::new(),
        body: Body::Pattern(pattern),
        histories: Vec::new(),
        fields: Vec::new(),
        having: None,
        alert: Some(alert),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    };
    let plan = Plan { streams: vec![stream], rules: vec![rule], ..Plan::default() };
    let partition = PartitionId { stream: StreamId(0), topic: Arc::from("t"), partition: 0 };
    let event = |(second, letter): (usize, char)| Event {
        coordinates: Coordinates {
            at_us: second as i64 * SECOND,
            partition: partition.clone(),
            offset: second as i64,
            place: None,
        },
        values: vec![Value::Text(letter.to_string().into())],
        record_us: None,
    };
    let events: Vec<Event> = letters.chars().enumerate().filter(|(_, c)| *c != '-').map(event).collect();
    let show = |alert: crate::alert::Alert| {
        let witness = |e: &crate::alert::Evidence| match &e.what {
            Witness::Event(at) => format!("{}{}", e.step, at.offset),
            Witness::Deadline(at) => format!("@{}", at / SECOND),
        };
        alert.evidence.iter().map(witness).collect::<Vec<_>>().join(" ")
    };
    run(&plan, &events).into_iter().map(show).collect()
}

#[test]
fn then_skips_noise_and_next_does_not() {
    let then_b = || pattern(vec![step('a'), then(step('b'))], Skip::PastLast);
    assert_eq!(matches(then_b(), "axbab"), ["a0 b2", "a3 b4"]);
    let next_b = pattern(vec![step('a'), next(step('b'))], Skip::PastLast);
    assert_eq!(matches(next_b, "axbab"), ["a3 b4"]);
}

#[test]
fn every_fitting_first_event_starts_a_run_and_the_skip_ends_others() {
    let of = |skip| pattern(vec![step('a'), then(step('b'))], skip);
    assert_eq!(matches(of(Skip::None), "aab"), ["a0 b2", "a1 b2"]);
    assert_eq!(matches(of(Skip::PastLast), "aab"), ["a0 b2"]);
    assert_eq!(matches(of(Skip::ToNext), "aab"), ["a0 b2", "a1 b2"]);
}

#[test]
fn an_event_that_fits_loop_and_next_step_goes_to_the_step_unless_greedy() {
    let lazy = pattern(vec![step('a'), then(quant(step('b'), 1, None, "")), then(step('b'))], Skip::PastLast);
    assert_eq!(matches(lazy, "abbb"), ["a0 b1 b2"]);
    let greedy = pattern(vec![step('a'), then(quant(step('b'), 1, None, "greedy")), then(step('c'))], Skip::PastLast);
    assert_eq!(matches(greedy, "abbbc"), ["a0 b1 b2 b3 c4"]);
}

#[test]
fn a_loop_at_the_end_fires_at_its_minimum_and_a_greedy_one_when_it_is_over() {
    let lazy = pattern(vec![step('a'), then(quant(step('b'), 2, None, ""))], Skip::PastLast);
    assert_eq!(matches(lazy, "abbb"), ["a0 b1 b2"]);
    let greedy = || over(then(quant(step('b'), 1, None, "greedy")), 2);
    assert_eq!(matches(pattern(vec![step('a'), greedy()], Skip::PastLast), "abbbbb"), ["a0 b1 b2 b3"]);
}

#[test]
fn each_follows_every_length() {
    let each = || quant(step('b'), 0, None, "each");
    let found = matches(pattern(vec![step('a'), then(each()), then(step('c'))], Skip::None), "abbc");
    assert_eq!(found, ["a0 b1 b2 c3", "a0 b1 c3", "a0 c3"]);
    let greedy = || quant(step('b'), 0, None, "greedy each");
    let found = matches(pattern(vec![step('a'), then(greedy()), then(step('c'))], Skip::None), "abbc");
    assert_eq!(found, ["a0 b1 b2 c3"]);
}

#[test]
fn then_each_branches_on_every_later_event() {
    let found = matches(pattern(vec![step('a'), then_each(step('b')), then(step('c'))], Skip::None), "abbc");
    assert_eq!(found, ["a0 b1 c3", "a0 b2 c3"]);
    let pairs = quant(step('b'), 2, Some(2), "");
    let found = matches(pattern(vec![step('a'), then_each(pairs)], Skip::None), "abbb");
    assert_eq!(found, ["a0 b1 b2", "a0 b1 b3", "a0 b2 b3"]);
}

#[test]
fn no_between_ends_the_run_and_no_for_waits() {
    let between = || pattern(vec![step('a'), no('x', None), then(step('b'))], Skip::PastLast);
    assert_eq!(matches(between(), "axb"), [""; 0]);
    assert_eq!(matches(between(), "ayb"), ["a0 b2"]);
    let last = || pattern(vec![step('a'), no('x', Some(2))], Skip::PastLast);
    assert_eq!(matches(last(), "a-x"), [""; 0]);
    assert_eq!(matches(last(), "a--x"), ["a0 @2"]);
    let middle = || pattern(vec![step('a'), no('x', Some(2)), then(step('b'))], Skip::PastLast);
    assert_eq!(matches(middle(), "a-bb"), ["a0 b3"]);
}

#[test]
fn a_no_behind_a_loop_is_in_force_once_the_loop_may_end() {
    let one =
        || pattern(vec![step('a'), then(quant(step('b'), 1, None, "")), no('x', None), then(step('c'))], Skip::None);
    assert_eq!(matches(one(), "axbc"), ["a0 b2 c3"]);
    assert_eq!(matches(one(), "abxbc"), [""; 0]);
}

#[test]
fn groups() {
    let any = || group(GroupKind::AnyOf, vec![bracket(vec![step('b'), then(step('c'))]), step('d')]);
    assert_eq!(matches(pattern(vec![step('a'), then(any())], Skip::PastLast), "abcd"), ["a0 b1 c2"]);
    assert_eq!(matches(pattern(vec![step('a'), then(any())], Skip::PastLast), "abdc"), ["a0 d2"]);
    let all = || group(GroupKind::Of(2), vec![step('b'), step('c')]);
    assert_eq!(matches(pattern(vec![step('a'), then(all())], Skip::PastLast), "acxb"), ["a0 b3 c1"]);
    assert_eq!(matches(pattern(vec![step('a'), next(all())], Skip::PastLast), "acxbacb"), ["a4 b6 c5"]);
    let two = || group(GroupKind::Of(2), vec![step('b'), step('c'), step('d')]);
    assert_eq!(matches(pattern(vec![two()], Skip::PastLast), "bbd"), ["b0 d2"]);
    let rounds = || quant(bracket(vec![step('b'), then(step('c'))]), 2, Some(2), "");
    assert_eq!(matches(pattern(vec![step('a'), then(rounds())], Skip::PastLast), "abcbc"), ["a0 b1 b3 c2 c4"]);
}
