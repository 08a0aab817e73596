//! Views: how rules find in them what the plan says that they look up.
//!
//! A row of a view lives with the worker that has its key, and the event that looks it up may belong to another key. So the
//! event goes to the row: a *join* takes the events of a stream by the key that the look-up names, adds what the view knows
//! as further fields, and passes them on under their own coordinates as a *widened* stream, which the rule reads instead.
//! [`settle`] makes a plan so: no look-up in a view is left in it.

mod chains;
mod exprs;
mod order;
mod rewrite;
mod show;

pub(crate) use order::looked_up;
pub use show::{Shelf, Shown, ViewRow};

use std::sync::Arc;

use tripline_query_lang::plan::{Expr, History, HistoryFn, Plan, Rule, RuleId, StreamId};

/// A plan without look-ups in views, and the joins that take their place.
pub struct Settled {
    /// Behind the rules of the plan further copies of views, behind its streams the widened ones.
    /// Without views it is the plan itself.
    pub plan: Arc<Plan>,
    /// Each behind the one that it goes on from.
    pub joins: Vec<Join>,
    /// By rule: a view that nobody needs.
    pub idle: Vec<bool>,
}

/// The events of a stream, given what a view knows.
#[derive(Clone, Debug)]
pub struct Join {
    /// The view, by position in the plan that runs: it may be a copy.
    pub view: RuleId,
    /// The view, by position in the plan.
    pub original: RuleId,
    /// The stream whose events are looked at.
    pub from: StreamId,
    /// The widened stream: the fields of `from`, and behind them one for each of `added`.
    pub to: StreamId,
    /// Which row: one expression per part of the view's key, over the fields of `from`.
    pub key: Vec<Expr>,
    /// What of it.
    pub added: Vec<Added>,
    /// Which events: the others nobody wants, whatever is found. None is all.
    pub filter: Option<Expr>,
}

/// What a join finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Added {
    /// A part of the row's key.
    Key(u32),
    /// A field that the view emits.
    Field(u32),
    /// Whether there is a row.
    Listed,
}

/// Puts joins in place of the look-ups in views. Views that no rule needs are idle, unless they are among `shown`.
pub fn settle(plan: &Arc<Plan>, shown: &[RuleId]) -> Settled {
    let is_view = |rule: usize| plan.rules[rule].keeps.is_some();
    if !(0..plan.rules.len()).any(is_view) {
        return Settled { plan: plan.clone(), joins: Vec::new(), idle: vec![false; plan.rules.len()] };
    }
    let reads = order::Reads::of(plan);
    let idle = reads.idle(plan, shown);
    let chains = chains::Chains::of(plan, &reads, &idle);
    let mut settled = rewrite::rewrite(plan, chains);
    settled.idle = idle;
    settled.idle.resize(settled.plan.rules.len(), false);
    settled
}

/// How long after its newest event a view's row is there: while any field looks back to it. `None`: for ever.
pub(crate) fn lasts_us(rule: &Rule) -> Option<i64> {
    let reach = |history: &History| match history.func {
        HistoryFn::Ewma(_) => None,
        _ => history.bound.reach_us(),
    };
    let reaches = rule.histories.iter().map(reach);
    reaches.collect::<Option<Vec<i64>>>()?.into_iter().max()
}
