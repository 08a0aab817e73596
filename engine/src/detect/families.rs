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

struct Family {
    /// Names its states.
    fingerprint: u64,
    /// By position, ascending.
    members: Box<[u32]>,
    /// Until they are compiled.
    alike: Alike,
}

/// Members, each with what tells it from the others: much, beside what is left of it.
enum Alike {
    /// Counts over a limit, ascending by position.
    Counts(Vec<(usize, Shape)>),
    /// Patterns, in the order of their limits.
    Patterns(Vec<(usize, Likeness)>),
    /// They are compiled.
    Compiled,
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
            families.add(leader, Alike::Counts(members));
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
                families.add(ordered.first().map(|(leader, _)| *leader), Alike::Patterns(ordered));
            }
        }
        families
    }

    fn add(&mut self, leader: Option<usize>, alike: Alike) {
        let (Some(leader), Some(fingerprint)) = (leader, alike.fingerprint()) else { return };
        let mut members = alike.members();
        members.sort_unstable();
        members.iter().for_each(|index| self.led[*index as usize] = *index as usize != leader);
        self.by_leader.insert(leader, Family { fingerprint, members: members.into(), alike });
    }

    /// Whether another rule looks after this one.
    pub fn is_led(&self, rule: usize) -> bool {
        self.led.get(rule).copied().unwrap_or(false)
    }

    /// The family that this rule leads, compiled, once; the machine is that of its pattern.
    pub fn led_by(&mut self, plan: &Plan, rule: usize, machine: Option<&Machine>) -> Option<Compiled> {
        match std::mem::replace(&mut self.by_leader.get_mut(&rule)?.alike, Alike::Compiled) {
            Alike::Counts(members) => {
                let members = members.iter().map(|(index, shape)| {
                    let rule = &plan.rules[*index];
                    let threshold = threshold(rule).expect("a family of counts has threshold rules");
                    (RuleId(*index as u32), rule, threshold, shape)
                });
                Some(Compiled::Family(Arc::new(FamilyRule::new(plan, &members.collect::<Vec<_>>()))))
            }
            Alike::Patterns(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(index, likeness)| (RuleId(*index as u32), &plan.rules[*index], likeness))
                    .collect();
                let machine = machine.expect("the rule that leads a family of patterns has a machine");
                let rule = AlikeRule::new(plan, &members, machine).expect("a family has a rule that leads it");
                Some(Compiled::Alike(Arc::new(rule)))
            }
            Alike::Compiled => None,
        }
    }

    /// The rules that this one looks after, itself among them, ascending.
    pub fn members(&self, rule: usize) -> Vec<usize> {
        let family = self.by_leader.get(&rule);
        family.map_or_else(|| vec![rule], |family| family.members.iter().map(|index| *index as usize).collect())
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
        self.by_leader.get(&rule).map(|family| family.fingerprint)
    }
}

impl Alike {
    fn members(&self) -> Vec<u32> {
        match self {
            Alike::Counts(members) => members.iter().map(|(index, _)| *index as u32).collect(),
            Alike::Patterns(members) => members.iter().map(|(index, _)| *index as u32).collect(),
            Alike::Compiled => Vec::new(),
        }
    }

    fn fingerprint(&self) -> Option<u64> {
        match self {
            Alike::Counts(members) => members.first().map(|(_, shape)| shape.fingerprint()),
            Alike::Patterns(members) => members.first().map(|(_, likeness)| likeness.fingerprint()),
            Alike::Compiled => None,
        }
    }
}

fn threshold(rule: &Rule) -> Option<&Threshold> {
    match &rule.body {
        Body::Threshold(threshold) => Some(threshold),
        Body::Pattern(_) => None,
    }
}
