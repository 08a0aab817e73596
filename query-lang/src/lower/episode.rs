//! `for`, `repeat` and `resolve`: they need something that lasts.

use crate::ast::{self, Spanned};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{episodes as codes, types};
use crate::resolve::World;
use crate::span::Span;
use crate::types::constant::duration_us;

/// `repeat D`, microseconds; none when it was reported.
pub(super) fn repeat<'a>(world: &World<'a>, file: usize, repeat: &'a Spanned<ast::Expr>) -> Option<i64> {
    let us = duration_us(world, file, &repeat.node, "`repeat`")?;
    if us == 0 {
        let fault = Diagnostic::new(types::RANGE, file, repeat.node.span, "`repeat` needs a time of more than 0");
        world.report(fault.hint("write how long to wait between two alerts: `repeat 1h`"));
        return None;
    }
    Some(us)
}

/// Reports `repeat` and `resolve` of a rule of the form `on` that has no episode.
pub(super) fn of_threshold(world: &World<'_>, file: usize, node: &ast::Rule, body: &ast::Threshold) {
    let every_event = node.alert.as_ref().is_some_and(|alert| alert.every_event);
    let why = match (&body.when, every_event) {
        (None, _) => "without `when` every event alerts, and nothing lasts",
        (_, true) => "by `every event` there is an alert at each event, and none that stands for the episode",
        _ => return,
    };
    for (span, what) in clauses(node) {
        let fault = Diagnostic::new(codes::NO_EPISODE, file, span, format!("{what} needs an episode")).label(why);
        world.report(
            fault.hint("an episode is the time in which `when` holds, and alerts once: `on ... when ... alert ...`"),
        );
    }
}

/// The `repeat` and `resolve` that a rule has.
fn clauses(node: &ast::Rule) -> impl Iterator<Item = (Span, &'static str)> {
    let repeat = node.repeat.as_ref().map(|repeat| (repeat.span, "`repeat`"));
    let resolve = node.resolve.as_ref().map(|resolve| (resolve.span, "`resolve`"));
    repeat.into_iter().chain(resolve)
}
