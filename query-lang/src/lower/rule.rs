//! `rule`: what both forms have in common.

use crate::ast::{self, Name};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes};
use crate::fingerprint;
use crate::plan::{Rule, StreamId};
use crate::resolve::{Entity, Found, World};
use crate::types::constant;
use crate::value::{Type, Value};

use super::{gates, keys, pattern, threshold};

/// A rule's meaning; `None` when it could not be made out, which was reported.
pub(super) fn lower<'a>(world: &World<'a>, found: &Found<'a, ast::Rule>) -> Option<Rule> {
    let (file, node) = (found.file, found.node);
    let metadata = metadata(world, file, node);
    if let Some(by) = &node.by {
        keys::check_form(world, file, by);
    }
    if node.alert.is_none() {
        let message = format!("rule `{}` does not say what to alert", node.name.text);
        let fault = Diagnostic::new(names::MISSING, file, node.name.span, message);
        world.report(fault.hint("end it with `alert high \"...\"`"));
    }
    let mut rule = match &node.body {
        ast::Body::Threshold(body) => threshold::lower(world, file, node, body),
        ast::Body::Pattern(body) => pattern::lower(world, file, node, body),
        ast::Body::Error(_) => None,
    }?;
    rule.metadata = metadata;
    rule.key_table = node.by.as_ref().and_then(|by| keys::table(world, file, by, &rule.keys));
    rule.fingerprint = fingerprint::of_rule(&world.plan_streams, &world.plan_tables, &rule);
    Some(rule)
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

/// The stream of this name; none when it was reported.
pub(super) fn stream(world: &World<'_>, file: usize, name: &Name) -> Option<StreamId> {
    match world.entity(&name.text) {
        Some(Entity::Stream(id)) => return Some(id),
        Some(Entity::Rule(_)) => gates::rule_as_stream(world, file, name),
        Some(Entity::Table(_)) => {
            let message = format!("`{}` is a table: it has rows, not events", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_STREAM, file, name.span, message);
            world.report(fault.hint(format!("rows are looked up: `{0}[key].field`, `x in {0}`", name.text)));
        }
        // Reported where it is declared.
        Some(Entity::Unsupported) => {}
        None => {
            let message = format!("no stream is called `{}`", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_STREAM, file, name.span, message);
            world.report(fault.did_you_mean(&name.text, world.stream_names()));
        }
    }
    None
}
