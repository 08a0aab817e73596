//! How long after its time an alert may come about.
//!
//! Most alerts have the time of the moment that makes them certain: an event, a deadline. A match that ends in a `greedy`
//! loop has the time of its last event, and is certain only when the loop is over.

use super::{Body, Element, Limits, Link, Node, Pattern, Quant, Rule, Within};

impl Rule {
    /// How long after its time an alert or row may come about, in microseconds; `None`: until an event comes, however late.
    pub fn settles_within_us(&self) -> Option<i64> {
        match &self.body {
            Body::Threshold(_) => Some(0),
            Body::Pattern(pattern) => pattern.settles_within_us(),
        }
    }
}

impl Pattern {
    fn settles_within_us(&self) -> Option<i64> {
        if ends_in_next_no(&self.seq) {
            return None;
        }
        match (of_sequence(&self.seq), self.within) {
            (Some(0), _) => Some(0),
            (wait, Some(Within::Time(us))) => Some(wait.map_or(us, |wait| wait.min(us))),
            (wait, _) => wait,
        }
    }
}

/// The wait behind the last event of a sequence: that of its last loops, as far back as what follows may be empty.
fn of_sequence(seq: &[Element]) -> Option<i64> {
    let mut sum = 0i64;
    for element in seq.iter().rev() {
        match &element.node {
            // It ends at its deadline, and that is the alert's time.
            Node::No(_) => return Some(sum),
            node if has_greedy(node) => sum = sum.saturating_add(of_node(node)?),
            _ => {}
        }
        if !may_be_empty(&element.node) {
            return Some(sum);
        }
    }
    Some(sum)
}

/// It may end in `next no X`: at the end of the input it is complete as of its last event, whatever its limits.
fn ends_in_next_no(seq: &[Element]) -> bool {
    fn of_element(element: &Element) -> bool {
        match &element.node {
            Node::Step(_) => false,
            Node::No(_) => element.link == Link::Next,
            Node::Group(group) => group.members.iter().any(of_element),
            Node::Sub(sub) => ends_in_next_no(&sub.seq),
        }
    }
    for element in seq.iter().rev() {
        if of_element(element) {
            return true;
        }
        if !may_be_empty(&element.node) {
            return false;
        }
    }
    false
}

/// How long a loop may wait behind its last event; where it may be empty, behind the event before it, too: its `over` says nothing
/// of that.
fn of_node(node: &Node) -> Option<i64> {
    let bound = |limits: &Limits| {
        let over_us = limits.over_us.filter(|_| !may_be_empty(node));
        over_us.into_iter().chain(limits.within_us).min()
    };
    match node {
        Node::Step(step) => bound(&step.limits),
        Node::No(_) => Some(0),
        Node::Group(group) => bound(&group.limits),
        Node::Sub(sub) if sub.quant.is_none() => bound(&sub.limits).or_else(|| of_sequence(&sub.seq)),
        Node::Sub(sub) => bound(&sub.limits),
    }
}

fn may_be_empty(node: &Node) -> bool {
    let none = |quant: &Option<Quant>| quant.is_some_and(|quant| quant.min == 0);
    match node {
        Node::Step(step) => none(&step.quant),
        Node::No(_) => false,
        Node::Sub(sub) => none(&sub.quant) || sub.seq.iter().all(|element| may_be_empty(&element.node)),
        Node::Group(group) => group.members.iter().any(|element| may_be_empty(&element.node)),
    }
}

fn has_greedy(node: &Node) -> bool {
    let greedy = |quant: &Option<Quant>| quant.is_some_and(|quant| quant.greedy);
    match node {
        Node::Step(step) => greedy(&step.quant),
        Node::No(_) => false,
        Node::Group(group) => group.members.iter().any(|element| has_greedy(&element.node)),
        Node::Sub(sub) => greedy(&sub.quant) || sub.seq.iter().any(|element| has_greedy(&element.node)),
    }
}
