//! Conditions that are typed well and still say nothing: they can never hold, or always do.

use super::facts;
use super::looped::children;
use super::place::{Place, Row};
use crate::ast::{self, ExprKind as Tree};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::warnings as codes;
use crate::plan::{Expr, ExprKind};
use crate::resolve::World;
use crate::show::history_in_short;
use crate::value::Value;

/// Says when the parts of a condition contradict each other, or leave nothing out.
pub(super) fn condition(world: &World<'_>, file: usize, place: Place<'_>, condition: &Expr, tree: &ast::Expr) {
    // A constant that a param gave may be a switch.
    if matches!(condition.kind, ExprKind::Const(_)) {
        return;
    }
    let histories = place.history.noted();
    if let Some(conflict) = facts::never(condition, &histories) {
        // An empty watch list that a param gives may be filled from outside.
        let is_given = conflict.needs.contains("empty list") && !has_empty_list(tree);
        if !is_given {
            let term = named(world, place, &conflict.term);
            let message = format!("this can never hold: {term} would have to be {}", conflict.needs);
            world.report(Diagnostic::new(codes::NEVER_HOLDS, file, tree.span, message));
        }
    } else if let Some(conflict) = facts::always(condition, &histories) {
        let term = named(world, place, &conflict.term);
        let message = format!("this condition holds whatever {term} is");
        let warning = Diagnostic::new(codes::CONSTANT_CONDITION, file, tree.span, message);
        // What counts is never missing.
        let is_count = matches!(conflict.term.kind, ExprKind::History(_));
        let hint = "only a missing value keeps it from holding: `is not null` asks for that";
        world.report(if is_count { warning } else { warning.hint(hint) });
    }
}

fn has_empty_list(tree: &ast::Expr) -> bool {
    matches!(&tree.node, Tree::List(items) if items.is_empty()) || children(tree).into_iter().any(has_empty_list)
}

/// A term as the user knows it.
fn named(world: &World<'_>, place: Place<'_>, term: &Expr) -> String {
    let quoted = |name: &str| format!("`{name}`");
    let field = |stream, field: crate::plan::FieldId| {
        world.plan_streams.get(crate::plan::StreamId::index(stream))?.fields.get(field.index())
    };
    let name = match (&term.kind, place.row) {
        (ExprKind::Convert(inner), _) => return named(world, place, inner),
        (ExprKind::Const(Value::Null), _) => return "a missing value".to_owned(),
        (ExprKind::At, _) => Some("at".to_owned()),
        (ExprKind::Call(function, _), _) => Some(format!("{}(..)", function.function().name)),
        (ExprKind::History(id), _) => place.history.noted().get(id.index()).map(history_in_short),
        (ExprKind::Field(id), Row::Stream(stream)) => field(stream, *id).map(|field| field.name.clone()),
        (ExprKind::Slot(slot), Row::Slots(slots)) => {
            slots.table.borrow().get(slot.index()).map(|slot| slot.name.clone())
        }
        (ExprKind::With(position), _) => place.with.get(*position as usize).map(|with| with.name.clone()),
        (ExprKind::Key(part), _) => place.keys.get(*part as usize).map(|key| key.name.clone()),
        (ExprKind::Step(step, id), _) => place.steps.and_then(|steps| {
            let step = steps.all.get(step.index())?;
            Some(format!("{}.{}", step.name, field(step.stream, *id)?.name))
        }),
        _ => None,
    };
    name.map_or("a part of it".to_owned(), |name| quoted(&name))
}
