//! A plan, compiled for running: predicates, scopes, rules.

use std::ops::Range;
use std::sync::Arc;

use super::alike::AlikeRule;
use super::families::Families;
use super::family::FamilyRule;
use super::interest::{Interest, Part, of_pattern, of_threshold};
use super::needs;
use super::pattern::PatternRule;
use super::predicates::{Asking, Predicates};
use super::prefilter::prefilters;
use super::scope::{Scope, Turn, scopes};
use super::store::{Slots, Store};
use super::threshold::ThresholdRule;
use super::turns::turns;
use super::view::ViewRule;
use super::window::WindowRule;
use crate::expr::split_local;
use crate::patterns::{Machine, PatternError};
use crate::views::{Join, Settled, settle};
use tripline_query_lang::plan::{Body, Expr, Plan, Rule, RuleId, reads_tables};

/// A plan, compiled for running: shared by all workers.
pub struct Program {
    /// As compiled.
    written: Arc<Plan>,
    /// As it runs: see [`crate::views`].
    settled: Arc<Plan>,
    pub(super) joins: Vec<Join>,
    shown: Vec<RuleId>,
    pub(super) predicates: Predicates,
    pub(super) scopes: Vec<Scope>,
    /// By position in the plan; none for those that another looks after.
    pub(super) rules: Vec<Option<Compiled>>,
    families: Families,
    /// How far behind the watermark a look-up may reach, microseconds; none: without a bound.
    look_back_us: Option<i64>,
    /// By stream and field: see [`Program::needed_fields`].
    needed: Vec<Vec<bool>>,
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
    /// A rule that looks things up in its clauses has too many of them.
    #[error(
        "rule `{rule}`: at most {max} `on` clauses are possible where one looks something up; make two rules of it"
    )]
    Clauses {
        /// The rule's name.
        rule: String,
        /// How many there may be.
        max: usize,
    },
    /// Rules read each other in a way that the compiler refuses.
    #[error("rules read each other's output in a circle, or without a bound of how late it comes")]
    Stages,
}

/// A rule by its form: `on ... when`, a window, `match ... then`, rules of a family by histories or by patterns, a view.
pub(super) enum Compiled {
    Threshold(Arc<ThresholdRule>),
    Window(Arc<WindowRule>),
    Pattern(Arc<PatternRule>),
    Family(Arc<FamilyRule>),
    Alike(Arc<AlikeRule>),
    View(Arc<ViewRule>),
}

