//! A plan, compiled for running: predicates, scopes, rules.

use std::sync::Arc;

use super::interest::{Interest, is_handed_over, of_pattern, of_threshold};
use super::needs;
use super::pattern::PatternRule;
use super::predicates::Predicates;
use super::scope::{Scope, scopes};
use super::store::{Slots, Store};
use super::threshold::ThresholdRule;
use crate::patterns::{Machine, PatternError};
use tripline_query_lang::plan::{Body, Plan, Rule, RuleId};

/// A plan, compiled for running: shared by all workers.
pub struct Program {
    plan: Arc<Plan>,
    pub(super) predicates: Predicates,
    pub(super) scopes: Vec<Scope>,
    pub(super) rules: Vec<Compiled>,
}

/// Why a plan cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// A rule's pattern is beyond what can be run.
    #[error("rule `{rule}`: {cause}")]
    Pattern {
        /// The rule's name.
        rule: String,
        /// What of it.
        cause: PatternError,
    },
}

/// A rule of either form.
pub(super) enum Compiled {
    Threshold(Arc<ThresholdRule>),
    Pattern(Arc<PatternRule>),
}

impl Compiled {
    /// No states yet, for the rule at this position in its scope.
    pub fn store(&self, position: u32) -> Box<dyn Store> {
        match self {
            Compiled::Threshold(rule) => Box::new(Slots::new(rule.clone(), position)),
            Compiled::Pattern(rule) => Box::new(Slots::new(rule.clone(), position)),
        }
    }
}

impl Program {
    /// Compiles the plan.
    pub fn new(plan: Arc<Plan>) -> Result<Program, ProgramError> {
        let machines = plan.rules.iter().map(|rule| machine(&plan, rule)).collect::<Result<Vec<_>, _>>()?;
        let mut predicates = Predicates::new(plan.streams.len());
        let interests: Vec<_> =
            plan.rules.iter().zip(&machines).map(|(rule, machine)| interests(rule, machine.as_ref())).collect();
        let scopes = scopes(&plan, &interests, &mut predicates);
        drop(interests);
        let compile = |(index, (rule, machine)): (usize, (&Rule, Option<Machine>))| {
            let id = RuleId(index as u32);
            match (&rule.body, machine) {
                (Body::Pattern(pattern), Some(machine)) => {
                    Some(Compiled::Pattern(Arc::new(PatternRule::new(&plan, id, rule, pattern, machine))))
                }
                (Body::Threshold(threshold), _) => {
                    Some(Compiled::Threshold(Arc::new(ThresholdRule::new(&plan, id, rule, threshold))))
                }
                (Body::Pattern(_), None) => None,
            }
        };
        let rules = plan.rules.iter().zip(machines).enumerate().filter_map(compile).collect();
        Ok(Program { predicates, scopes, rules, plan })
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Number of key scopes: each has one detector per worker.
    pub fn scopes(&self) -> usize {
        self.scopes.len()
    }

    /// The rules of each key scope, by position in the plan.
    pub fn scope_rules(&self) -> Vec<Vec<usize>> {
        self.scopes.iter().map(|scope| scope.rules.clone()).collect()
    }

    /// For each stream, which fields have to be decoded.
    pub fn needed_fields(&self) -> Vec<Vec<bool>> {
        needs::needed_fields(&self.plan)
    }
}

fn machine(plan: &Plan, rule: &Rule) -> Result<Option<Machine>, ProgramError> {
    let Body::Pattern(_) = &rule.body else { return Ok(None) };
    let told = |cause| ProgramError::Pattern { rule: rule.name.clone(), cause };
    Machine::new(plan, rule).map(Some).map_err(told)
}

/// What the rule wants to see, and whether it must all come to one place.
fn interests<'a>(rule: &'a Rule, machine: Option<&'a Machine>) -> (Vec<Interest<'a>>, bool) {
    match (&rule.body, machine) {
        (Body::Threshold(threshold), _) => (of_threshold(threshold), false),
        (Body::Pattern(pattern), Some(machine)) => (of_pattern(rule, pattern, machine), is_handed_over(machine)),
        (Body::Pattern(_), None) => (Vec::new(), false),
    }
}
