//! Why a pattern did not match: which element the run that came furthest waited for, and what kept the events that came
//! then from filling it.

use tripline_engine::alert::{Alert, Witness};
use tripline_query_lang::plan::{Body, Element, Link, Node, Pattern, Rule, Skip, TestLine, Within};

use super::{Case, LISTED_MAX};
use crate::testing::notation::at;

pub fn why(case: &Case<'_>, pattern: &Pattern) -> Vec<String> {
    let positions: Vec<usize> = (0..pattern.seq.len()).filter(|at| takes(&pattern.seq[*at])).collect();
    // The whole pattern without `without` first, then shorter and shorter.
    let whole = case.alerts(|rule| cut(rule, pattern.seq.len(), true));
    if let Some(alert) = whole.first() {
        if let [first, others @ ..] = &case.alerts(|_| {})[..] {
            let times = others.iter().fold(at(first.at_us), |times, alert| format!("{times}, {}", at(alert.at_us)));
            return vec![format!("what alerts{} comes at {times}, and other lines expect that", case.of_key())];
        }
        let kept_back = if pattern.without.is_empty() { "`having` or `suppress`" } else { "`without`" };
        return vec![format!("without {kept_back} it would have matched at {}", at(alert.at_us))];
    }
    for position in positions.iter().rev() {
        let reached = case.alerts(|rule| cut(rule, position + 1, false));
        let Some(newest) = reached.last() else { continue };
        let mut lines = vec![format!(
            "a run{} took {} at {}, and then waited for {}",
            case.of_key(),
            name(case, pattern, &pattern.seq[*position]),
            at(newest.at_us),
            match pattern.seq.get(position + 1) {
                Some(next) => name(case, pattern, next),
                None => "its end".to_owned(),
            },
        )];
        lines.extend(obstacles(case, pattern, position + 1, newest));
        return lines;
    }
    match pattern.seq.first() {
        Some(first) => {
            vec![format!("no event{} starts a run: none fills {}", case.of_key(), name(case, pattern, first))]
        }
        None => Vec::new(),
    }
}

fn takes(element: &Element) -> bool {
    !matches!(element.node, Node::No(_))
}

/// The rule with the first `length` elements only, saying nothing but that it matched.
fn cut(rule: &mut Rule, length: usize, without_without: bool) {
    rule.suppress = None;
    rule.fields.clear();
    rule.having = None;
    rule.alert.iter_mut().for_each(|alert| alert.template.clear());
    if let Body::Pattern(pattern) = &mut rule.body {
        pattern.seq.truncate(length);
        let steps = pattern.seq.iter().filter_map(last_step).max().map_or(0, |last| last + 1);
        pattern.steps.truncate(steps);
        if without_without {
            pattern.without.clear();
        }
    }
}

fn last_step(element: &Element) -> Option<usize> {
    match &element.node {
        Node::Step(step) => Some(step.id.index()),
        Node::No(_) => None,
        Node::Group(group) => group.members.iter().filter_map(last_step).max(),
        Node::Sub(sub) => sub.seq.iter().filter_map(last_step).max(),
    }
}

fn name(case: &Case<'_>, pattern: &Pattern, element: &Element) -> String {
    match &element.node {
        Node::Step(step) => {
            let info = &pattern.steps[step.id.index()];
            format!("`{}: {}`", info.name, case.stream(info.stream))
        }
        Node::No(absent) => format!("the time of `no {}` to pass", case.stream(absent.stream)),
        Node::Group(_) => "the group".to_owned(),
        Node::Sub(_) => "the bracket".to_owned(),
    }
}

