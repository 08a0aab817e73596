//! What can never hold, what always does, what follows, as conditions of a rule.

#![expect(clippy::panic, reason = "a case that does not compile ends the test")]

use super::*;
use crate::Source;
use crate::plan::Body;

/// The filter of an `on` clause.
fn condition(text: &str) -> Expr {
    let text = format!(
        "stream s {{ a: int  b: int?  f: float  d: decimal(2)  t: text  u: text?  ok: bool  at: time }} timed by at
         rule r {{ on s where {text} alert low \"\" }}"
    );
    let compiled = crate::compile(&[Source { name: "a.trip".to_owned(), text }], &[]);
    let plan = compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let Body::Threshold(threshold) = plan.rules.into_iter().next().map(|rule| rule.body).unwrap_or_else(|| panic!())
    else {
        panic!("a threshold")
    };
    threshold.on.into_iter().next().and_then(|on| on.filter).unwrap_or_else(|| panic!("a filter"))
}

#[test]
fn contradictions_are_found() {
    for (text, needs) in [
        ("a > 5 and a < 3", "over 5 and under 3"),
        ("a > 5 and a < 6", "over 5 and under 6"),
        ("t == \"a\" and t == \"b\"", "\"a\" and \"b\""),
        ("t in [\"a\", \"b\"] and t in [\"c\"]", "one of [\"a\", \"b\"] and \"c\""),
        ("t in []", "in an empty list"),
        ("t in [\"a\"] and t != \"a\"", "\"a\" and not \"a\""),
        ("d >= 5.00 and d <= 5.00 and d != 5.00", "at least 5.00 and at most 5.00 and not 5.00"),
        ("ok and not ok", "true and false"),
        ("b is null and b > 1", "missing and not missing"),
        ("a between 5 and 7 and not (a > 4)", "at least 5 and at most 4"),
        ("(a > 5 or a > 7) and (a < 3 or a < 2)", "over 5 and under 3"),
        ("a > b and a < b", "in two orders at once to the same other value"),
        ("a > b and b >= a", "in two orders at once to the same other value"),
        ("a != a", "in two orders at once to the same other value"),
        ("t like \"x*\" and not t like \"x*\"", "true and false"),
        ("5 < a and 3 > a", "over 5 and under 3"),
    ] {
        let found = never(&condition(text), &[]);
        assert_eq!(found.map(|conflict| conflict.needs).as_deref(), Some(needs), "{text}");
    }
}

#[test]
fn what_is_possible_is_left_in_peace() {
    for text in [
        "a > 5 and a < 7",
        "f > 5.0 and f < 5.5",
        "a > 5 or a < 3",
        "t == \"a\" or t == \"b\"",
        "t != \"a\" and t != \"b\"",
        "t in [\"a\", \"b\"] and t != \"a\"",
        "d >= 5.00 and d <= 5.00",
        "a >= b and a <= b",
        "b is null or b > 1",
        "(a > 5 or ok) and a < 3",
        "not (a > 5 and a < 3 and t == \"x\")",
        "a > 5 and b < 3",
        "u is not null and u != \"\"",
    ] {
        assert_eq!(never(&condition(text), &[]), None, "{text}");
    }
}

#[test]
fn what_leaves_nothing_out_is_found() {
    for (text, is_always) in [
        ("a > 3 or a < 5", true),
        ("not (t == \"a\" and t == \"b\")", true),
        ("t != \"a\" or t != \"b\"", true),
        ("a > 3 or a < 3", false),
        ("b is null or b is not null", true),
        ("a > 3", false),
    ] {
        assert_eq!(always(&condition(text), &[]).is_some(), is_always, "{text}");
    }
}

#[test]
fn what_follows_and_what_excludes_is_found() {
    let implies = |a: &str, b: &str| super::implies(Some(&condition(a)), Some(&condition(b)));
    assert!(implies("a > 5", "a > 3"));
    assert!(!implies("a > 3", "a > 5"));
    assert!(implies("t == \"a\" and ok", "t in [\"a\", \"b\"]"));
    assert!(super::implies(Some(&condition("ok")), None));
    assert!(!super::implies(None, Some(&condition("ok"))));
    let excludes = |a: &str, b: &str| super::excludes(Some(&condition(a)), Some(&condition(b)));
    assert!(excludes("d < 2.00", "d > 200.00"));
    assert!(excludes("not ok", "ok and a > 3"));
    assert!(!excludes("d < 2.00", "a > 3"));
}

/// Work is bounded, whatever the size.
#[test]
fn large_conditions_are_given_up_on() {
    let parts: Vec<String> = (0..60).map(|n| format!("(a == {n} or d == {n}.00 or t == \"{n}\")")).collect();
    // Three values cannot be sixty: it may be found, but must not take for ever.
    never(&condition(&parts.join(" and ")), &[]);
    let parts: Vec<String> = (0..3_000).map(|n| format!("a != {n}")).collect();
    assert_eq!(never(&condition(&parts.join(" and ")), &[]), None);
}