impl Compiled {
    /// No states yet, for the rule at this position in its scope of so many.
    pub fn store(&self, position: u32, rules: usize) -> Box<dyn Store> {
        match self {
            Compiled::Threshold(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
            Compiled::Window(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
            Compiled::Pattern(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
            Compiled::Family(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
            Compiled::Alike(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
            Compiled::View(rule) => Box::new(Slots::new(rule.clone(), position, rules)),
        }
    }
}

impl Program {
    /// Compiles the plan; every rule runs by the cheapest strategy that keeps its meaning.
    pub fn new(plan: Arc<Plan>) -> Result<Program, ProgramError> {
        Program::compile(plan, Machine::new, true, &[])
    }

    /// As `new`; the rows of these views are shown at the end of the run, also if no rule looks anything up in them.
    pub fn showing(plan: Arc<Plan>, views: &[RuleId]) -> Result<Program, ProgramError> {
        Program::compile(plan, Machine::new, true, views)
    }

    /// As `new`, but every rule runs by the strategy that any rule can run by: to hold the others against.
    pub fn plain(plan: Arc<Plan>) -> Result<Program, ProgramError> {
        Program::compile(plan, Machine::by_runs, false, &[])
    }

    fn compile(
        written: Arc<Plan>,
        strategy: Strategy,
        shared: bool,
        shown: &[RuleId],
    ) -> Result<Program, ProgramError> {
        let settled = settle(&written, shown);
        let needed = needs::needed_fields(&settled);
        let Settled { plan, mut joins, idle } = settled;
        let mut families = if shared { Families::of(&plan) } else { Families::default() };
        // What leads a family sees the events of all: the others need nothing of their own.
        let (mut machines, mut filters) = (Vec::new(), Vec::new());
        for (index, rule) in plan.rules.iter().enumerate() {
            let is_led = families.is_led(index);
            machines.push(if is_led { None } else { machine(&plan, rule, strategy)? });
            filters.push(if is_led { Vec::new() } else { local_filters(rule)? });
        }
        let mut asking = Asking::new(plan.streams.len());
        let own = |index: usize| interests(&plan.rules[index], machines[index].as_ref(), &filters[index]);
        if shared {
            let read: Vec<_> =
                (0..plan.rules.len()).filter(|index| !idle[*index]).flat_map(|index| own(index).0).collect();
            let found = prefilters(&plan, &joins, &read);
            joins.iter_mut().zip(found).for_each(|(join, filter)| join.filter = filter);
        }
        let mut wanted = Vec::new();
        for (index, idle) in idle.iter().enumerate() {
            wanted.push((!families.is_led(index) && !idle).then(|| {
                let (mut interests, one_place) = own(index);
                interests.extend(asks(&joins, index));
                (interests, one_place)
            }));
        }
        let turns = turns(&plan, &joins).ok_or(ProgramError::Stages)?;
        let mut scopes = scopes(&plan, &turns, &wanted, &joins, &mut asking);
        drop(wanted);
        let predicates = asking.finish(shared);
        scopes.iter_mut().for_each(|scope| scope.index(&predicates));
        let mut compile = |(index, (rule, machine)): (usize, (&Rule, Option<Machine>))| {
            let id = RuleId(index as u32);
            if families.is_led(index) {
                return None;
            }
            if let Some(family) = families.led_by(&plan, index, machine.as_ref()) {
                return Some(family);
            }
            match (&rule.body, machine) {
                (Body::Pattern(pattern), Some(machine)) => {
                    Some(Compiled::Pattern(Arc::new(PatternRule::new(&plan, id, rule, pattern, machine))))
                }
                (Body::Threshold(threshold), _) if rule.keeps.is_some() => {
                    let is_own = |join: &Join| join.view == id;
                    Some(Compiled::View(Arc::new(ViewRule::new(
                        &plan,
                        rule,
                        threshold,
                        &joins,
                        is_own,
                        shown.contains(&id),
                    ))))
                }
                (Body::Threshold(threshold), _) => Some(match &threshold.window {
                    Some(window) => {
                        Compiled::Window(Arc::new(WindowRule::new(&plan, id, rule, threshold, window, !shared)))
                    }
                    None => Compiled::Threshold(Arc::new(ThresholdRule::new(&plan, id, rule, threshold))),
                }),
                (Body::Pattern(_), None) => None,
            }
        };
        let rules = plan.rules.iter().zip(machines).enumerate().map(&mut compile).collect();
        let behind = |(rule, turn): (&Rule, &Turn)| Some(look_back_us(rule)?.saturating_add(turn.lag_us));
        let look_back_us = plan.rules.iter().zip(&turns).map(behind).try_fold(0, |all, one| Some(one?.max(all)));
        Ok(Program {
            predicates,
            scopes,
            rules,
            families,
            look_back_us,
            needed,
            joins,
            shown: shown.to_vec(),
            settled: plan,
            written,
        })
    }

    /// The plan, as compiled.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.written
    }

    /// The plan as it runs: with joins in place of look-ups in views.
    pub(crate) fn running(&self) -> &Plan {
        &self.settled
    }

    /// The views whose rows are shown.
    pub(crate) fn shown(&self) -> &[RuleId] {
        &self.shown
    }

    /// The joins.
    pub(crate) fn joins(&self) -> &[Join] {
        &self.joins
    }

    /// Number of key scopes: each has one detector per worker.
    pub fn scopes(&self) -> usize {
        self.scopes.len()
    }

    /// The rules of each key scope, by position in the plan.
    pub fn scope_rules(&self) -> Vec<Vec<usize>> {
        let of_scope = |scope: &Scope| {
            let members = scope.rules.iter().flat_map(|rule| self.families.members(*rule));
            let mut rules: Vec<usize> = members.filter(|rule| *rule < self.written.rules.len()).collect();
            rules.sort_unstable();
            rules
        };
        let scopes = self.scopes.iter().filter(|scope| scope.unique.is_none()).map(of_scope);
        // Of a further copy of a view alone, nothing is left.
        scopes.filter(|rules| !rules.is_empty()).collect()
    }

    /// By rule: the rules that read one history a key with it, itself among them; none for one that is run by itself.
    pub fn families(&self) -> Vec<Option<Vec<usize>>> {
        self.families.by_rule(self.settled.rules.len())
    }

    /// Names the states of a rule in snapshots, or those of the family that it leads.
    pub(super) fn fingerprint(&self, rule: usize) -> u64 {
        self.families.fingerprint(rule).unwrap_or_else(|| self.settled.rules[rule].fingerprint)
    }

    /// The earliest time as of which anything may still be looked up once event time has passed `watermark_us` everywhere: a
    /// match may wait, and its alert looks things up as of its last event.
    pub fn looked_up_from(&self, watermark_us: i64) -> i64 {
        match self.look_back_us {
            Some(us) => watermark_us.saturating_sub(us),
            None => i64::MIN,
        }
    }

    /// Number of stages: at least one, also without rules.
    pub fn stages(&self) -> usize {
        self.scopes.last().map_or(1, |scope| scope.turn.stage + 1)
    }

    /// The scopes of a stage.
    pub(super) fn scopes_of(&self, stage: usize) -> Range<usize> {
        let start = self.scopes.partition_point(|scope| scope.turn.stage < stage);
        let end = self.scopes.partition_point(|scope| scope.turn.stage <= stage);
        start..end
    }

    /// The stage of a scope.
    pub fn stage_of(&self, scope: usize) -> usize {
        self.scopes[scope].turn.stage
    }

    /// For each stream, which fields have to be decoded.
    pub fn needed_fields(&self) -> Vec<Vec<bool>> {
        self.needed[..self.written.streams.len()].to_vec()
    }

    /// As [`Program::needed_fields`].
    pub(super) fn needed(&self) -> &[Vec<bool>] {
        &self.needed
    }
}

/// What a view is asked.
fn asks(joins: &[Join], view: usize) -> impl Iterator<Item = Interest<'_>> {
    let own = joins.iter().enumerate().filter(move |(_, join)| join.view.index() == view);
    own.map(|(index, join)| Interest {
        stream: join.from,
        key: &join.key,
        filter: join.filter.as_ref(),
        part: Part::Ask(index),
    })
}

/// How far behind the watermark the rule looks things up; none: without a bound.
fn look_back_us(rule: &Rule) -> Option<i64> {
    match &rule.body {
        Body::Pattern(_) if rule.said().any(reads_tables) => rule.settles_within_us(),
        Body::Pattern(_) | Body::Threshold(_) => Some(0),
    }
}

/// Compiles the pattern of a rule.
type Strategy = fn(&Plan, &Rule) -> Result<Machine, PatternError>;

fn machine(plan: &Plan, rule: &Rule, strategy: Strategy) -> Result<Option<Machine>, ProgramError> {
    let Body::Pattern(_) = &rule.body else { return Ok(None) };
    let told = |cause| ProgramError::Pattern { rule: rule.name.clone(), cause };
    strategy(plan, rule).map(Some).map_err(told)
}

/// What of each `on` clause's filter looks at the event alone; the rest, which looks things up, is left to the rule. It is
/// told by bits which clauses may admit an event.
fn local_filters(rule: &Rule) -> Result<Vec<Option<Expr>>, ProgramError> {
    let Body::Threshold(threshold) = &rule.body else { return Ok(Vec::new()) };
    let max = u64::BITS as usize;
    if threshold.on.len() > max && threshold.on.iter().filter_map(|on| on.filter.as_ref()).any(reads_tables) {
        return Err(ProgramError::Clauses { rule: rule.name.clone(), max });
    }
    Ok(threshold.on.iter().map(|on| on.filter.as_ref().and_then(|filter| split_local(filter).0)).collect())
}

/// What the rule wants to see, and whether it must all come to one place.
fn interests<'a>(
    rule: &'a Rule,
    machine: Option<&'a Machine>,
    filters: &'a [Option<Expr>],
) -> (Vec<Interest<'a>>, bool) {
    match (&rule.body, machine) {
        (Body::Threshold(threshold), _) => (of_threshold(threshold, filters), false),
        (Body::Pattern(pattern), Some(machine)) => (of_pattern(rule, pattern, machine), pattern.hands_over()),
        (Body::Pattern(_), None) => (Vec::new(), false),
    }
}
