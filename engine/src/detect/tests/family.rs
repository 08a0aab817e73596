//! Rules of a family say what each of them says alone, and go on so when rules come and go.

use std::sync::Arc;

use super::pattern::{element, own, step_info};
use super::{Event, KEY, Program, X, at_least, batch, field, int, on, plan, rule, threshold, when_count};
use crate::alert::Alert;
use crate::detect::local::Local;
use crate::state::KEY_GROUPS;
use tripline_query_lang::ast::Link;
use tripline_query_lang::plan::{
    Body, Branching, CompareOp, Element, Expr, ExprKind, Limits, Node, Pattern, Quant, Rule, Runs, Skip, Step, StepId,
    TemplatePart, Within,
};
use tripline_query_lang::value::Type;

/// `by key on p where x > limit when count() over span >= n alert every event`
fn counting(limit: i64, span_us: i64, n: i64) -> Rule {
    let mut rule = rule(&format!("r{limit}_{span_us}_{n}"));
    let kind = ExprKind::Compare(CompareOp::Greater, Box::new(field(X)), Box::new(int(limit)));
    threshold(&mut rule).on = vec![on(0, Some(Expr { kind, ty: Type::Bool }))];
    when_count(&mut rule, span_us, n);
    rule.alert.iter_mut().for_each(|alert| alert.every_event = true);
    rule
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for limit in 0..7 {
        rules.extend([(3, 2), (9, 1), (9, 3)].map(|(span_us, n)| counting(limit * 5 % 7, span_us + limit % 2, n)));
    }
    rules
}

/// `by key within 9 match a: p where x >= 1 then b: p where x >= 3 then ...` after match skip none
fn rising(name: &str, limits: &[i64], runs: u32) -> Rule {
    let mut rule = rule(name);
    let step = |(number, limit): (usize, &i64)| {
        step_info(&format!("s{number}"), own(field(KEY)), Some(at_least(field(X), *limit)))
    };
    let link = |number| if number == 0 { Link::Start } else { Link::Then };
    rule.body = Body::Pattern(Pattern {
        steps: limits.iter().enumerate().map(step).collect(),
        seq: (0..limits.len() as u32).map(|number| element(link(number), number)).collect(),
        within: Some(Within::Time(9)),
        runs: Runs::Max(runs),
        without: Vec::new(),
        skip: Skip::None,
    });
    let last = Expr { kind: ExprKind::StepAt(StepId(limits.len() as u32 - 1)), ty: Type::Time };
    rule.alert.iter_mut().for_each(|alert| alert.template = vec![TemplatePart::Expr(last.clone())]);
    rule
}

/// `by key within 9 match big: p{n} where x >= limit`
fn repeated(name: &str, limit: i64, n: u32) -> Rule {
    let mut rule = rule(name);
    let quant = Quant { min: n, max: Some(n), greedy: false, branching: Branching::One, consecutive: false };
    let step = Step { id: StepId(0), quant: Some(quant), limits: Limits::default() };
    let mut info = step_info("big", own(field(KEY)), Some(at_least(field(X), limit)));
    info.is_loop = true;
    rule.body = Body::Pattern(Pattern {
        steps: vec![info],
        seq: vec![Element { link: Link::Start, node: Node::Step(step) }],
        within: Some(Within::Time(9)),
        runs: Runs::Max(100_000),
        without: Vec::new(),
        skip: Skip::PastLast,
    });
    rule
}

/// Families of sequences and of repetitions, none in the order of its limits, and some that fit into no order.
fn patterns() -> Vec<Rule> {
    let mut rules = Vec::new();
    for number in 0..24 {
        let low = number * 5 % 9;
        rules.push(rising(&format!("a{number}"), &[low, low + number % 2, low + 1], 100_000));
        rules.push(rising(&format!("b{number}"), &[low, low], 100_000));
        rules.push(repeated(&format!("c{number}"), number * 5 % 12 - 2, 2 + number as u32 % 2));
    }
    rules
}

fn events(number: i64) -> Vec<Event<'static>> {
    let mut state = 7u64;
    let mut at_us = 0;
    let mut event = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        at_us += (state >> 60) as i64 % 3;
        (["a", "b"].get((state >> 40) as usize % 3).copied(), (state >> 33) as i64 % 9, at_us)
    };
    (0..number).map(&mut event).collect()
}

