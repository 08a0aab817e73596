//! What history functions hold: those with the same argument and filter share one log of values, as long as the longest
//! of their windows.

use super::{Amount, Item, Rate, sizes};
use crate::plan::{Expr, ExprKind, History, HistoryArg, HistoryBound, HistoryFn, HistoryScope, Plan, Rule, Window};
use crate::show::Show;

/// An item for each log that the histories of this scope share, one for what is of constant size.
pub(super) fn items(plan: &Plan, rule: &Rule, scope: &HistoryScope, rate: Rate) -> Vec<Item> {
    let show = Show::new(plan, rule);
    let mut logs: Vec<(&HistoryArg, Vec<&History>)> = Vec::new();
    for history in rule.histories.iter().filter(|history| history.scope == *scope) {
        match logs.iter_mut().find(|(arg, _)| **arg == history.arg) {
            Some((_, sharing)) => sharing.push(history),
            None => logs.push((&history.arg, vec![history])),
        }
    }
    logs.into_iter().map(|(arg, sharing)| item(show, arg, &sharing, rate)).collect()
}

fn item(show: Show<'_>, arg: &HistoryArg, sharing: &[&History], rate: Rate) -> Item {
    let clauses: Vec<String> = sharing.iter().map(|history| show.history(history)).collect();
    let inner: u64 = arg.value.iter().chain(&arg.filter).map(inner_prevs).sum();
    let window = show.rule().window();
    let held =
        |history: &&History| window.map_or_else(|| events(history, rate), |window| of_window(window, history, rate));
    let is_logged = |history: &History| match window {
        Some(Window::Every(every)) if every.every_us != every.over_us => true,
        Some(_) => grows(&history.func),
        None => is_logged(history),
    };
    let logged = sharing.iter().filter(|history| is_logged(history)).map(held).fold(Amount::NONE, Amount::max);
    let kept = sharing.iter().filter(|history| !is_logged(history)).map(held).fold(Amount::NONE, |a, b| a + b);
    let value = arg.value.as_ref().map_or(0, |value| sizes::value(&value.ty));
    let nth = if sharing.iter().any(|history| counts_events(history.bound)) { sizes::NTH } else { 0 };
    let beside: Amount = sharing
        .iter()
        .map(|history| held(history) * Amount::AtMost(beside(&history.func, value)))
        .fold(Amount::AtMost(sizes::HISTORY * sharing.len() as u64), |a, b| a + b);
    let sketches: u64 = sharing.iter().map(|history| sketch(history)).sum();
    let bytes = logged * Amount::AtMost(sizes::TIME + nth + value)
        + (kept + Amount::AtMost(inner)) * Amount::AtMost(sizes::TIME + sizes::NTH + sizes::CELL + value)
        + beside
        + Amount::AtMost(sketches);
    let events = logged + kept + Amount::AtMost(inner);
    let holds = match events {
        Amount::AtMost(0) if sketches > 0 => "sketches, approximate",
        Amount::AtMost(0) => "its value, of constant size",
        _ if arg.value.is_none() => "event times",
        _ => "values with their times",
    };
    Item { clause: clauses.join(", "), holds: holds.to_owned(), events, bytes }
}

/// Bytes of a key's sketches at most; 0 for functions that are exact. A window has one for each pane, one for the pane that is only partly in the window, and one for all
/// that are complete.
pub fn sketch(history: &History) -> u64 {
    let panes = if history.bound == HistoryBound::Forever { 1 } else { sizes::PANES + 2 };
    match history.func {
        HistoryFn::DistinctApprox => panes * sizes::SKETCH_DISTINCT,
        HistoryFn::PercentileApprox(_) => panes * sizes::SKETCH_PERCENTILE,
        _ => 0,
    }
}

/// Values that `prev` inside of an argument remembers.
fn inner_prevs(expr: &Expr) -> u64 {
    let own = if let ExprKind::Prev { n, .. } = &expr.kind { u64::from(*n) } else { 0 };
    expr.children().into_iter().map(inner_prevs).sum::<u64>() + own
}

/// It looks at the log, and not at a few numbers of its own.
fn is_logged(history: &History) -> bool {
    match history.func {
        HistoryFn::Prev(_) | HistoryFn::Ewma(_) | HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_) => false,
        HistoryFn::Count
        | HistoryFn::Sum
        | HistoryFn::Avg
        | HistoryFn::Min
        | HistoryFn::Max
        | HistoryFn::Stddev
        | HistoryFn::Percentile(_)
        | HistoryFn::Distinct
        | HistoryFn::Mode
        | HistoryFn::ModeCount
        | HistoryFn::First
        | HistoryFn::Last
        | HistoryFn::Collect
        | HistoryFn::FirstSeen => history.bound != HistoryBound::Forever,
    }
}

/// What a window's row needs every value for; for the others a few numbers are enough, unless windows overlap.
fn grows(func: &HistoryFn) -> bool {
    matches!(
        func,
        HistoryFn::Percentile(_) | HistoryFn::Distinct | HistoryFn::Mode | HistoryFn::ModeCount | HistoryFn::Collect
    )
}

/// The values of a window at most.
fn of_window(window: &Window, history: &History, rate: Rate) -> Amount {
    match window {
        Window::Every(every) if every.every_us != every.over_us => rate.events(every.over_us),
        _ if !grows(&history.func) => Amount::NONE,
        Window::Every(every) => rate.events(every.over_us),
        Window::Count(events) => Amount::AtMost(u64::from(*events)),
        Window::Session(_) => Amount::Unbounded,
    }
}

/// The values that it looks back over at most.
fn events(history: &History, rate: Rate) -> Amount {
    match (&history.func, history.bound) {
        (HistoryFn::Prev(n), _) => Amount::AtMost(u64::from(*n)),
        // A few numbers, or one value: the compiler refuses the functions that need more.
        (_, HistoryBound::Forever) => Amount::NONE,
        (HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_), _) => Amount::NONE,
        (_, HistoryBound::Time(us) | HistoryBound::PreviousTime(us)) => rate.events(us),
        (_, HistoryBound::Last(n) | HistoryBound::PreviousLast(n)) => Amount::AtMost(u64::from(n)),
        (_, HistoryBound::Before { span_us, gap_us }) => rate.events(span_us.saturating_add(gap_us)),
    }
}

fn counts_events(bound: HistoryBound) -> bool {
    match bound {
        HistoryBound::Last(_) | HistoryBound::PreviousLast(_) => true,
        HistoryBound::Time(_) | HistoryBound::PreviousTime(_) | HistoryBound::Before { .. } | HistoryBound::Forever => {
            false
        }
    }
}

/// Bytes for each value besides the log.
fn beside(func: &HistoryFn, value: u64) -> u64 {
    match func {
        HistoryFn::Min | HistoryFn::Max => 8,
        HistoryFn::Percentile(_) => sizes::CELL,
        HistoryFn::Distinct | HistoryFn::FirstSeen => sizes::DISTINCT,
        HistoryFn::Mode | HistoryFn::ModeCount | HistoryFn::Collect => sizes::PLACES + value,
        HistoryFn::Count
        | HistoryFn::Sum
        | HistoryFn::Avg
        | HistoryFn::Stddev
        | HistoryFn::First
        | HistoryFn::Last
        | HistoryFn::Prev(_)
        | HistoryFn::Ewma(_)
        | HistoryFn::DistinctApprox
        | HistoryFn::PercentileApprox(_) => 0,
    }
}
