//! `rule`: what both forms have in common.

use crate::ast::{self, Name};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes};
use crate::fingerprint;
use crate::plan::{Alert, Body, Expr, Key, Rule, StreamId, Suppress, With};
use crate::resolve::{Entity, Maker, MakerKind, World};
use crate::types::constant;
use crate::types::place::{Place, WithName};
use crate::value::{Type, Value};

use super::{alert, emit, keys, pattern, threshold, view, window};

/// A rule's or derive's meaning, by its position; `None` when it could not be made out, which was reported.
pub(super) fn lower(world: &World<'_>, position: usize) -> Option<Rule> {
    let maker = &world.rules[position];
    let file = maker.file;
    if let Some(by) = maker.by {
        keys::check_form(world, file, by);
    }
    let (metadata, written) = match maker.kind {
        MakerKind::Rule(node) => (of_rule(world, file, node), None),
        MakerKind::Derive(node) => (Vec::new(), node.window.as_ref()),
        MakerKind::View(_) => (Vec::new(), None),
    };
    let mut rule = match (maker.body, written) {
        (ast::Body::Threshold(body), _) if matches!(maker.kind, MakerKind::View(_)) => view::lower(world, maker, body),
        (body, Some(written)) => window::lower(world, maker, body, written),
        (ast::Body::Threshold(body), None) => threshold::lower(world, maker, body),
        (ast::Body::Pattern(body), None) => pattern::lower(world, maker, body),
        (ast::Body::Error(_), None) => None,
    }?;
    rule.metadata = metadata;
    rule.keeps = world.views[position];
    rule.key_table = maker.by.and_then(|by| keys::table(world, file, by, &rule.keys));
    if let (Some(by), Some(_)) = (maker.by, rule.key_table) {
        keys::check_listed(world, file, by, &rule);
    }
    rule.fingerprint = fingerprint::of_rule(&world.plan_streams, &world.plan_tables, &rule);
    shrink(&mut rule);
    Some(rule)
}

/// Gives back room that lists grew for and do not need: there may be ten thousand rules, and they stay.
fn shrink(rule: &mut Rule) {
    rule.metadata.shrink_to_fit();
    rule.keys.shrink_to_fit();
    rule.histories.shrink_to_fit();
    rule.fields.shrink_to_fit();
    if let Some(alert) = &mut rule.alert {
        alert.template.shrink_to_fit();
        alert.to.shrink_to_fit();
    }
    match &mut rule.body {
        Body::Threshold(threshold) => {
            threshold.on.shrink_to_fit();
            threshold.slots.shrink_to_fit();
        }
        Body::Pattern(pattern) => {
            pattern.steps.shrink_to_fit();
            pattern.seq.shrink_to_fit();
            pattern.without.shrink_to_fit();
        }
    }
}

/// What only a rule has; returns its metadata.
fn of_rule<'a>(world: &World<'a>, file: usize, node: &'a ast::Rule) -> Vec<(String, Value)> {
    if !node.says_alert {
        let message = format!("rule `{}` does not say what to alert", node.name.text);
        let fault = Diagnostic::new(names::MISSING, file, node.name.span, message);
        world.report(fault.hint("end it with `alert high \"...\"`"));
    }
    metadata(world, file, node)
}

/// What a rule says or a derive emits.
pub(super) struct Output {
    /// See [`Rule::fields`].
    pub fields: Vec<With>,
    /// See [`Rule::having`].
    pub having: Option<Expr>,
    /// See [`Rule::alert`].
    pub alert: Option<Alert>,
    /// See [`Rule::suppress`].
    pub suppress: Option<Suppress>,
    /// The fields by name, for `when`.
    pub known: Vec<WithName>,
}

/// What the maker says or emits, as seen from this place.
pub(super) fn output<'a>(world: &World<'a>, maker: &Maker<'a>, place: Place<'_>, keys: &[Key]) -> Output {
    let file = maker.file;
    match maker.kind {
        MakerKind::Rule(node) => {
            let written = node.alert.as_ref();
            let with = |alert| alert::with_fields(world, file, alert, place, keys);
            let (fields, known) = written.map(with).unwrap_or_default();
            let place = Place { with: &known, ..place };
            let suppress = node.suppress.as_ref().and_then(|suppress| alert::suppress(world, file, suppress, place));
            let alert = written.map(|alert| alert::lower(world, file, alert, place));
            Output { fields, having: None, alert, suppress, known }
        }
        MakerKind::Derive(node) => {
            let own: &[&str] = if node.window.is_some() { &window::BOUNDS } else { &[] };
            let (fields, known) = emit::fields(world, maker, &node.emit, own, place);
            let having = emit::having(world, file, node, Place { with: &known, ..place });
            Output { fields, having, alert: None, suppress: None, known }
        }
        MakerKind::View(node) => {
            let own: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
            let (fields, known) = emit::fields(world, maker, &node.emit, &own, place);
            Output { fields, having: None, alert: None, suppress: None, known }
        }
    }
}

/// `title`, `owner` and `runbook` are texts, `tags` and `references` lists of texts.
fn metadata<'a>(world: &World<'a>, file: usize, node: &'a ast::Rule) -> Vec<(String, Value)> {
    const KNOWN: [&str; 5] = ["title", "owner", "tags", "runbook", "references"];
    let mut lines: Vec<(String, Value)> = Vec::new();
    for line in &node.metadata {
        let name = &line.name.text;
        if lines.iter().any(|(other, _)| other == name) {
            world.fault(names::DUPLICATE, file, line.name.span, format!("`{name}` is given twice"));
        }
        let ty = match name.as_str() {
            "title" | "owner" | "runbook" => Type::Text,
            "tags" | "references" => Type::List(Box::new(Type::Text)),
            _ => {
                let fault = Diagnostic::new(names::UNKNOWN, file, line.name.span, format!("rules have no `{name}`"));
                world.report(fault.did_you_mean(name, KNOWN));
                continue;
            }
        };
        if let Some(value) = constant::value_of(world, file, &line.value, &ty, "metadata") {
            if value == Value::Null {
                world.fault(codes::EXPECTED, file, line.value.span, format!("`{name}` needs a value"));
            }
            lines.push((name.clone(), value));
        }
    }
    lines
}

/// The stream of this name, also that of a rule; none when it was reported.
pub(super) fn stream(world: &World<'_>, file: usize, name: &Name) -> Option<StreamId> {
    match world.entity(&name.text) {
        Some(Entity::Stream(id)) => return Some(id),
        // One that could not be made out, or reads itself, was reported.
        Some(Entity::Rule(rule)) => return world.derived[rule].filter(|_| !world.failed[rule]),
        Some(Entity::Table(_)) => {
            let message = format!("`{}` is a table: it has rows, not events", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_STREAM, file, name.span, message);
            world.report(fault.hint(format!("rows are looked up: `{0}[key].field`, `x in {0}`", name.text)));
        }
        Some(Entity::View(_)) => {
            let message = format!("`{}` is a view: it has rows, not events", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_STREAM, file, name.span, message);
            world.report(fault.hint(format!("rows are looked up: `{0}[key].field`, `x in {0}`", name.text)));
        }
        None => {
            let message = format!("no stream is called `{}`", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_STREAM, file, name.span, message);
            world.report(fault.did_you_mean(&name.text, world.stream_names()));
        }
    }
    None
}
