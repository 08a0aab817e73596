//! Keys: what `by` says, for one stream.

use crate::ast::{KeyPart, Keys};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{self, names, types};
use crate::plan::{Body, Element, Expr, ExprKind, Key, Node, Rule, StreamId, TableId, Window, reads_tables};
use crate::resolve::{Entity, Namespace, World};
use crate::span::Span;
use crate::types::check::counted;
use crate::types::place::Place;
use crate::types::{convert, expression};
use crate::value::Type;

/// The parts of a key that are taken from an event of this stream, by name. Handed-over parts are reported.
pub(super) fn of_stream<'a>(world: &World<'a>, file: usize, keys: &'a Keys, stream: StreamId) -> Vec<(String, Expr)> {
    let part = |part: &'a KeyPart| match part {
        KeyPart::Field(name) if name.text == "at" => (name.text.clone(), Expr { kind: ExprKind::At, ty: Type::Time }),
        KeyPart::Field(name) => (name.text.clone(), field(world, file, stream, &name.text, name.span)),
        KeyPart::Named(name, expr) => {
            let typed = expression(world, file, Place::of_stream("a key", stream), expr);
            if reads_tables(&typed) {
                let message = "a key cannot look anything up";
                let fault = Diagnostic::new(codes::tables::NO_LOOKUP, file, expr.span, message);
                let fault = fault.label("keys say where an event goes, before tables are known up to its time");
                world.report(
                    fault.hint("make a stream that has it: `derive x { on ... emit *, name = table[key].field }`"),
                );
            }
            (name.text.clone(), typed)
        }
        KeyPart::HandOver { field, step, .. } => {
            let message = format!("there is no step `{}` to take the key from", step.text);
            let fault = Diagnostic::new(names::NOT_VISIBLE, file, step.span, message);
            world.report(
                fault.hint("a later step takes its key from an earlier one: `then x: login by device == reset.device`"),
            );
            (field.text.clone(), convert::poison())
        }
    };
    let parts: Vec<_> = keys.parts.iter().map(part).collect();
    for ((name, expr), written) in parts.iter().zip(&keys.parts) {
        if matches!(expr.ty, Type::List(_)) {
            world.fault(
                types::EXPECTED,
                file,
                place_of(written),
                format!("`{name}` is a list: a key is a single value"),
            );
        }
    }
    parts
}

/// A field of a stream as part of a key.
pub(super) fn field(world: &World<'_>, file: usize, stream: StreamId, name: &str, span: Span) -> Expr {
    if let Some((id, field)) = world.field(stream, name) {
        return Expr { kind: ExprKind::Field(id), ty: field.ty.clone() };
    }
    let found = world.stream(stream);
    let message = format!("`{}` has no field `{name}`", found.name);
    let fields = found.fields.iter().map(|field| field.name.as_str());
    let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, span, message)
        .label(format!("part of the key of `{}`", found.name));
    world.report(fault.did_you_mean(name, fields));
    convert::poison()
}

/// Whether the parts have the types of the rule's key; says where not.
pub(super) fn check(
    world: &World<'_>,
    file: usize,
    keys: &Keys,
    stream: StreamId,
    parts: &[(String, Expr)],
    key: &[Key],
) {
    if parts.len() != key.len() {
        let message = format!("this key has {}, and the rule's has {}", counted(parts.len(), "part"), key.len());
        world.fault(types::KEY_TYPES, file, keys.span, message);
        return;
    }
    for (((name, expr), own), written) in parts.iter().zip(key).zip(&keys.parts) {
        if expr.ty != own.ty && expr.ty != Type::Null && own.ty != Type::Null {
            let stream = &world.stream(stream).name;
            let message = format!(
                "`{name}` of `{stream}` is of type {}, and the key's `{}` of type {}",
                expr.ty, own.name, own.ty
            );
            let fault = Diagnostic::new(types::KEY_TYPES, file, place_of(written), message);
            world.report(fault.hint("keys join only with one type: name an expression, `by id: text(number)`"));
        }
    }
}

/// The table that a rule's keys come from, `by x in table`, if it has keys like these.
pub(super) fn table(world: &World<'_>, file: usize, keys: &Keys, key: &[Key]) -> Option<TableId> {
    let name = keys.table.as_ref()?;
    let Some(Entity::Table(id)) = world.entity(&name.text) else {
        let message = format!("no table is called `{}`", name.text);
        let fault = Diagnostic::new(codes::tables::UNKNOWN_TABLE, file, name.span, message);
        world.report(fault.did_you_mean(&name.text, world.table_names()));
        return None;
    };
    world.mention(Namespace::Tables, &name.text);
    let table = world.table(id);
    let own: Vec<&Type> = table.key_types().collect();
    if key.len() != own.len() {
        let of_table = counted(own.len(), "part");
        let message =
            format!("the key has {}, and that of `{}` has {of_table}", counted(key.len(), "part"), table.name);
        world.fault(types::KEY_TYPES, file, keys.span, message);
        return None;
    }
    let differs = |(own, ty): &(&Key, &&Type)| own.ty != ***ty && own.ty != Type::Null && ***ty != Type::Null;
    if let Some((own, ty)) = key.iter().zip(&own).find(differs) {
        let message = format!("`{}` is of type {}, and the key of `{}` of type {ty}", own.name, own.ty, table.name);
        let fault = Diagnostic::new(types::KEY_TYPES, file, keys.span, message);
        world.report(fault.hint("keys join only with one type: name an expression, `by id: text(number) in devices`"));
        return None;
    }
    Some(id)
}

/// Only what can tell of a key without events takes its keys from a table; says where that is not so.
pub(super) fn check_listed(world: &World<'_>, file: usize, keys: &Keys, rule: &Rule) {
    let Some(table) = &keys.table else { return };
    let tells_of_keys = match &rule.body {
        Body::Threshold(threshold) => matches!(threshold.window, Some(Window::Every(_))),
        Body::Pattern(pattern) => matches!(&pattern.seq[..], [Element { node: Node::No(_), .. }]),
    };
    if !tells_of_keys {
        let message = "nothing is said of a key here before it has an event";
        let fault = Diagnostic::new(codes::tables::LISTED, file, table.span, message);
        let fault =
            fault.label("a silence (`match no x for 3m`) and windows by the clock (`every 1h`) watch a table's keys");
        world.report(match &keys.parts[..] {
            [KeyPart::Field(name)] => {
                fault.hint(format!("for events of listed keys alone write `where {} in {}`", name.text, table.text))
            }
            _ => fault,
        });
    }
}

/// Says when a name is given twice.
pub(super) fn check_form(world: &World<'_>, file: usize, keys: &Keys) {
    for (position, part) in keys.parts.iter().enumerate() {
        let name = name_of(part);
        if keys.parts.iter().take(position).any(|other| name_of(other) == name) {
            world.fault(names::DUPLICATE, file, place_of(part), format!("the key has two parts `{name}`"));
        }
    }
}

fn name_of(part: &KeyPart) -> &str {
    match part {
        KeyPart::Field(name) | KeyPart::Named(name, _) | KeyPart::HandOver { field: name, .. } => &name.text,
    }
}

/// Where a part stands.
pub(super) fn place_of(part: &KeyPart) -> Span {
    match part {
        KeyPart::Field(name) => name.span,
        KeyPart::Named(name, expr) => name.span.to(expr.span),
        KeyPart::HandOver { field, from, .. } => field.span.to(from.span),
    }
}
