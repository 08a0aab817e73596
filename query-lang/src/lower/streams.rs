//! `stream`: fields with their types and paths, and the event-time policy.

use crate::ast::{self, TypeRef};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes};
use crate::plan::{Field, FieldId, Origin, PathPart, Stream, TimeUnit, Unique};
use crate::resolve::{Found, World, reserved_at};
use crate::types::constant::duration_us;
use crate::types::convert::SCALE_MAX;
use crate::value::Type;

/// The types that a field can have, for messages.
const TYPES: [&str; 9] = ["bool", "int", "float", "decimal", "text", "time", "duration", "point", "list"];

/// A stream's meaning; what was reported is left out or given a stand-in.
pub(super) fn lower<'a>(world: &World<'a>, found: &Found<'a, ast::Stream>) -> Stream {
    let (file, node) = (found.file, found.node);
    let mut fields: Vec<Field> = Vec::new();
    for field in &node.fields {
        if let Some(first) = node.fields.iter().take(fields.len()).find(|other| other.name.text == field.name.text) {
            let message = format!("`{}` has two fields `{}`", node.name.text, field.name.text);
            let twice = Diagnostic::new(names::DUPLICATE, file, field.name.span, message);
            world.report(twice.related(first.name.span, "declared here first"));
        }
        if field.name.text == "at" && node.timed_by.as_ref().is_none_or(|timed_by| timed_by.text != "at") {
            world.report(reserved_at(file, &field.name));
        }
        fields.push(self::field(world, file, field));
    }
    let us = |tree: &'a Option<ast::Expr>, what| tree.as_ref().and_then(|tree| duration_us(world, file, tree, what));
    Stream {
        name: node.name.text.clone(),
        timed_by: timed_by(world, file, node, &fields),
        unique: node.unique.as_ref().and_then(|written| unique(world, file, &node.name.text, written, &fields)),
        fields,
        late_us: us(&node.late, "`late`").unwrap_or(0),
        ahead_us: us(&node.ahead, "`ahead`"),
        idle_us: us(&node.idle, "`idle`"),
        origin: Origin::Input,
    }
}

fn timed_by(world: &World<'_>, file: usize, node: &ast::Stream, fields: &[Field]) -> FieldId {
    let Some(name) = &node.timed_by else {
        let message = format!("`{}` does not say which field is the event's time", node.name.text);
        let fault = Diagnostic::new(names::MISSING, file, node.name.span, message);
        world.report(fault.hint("write `timed by at` behind its fields, with the name of a `time` field"));
        return FieldId(0);
    };
    let Some(position) = fields.iter().position(|field| field.name == name.text) else {
        let message = format!("`{}` has no field `{}`", node.name.text, name.text);
        let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, name.span, message);
        world.report(fault.did_you_mean(&name.text, fields.iter().map(|field| field.name.as_str())));
        return FieldId(0);
    };
    let field = &fields[position];
    if field.ty != Type::Time && field.ty != Type::Null {
        let message = format!("the event's time has to be a `time`, and `{}` is of type {}", name.text, field.ty);
        world.fault(codes::EXPECTED, file, name.span, message);
    }
    if field.optional {
        let fault = Diagnostic::new(codes::EXPECTED, file, name.span, format!("`{}` may be missing", name.text));
        world.report(fault.hint("every event has a time: take the `?` off its type"));
    }
    FieldId(position as u32)
}

/// How repeats are known: single values of an event that tell it from all others.
fn unique<'a>(
    world: &World<'a>,
    file: usize,
    stream: &str,
    written: &'a ast::Unique,
    fields: &[Field],
) -> Option<Unique> {
    let mut parts: Vec<FieldId> = Vec::new();
    for name in &written.by {
        let Some(position) = fields.iter().position(|field| field.name == name.text) else {
            let message = format!("`{stream}` has no field `{}`", name.text);
            let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, name.span, message).label("part of its id");
            world.report(fault.did_you_mean(&name.text, fields.iter().map(|field| field.name.as_str())));
            continue;
        };
        let id = FieldId(position as u32);
        if matches!(fields[position].ty, Type::List(_)) {
            let message = format!("`{}` is a list: an id is made of single values", name.text);
            world.fault(codes::EXPECTED, file, name.span, message);
        }
        if parts.contains(&id) {
            world.fault(names::DUPLICATE, file, name.span, format!("the id has two parts `{}`", name.text));
        }
        parts.push(id);
    }
    let over_us = duration_us(world, file, &written.over, "`over`")?;
    Some(Unique { fields: parts, over_us })
}

