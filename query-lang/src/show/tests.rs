//! Expressions and patterns shown as they are written.

#![expect(clippy::panic, reason = "a case of another form ends the test")]

use super::*;
use crate::Source;
use crate::plan::TemplatePart;

const STREAM: &str =
    "stream s { a: int  b: int?  f: float  d: decimal(2)  t: text  l: list of text  at: time } timed by at";

fn plan(rule: &str) -> Plan {
    let source = Source { name: "a.trip".to_owned(), text: format!("{STREAM}\n{rule}") };
    let compiled = crate::compile(std::slice::from_ref(&source), &[]);
    compiled.plan.unwrap_or_else(|| panic!("{rule}: {:?}", compiled.diagnostics))
}

/// The condition of the first `on`, written and shown.
#[track_caller]
fn same(condition: &str) {
    let plan = plan(&format!("rule r {{ on s where {condition} alert low \"\" }}"));
    let Body::Threshold(threshold) = &plan.rules[0].body else { panic!("a threshold") };
    let show = Show::new(&plan, &plan.rules[0]).at(threshold.on[0].stream);
    assert_eq!(threshold.on[0].filter.as_ref().map(|filter| show.expr(filter)).as_deref(), Some(condition));
}

#[test]
fn conditions_have_the_brackets_that_they_need() {
    same("(a > 1 or a < b) and not t == \"x\"");
    same("not (a > 1 and b > 2)");
    same("(a + b) * 2 - (a - b) > a % (a * 2)");
    same("-a * -(a + b) < 1");
    same("t in [\"a\", \"b\\\"\"] or t like \"x*\" or t matches \"^y\"");
    same("(if a > 1 then 2 else 3) == a");
    same("lower(l[0]) == t and b is not null");
    same("f > 1.5 and d > 1.50");
    same("at > time(\"2026-01-31T10:00:00Z\")");
}

#[test]
fn histories_and_patterns_are_shown() {
    let source = "rule r {
      by    (t, x: a + 1)
      on    s
      when  n > 1 and prev(d, 2) > 1.00 and sum(d where a > 1) over 5m before 1h > 2.00
      alert low \"{n}\"
      with  n = count() over last 5
    }";
    let found = plan(source);
    let rule = &found.rules[0];
    let show = Show::new(&found, rule);
    let shown: Vec<_> = rule.histories.iter().map(|history| show.history(history)).collect();
    assert_eq!(show.keys(), "(t, x)");
    assert!(shown.contains(&"count() over last 5".to_owned()), "{shown:?}");
    assert!(shown.contains(&"prev(d, 2)".to_owned()), "{shown:?}");
    assert!(shown.contains(&"sum(d where a > 1) over 5m before 1h".to_owned()), "{shown:?}");
    let TemplatePart::Expr(said) = &rule.alert.as_ref().expect("an alert").template[0] else { panic!("an expression") };
    assert_eq!(show.expr(said), "n");

    let seq = "a: s{2,} greedy over 5m where t == \"x\" then all of (b: s where d > sum(a.d), c: s?) within 1h next no s for 5m";
    let found = plan(&format!("rule r {{ by t within 2h match {seq} alert low \"\" }}"));
    let Body::Pattern(pattern) = &found.rules[0].body else { panic!("a pattern") };
    assert_eq!(Show::new(&found, &found.rules[0]).sequence(&pattern.seq), seq);
}
