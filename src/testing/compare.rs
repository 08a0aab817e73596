//! A test's expectations against the alerts: each expectation takes one alert of its own.

use std::sync::Arc;

use tripline_engine::alert::{Alert, AlertState};
use tripline_query_lang::plan::{ExpectKind, Plan, RuleId, Test};
use tripline_query_lang::span::Span;
use tripline_query_lang::value::Value;

use super::feed::Fed;
use super::{notation, why};

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// No alert is left for this expectation; the nearest one that nobody else took.
    Missing {
        /// Position among the expectations.
        expect: usize,
        /// Position among the alerts.
        nearest: Option<usize>,
    },
    /// An alert that must not be.
    Unwanted {
        /// The expectation that forbids it.
        expect: usize,
        /// Position among the alerts.
        alert: usize,
    },
}

/// All that is not as expected, in order of the expectations.
pub fn compare(plan: &Plan, test: &Test, alerts: &[Alert]) -> Vec<Miss> {
    let taken = assign(plan, test, alerts);
    let is_free = |alert: usize| !taken.contains(&Some(alert));
    let unwanted = |expect, of: &dyn Fn(usize) -> bool| {
        let found: Vec<Miss> =
            (0..alerts.len()).filter(|a| of(*a)).map(|alert| Miss::Unwanted { expect, alert }).collect();
        found
    };
    let named = named_rules(test);
    let mut misses = Vec::new();
    for (expect, taken) in taken.iter().enumerate() {
        match &test.expects[expect].kind {
            ExpectKind::Alert { .. } if taken.is_some() => {}
            ExpectKind::Alert { rule, .. } => {
                let free = (0..alerts.len()).filter(|a| is_free(*a) && alerts[*a].rule == *rule);
                let nearest = free.min_by_key(|a| distance(plan, &test.expects[expect].kind, &alerts[*a]));
                misses.push(Miss::Missing { expect, nearest });
            }
            ExpectKind::No(rule) => misses.extend(unwanted(expect, &|a| alerts[a].rule == *rule)),
            ExpectKind::NothingElse => misses
                .extend(unwanted(expect, &|a| is_free(a) && (named.is_empty() || named.contains(&alerts[a].rule)))),
        }
    }
    // What is shown as the nearest miss is not shown again as unwanted.
    let shown: Vec<usize> = misses
        .iter()
        .filter_map(|miss| match miss {
            Miss::Missing { nearest, .. } => *nearest,
            Miss::Unwanted { .. } => None,
        })
        .collect();
    misses.retain(|miss| !matches!(miss, Miss::Unwanted { alert, .. } if shown.contains(alert)));
    misses
}

/// The rules that a test names.
pub fn named_rules(test: &Test) -> Vec<RuleId> {
    let named = test.expects.iter().filter_map(|expect| match &expect.kind {
        ExpectKind::Alert { rule, .. } | ExpectKind::No(rule) => Some(*rule),
        ExpectKind::NothingElse => None,
    });
    named.collect()
}

/// The alert of each expectation, as many as possible: an expectation that takes an alert lets one that has it look for
/// another.
fn assign(plan: &Plan, test: &Test, alerts: &[Alert]) -> Vec<Option<usize>> {
    let fits = |expect: usize, alert: &Alert| {
        matches!(&test.expects[expect].kind, ExpectKind::Alert { rule, .. } if *rule == alert.rule)
            && distance(plan, &test.expects[expect].kind, alert) == (0, 0)
    };
    let mut owner: Vec<Option<usize>> = vec![None; alerts.len()];
    for expect in 0..test.expects.len() {
        take(expect, &|expect, alert| fits(expect, &alerts[alert]), &mut owner, &mut vec![false; alerts.len()]);
    }
    (0..test.expects.len()).map(|expect| owner.iter().position(|owner| *owner == Some(expect))).collect()
}

fn take(
    expect: usize,
    fits: &dyn Fn(usize, usize) -> bool,
    owner: &mut Vec<Option<usize>>,
    seen: &mut Vec<bool>,
) -> bool {
    for alert in 0..owner.len() {
        if seen[alert] || !fits(expect, alert) {
            continue;
        }
        seen[alert] = true;
        if owner[alert].is_none_or(|other| take(other, fits, owner, seen)) {
            owner[alert] = Some(expect);
            return true;
        }
    }
    false
}

/// How far an alert of the rule is from what is expected: differences, then microseconds.
fn distance(plan: &Plan, expected: &ExpectKind, alert: &Alert) -> (usize, u64) {
    let ExpectKind::Alert { fields, at_us, resolved, .. } = expected else { return (usize::MAX, 0) };
    let found = notation::fields(plan, alert);
    let is = |name: &str, value: &Value| found.iter().any(|(other, found)| *other == name && same(value, found));
    let other_fields = fields.iter().filter(|(name, value)| !is(name, value)).count();
    let is_other = *resolved != (alert.state == AlertState::Resolved);
    let away = at_us.map_or(0, |at_us| at_us.abs_diff(alert.at_us));
    (other_fields + usize::from(is_other) + usize::from(away > 0), away)
}

/// Equal as the language sees it, and null is null.
fn same(expected: &Value, found: &Value) -> bool {
    expected == found
}

/// A miss as a person reads it.
pub fn show(plan: &Arc<Plan>, test: &Test, miss: &Miss, fed: &Fed, text: &dyn Fn(Span) -> String) -> String {
    match miss {
        Miss::Missing { expect, nearest } => {
            let expected = &test.expects[*expect];
            let actual = nearest.map(|alert| notation::alert(plan, &fed.alerts[alert]));
            let why = match nearest {
                Some(alert) => differences(plan, &expected.kind, &fed.alerts[*alert]),
                None => why::why(plan, test, &expected.kind, fed),
            };
            lines(&text(expected.span), actual.as_deref().unwrap_or("no such alert"), &why)
        }
        Miss::Unwanted { expect, alert } => {
            let actual = notation::alert(plan, &fed.alerts[*alert]);
            lines(&text(test.expects[*expect].span), &actual, &[])
        }
    }
}

fn lines(expected: &str, actual: &str, why: &[String]) -> String {
    let expected = expected.strip_prefix("expect ").unwrap_or(expected).trim_start();
    let mut lines = vec![format!("  expected  {expected}"), format!("  actual    {actual}")];
    lines.extend(why.iter().map(|line| format!("            {line}")));
    lines.join("\n")
}

fn differences(plan: &Plan, expected: &ExpectKind, alert: &Alert) -> Vec<String> {
    let ExpectKind::Alert { fields, at_us, resolved, .. } = expected else { return Vec::new() };
    let found = notation::fields(plan, alert);
    let mut differences = Vec::new();
    match (resolved, alert.state) {
        (true, AlertState::Firing | AlertState::Repeated(_)) => {
            differences.push("it opens an episode, and an end is expected: `resolved`".to_owned());
        }
        (false, AlertState::Resolved) => {
            differences.push("it says that an episode has ended: expect it with `resolved` behind its time".to_owned());
        }
        _ => {}
    }
    for (name, value) in fields {
        match found.iter().find(|(other, _)| other == name) {
            Some((_, found)) if same(value, found) => {}
            Some((_, found)) => differences.push(format!(
                "`{name}` is {}, not {}",
                notation::notation(found),
                notation::notation(value)
            )),
            None => differences.push(format!("the alert has no field `{name}`")),
        }
    }
    if let Some(at_us) = at_us.filter(|at_us| *at_us != alert.at_us) {
        differences.push(format!("it comes at {}, not at {}", notation::at(alert.at_us), notation::at(at_us)));
    }
    differences
}
