//! `table`: fields, key, and how late a row may be.

use crate::ast::{self, Name};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, tables as codes, types};
use crate::plan::{Field, FieldId, PathPart, RowsFrom, Table, TableId};
use crate::resolve::{Found, World, reserved_at};
use crate::span::Span;
use crate::types::constant::duration_us;
use crate::value::Type;

use super::streams;

/// A table's meaning; what was reported is left out.
pub(super) fn lower<'a>(world: &World<'a>, found: &Found<'a, ast::Table>) -> Table {
    let (file, node) = (found.file, found.node);
    let mut fields: Vec<Field> = Vec::new();
    for field in &node.fields {
        if let Some(first) = node.fields.iter().take(fields.len()).find(|other| other.name.text == field.name.text) {
            let message = format!("`{}` has two fields `{}`", node.name.text, field.name.text);
            let twice = Diagnostic::new(names::DUPLICATE, file, field.name.span, message);
            world.report(twice.related(first.name.span, "declared here first"));
        }
        if field.name.text == "at" {
            world.report(reserved_at(file, &field.name));
        }
        fields.push(streams::field(world, file, field));
    }
    let mut keys: Vec<FieldId> = Vec::new();
    for key in &node.keys {
        let Some(id) = self::key(world, file, &node.name.text, key, &fields) else { continue };
        if keys.contains(&id) {
            world.fault(names::DUPLICATE, file, key.span, format!("the key has two parts `{}`", key.text));
        }
        keys.push(id);
    }
    let late_us = node.late.as_ref().and_then(|late| duration_us(world, file, late, "`late`")).unwrap_or(0);
    Table { name: node.name.text.clone(), fields, keys, late_us, rows: RowsFrom::Input }
}

/// A part of the key: a field that every row has, with a single value.
fn key(world: &World<'_>, file: usize, table: &str, key: &Name, fields: &[Field]) -> Option<FieldId> {
    let Some(position) = fields.iter().position(|field| field.name == key.text) else {
        let message = format!("`{table}` has no field `{}`", key.text);
        let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, key.span, message).label("part of its key");
        world.report(fault.did_you_mean(&key.text, fields.iter().map(|field| field.name.as_str())));
        return None;
    };
    let field = &fields[position];
    if field.optional {
        let message = format!("`{}` is part of the key, and may be missing", key.text);
        let fault = Diagnostic::new(codes::TABLE_KEY, file, key.span, message);
        world.report(fault.hint("every row has a key: take the `?` off its type"));
    }
    if matches!(field.ty, Type::List(_)) {
        let message = format!("`{}` is a list: a key is a single value", key.text);
        world.fault(codes::TABLE_KEY, file, key.span, message);
    }
    Some(FieldId(position as u32))
}

/// The tables under list params that change while the rules run, by the params' names.
pub(super) fn of_params(world: &mut World<'_>, changing: &[String]) {
    for name in changing {
        let Some(param) = world.params.iter().find(|param| param.node.name.text == *name) else {
            let known: Vec<_> = world.params.iter().map(|param| param.node.name.text.as_str()).collect();
            let message = format!("no param is called `{name}`");
            let fault = Diagnostic::new(names::UNKNOWN_PARAM, 0, Span::default(), message);
            world.report(fault.did_you_mean(name, known).of_param(name));
            continue;
        };
        let ty = world.param_values.get(name.as_str()).map(|param| param.ty.clone());
        let item = match ty {
            Some(Type::List(item)) if !matches!(*item, Type::List(_) | Type::Null) => *item,
            ty => {
                let message = format!("`{name}` comes from a file or a topic, so it has to be a list of known items");
                let fault = Diagnostic::new(types::OVERRIDE, param.file, param.node.value.span, message);
                let fault = fault.label(format!("this is of type {}", ty.unwrap_or(Type::Null))).of_param(name);
                world.report(fault.hint("its items give the type: `param watch = [\"an item\"]`"));
                continue;
            }
        };
        let path = vec![PathPart::Key("value".to_owned())];
        let field = Field { name: "value".to_owned(), ty: item, optional: false, path, time_unit: None };
        let name = param.node.name.text.as_str();
        world.changing.insert(name, TableId(world.plan_tables.len() as u32));
        world.plan_tables.push(Table {
            name: name.to_owned(),
            fields: vec![field],
            keys: vec![FieldId(0)],
            late_us: 0,
            rows: RowsFrom::Param,
        });
    }
}
