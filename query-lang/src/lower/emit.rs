//! `emit` and `having`.

use crate::ast::{self, Name};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::plan::{Expr, With};
use crate::resolve::{Maker, World, reserved_at};
use crate::span::Span;
use crate::types::place::{HistoryPlace, Place, Row, WithName};
use crate::types::{condition, expression, field, named};

/// What a `derive` or a `view` emits: the fields in order, and what `having` knows of them. Every row has the names `own`
/// whatever it emits.
///
/// Later fields and `having` see a named field by its name; one that stands under its own name is the event's anyway.
pub(super) fn fields<'a>(
    world: &World<'a>,
    maker: &Maker<'a>,
    emit: &'a [ast::Emit],
    own: &[&str],
    place: Place<'_>,
) -> (Vec<With>, Vec<WithName>) {
    let (file, name) = (maker.file, maker.name);
    let (fields, known, of_all) = (Vec::new(), Vec::new(), Vec::new());
    let mut emitted = Emitted { world, file, name: &name.text, own, fields, known, of_all };
    let place = Place { what: "an `emit` field", ..place };
    if emit.is_empty() {
        let message = format!("`{}` does not say what to emit", name.text);
        let fault = Diagnostic::new(names::MISSING, file, name.span, message);
        world.report(fault.hint("end it with `emit name = expression, ...`"));
    }
    for emit in emit {
        match emit {
            ast::Emit::All(span) => emitted.all(*span, place),
            ast::Emit::Field(name) => {
                let expr = emitted.typed(place, |place| named(world, file, place, name));
                emitted.add(name, expr, false);
            }
            ast::Emit::Named(name, tree) => {
                emitted.check_name(name);
                let expr = emitted.typed(place, |place| expression(world, file, place, tree));
                emitted.add(name, expr, true);
            }
        }
    }
    (emitted.fields, emitted.known)
}

/// `having`
pub(super) fn having<'a>(world: &World<'a>, file: usize, derive: &'a ast::Derive, place: Place<'_>) -> Option<Expr> {
    let place = Place { what: "`having`", ..place };
    derive.having.as_ref().map(|tree| condition(world, file, place, tree))
}

/// The fields so far.
struct Emitted<'w, 'a> {
    world: &'w World<'a>,
    file: usize,
    /// Who emits.
    name: &'w str,
    /// What every row has.
    own: &'w [&'w str],
    fields: Vec<With>,
    known: Vec<WithName>,
    /// Those that `*` brought.
    of_all: Vec<String>,
}

impl Emitted<'_, '_> {
    fn typed<T>(&self, place: Place<'_>, make: impl FnOnce(Place<'_>) -> T) -> T {
        make(Place { with: &self.known, ..place })
    }

    fn add(&mut self, name: &Name, expr: Expr, is_known: bool) {
        if self.is_in_every_row(&name.text) && !is_known {
            return;
        }
        if self.fields.iter().any(|field| field.name == name.text) {
            let message = format!("`{}` emits two fields `{}`", self.name, name.text);
            let fault = Diagnostic::new(names::DUPLICATE, self.file, name.span, message);
            self.world.report(if self.of_all.contains(&name.text) {
                fault.label("`*` emits all fields of the event")
            } else {
                fault
            });
        }
        // Nothing is called by an empty name.
        let known = if is_known { name.text.clone() } else { String::new() };
        self.known.push(WithName { name: known, ty: Some(expr.ty.clone()) });
        self.fields.push(With { name: name.text.clone(), expr });
    }

    fn is_in_every_row(&self, name: &str) -> bool {
        name == "at" || self.own.contains(&name)
    }

    fn check_name(&self, name: &Name) {
        if name.text == "at" {
            self.world.report(reserved_at(self.file, name));
        } else if self.is_in_every_row(&name.text) {
            let message = format!("every row has a `{}` of its own", name.text);
            self.world.fault(names::DUPLICATE, self.file, name.span, message);
        }
    }

    /// `*`: all fields of the event.
    fn all(&mut self, span: Span, place: Place<'_>) {
        let Row::Slots(slots) = place.row else {
            let (row, hint) = match place.history {
                HistoryPlace::Window(..) => {
                    ("a window's row has none", "name what is said of them: `total = sum(amount)`")
                }
                HistoryPlace::View(..) => {
                    ("a view's row has none", "name what is said of them: `spend = sum(amount) over 30d`")
                }
                _ => ("behind `match` there is none", "name the fields: `amount = hit.amount`"),
            };
            let message = format!("`*` stands for the fields of the event at hand, and {row}");
            self.world.report(Diagnostic::new(names::UNKNOWN, self.file, span, message).hint(hint));
            return;
        };
        let mut streams: Vec<_> = slots.ons.iter().map(|on| on.stream).collect();
        streams.dedup();
        let [stream] = streams[..] else {
            let message = "`*` stands for the fields of one stream, and this reads several";
            let fault = Diagnostic::new(names::NOT_IN_EVERY, self.file, span, message);
            self.world.report(fault.hint("name the fields: `emit card, amount, ...`"));
            return;
        };
        let fields: Vec<_> = self.world.stream(stream).fields.iter().map(|field| field.name.clone()).collect();
        for text in fields {
            let name = Name { text, span };
            if let Some(expr) = self.typed(place, |place| field(self.world, self.file, place, &name.text, span)) {
                self.add(&name, expr, false);
                self.of_all.push(name.text);
            }
        }
    }
}