/// A field of a stream or table.
pub(super) fn field(world: &World<'_>, file: usize, field: &ast::Field) -> Field {
    let (ty, time_unit) = field_type(world, file, &field.ty);
    let path = match &field.from {
        None => vec![PathPart::Key(field.name.text.clone())],
        Some(from) => path(&from.text).unwrap_or_else(|| {
            let fault = Diagnostic::new(codes::PATH, file, from.span, "this is not a path into a record");
            world.report(fault.hint("paths are written `data.items[0].id`"));
            Vec::new()
        }),
    };
    Field { name: field.name.text.clone(), ty, optional: field.ty.optional, path, time_unit }
}

/// `a.b[0].c`; a name may hold anything but `.` and brackets.
fn path(text: &str) -> Option<Vec<PathPart>> {
    let mut parts = Vec::new();
    for (position, segment) in text.split('.').enumerate() {
        let (key, mut indexes) = segment.find('[').map_or((segment, ""), |at| segment.split_at(at));
        match key {
            // A record that is a list: `[0].id`.
            "" if position == 0 && !indexes.is_empty() => {}
            "" => return None,
            key if key.contains(']') => return None,
            key => parts.push(PathPart::Key(key.to_owned())),
        }
        while !indexes.is_empty() {
            let (index, rest) = indexes.strip_prefix('[')?.split_once(']')?;
            parts.push(PathPart::Index(index.parse().ok()?));
            indexes = rest;
        }
    }
    Some(parts)
}

/// A type as written; [`Type::Null`] when it was reported.
fn field_type(world: &World<'_>, file: usize, ty: &TypeRef) -> (Type, Option<TimeUnit>) {
    let known = match ty.name.text.as_str() {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "float" => Type::Float,
        "text" => Type::Text,
        "duration" => Type::Duration,
        "point" => Type::Point,
        "decimal" => return (decimal(world, file, ty), None),
        "time" => return (Type::Time, time_unit(world, file, ty)),
        "list" => return (list(world, file, ty), None),
        name => {
            let fault = Diagnostic::new(names::UNKNOWN_TYPE, file, ty.name.span, format!("no type is called `{name}`"));
            let fault = fault.label(format!("types are {}", TYPES.map(|name| format!("`{name}`")).join(", ")));
            world.report(fault.did_you_mean(name, TYPES));
            return (Type::Null, None);
        }
    };
    if let Some(arg) = &ty.arg {
        let message = format!("`{}` takes nothing in brackets", ty.name.text);
        world.fault(codes::TYPE_FORM, file, arg.span, message);
    }
    (known, None)
}

fn decimal(world: &World<'_>, file: usize, ty: &TypeRef) -> Type {
    let scale = ty.arg.as_ref().and_then(|arg| arg.text.parse().ok()).filter(|scale| *scale <= SCALE_MAX);
    scale.map_or_else(
        || {
            let message = "a decimal says how many digits stand after its point";
            let fault = Diagnostic::new(codes::TYPE_FORM, file, ty.span, message);
            world.report(fault.hint(format!("write `decimal(2)`; up to {SCALE_MAX} are possible")));
            Type::Null
        },
        Type::Decimal,
    )
}

fn time_unit(world: &World<'_>, file: usize, ty: &TypeRef) -> Option<TimeUnit> {
    let arg = ty.arg.as_ref()?;
    match arg.text.as_str() {
        "s" => Some(TimeUnit::Seconds),
        "ms" => Some(TimeUnit::Milliseconds),
        "us" => Some(TimeUnit::Microseconds),
        "ns" => Some(TimeUnit::Nanoseconds),
        unit => {
            let fault = Diagnostic::new(codes::TYPE_FORM, file, arg.span, format!("`{unit}` is not a unit of time"));
            world.report(fault.hint("numbers since 1970 are `time(s)`, `time(ms)`, `time(us)` or `time(ns)`"));
            None
        }
    }
}

fn list(world: &World<'_>, file: usize, ty: &TypeRef) -> Type {
    let Some(item) = &ty.item else {
        let fault = Diagnostic::new(codes::TYPE_FORM, file, ty.span, "a list says what is in it");
        world.report(fault.hint("write `list of text`"));
        return Type::Null;
    };
    let (of, unit) = field_type(world, file, item);
    if item.optional || unit.is_some() || matches!(of, Type::List(_)) {
        let fault = Diagnostic::new(codes::TYPE_FORM, file, item.span, "a list holds single values that are there");
        world.report(fault.hint("`list of T?` is not possible inside; times in it are RFC 3339 text"));
    }
    Type::List(Box::new(of))
}
