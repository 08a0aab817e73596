//! Look-ups in tables: `table[key].field`, and `x in table`.

use super::Typer;
use super::convert::{node, poison};
use super::place::Row;
use crate::ast::{self, Name};
use crate::diagnostics::codes::tables as codes;
use crate::plan::{Expr, ExprKind, FieldId, TableId};
use crate::resolve::Namespace;
use crate::span::Span;
use crate::types::check::counted;
use crate::value::Type;

impl<'a> Typer<'a, '_> {
    /// Whether `name[..].field` can only be a look-up: it is a table, or nothing else that is known.
    pub(super) fn is_looked_up(&self, name: &str) -> bool {
        self.world.looked_up(name).is_some() || !self.is_known_value(name)
    }

    /// `table[key].field`
    pub(super) fn look_up(
        &mut self,
        (name, name_span): (&str, Span),
        key: &'a [ast::Expr],
        field: &'a Name,
        span: Span,
    ) -> Expr {
        let Some(id) = self.world.looked_up(name) else {
            let fault = self.say(codes::UNKNOWN_TABLE, name_span, format!("no table or view is called `{name}`"));
            self.report(fault.did_you_mean(name, self.world.looked_up_names()));
            return poison();
        };
        if !self.can_look_up(id, span) {
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
        if !self.can_look_up(table, span) {
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
        // A list param that changes is a table of one column.
        let among = if table.is_param() { Namespace::Values } else { Namespace::Tables };
        self.world.mention(among, &table.name);
        if parts.len() != table.keys.len() {
            let message =
                format!("a key of `{}` has {}, not {}", table.name, counted(table.keys.len(), "part"), parts.len());
            let names = table.keys.iter().filter_map(|key| table.fields.get(key.index()));
            let names: Vec<_> = names.map(|field| field.name.as_str()).collect();
            let fault = self.say(codes::LOOKUP_FORM, span, message);
            self.report(fault.hint(format!("write `{}[{}].field`", table.name, names.join(", "))));
            return None;
        }
        let (types, is_view): (Vec<Type>, _) = (table.key_types().cloned().collect(), table.view().is_some());
        let key: Vec<_> = parts.iter().zip(&types).map(|(part, ty)| self.of_type(part, ty)).collect();
        for (part, tree) in key.iter().zip(parts).filter(|(part, _)| is_view && !is_of_event(part)) {
            let message = format!("{} is not known from the event at hand alone", self.quote(tree.span));
            let fault = self.say(codes::VIEW_KEY, tree.span, message).label(match part.kind {
                ExprKind::With(_) => "a view's row is found before `with` is worked out",
                _ => "a view's row is found by the fields of the event",
            });
            self.report(fault.hint("write the expression itself, or look it up in a `derive` whose rows have it"));
        }
        (self.world.error_count() == before).then_some(key)
    }

    /// Whether there is an event, or an alert, as of whose time things are looked up; says if not.
    fn can_look_up(&self, table: TableId, span: Span) -> bool {
        // Constants are looked at before the tables are.
        let view = self.world.plan_tables.get(table.index()).and_then(|table| table.view());
        if view.is_some_and(|view| self.world.failed.get(view.index()) == Some(&true)) {
            // Reported where it is declared.
            return false;
        }
        let reason = if self.place.steps.is_some_and(|steps| steps.inside.is_some()) {
            "its events are of the past: look it up in the `where` of the step"
        } else if !self.place.has_time {
            "a look-up is as of an event's time, and there is no event here"
        } else if view.is_some() && matches!(self.place.row, Row::None) {
            "a row of a view is found when an event comes, and there is none at hand here"
        } else {
            return true;
        };
        let message = format!("{} cannot look anything up", self.place.what);
        let fault = self.say(codes::NO_LOOKUP, span, message).label(reason);
        self.report(match view {
            Some(_) if self.place.has_time => {
                fault.hint("read its output in another rule, and look it up for that one's events")
            }
            _ => fault,
        });
        false
    }
}

/// Whether it is known from the event at hand alone: so a row is found before the rule sees the event.
fn is_of_event(expr: &Expr) -> bool {
    let is_more = matches!(
        expr.kind,
        ExprKind::Step(..)
            | ExprKind::StepAt(_)
            | ExprKind::Loop { .. }
            | ExprKind::With(_)
            | ExprKind::History(_)
            | ExprKind::Prev { .. }
            | ExprKind::Lookup { .. }
            | ExprKind::Listed { .. }
    );
    !is_more && expr.children().into_iter().all(is_of_event)
}