fn detecting(rules: Vec<Rule>, shared: bool) -> Local {
    let compile = if shared { Program::new } else { Program::plain };
    Local::new(Arc::new(compile(plan(rules)).expect("few roles")), 1)
}

/// By the names of the rules, which have other places in other plans.
fn said(rules: &[Rule], alerts: &[Alert]) -> Vec<String> {
    let name = |alert: &Alert| rules[alert.rule.index()].name.clone();
    alerts.iter().map(|alert| format!("{} {} {:?} {}", alert.at_us, name(alert), alert.key, alert.message)).collect()
}

fn says_what_its_rules_say(rules: fn() -> Vec<Rule>) {
    let events = events(300);
    let alerts = |shared| {
        let mut local = detecting(rules(), shared);
        events.chunks(11).zip(0..).for_each(|(part, number)| {
            local.push(&batch(0, 0, number * 11, part));
        });
        local.finish()
    };
    assert!(alerts(true).len() > 500);
    assert_eq!(alerts(true), alerts(false));
}

#[test]
fn a_family_says_what_its_rules_say() {
    says_what_its_rules_say(rules);
    says_what_its_rules_say(patterns);
}

#[test]
fn patterns_that_are_alike_are_one_family() {
    let program = Program::new(plan(patterns())).expect("few roles");
    assert!(program.scopes[0].rules.len() < patterns().len() / 2, "{} are left", program.scopes[0].rules.len());
    assert_eq!(program.scope_rules()[0].len(), patterns().len());
}

#[test]
fn a_family_refuses_the_starts_that_its_rules_refuse() {
    let rules =
        || (0..9).map(|number| rising(&format!("r{number}"), &[number, 20 + number], 1_000)).collect::<Vec<_>>();
    let mut events: Vec<Event<'_>> = (0..1_100).map(|number| (Some("a"), number % 10, 0)).collect();
    events.extend([(Some("a"), 24, 1), (Some("a"), 5, 2), (Some("a"), 30, 3)]);
    let alerts = |shared| {
        let mut local = detecting(rules(), shared);
        local.push(&batch(0, 0, 0, &events));
        local.finish()
    };
    assert!(alerts(true).iter().any(|alert| alert.incomplete));
    assert_eq!(alerts(true), alerts(false));
}

#[test]
fn who_joins_later_does_not_see_what_was_there_before() {
    joins_later(rules(), 8);
    // Families that are there from the beginning, and rules that have a place in their order.
    let of_family = |rule: &Rule| rule.name.starts_with('b') || rule.name.starts_with('c') && !is_of_three(rule);
    joins_later(patterns().into_iter().filter(of_family).collect(), 8);
}

fn is_of_three(rule: &Rule) -> bool {
    rule.name[1..].parse::<u32>().is_ok_and(|number| number % 2 == 1)
}

/// The rules from the `split`-th on are there from the beginning.
fn joins_later(rules: Vec<Rule>, split: usize) {
    let events = events(200);
    let (first, later) = (rules.clone().split_off(split), rules);
    let alerts = |shared| {
        let mut old = detecting(first.clone(), shared);
        old.push(&batch(0, 0, 0, &events[..100]));
        let cut_us = events[100].2;
        let mut all = said(&first, &old.advance(cut_us));
        let mut new = detecting(later.clone(), shared);
        for group in 0..KEY_GROUPS {
            let bytes = old.detectors()[0][0].write_group(group);
            new.detectors()[0][0].read_group(group, &bytes).expect("what was written is read");
        }
        let waiting = events[..100].iter().position(|event| event.2 >= cut_us).unwrap_or(100);
        new.push(&batch(0, 0, waiting as i64, &events[waiting..104]));
        all.extend(said(&later, &new.advance(events[104].2)));
        // Once more in the middle of what the newcomers do not see.
        let mut again = detecting(later.clone(), shared);
        for group in 0..KEY_GROUPS {
            let bytes = new.detectors()[0][0].write_group(group);
            again.detectors()[0][0].read_group(group, &bytes).expect("what was written is read");
            assert_eq!(again.detectors()[0][0].write_group(group), bytes, "equal state is equal bytes");
        }
        let waiting = events[..104].iter().position(|event| event.2 >= events[104].2).unwrap_or(104);
        again.push(&batch(0, 0, waiting as i64, &events[waiting..]));
        all.extend(said(&later, &again.finish()));
        all
    };
    assert_eq!(alerts(true), alerts(false));
}
