//! Why an expected alert did not come: the same events through variants of the rule with something taken away, until it
//! shows what was in the way.

mod pattern;
mod threshold;

use std::sync::Arc;

use tripline_engine::alert::Alert;
use tripline_engine::time::Verdict;
use tripline_query_lang::plan::{Body, ExpectKind, Plan, Rule, RuleId, StreamId, Test, TestLine};
use tripline_query_lang::value::Value;

use super::feed::{self, Fed};
use super::notation::{self, notation};

/// Events that are listed at most.
const LISTED_MAX: usize = 5;

/// A rule that did not alert, and what is known of the alert that was expected.
struct Case<'a> {
    plan: &'a Plan,
    test: &'a Test,
    id: RuleId,
    rule: &'a Rule,
    /// The parts of the key that the expectation gives.
    key: Vec<(&'a str, &'a Value)>,
}

/// Lines that say why; none when nothing is to say.
pub fn why(plan: &Plan, test: &Test, expected: &ExpectKind, fed: &Fed) -> Vec<String> {
    let ExpectKind::Alert { rule, fields, .. } = expected else { return Vec::new() };
    let (id, rule) = (*rule, &plan.rules[rule.index()]);
    let is_key = |name: &str| rule.keys.iter().any(|key| key.name == name);
    let key = fields.iter().filter(|(name, _)| is_key(name)).map(|(name, value)| (name.as_str(), value)).collect();
    let case = Case { plan, test, id, rule, key };
    let mut lines = case.left_out(fed);
    lines.extend(match &rule.body {
        Body::Threshold(threshold) => threshold::why(&case, threshold),
        Body::Pattern(pattern) => pattern::why(&case, pattern),
    });
    lines
}

impl Case<'_> {
    /// Events that were late or too far ahead.
    fn left_out(&self, fed: &Fed) -> Vec<String> {
        let out = |(line, verdict): (&TestLine, &Verdict)| match verdict {
            Verdict::InTime => None,
            Verdict::Late { .. } => Some(format!("{} is late: the stream's `late` leaves it out", self.event(line))),
            Verdict::Quarantined { .. } => {
                Some(format!("{} is too far ahead: the stream's `ahead` leaves it out", self.event(line)))
            }
        };
        self.test.lines.iter().zip(&fed.verdicts).filter_map(out).take(LISTED_MAX).collect()
    }

    /// The alerts that a variant of the rule gives for the expected key.
    fn alerts(&self, change: impl FnOnce(&mut Rule)) -> Vec<Alert> {
        let mut plan = Plan { tests: Vec::new(), ..self.plan.clone() };
        let rule = &mut plan.rules[self.id.index()];
        // What others make of it is of no interest.
        rule.emits = None;
        change(rule);
        let alerts = feed::alerts(&Arc::new(plan), self.test).map(|fed| fed.alerts).unwrap_or_default();
        alerts.into_iter().filter(|alert| alert.rule == self.id && self.is_of_key(alert)).collect()
    }

    fn is_of_key(&self, alert: &Alert) -> bool {
        let of_alert =
            |name: &str| self.rule.keys.iter().position(|key| key.name == name).and_then(|i| alert.key.get(i));
        self.key.iter().all(|(name, value)| of_alert(name) == Some(value))
    }

    /// ` of card "c1"`, or nothing when the expectation names no key.
    fn of_key(&self) -> String {
        match self.key.is_empty() {
            true => String::new(),
            false => {
                let parts = self.key.iter().map(|(name, value)| format!("{name} {}", notation(value)));
                format!(" of {}", parts.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn stream(&self, stream: StreamId) -> &str {
        &self.plan.streams[stream.index()].name
    }

    /// ``the `payment` at 5m``
    fn event(&self, line: &TestLine) -> String {
        format!("the `{}` at {}", self.stream(line.stream), notation::at(line.at_us))
    }
}