/// What kept the events that came after `reached` from filling the element at `position`.
fn obstacles(case: &Case<'_>, pattern: &Pattern, position: usize, reached: &Alert) -> Vec<String> {
    let Some(element) = pattern.seq.get(position) else { return Vec::new() };
    match &element.node {
        Node::Step(step) => {
            let stream = pattern.steps[step.id.index()].stream;
            let relaxed = |relaxed: &[Relaxed]| filled(case, position, relaxed);
            let (free, late) = (relaxed(&[Relaxed::Condition]), relaxed(&[Relaxed::Time]));
            let (apart, both) = (relaxed(&[Relaxed::Between]), relaxed(&[Relaxed::Condition, Relaxed::Time]));
            let later = |line: &&TestLine| line.stream == stream && is_after(case, line, reached);
            let why = |line: &TestLine| {
                let offset = offset(case, line);
                let reason = if free.contains(&offset) {
                    "its `where` does not hold"
                } else if late.contains(&offset) {
                    "it comes too late: a limit of time is passed"
                } else if apart.contains(&offset) && element.link == Link::Next {
                    "`next` wants the very next event of the key, and another one came before"
                } else if apart.contains(&offset) {
                    "an event that `no` forbids stands between"
                } else if both.contains(&offset) {
                    "its `where` does not hold, and it comes too late"
                } else {
                    "it has another key, or more than its `where` or its time keeps it away"
                };
                format!("  {} does not fit: {reason}", case.event(line))
            };
            case.test.lines.iter().filter(later).take(LISTED_MAX).map(why).collect()
        }
        Node::No(absent) => {
            let later = |line: &&TestLine| line.stream == absent.stream && is_after(case, line, reached);
            let why = |line: &TestLine| format!("  {} may have come between", case.event(line));
            case.test.lines.iter().filter(later).take(LISTED_MAX).map(why).collect()
        }
        Node::Group(_) | Node::Sub(_) => Vec::new(),
    }
}

/// What an element does not ask any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relaxed {
    /// Its `where` and its `until`.
    Condition,
    /// How late it may come.
    Time,
    /// What may stand between it and the element before.
    Between,
}

/// The offsets of all events that would complete the pattern up to `position` if something were not asked.
fn filled(case: &Case<'_>, position: usize, relaxed: &[Relaxed]) -> Vec<i64> {
    let alerts = case.alerts(|rule| {
        cut(rule, position + 1, false);
        let Body::Pattern(pattern) = &mut rule.body else { return };
        let Some(mut last) = pattern.seq.pop() else { return };
        relaxed.iter().for_each(|what| relax(pattern, &mut last, *what));
        if let (Link::Then, Node::Step(step)) = (last.link, &mut last.node)
            && step.quant.is_none()
        {
            // Every event that fits, and not the first one alone.
            last.link = Link::ThenEach;
            step.limits.limit = Some(BRANCHES_MAX);
        }
        pattern.seq.push(last);
        pattern.skip = Skip::None;
    });
    alerts.iter().filter_map(last_offset).collect()
}

/// More events than a test has.
const BRANCHES_MAX: u32 = 1_000;

fn relax(pattern: &mut Pattern, last: &mut Element, what: Relaxed) {
    let Node::Step(step) = &mut last.node else { return };
    match what {
        Relaxed::Condition => {
            pattern.steps[step.id.index()].filter = None;
            step.limits.until = None;
        }
        Relaxed::Time => {
            pattern.within = Some(Within::Forever);
            (step.limits.within_us, step.limits.over_us) = (None, None);
        }
        Relaxed::Between => {
            last.link = Link::Then;
            while pattern.seq.last().is_some_and(|before| !takes(before)) {
                pattern.seq.pop();
            }
        }
    }
}

fn last_offset(alert: &Alert) -> Option<i64> {
    alert.evidence.iter().rev().find_map(|evidence| match &evidence.what {
        Witness::Event(coordinates) => Some(coordinates.offset),
        Witness::Deadline(_) => None,
    })
}

/// A line's offset is its position among all lines.
fn offset(case: &Case<'_>, line: &TestLine) -> i64 {
    case.test.lines.iter().position(|other| std::ptr::eq(other, line)).map_or(-1, |position| position as i64)
}

fn is_after(case: &Case<'_>, line: &TestLine, reached: &Alert) -> bool {
    line.at_us >= reached.at_us && Some(offset(case, line)) != last_offset(reached)
}
