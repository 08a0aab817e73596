//! The key of a pattern and of its steps: the rule's `by`, a step's own, or one handed over by an earlier step.

use crate::ast::{Absent, KeyPart, Keys};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, patterns as codes, types};
use crate::plan::{Expr, ExprKind, HandOver, Key, StepId, StepKey, StreamId};
use crate::resolve::World;
use crate::span::Span;
use crate::types::convert;
use crate::types::place::{StepName, Steps};
use crate::value::Type;

use super::super::{keys, rule};
use super::steps::Drafts;

/// The rule's key: that of its first step, by the names that the rule gives its parts.
pub(super) fn of_rule<'a>(world: &World<'a>, file: usize, by: Option<&'a Keys>, drafts: &Drafts<'a>) -> Vec<Key> {
    let Some(first) = drafts.all.first() else { return Vec::new() };
    let Some(own) = first.by.or(by) else { return Vec::new() };
    let parts = keys::of_stream(world, file, own, first.stream);
    let names: Vec<_> = match by {
        Some(by) if by.parts.len() == parts.len() => by.parts.iter().map(name_of).collect(),
        _ => parts.iter().map(|(name, _)| name.as_str()).collect(),
    };
    names.into_iter().zip(&parts).map(|(name, (_, expr))| Key { name: name.to_owned(), ty: expr.ty.clone() }).collect()
}

/// The key of a pattern that only waits for silence.
pub(super) fn of_silence<'a>(world: &World<'a>, file: usize, by: Option<&'a Keys>, absent: &'a Absent) -> Vec<Key> {
    let (Some(own), Some(stream)) = (absent.by.as_ref().or(by), rule::stream(world, file, &absent.stream)) else {
        return Vec::new();
    };
    let parts = keys::of_stream(world, file, own, stream);
    parts.into_iter().map(|(name, expr)| Key { name, ty: expr.ty }).collect()
}

fn name_of(part: &KeyPart) -> &str {
    match part {
        KeyPart::Field(name) | KeyPart::Named(name, _) | KeyPart::HandOver { field: name, .. } => &name.text,
    }
}

/// What a key of a step, `no` or `without` is made from.
pub(super) struct Keyed<'a, 'p> {
    /// All items.
    pub world: &'p World<'a>,
    /// The source.
    pub file: usize,
    /// The rule's `by`.
    pub rule_by: Option<&'a Keys>,
    /// The rule's key.
    pub key: &'p [Key],
    /// The steps before.
    pub steps: Steps<'p>,
}

impl<'a> Keyed<'a, '_> {
    /// The key of what stands at `span` and looks at `stream`, by its own words or the rule's.
    pub fn of(&self, own: Option<&'a Keys>, stream: StreamId, span: Span) -> StepKey {
        let Some(by) = own.or(self.rule_by) else {
            if !self.key.is_empty() {
                let message = "this has no key, and the first step has one";
                let fault = Diagnostic::new(codes::NO_KEY, self.file, span, message);
                self.world.report(fault.hint("give the rule a `by`, or this its own"));
            }
            return StepKey::Own(Vec::new());
        };
        if own.is_some() {
            keys::check_form(self.world, self.file, by);
        }
        let is_handed = |part: &KeyPart| matches!(part, KeyPart::HandOver { .. });
        if own.is_some() && by.parts.iter().any(is_handed) && self.steps.before > 0 {
            return self.handed(by, stream);
        }
        let parts = keys::of_stream(self.world, self.file, by, stream);
        keys::check(self.world, self.file, by, stream, &parts, self.key);
        StepKey::Own(parts.into_iter().map(|(_, expr)| expr).collect())
    }

    fn handed(&self, by: &'a Keys, stream: StreamId) -> StepKey {
        let mut pairs = Vec::new();
        for part in &by.parts {
            let KeyPart::HandOver { field, step, from } = part else {
                let message = "a key is handed over whole, or not at all";
                let fault = Diagnostic::new(codes::HAND_OVER, self.file, keys::place_of(part), message);
                self.world.report(fault.hint("write each part as `field == step.field`"));
                continue;
            };
            let own = if field.text == "at" {
                time()
            } else {
                keys::field(self.world, self.file, stream, &field.text, field.span)
            };
            let from = self.earlier(step, from);
            if own.ty != from.ty && own.ty != Type::Null && from.ty != Type::Null {
                let message =
                    format!("`{}` is of type {}, and what it takes over of type {}", field.text, own.ty, from.ty);
                self.world.fault(types::KEY_TYPES, self.file, keys::place_of(part), message);
            }
            pairs.push(HandOver { own, from });
        }
        StepKey::HandOver(pairs)
    }

    /// `step.field` of an earlier step that takes one event.
    fn earlier(&self, step: &crate::ast::Name, field: &crate::ast::Name) -> Expr {
        let fault = |code, message: String| Diagnostic::new(code, self.file, step.span, message);
        let Some((id, info)) = self.steps.find(&step.text) else {
            let names = self.steps.all.iter().map(|step: &StepName| step.name.as_str());
            let message = format!("no step is called `{}`", step.text);
            self.world.report(fault(names::UNKNOWN, message).did_you_mean(&step.text, names));
            return convert::poison();
        };
        if id.index() >= self.steps.before {
            let message = format!("`{}` is not an earlier step", step.text);
            self.world.report(fault(names::NOT_VISIBLE, message).hint("a key is handed over by a step before"));
            return convert::poison();
        }
        if info.is_loop {
            let message = format!("`{}` is a loop: it has many `{}`", step.text, field.text);
            self.world
                .report(fault(codes::HAND_OVER, message).hint("a key is handed over by a step that takes one event"));
            return convert::poison();
        }
        self.field_of(id, info, field)
    }

    fn field_of(&self, id: StepId, info: &StepName, field: &crate::ast::Name) -> Expr {
        if field.text == "at" {
            return Expr { kind: ExprKind::StepAt(id), ty: Type::Time };
        }
        match keys::field(self.world, self.file, info.stream, &field.text, field.span) {
            Expr { kind: ExprKind::Field(found), ty } => Expr { kind: ExprKind::Step(id, found), ty },
            reported => reported,
        }
    }
}

fn time() -> Expr {
    Expr { kind: ExprKind::At, ty: Type::Time }
}
