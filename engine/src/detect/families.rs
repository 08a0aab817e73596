//! Which rules of a plan are of one family: the one with the lowest limit leads, and sees the events of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alike::AlikeRule;
use super::family::{FamilyRule, Shape};
use super::likeness::Likeness;
use super::program::Compiled;
use crate::patterns::Machine;
use tripline_query_lang::plan::{Body, Plan, Rule, RuleId, Threshold};

/// Fewer patterns that are alike are quicker each by its own strategy.
const FEW: usize = 8;

/// The families of a plan.
#[derive(Default)]
pub(super) struct Families {
    /// By the position of the rule that leads.
    by_leader: BTreeMap<usize, Family>,
    /// By position: another leads.
    led: Vec<bool>,
}

/// Members, each with what tells it from the others.
enum Family {
    /// Counts over a limit, ascending by position.
    Counts(Vec<(usize, Shape)>),
    /// Patterns, in the order of their limits.
    Patterns(Vec<(usize, Likeness)>),
}

impl Families {
    /// Sorts the rules of a plan. A count whose like there is none is a family of one, so that what is kept of it does not
    /// change when others join.
    pub fn of(plan: &Plan) -> Families {
        let mut by_shape: BTreeMap<String, Vec<(usize, Shape)>> = BTreeMap::new();
        let mut by_likeness: BTreeMap<String, Vec<(usize, Likeness)>> = BTreeMap::new();
        for (index, rule) in plan.rules.iter().enumerate() {
            if let Some(shape) = Shape::of(rule) {
                by_shape.entry(shape.common.clone()).or_default().push((index, shape));
            } else if let Some(likeness) = Likeness::of(rule) {
                by_likeness.entry(likeness.common.clone()).or_default().push((index, likeness));
            }
        }
        let mut families = Families { led: vec![false; plan.rules.len()], ..Families::default() };
        for members in by_shape.into_values() {
            let leader = members.iter().min_by_key(|(index, shape)| (shape.limit, *index)).map(|(leader, _)| *leader);
            families.add(leader, Family::Counts(members));
        }
        for mut members in by_likeness.into_values() {
            members.sort_by(|(a, one), (b, other)| one.limits.cmp(&other.limits).then(a.cmp(b)));
            // One order must do for all steps.
            let mut ordered: Vec<(usize, Likeness)> = Vec::new();
            for member in members {
                if ordered.last().is_none_or(|(_, below)| member.1.is_over(below)) {
                    ordered.push(member);
                }
            }
            if ordered.len() >= FEW {
                families.add(ordered.first().map(|(leader, _)| *leader), Family::Patterns(ordered));
            }
        }
        families
    }

    fn add(&mut self, leader: Option<usize>, family: Family) {
        let Some(leader) = leader else { return };
        family.members().for_each(|index| self.led[index] = index != leader);
        self.by_leader.insert(leader, family);
    }

    /// Whether another rule looks after this one.
    pub fn is_led(&self, rule: usize) -> bool {
        self.led.get(rule).copied().unwrap_or(false)
    }

    /// The family that this rule leads, compiled; the machine is that of its pattern.
    pub fn led_by<'a>(&'a self, plan: &'a Plan, rule: usize, machine: Option<&Machine>) -> Option<Compiled> {
        Some(match self.by_leader.get(&rule)? {
            Family::Counts(members) => {
                let member = |(index, shape): &'a (usize, Shape)| {
                    let rule = &plan.rules[*index];
                    let threshold = threshold(rule).expect("a family of counts has threshold rules");
                    (RuleId(*index as u32), rule, threshold, shape)
                };
                Compiled::Family(Arc::new(FamilyRule::new(plan, &members.iter().map(member).collect::<Vec<_>>())))
            }
            Family::Patterns(members) => {
                let member =
                    |(index, likeness): &'a (usize, Likeness)| (RuleId(*index as u32), &plan.rules[*index], likeness);
                let members: Vec<_> = members.iter().map(member).collect();
                let machine = machine.expect("the rule that leads a family of patterns has a machine");
                let rule = AlikeRule::new(plan, &members, machine).expect("a family has a rule that leads it");
                Compiled::Alike(Arc::new(rule))
            }
        })
    }

    /// The rules that this one looks after, itself among them, ascending.
    pub fn members(&self, rule: usize) -> Vec<usize> {
        let mut members = self.by_leader.get(&rule).map_or_else(|| vec![rule], |family| family.members().collect());
        members.sort_unstable();
        members
    }

    /// The family of each rule, as the rules in it, ascending; none for a rule that is run by itself.
    pub fn by_rule(&self, rules: usize) -> Vec<Option<Vec<usize>>> {
        let mut families = vec![None; rules];
        for leader in self.by_leader.keys() {
            let members = self.members(*leader);
            members.iter().for_each(|member| families[*member] = Some(members.clone()));
        }
        families
    }

    /// Names the states of the family that this rule leads.
    pub fn fingerprint(&self, rule: usize) -> Option<u64> {
        match self.by_leader.get(&rule)? {
            Family::Counts(members) => members.first().map(|(_, shape)| shape.fingerprint()),
            Family::Patterns(members) => members.first().map(|(_, likeness)| likeness.fingerprint()),
        }
    }
}

impl Family {
    fn members(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self {
            Family::Counts(members) => Box::new(members.iter().map(|(index, _)| *index)),
            Family::Patterns(members) => Box::new(members.iter().map(|(index, _)| *index)),
        }
    }
}

fn threshold(rule: &Rule) -> Option<&Threshold> {
    match &rule.body {
        Body::Threshold(threshold) => Some(threshold),
        Body::Pattern(_) => None,
    }
}
