//! Which rules of a plan are of one family: the one with the lowest limit leads, and sees the events of all.

use std::collections::BTreeMap;

use super::family::{FamilyRule, Shape};
use tripline_query_lang::plan::{Body, Plan, RuleId};

/// The families of a plan.
#[derive(Default)]
pub(super) struct Families {
    /// By the position of the rule that leads.
    by_leader: BTreeMap<usize, Family>,
    /// By position: another leads.
    led: Vec<bool>,
}

/// Members, ascending, each with its shape.
struct Family(Vec<(usize, Shape)>);

impl Families {
    /// Sorts the rules of a plan. A rule whose like there is none is a family of one, so that what is kept of it does not
    /// change when others join.
    pub fn of(plan: &Plan) -> Families {
        let mut by_shape: BTreeMap<String, Vec<(usize, Shape)>> = BTreeMap::new();
        for (index, rule) in plan.rules.iter().enumerate() {
            if let Some(shape) = Shape::of(rule) {
                by_shape.entry(shape.common.clone()).or_default().push((index, shape));
            }
        }
        let mut families = Families { led: vec![false; plan.rules.len()], ..Families::default() };
        for members in by_shape.into_values() {
            let Some(leader) = members.iter().min_by_key(|(index, shape)| (shape.limit, *index)) else { continue };
            let leader = leader.0;
            members.iter().for_each(|(index, _)| families.led[*index] = *index != leader);
            families.by_leader.insert(leader, Family(members));
        }
        families
    }

    /// Whether another rule looks after this one.
    pub fn is_led(&self, rule: usize) -> bool {
        self.led.get(rule).copied().unwrap_or(false)
    }

    /// The family that this rule leads, compiled.
    pub fn led_by(&self, plan: &Plan, rule: usize) -> Option<FamilyRule> {
        let Family(members) = self.by_leader.get(&rule)?;
        let mut all = Vec::new();
        for (index, shape) in members {
            let rule = plan.rules.get(*index)?;
            let Body::Threshold(threshold) = &rule.body else { continue };
            all.push((RuleId(*index as u32), rule, threshold, shape));
        }
        Some(FamilyRule::new(plan, &all))
    }

    /// The rules that this one looks after, itself among them, ascending.
    pub fn members(&self, rule: usize) -> Vec<usize> {
        let family = self.by_leader.get(&rule);
        family.map_or_else(|| vec![rule], |Family(members)| members.iter().map(|(index, _)| *index).collect())
    }

    /// Names the states of the family that this rule leads.
    pub fn fingerprint(&self, rule: usize) -> Option<u64> {
        let Family(members) = self.by_leader.get(&rule)?;
        members.first().map(|(_, shape)| shape.fingerprint())
    }
}
