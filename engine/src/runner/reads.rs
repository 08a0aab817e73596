//! Which streams some rule reads, and which tables: no other is opened.

use tripline_query_lang::plan::{Body, Element, Node, Plan};

/// For each stream, whether some rule reads it.
pub fn streams_read(plan: &Plan) -> Vec<bool> {
    let mut read = vec![false; plan.streams.len()];
    for rule in &plan.rules {
        match &rule.body {
            Body::Threshold(threshold) => threshold.on.iter().for_each(|on| read[on.stream.index()] = true),
            Body::Pattern(pattern) => {
                pattern.steps.iter().for_each(|step| read[step.stream.index()] = true);
                pattern.without.iter().for_each(|absent| read[absent.stream.index()] = true);
                absences(&pattern.seq, &mut read);
            }
        }
    }
    read
}

fn absences(elements: &[Element], read: &mut [bool]) {
    for element in elements {
        match &element.node {
            Node::Step(_) => {}
            Node::No(absent) => read[absent.stream.index()] = true,
            Node::Group(group) => absences(&group.members, read),
            Node::Sub(sub) => absences(&sub.seq, read),
        }
    }
}

/// For each table, whether some rule looks something up in it, or has its keys.
pub fn tables_needed(plan: &Plan) -> Vec<bool> {
    crate::detect::needed_tables(plan)
}
