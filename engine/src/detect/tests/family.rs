//! Rules of a family say what each of them says alone, and go on so when rules come and go.

use std::sync::Arc;

use super::{Event, Program, X, batch, field, int, on, plan, rule, threshold, when_count};
use crate::alert::Alert;
use crate::detect::local::Local;
use crate::state::KEY_GROUPS;
use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, Rule};
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

#[test]
fn a_family_says_what_its_rules_say() {
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
fn who_joins_later_does_not_see_what_was_there_before() {
    let events = events(200);
    let (first, later) = (rules().split_off(8), rules());
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
