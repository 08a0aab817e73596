//! Rules that cannot start, since a table that they need cannot be read: they are held back, and all that rests on them.

use tripline_query_lang::plan::{Origin, Plan, Rule, RuleId, TableId};

/// A table that cannot be read, and what does not run without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The table.
    pub table: String,
    /// Why it cannot be read.
    pub why: String,
    /// The rules, derives and views that need it, or something that needs it, by name.
    pub rules: Vec<String>,
}

/// By rule: whether it needs the table, through views, derives and other rules as well.
pub fn held_back(plan: &Plan, table: TableId) -> Vec<bool> {
    let needs: Vec<Vec<TableId>> = plan.rules.iter().map(Rule::tables).collect();
    let mut held: Vec<bool> = needs.iter().map(|tables| tables.contains(&table)).collect();
    loop {
        let is_held = |rule: RuleId| held.get(rule.index()) == Some(&true);
        let rests_on_held = |(rule, tables): (&Rule, &Vec<TableId>)| {
            let makers = rule.reads().into_iter().filter_map(|stream| match plan.streams[stream.index()].origin {
                Origin::Derived { rule, .. } => Some(rule),
                Origin::Input | Origin::Widened { .. } => None,
            });
            let views = tables.iter().filter_map(|table| plan.tables[table.index()].view());
            makers.chain(views).any(is_held)
        };
        let next: Vec<bool> =
            plan.rules.iter().zip(&needs).zip(&held).map(|(rule, held)| *held || rests_on_held(rule)).collect();
        if next == held {
            return held;
        }
        held = next;
    }
}
