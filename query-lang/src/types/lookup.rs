//! Look-ups in tables: `table[key].field`, and `x in table`.

use super::Typer;
use super::convert::{node, poison};
use crate::ast::{self, Name};
use crate::diagnostics::codes::tables as codes;
use crate::plan::{Expr, ExprKind, FieldId, TableId};
use crate::resolve::Entity;
use crate::span::Span;
use crate::types::check::counted;
use crate::value::Type;

impl<'a> Typer<'a, '_> {
    /// Whether `name[..].field` can only be a look-up: it is a table, or nothing else that is known.
    pub(super) fn is_looked_up(&self, name: &str) -> bool {
        match self.world.entity(name) {
            Some(Entity::Table(_)) => true,
            Some(Entity::Unsupported) => false,
            _ => !self.is_known_value(name),
        }
    }

    /// `table[key].field`
    pub(super) fn look_up(
        &mut self,
        (name, name_span): (&str, Span),
        key: &'a [ast::Expr],
        field: &'a Name,
        span: Span,
    ) -> Expr {
        let Some(Entity::Table(id)) = self.world.entity(name) else {
            let fault = self.say(codes::UNKNOWN_TABLE, name_span, format!("no table is called `{name}`"));
            self.report(fault.did_you_mean(name, self.world.table_names()));
            return poison();
        };
        if !self.can_look_up(span) {
            return poison();
        }
        let key = self.table_key(id, key, span);
        let table = self.world.table(id);
        let Some(position) = table.fields.iter().position(|known| known.name == field.text) else {
            let fields: Vec<_> = table.fields.iter().map(|field| field.name.as_str()).collect();
            self.unknown_field(name, field, &fields);
            return poison();
        };
        let (field, ty) = (FieldId(position as u32), table.fields[position].ty.clone());
        key.map_or_else(poison, |key| node(ExprKind::Lookup { table: id, key, field }, ty))
    }

    /// `x in table`
    pub(super) fn listed(&mut self, table: TableId, item: &'a ast::Expr, span: Span) -> Expr {
        if !self.can_look_up(span) {
            return poison();
        }
        let found = self.world.table(table);
        if found.keys.len() > 1 {
            let message = format!("a key of `{}` has {} parts: one value is never in it", found.name, found.keys.len());
            let fault = self.say(codes::LOOKUP_FORM, span, message);
            self.report(
                fault.hint(format!("ask for a field that every row has: `{}[a, b].field is not null`", found.name)),
            );
            return poison();
        }
        let key = self.table_key(table, std::slice::from_ref(item), span);
        key.map_or_else(poison, |key| node(ExprKind::Listed { table, key }, Type::Bool))
    }

    /// `table[key]` without a field.
    pub(super) fn row_alone(&self, name: &str, span: Span) -> Expr {
        let fault = self.say(codes::LOOKUP_FORM, span, format!("a row of `{name}` is not a value"));
        let text = self.quote(span);
        self.report(fault.hint(format!("name one of its fields: {}.field`", text.trim_end_matches('`'))));
        poison()
    }

    /// A list param that changes, anywhere but behind `in`.
    pub(super) fn list_alone(&self, name: &str, span: Span) -> Expr {
        let message = format!("`{name}` comes from a file or a topic: as a list it is never known as a whole");
        let fault = self.say(codes::LOOKUP_FORM, span, message);
        self.report(fault.hint(format!("ask for one item: `x in {name}`")));
        poison()
    }

    /// The parts of a key, each of its field's type; none when something was reported.
    fn table_key(&mut self, table: TableId, parts: &'a [ast::Expr], span: Span) -> Option<Vec<Expr>> {
        let before = self.world.error_count();
        let table = self.world.table(table);
        if parts.len() != table.keys.len() {
            let message =
                format!("a key of `{}` has {}, not {}", table.name, counted(table.keys.len(), "part"), parts.len());
            let names = table.keys.iter().filter_map(|key| table.fields.get(key.index()));
            let names: Vec<_> = names.map(|field| field.name.as_str()).collect();
            let fault = self.say(codes::LOOKUP_FORM, span, message);
            self.report(fault.hint(format!("write `{}[{}].field`", table.name, names.join(", "))));
            return None;
        }
        let types: Vec<Type> = table.key_types().cloned().collect();
        let key: Vec<_> = parts.iter().zip(&types).map(|(part, ty)| self.of_type(part, ty)).collect();
        (self.world.error_count() == before).then_some(key)
    }

    /// Whether there is an event, or an alert, as of whose time things are looked up; says if not.
    fn can_look_up(&self, span: Span) -> bool {
        let reason = if self.place.steps.is_some_and(|steps| steps.inside.is_some()) {
            "its events are of the past: look it up in the `where` of the step"
        } else if !self.place.has_time {
            "a look-up is as of an event's time, and there is no event here"
        } else {
            return true;
        };
        let message = format!("{} cannot look anything up", self.place.what);
        self.report(self.say(codes::NO_LOOKUP, span, message).label(reason));
        false
    }
}
