//! What becomes of a plan: which columns are decoded, which conditions rules share, under which keys, and how each rule is
//! run and why. As text, or drawn. The same plan gives the same bytes.

mod dot;
mod drawing;
mod graph;
mod mermaid;
mod rule;
mod streams;
#[cfg(test)]
mod tests;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::detect::{Program, ProgramError};
use crate::expr::canonical;
use crate::patterns::Machine;
use tripline_query_lang::plan::{Body, Expr, Plan, Rule, StreamId};
use tripline_query_lang::show::Show;
use views::LookedUp;

/// A plan, looked at from the engine's side.
pub struct Explanation {
    plan: Arc<Plan>,
    /// By rule; none for a threshold.
    machines: Vec<Option<Machine>>,
    /// By stream and field.
    decoded: Vec<Vec<bool>>,
    /// The rules that share a key table.
    scopes: Vec<Vec<usize>>,
    /// By rule: the rules that count the same events with it.
    families: Vec<Option<Vec<usize>>>,
    /// The distinct conditions on single events, by stream.
    conditions: Vec<Vec<Condition>>,
    /// By rule: what it looks up in views.
    look_ups: Vec<Vec<LookedUp>>,
}

/// A condition on single events, and the rules that ask for it.
struct Condition {
    text: String,
    rules: Vec<usize>,
}

impl Explanation {
    /// Compiles the plan as for running.
    pub fn new(plan: Arc<Plan>) -> Result<Explanation, ProgramError> {
        let program = Program::new(plan.clone())?;
        let machines = plan.rules.iter().map(|rule| machine(&plan, rule)).collect::<Result<Vec<_>, _>>()?;
        let (decoded, scopes) = (program.needed_fields(), program.scope_rules());
        let conditions = conditions(&plan, &machines);
        let look_ups = views::looked_up(&plan, &program);
        let families = program.families();
        Ok(Explanation { plan, machines, decoded, scopes, families, conditions, look_ups })
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        streams::write(self, &mut out);
        for index in 0..self.plan.rules.len() {
            rule::write(self, index, &mut out);
        }
        out
    }

    /// The dataflow and the automata as a graph for Graphviz.
    pub fn dot(&self) -> String {
        dot::render(&graph::of(self))
    }

    /// The dataflow and the automata as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        mermaid::render(&graph::of(self))
    }

    /// How many times this view is kept: not at all when no rule looks anything up in it.
    fn copies(&self, view: usize) -> usize {
        let of_view = self.look_ups.iter().flatten().filter(|look_up| look_up.view.index() == view);
        of_view.map(|look_up| look_up.copy).collect::<BTreeSet<_>>().len()
    }

    fn names(&self, rules: &[usize]) -> String {
        let names: Vec<&str> = rules.iter().map(|rule| self.plan.rules[*rule].name.as_str()).collect();
        names.join(", ")
    }
}

fn machine(plan: &Plan, rule: &Rule) -> Result<Option<Machine>, ProgramError> {
    match &rule.body {
        Body::Threshold(_) => Ok(None),
        Body::Pattern(_) => {
            let told = |cause| ProgramError::Pattern { rule: rule.name.clone(), cause };
            Machine::new(plan, rule).map(Some).map_err(told)
        }
    }
}

/// What each rule asks of single events, each once, in order of the text.
fn conditions(plan: &Plan, machines: &[Option<Machine>]) -> Vec<Vec<Condition>> {
    let mut known: BTreeMap<(StreamId, String), usize> = BTreeMap::new();
    let mut conditions: Vec<Vec<Condition>> = plan.streams.iter().map(|_| Vec::new()).collect();
    for (index, (rule, machine)) in plan.rules.iter().zip(machines).enumerate() {
        for (stream, filter) in asked(rule, machine.as_ref()) {
            let of_stream = &mut conditions[stream.index()];
            let position = *known.entry((stream, canonical(filter))).or_insert_with(|| {
                let text = Show::new(plan, rule).at(stream).expr(filter);
                of_stream.push(Condition { text, rules: Vec::new() });
                of_stream.len() - 1
            });
            let rules = &mut of_stream[position].rules;
            if rules.last() != Some(&index) {
                rules.push(index);
            }
        }
    }
    conditions
}

fn asked<'a>(rule: &'a Rule, machine: Option<&'a Machine>) -> Vec<(StreamId, &'a Expr)> {
    match (&rule.body, machine) {
        (Body::Threshold(threshold), _) => {
            threshold.on.iter().filter_map(|on| on.filter.as_ref().map(|filter| (on.stream, filter))).collect()
        }
        (Body::Pattern(_), Some(machine)) => {
            machine.roles().iter().filter_map(|role| role.local.as_ref().map(|local| (role.stream, local))).collect()
        }
        (Body::Pattern(_), None) => Vec::new(),
    }
}
