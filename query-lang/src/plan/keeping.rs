//! A part of a plan: some of its rules, as if the others had never been written.

use super::{Origin, Plan, RowsFrom, RuleId};

impl Plan {
    /// The plan with only the rules of these positions, ascending. What the others made is left behind as streams and tables
    /// that nobody reads; so none of those that stay may need one of them.
    pub fn keeping(&self, rules: &[RuleId]) -> Plan {
        let place = |rule: RuleId| rules.iter().position(|kept| *kept == rule).map(|place| RuleId(place as u32));
        let mut plan = self.clone();
        plan.tests.clear();
        plan.rules = rules.iter().filter_map(|rule| self.rules.get(rule.index()).cloned()).collect();
        for stream in &mut plan.streams {
            if let Origin::Derived { rule, .. } = &mut stream.origin {
                match place(*rule) {
                    Some(place) => *rule = place,
                    None => stream.origin = Origin::Input,
                }
            }
        }
        for table in &mut plan.tables {
            if let RowsFrom::View { rule, .. } = &mut table.rows {
                match place(*rule) {
                    Some(place) => *rule = place,
                    None => table.rows = RowsFrom::Input,
                }
            }
        }
        let read: Vec<_> = plan.rules.iter().flat_map(super::Rule::reads).collect();
        for rule in &mut plan.rules {
            rule.emits = rule.emits.take().filter(|emits| read.contains(&emits.stream));
        }
        plan
    }
}
