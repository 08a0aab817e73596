//! Which streams are read from outside, and which tables: no other is opened.

use tripline_query_lang::plan::Plan;

/// For each stream, whether some rule reads it and its events come from outside.
pub fn streams_read(plan: &Plan) -> Vec<bool> {
    let mut read = vec![false; plan.streams.len()];
    for stream in plan.rules.iter().flat_map(|rule| rule.reads()) {
        read[stream.index()] = plan.streams[stream.index()].is_input();
    }
    read
}

/// For each table, whether some rule looks something up in it, or has its keys.
pub fn tables_needed(plan: &Plan) -> Vec<bool> {
    crate::detect::needed_tables(plan)
}
