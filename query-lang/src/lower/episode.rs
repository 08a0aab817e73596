//! `for`, `repeat` and `resolve`: they need something that lasts.

use crate::ast::{self, SpanLimit, Spanned};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{episodes as codes, patterns, types};
use crate::plan::{Element, Link, Node, Pattern, Within};
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

/// Reports `repeat` and `resolve` of a pattern that no absence ends, and a `repeat` that never comes.
pub(super) fn of_pattern(world: &World<'_>, file: usize, node: &ast::Rule, pattern: &Pattern, repeat_us: Option<i64>) {
    let waits = |last: &Element| matches!(last.node, Node::No(_)) && last.link != Link::Next;
    if !pattern.seq.last().is_some_and(waits) {
        for (span, what) in clauses(node) {
            let message = format!("{what} needs something that lasts");
            let fault = Diagnostic::new(codes::NOTHING_LASTS, file, span, message);
            let fault = fault.label("this pattern is complete at an event");
            world.report(
                fault.hint("it is for patterns that end with `no X for D`: the absence lasts until an X comes"),
            );
        }
        return;
    }
    // Without `for`, it waits until `within` is over: nothing is left of it.
    let waits_within =
        matches!(&pattern.seq.last().map(|last| &last.node), Some(Node::No(absent)) if absent.hold_us.is_none());
    if let (Some(repeat), Some(us), Some(Within::Time(within_us))) = (&node.repeat, repeat_us, pattern.within)
        && (waits_within || us > within_us)
    {
        let message = "this `repeat` never comes";
        let fault = Diagnostic::new(codes::REPEAT_NEVER, file, repeat.span, message);
        let fault = fault.label("repeats end with the rule's `within`, which is over before");
        world.report(fault.hint("write a `repeat` that is shorter, or a `within` that is longer"));
    }
}

/// `match no X for D` alone takes nothing else: reports what is of no use there.
pub(super) fn of_silence(world: &World<'_>, file: usize, body: &ast::Pattern) {
    let runs = body.runs.as_ref().map(|runs| (runs.span, "`runs`"));
    let skip = body.skip.as_ref().map(|skip| (skip.span, "`after match skip`"));
    let without = body.without.first().map(|absent| (absent.stream.span, "`without`"));
    let within = body.within.as_ref().map(|within| match within {
        SpanLimit::Time(tree) | SpanLimit::Events(tree) => (tree.span, "`within`"),
        SpanLimit::Forever(span) => (*span, "`within`"),
    });
    for (span, what) in within.into_iter().chain(runs).chain(without).chain(skip) {
        let message = format!("{what} means nothing where a pattern only waits for silence");
        world.report(Diagnostic::new(patterns::LIMIT_PLACE, file, span, message).label("there are no matched events"));
    }
}

/// The `repeat` and `resolve` that a rule has.
fn clauses(node: &ast::Rule) -> impl Iterator<Item = (Span, &'static str)> {
    let repeat = node.repeat.as_ref().map(|repeat| (repeat.span, "`repeat`"));
    let resolve = node.resolve.as_ref().map(|resolve| (resolve.span, "`resolve`"));
    repeat.into_iter().chain(resolve)
}
