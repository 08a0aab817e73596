//! What a rule wants to see: which rows of which stream, under which key, and what for.

use crate::patterns::Machine;
use tripline_query_lang::plan::{Expr, HistoryScope, Pattern, Rule, StepId, StepKey, StreamId, Threshold};

/// Rows that a rule wants, and what for.
#[derive(Clone, Copy)]
pub(super) struct Interest<'a> {
    /// The stream.
    pub stream: StreamId,
    /// Whose they are: one expression per part of the rule's key.
    pub key: &'a [Expr],
    /// Which of them; none is all.
    pub filter: Option<&'a Expr>,
    /// What for.
    pub part: Part,
}

/// What a row is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// To play this role: a bit of a pattern's offer, or an `on` clause of a threshold.
    Role(u32),
    /// To be seen by the histories of the step at this position among [`steps_with_histories`].
    History(usize),
    /// To be tested by a pattern for which every event of the key matters.
    Every,
    /// To be told what a view knows, by this join: a view is shown it among its histories.
    Ask(usize),
}

/// The interests of an `on ... when` rule: one for each `on` clause, in order of the text. `local` is what of each
/// clause's filter looks at the event alone.
pub(super) fn of_threshold<'a>(threshold: &'a Threshold, local: &'a [Option<Expr>]) -> Vec<Interest<'a>> {
    let mut interests = Vec::new();
    for (index, (on, filter)) in threshold.on.iter().zip(local).enumerate() {
        let part = Part::Role(index as u32);
        interests.push(Interest { stream: on.stream, key: &on.keys, filter: filter.as_ref(), part });
    }
    interests
}

/// The interests of a `match ... then` rule.
///
/// Where a step takes its key from an earlier one, events cannot be placed by their key: all go to one place under the
/// empty key, and the machine compares.
pub(super) fn of_pattern<'a>(rule: &'a Rule, pattern: &'a Pattern, machine: &'a Machine) -> Vec<Interest<'a>> {
    let one_place = pattern.hands_over();
    let key = |key: &'a StepKey| match key {
        StepKey::Own(parts) if !one_place => &parts[..],
        _ => &[],
    };
    let mut interests = Vec::new();
    for (index, role) in machine.roles().iter().enumerate() {
        let (stream, key) = (role.stream, key(&role.key));
        interests.push(Interest { stream, key, filter: role.local.as_ref(), part: Part::Role(index as u32) });
        if machine.needs_every_event(stream) {
            interests.push(Interest { stream, key, filter: None, part: Part::Every });
        }
    }
    for (index, step) in steps_with_histories(rule).into_iter().enumerate() {
        let Some(step) = pattern.steps.get(step.index()) else { continue };
        interests.push(Interest { stream: step.stream, key: key(&step.key), filter: None, part: Part::History(index) });
    }
    interests
}

/// The steps whose condition has history functions, in order of the text.
pub(super) fn steps_with_histories(rule: &Rule) -> Vec<StepId> {
    let step = |scope: &HistoryScope| match scope {
        HistoryScope::Step(step) => Some(*step),
        HistoryScope::Admitted => None,
    };
    let mut steps: Vec<StepId> = rule.histories.iter().filter_map(|history| step(&history.scope)).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}
