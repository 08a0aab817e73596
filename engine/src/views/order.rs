//! Which rules read or look up which: the order in which they are looked at, and which views nobody needs.

use tripline_query_lang::plan::{Origin, Plan, RuleId, TableId};

/// By rule, what it reads.
pub(super) struct Reads {
    /// The rules whose streams it reads, ascending.
    makers: Vec<Vec<usize>>,
    /// The views that it looks things up in, ascending.
    views: Vec<Vec<usize>>,
}

impl Reads {
    pub fn of(plan: &Plan) -> Reads {
        let maker = |stream: usize| match plan.streams[stream].origin {
            Origin::Derived { rule, .. } => Some(rule.index()),
            Origin::Input | Origin::Widened { .. } => None,
        };
        let makers = |rule: &tripline_query_lang::plan::Rule| {
            rule.reads().into_iter().filter_map(|stream| maker(stream.index())).collect()
        };
        Reads { makers: plan.rules.iter().map(makers).collect(), views: looked_up(plan) }
    }

    /// All rules, each behind those that it reads and looks up, as near to the order of the text as can be; without those that
    /// come back to themselves, which the compiler refuses.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        let mut is_in = vec![false; self.makers.len()];
        loop {
            let is_ready = |rule: &usize| {
                !is_in[*rule] && self.makers[*rule].iter().chain(&self.views[*rule]).all(|other| is_in[*other])
            };
            let ready: Vec<usize> = (0..is_in.len()).filter(is_ready).collect();
            if ready.is_empty() {
                return order;
            }
            ready.iter().for_each(|rule| is_in[*rule] = true);
            order.extend(ready);
        }
    }

    /// The views that no rule needs, directly or through other views.
    pub fn idle(&self, plan: &Plan, shown: &[RuleId]) -> Vec<bool> {
        let mut idle: Vec<bool> = plan.rules.iter().map(|rule| rule.keeps.is_some()).collect();
        shown.iter().for_each(|view| idle[view.index()] = false);
        // A view is behind those that it looks up: the last reader comes first.
        for rule in self.order().into_iter().rev() {
            if !idle[rule] {
                self.views[rule].iter().for_each(|view| idle[*view] = false);
            }
        }
        idle
    }
}

/// By rule: the views that it looks things up in, ascending.
pub(crate) fn looked_up(plan: &Plan) -> Vec<Vec<usize>> {
    let of_rule = |rule: &tripline_query_lang::plan::Rule| {
        let view = |table: TableId| Some(plan.tables.get(table.index())?.view()?.index());
        let mut views: Vec<usize> = rule.tables().into_iter().filter_map(view).collect();
        views.sort_unstable();
        views.dedup();
        views
    };
    plan.rules.iter().map(of_rule).collect()
}
