//! Which streams a rule reads.

use super::{Body, Element, Node, Rule, StreamId};

impl Rule {
    /// The streams that it reads, ascending, each once: in `on`, in steps, in `no` and in `without`.
    pub fn reads(&self) -> Vec<StreamId> {
        let mut read = Vec::new();
        match &self.body {
            Body::Threshold(threshold) => read.extend(threshold.on.iter().map(|on| on.stream)),
            Body::Pattern(pattern) => {
                read.extend(pattern.steps.iter().map(|step| step.stream));
                read.extend(pattern.without.iter().map(|absent| absent.stream));
                absences(&pattern.seq, &mut read);
            }
        }
        read.sort_unstable();
        read.dedup();
        read
    }
}

/// The streams of `no X`.
fn absences(elements: &[Element], read: &mut Vec<StreamId>) {
    for element in elements {
        match &element.node {
            Node::Step(_) => {}
            Node::No(absent) => read.push(absent.stream),
            Node::Group(group) => absences(&group.members, read),
            Node::Sub(sub) => absences(&sub.seq, read),
        }
    }
}
