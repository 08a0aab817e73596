//! Which streams and tables rules read.

use super::{Body, Element, Node, Plan, Rule, StreamId};

impl Plan {
    /// For each stream, whether some rule reads it and its events come from outside: no other is opened.
    pub fn streams_read(&self) -> Vec<bool> {
        let mut read = vec![false; self.streams.len()];
        for stream in self.rules.iter().flat_map(Rule::reads) {
            read[stream.index()] = self.streams[stream.index()].is_input();
        }
        read
    }

    /// For each table, whether some rule looks something up in it, or has its keys, and its rows come from outside: no other
    /// is opened.
    pub fn tables_needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.tables.len()];
        for table in self.rules.iter().flat_map(Rule::tables) {
            needed[table.index()] = self.tables[table.index()].view().is_none();
        }
        needed
    }
}

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
