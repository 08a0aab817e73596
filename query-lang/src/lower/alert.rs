//! `alert ... with ... to`, and `suppress`.

use crate::ast;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::plan::{Alert, Key, Severity, Suppress, TemplatePart, With};
use crate::resolve::{World, reserved_at};
use crate::types::constant::duration_us;
use crate::types::expression;
use crate::types::place::{Place, WithName};

/// The `with` fields in order, and their names and types for what may use them.
pub(super) fn with_fields<'a>(
    world: &World<'a>,
    file: usize,
    alert: &'a ast::Alert,
    place: Place<'_>,
    keys: &[Key],
) -> (Vec<With>, Vec<WithName>) {
    let named = |(name, _): &(ast::Name, ast::Expr)| WithName { name: name.text.clone(), ty: None };
    let mut known: Vec<WithName> = alert.with.iter().map(named).collect();
    let mut fields = Vec::new();
    for (position, (name, tree)) in alert.with.iter().enumerate() {
        if name.text == "at" {
            world.report(reserved_at(file, name));
        }
        let is_key = keys.iter().any(|key| key.name == name.text);
        if is_key || known.iter().take(position).any(|other| other.name == name.text) {
            let message = format!("the alert has two fields `{}`", name.text);
            let fault = Diagnostic::new(names::DUPLICATE, file, name.span, message);
            world.report(if is_key { fault.label("the key's parts are in the alert already") } else { fault });
        }
        let expr = expression(world, file, Place { what: "a `with` field", with: &known, ..place }, tree);
        known[position].ty = Some(expr.ty.clone());
        fields.push(With { name: name.text.clone(), expr });
    }
    (fields, known)
}

/// The alert.
pub(super) fn lower<'a>(world: &World<'a>, file: usize, alert: &'a ast::Alert, place: Place<'_>) -> Alert {
    Alert {
        every_event: alert.every_event,
        severity: severity(world, file, &alert.severity),
        template: self::template(world, file, &alert.template, place),
        to: alert.to.iter().map(|sink| sink.text.clone()).collect(),
    }
}

/// A message.
pub(super) fn template<'a>(
    world: &World<'a>,
    file: usize,
    template: &'a ast::Template,
    place: Place<'_>,
) -> Vec<TemplatePart> {
    let place = Place { what: "a template", ..place };
    let part = |part: &'a ast::TemplatePart| match part {
        ast::TemplatePart::Text(text) => TemplatePart::Text(text.clone()),
        ast::TemplatePart::Expr(tree) => TemplatePart::Expr(expression(world, file, place, tree)),
    };
    template.parts.iter().map(part).collect()
}

fn severity(world: &World<'_>, file: usize, name: &ast::Name) -> Severity {
    const ALL: [Severity; 5] = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    ALL.into_iter().find(|severity| severity.as_str() == name.text).unwrap_or_else(|| {
        let message = format!("`{}` is not a severity", name.text);
        let fault = Diagnostic::new(names::SEVERITY, file, name.span, message);
        let fault = fault.label("severities are `info`, `low`, `medium`, `high` and `critical`");
        world.report(fault.did_you_mean(&name.text, ALL.map(Severity::as_str)));
        Severity::Info
    })
}

/// `suppress D by ...`
pub(super) fn suppress<'a>(
    world: &World<'a>,
    file: usize,
    suppress: &'a ast::Suppress,
    place: Place<'_>,
) -> Option<Suppress> {
    let place = Place { what: "`suppress by`", ..place };
    let by = suppress.by.iter().map(|tree| expression(world, file, place, tree)).collect();
    let span_us = duration_us(world, file, &suppress.span_limit, "`suppress`")?;
    Some(Suppress { span_us, by })
}
