//! `match ... then ...`: steps get their places in the order of the text, then each element its meaning.

mod check;
mod element;
mod key;
mod steps;
mod times;
mod warn;

use std::cell::RefCell;

use crate::ast;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::patterns as codes;
use crate::plan::{Body, Pattern, RUNS_MAX, Rule, Runs, Skip, Within};
use crate::resolve::{Maker, MakerKind, World};
use crate::types::constant::{count, duration_us};
use crate::types::place::{HistoryPlace, Place, Row, Steps};

use super::{alert, episode, rule};
use element::Elements;
use steps::Drafts;

/// The rule's meaning, metadata and fingerprint left open; `None` when a stream is unknown or there are no steps.
pub(super) fn lower<'a>(world: &World<'a>, maker: &Maker<'a>, body: &'a ast::Pattern) -> Option<Rule> {
    let file = maker.file;
    let drafts = Drafts::collect(world, file, body)?;
    let silence = if drafts.all.is_empty() { silence(world, file, body) } else { None };
    if drafts.all.is_empty() && silence.is_none() {
        return None;
    }
    let key = match silence {
        Some(absent) => key::of_silence(world, file, maker.by, absent),
        None => key::of_rule(world, file, maker.by, &drafts),
    };
    let names = drafts.names();
    let histories = RefCell::new(Vec::new());
    let mut elements = Elements::new(world, file, maker.by, &key, &drafts, &names, &histories);
    let seq = elements.sequence(&body.seq);
    let without = body.without.iter().map(|absent| elements.without(absent)).collect();
    let infos = elements.finish();
    let pattern = Pattern {
        steps: infos,
        seq,
        within: body.within.as_ref().and_then(|within| self::within(world, file, within)),
        runs: body.runs.as_ref().map_or(Runs::Max(RUNS_MAX), |runs| self::runs(world, file, runs)),
        without,
        skip: body.skip.as_ref().map_or(Skip::PastLast, |skip| self::skip(world, file, skip, &drafts)),
    };
    check::pattern(world, file, body);
    warn::pattern(world, file, &pattern, &drafts);
    let steps = Steps { all: &names, before: names.len(), own: None, rounds: &[], inside: None };
    let place = Place {
        what: "an alert of a pattern",
        row: Row::None,
        has_time: true,
        steps: Some(steps),
        keys: &key,
        with: &[],
        history: HistoryPlace::No("after `match` there are the steps' fields, and functions over loops"),
    };
    let output = rule::output(world, maker, place, &key);
    let (mut repeat_us, mut resolve) = (None, None);
    if let MakerKind::Rule(node) = maker.kind {
        let place = Place { with: &output.known, ..place };
        resolve = node.resolve.as_ref().map(|resolve| alert::template(world, file, resolve, place));
        repeat_us = node.repeat.as_ref().and_then(|repeat| episode::repeat(world, file, repeat));
        episode::of_pattern(world, file, node, &pattern, repeat_us);
    }
    if let MakerKind::Rule(ast::Rule { alert: Some(written), .. }) = maker.kind
        && written.every_event
    {
        let message = "`every event` is for rules of the form `on ... when`";
        let fault = Diagnostic::new(codes::EVERY_EVENT, file, written.span, message);
        world.report(fault.hint("a pattern alerts at each match; `after match skip` says what goes on after one"));
    }
    let (name, body) = (maker.name.text.clone(), Body::Pattern(pattern));
    Some(Rule {
        having: output.having,
        alert: output.alert,
        suppress: output.suppress,
        repeat_us,
        resolve,
        ..Rule::draft(name, key, body, histories.into_inner(), output.fields)
    })
}

/// The `no X for D` of a pattern that is nothing else; what is nothing at all was reported.
fn silence<'a>(world: &World<'a>, file: usize, body: &'a ast::Pattern) -> Option<&'a ast::Absent> {
    match &body.seq[..] {
        [ast::Element { node: ast::Node::No(absent), .. }] if absent.hold.is_some() => {
            episode::of_silence(world, file, body);
            Some(absent)
        }
        // What was there could not be read.
        [] => None,
        _ => {
            let fault = Diagnostic::new(codes::NO_STEP, file, body.span, "this pattern takes no event");
            world.report(fault.hint(
                "say how long nothing may come, `match no X for 3m`: that is silence; or add a step before or behind `no`",
            ));
            None
        }
    }
}

fn within<'a>(world: &World<'a>, file: usize, within: &'a ast::SpanLimit) -> Option<Within> {
    match within {
        ast::SpanLimit::Time(tree) => duration_us(world, file, tree, "`within`").map(Within::Time),
        ast::SpanLimit::Events(tree) => count(world, file, tree, "`within`").map(Within::Events),
        ast::SpanLimit::Forever(_) => Some(Within::Forever),
    }
}

fn runs<'a>(world: &World<'a>, file: usize, runs: &'a ast::Spanned<ast::Runs>) -> Runs {
    match &runs.node {
        ast::Runs::Latest => Runs::Latest,
        ast::Runs::Max(tree) => Runs::Max(count(world, file, tree, "`runs`").unwrap_or(RUNS_MAX)),
    }
}

fn skip(world: &World<'_>, file: usize, skip: &ast::Spanned<ast::Skip>, drafts: &Drafts<'_>) -> Skip {
    let target = |name: &ast::Name| {
        let Some((id, draft)) = drafts.find(&name.text) else {
            let fault =
                Diagnostic::new(codes::SKIP_TARGET, file, name.span, format!("no step is called `{}`", name.text));
            let names = drafts.all.iter().filter(|draft| draft.is_named).map(|draft| draft.name.as_str());
            world.report(fault.did_you_mean(&name.text, names));
            return None;
        };
        if draft.may_be_empty {
            let message = format!("a match may be complete without `{}`", name.text);
            let fault = Diagnostic::new(codes::SKIP_EMPTY, file, name.span, message);
            world.report(fault.label("so there may be nothing to skip to").hint("name a step that every match has"));
        }
        Some(id)
    };
    match &skip.node {
        ast::Skip::PastLast => Skip::PastLast,
        ast::Skip::ToNext => Skip::ToNext,
        ast::Skip::None => Skip::None,
        ast::Skip::ToFirst(name) => target(name).map_or(Skip::PastLast, Skip::ToFirst),
        ast::Skip::ToLast(name) => target(name).map_or(Skip::PastLast, Skip::ToLast),
    }
}
