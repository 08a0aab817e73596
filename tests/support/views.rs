//! The rows of all views at the end of the input, as `run --show` prints them: by the reference, and by the engine.

use std::sync::Arc;

use tripline::engine::detect::Program;
use tripline::engine::reference;
use tripline::query_lang::plan::{Plan, RuleId};

use crate::run::{Record, Setting, TableRow, for_reference, ran_by_engine};

fn views(plan: &Plan) -> Vec<RuleId> {
    let rules = plan.rules.iter().enumerate().filter(|(_, rule)| rule.keeps.is_some());
    rules.map(|(position, _)| RuleId(position as u32)).collect()
}

/// By the reference.
pub fn by_reference(plan: &Plan, records: &[Record], rows: &[TableRow]) -> Result<Vec<String>, String> {
    let (events, rows) = for_reference(plan, records, rows)?;
    Ok(reference::views(plan, &events, &rows, &views(plan)).iter().flat_map(|view| view.json_lines(plan)).collect())
}

/// What the engine finds when all views are shown, and their rows.
pub fn by_engine(
    plan: &Arc<Plan>,
    records: &[Record],
    rows: &[TableRow],
    setting: &Setting,
) -> Result<(Vec<String>, Vec<String>), String> {
    let program = Program::showing(plan.clone(), &views(plan)).map_err(|e| e.to_string())?;
    ran_by_engine(program, records, rows, setting)
}
