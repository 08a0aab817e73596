//! In which stage each rule runs, and how far behind the watermark. Events that a view was asked at come from the view.

use super::scope::Turn;
use crate::views::Join;
use tripline_query_lang::plan::{Origin, Plan};

/// The turn of each rule; `None` when rules read each other in a circle, or one whose alerts may come any time after
/// their own.
pub(super) fn turns(plan: &Plan, joins: &[Join]) -> Option<Vec<Turn>> {
    let streams = |rule: usize| {
        let asked = joins.iter().filter(move |join| join.view.index() == rule).map(|join| join.from);
        plan.rules[rule].reads().into_iter().chain(asked)
    };
    let makers = |rule: usize| {
        streams(rule).filter_map(|stream| match plan.streams.get(stream.index())?.origin {
            Origin::Derived { rule, .. } | Origin::Widened { view: rule, .. } => Some(rule.index()),
            Origin::Input => None,
        })
    };
    let reads: Vec<Vec<usize>> = (0..plan.rules.len()).map(|rule| makers(rule).collect()).collect();
    let mut readers = vec![Vec::new(); reads.len()];
    for (reader, made) in reads.iter().enumerate() {
        made.iter().for_each(|made| readers[*made].push(reader));
    }
    // Repeats are left out ahead of all rules.
    let has_repeats = |rule: usize| {
        let mut streams = streams(rule).filter_map(|stream| plan.streams.get(stream.index()));
        streams.any(|stream| stream.unique.is_some())
    };
    let first = |rule: usize| Turn { stage: usize::from(has_repeats(rule)), lag_us: 0 };
    let mut turns: Vec<Turn> = (0..plan.rules.len()).map(first).collect();
    let mut open: Vec<usize> = reads.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..open.len()).filter(|rule| open[*rule] == 0).collect();
    let mut done = 0;
    while let Some(rule) = ready.pop() {
        done += 1;
        let own = turns[rule];
        for reader in &readers[rule] {
            let lag_us = own.lag_us.saturating_add(plan.rules[rule].settles_within_us()?);
            let turn = &mut turns[*reader];
            *turn = Turn { stage: turn.stage.max(own.stage + 1), lag_us: turn.lag_us.max(lag_us) };
            open[*reader] -= 1;
            if open[*reader] == 0 {
                ready.push(*reader);
            }
        }
    }
    (done == reads.len()).then_some(turns)
}
