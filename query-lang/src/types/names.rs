//! Names, fields of steps and clauses, lists and their items.

use std::collections::BTreeSet;

use super::Typer;
use super::check::describe;
use super::convert::{common, constant, converted, node, poison};
use super::place::{HistoryPlace, Row, SlotDraft, Slots, Steps};
use crate::ast::{self, ExprKind as Tree, Name};
use crate::diagnostics::codes::{names as codes, patterns, types};
use crate::diagnostics::nearest;
use crate::plan::{Expr, ExprKind, FieldId, SlotId, StepId, StreamId, TableId};
use crate::resolve::{Entity, MakerKind, Namespace};
use crate::span::Span;
use crate::value::Type;

impl<'a> Typer<'a, '_> {
    /// A bare name: an argument of the `let` at hand, `at`, a `with` field, a part of the key, a field, a `let`, a param.
    pub(super) fn name(&mut self, name: &'a str, span: Span) -> Expr {
        if let Some(expr) = self.let_argument(name) {
            return expr;
        }
        if name == "at" && self.place.has_time {
            return Expr { kind: ExprKind::At, ty: Type::Time };
        }
        if let Some(expr) = self.with_field(name, span).or_else(|| self.key(name)).or_else(|| self.field(name, span)) {
            return expr;
        }
        if let Some(expr) = self.let_body(name, &[], span) {
            return expr;
        }
        if self.changing_param(name).is_some() {
            return self.list_alone(name, span);
        }
        if let Some(param) = self.world.param_values.get(name) {
            self.world.mention(Namespace::Values, name);
            return constant(param.value.clone(), param.ty.clone());
        }
        self.unknown_name(name, span);
        poison()
    }

    fn with_field(&self, name: &str, span: Span) -> Option<Expr> {
        let position = self.place.with.iter().position(|with| with.name == name)?;
        match &self.place.with[position].ty {
            Some(ty) => Some(Expr { kind: ExprKind::With(position as u32), ty: ty.clone() }),
            // A field or param of the same name is meant.
            None if self.is_otherwise_known(name) => None,
            None => {
                let message = format!("`{name}` stands further down in `with`");
                self.report(self.say(codes::NOT_VISIBLE, span, message).hint("a `with` field sees those before it"));
                Some(poison())
            }
        }
    }

    /// Whether a bare name means something here.
    pub(super) fn is_known_value(&self, name: &str) -> bool {
        self.argument_tree(name).is_some()
            || self.place.with.iter().any(|with| with.name == name)
            || self.place.keys.iter().any(|key| key.name == name)
            || self.is_otherwise_known(name)
    }

    /// The table under a list param that changes, if the name means one here.
    pub(super) fn changing_param(&self, name: &str) -> Option<TableId> {
        let table = *self.world.changing.get(name)?;
        let is_hidden = self.argument_tree(name).is_some()
            || self.place.with.iter().any(|with| with.name == name && with.ty.is_some())
            || self.place.keys.iter().any(|key| key.name == name)
            || self.is_field(name)
            || self.world.lets.contains_key(name);
        (!is_hidden).then_some(table)
    }

    fn is_field(&self, name: &str) -> bool {
        match self.place.row {
            Row::None => false,
            Row::Stream(stream) => self.world.field(stream, name).is_some(),
            Row::Slots(slots) => slots.ons.iter().any(|on| self.world.field(on.stream, name).is_some()),
        }
    }

    fn is_otherwise_known(&self, name: &str) -> bool {
        self.is_field(name) || self.world.lets.contains_key(name) || self.world.param_values.contains_key(name)
    }

    fn key(&self, name: &str) -> Option<Expr> {
        let position = self.place.keys.iter().position(|key| key.name == name)?;
        Some(Expr { kind: ExprKind::Key(position as u32), ty: self.place.keys[position].ty.clone() })
    }

    /// A field of the event at hand.
    pub(super) fn field(&self, name: &str, span: Span) -> Option<Expr> {
        match self.place.row {
            Row::None => None,
            Row::Stream(stream) => {
                let (id, field) = self.world.field(stream, name)?;
                Some(Expr { kind: ExprKind::Field(id), ty: field.ty.clone() })
            }
            Row::Slots(slots) => self.bare_slot(slots, name, span),
        }
    }

    /// A field that every `on` clause's stream has, with one type.
    fn bare_slot(&self, slots: &Slots, name: &str, span: Span) -> Option<Expr> {
        let found: Vec<_> = slots.ons.iter().map(|on| self.world.field(on.stream, name)).collect();
        let (_, first) = found.iter().flatten().next()?;
        let ty = first.ty.clone();
        if let Some(missing) = found.iter().position(Option::is_none) {
            let on = &slots.ons[missing];
            let message =
                format!("`{name}` is not in every stream of the rule: `{}` has no such field", on.stream_name);
            self.report(
                self.say(codes::NOT_IN_EVERY, span, message)
                    .hint(format!("name the clause, `on d: ...`, and write `d.{name}`: missing for the others")),
            );
            return Some(poison());
        }
        if let Some(other) = found.iter().flatten().find(|(_, field)| field.ty != ty) {
            let message =
                format!("`{name}` is {} in one stream and {} in another", describe(&ty), describe(&other.1.ty));
            self.fault(types::SLOT_TYPES, span, message);
            return Some(poison());
        }
        let fields = found.iter().map(|field| field.map(|(id, _)| id)).collect();
        Some(slot(slots, SlotDraft { name: name.to_owned(), ty, fields }))
    }

    /// `x.field`
    pub(super) fn member(&mut self, of: &'a ast::Expr, field: &'a Name, span: Span) -> Expr {
        let of = self.through_let(of);
        if let Tree::Index(table, key) = &of.node
            && let Tree::Name(name) = &table.node
            && self.is_looked_up(name)
        {
            return self.look_up((name, table.span), key, field, span);
        }
        let Tree::Name(name) = &of.node else {
            let message = format!("{} has no fields", self.quote(of.span));
            self.fault(codes::NO_FIELDS, span, message);
            return poison();
        };
        if let Some(steps) = self.place.steps
            && let Some((step, _)) = steps.find(name)
        {
            return self.step_field(steps, step, field, span);
        }
        if let Row::Slots(slots) = self.place.row
            && slots.ons.iter().any(|on| on.is(name))
        {
            return self.clause_field(slots, name, field);
        }
        self.unknown_owner(name, of.span);
        poison()
    }

    /// The tree behind a name that is an argument of the `let` at hand.
    pub(super) fn through_let(&self, tree: &'a ast::Expr) -> &'a ast::Expr {
        match &tree.node {
            Tree::Name(name) => self.argument_tree(name).unwrap_or(tree),
            _ => tree,
        }
    }

    /// `d.field` of a clause `on d: ...`: missing for the events of others.
    fn clause_field(&self, slots: &Slots, name: &str, field: &Name) -> Expr {
        let mut ty = None;
        let mut fields: Vec<Option<FieldId>> = Vec::new();
        for on in &slots.ons {
            let found = if on.is(name) { self.world.field(on.stream, &field.text) } else { None };
            fields.push(found.map(|(id, _)| id));
            ty = ty.or(found.map(|(_, field)| field.ty.clone()));
        }
        if field.text == "at" {
            let fault = self.say(codes::UNKNOWN_FIELD, field.span, format!("`{name}.at` cannot be told from `at`"));
            self.report(fault.hint("write `at`: the time of the event at hand, whatever its stream"));
            return poison();
        }
        match ty {
            Some(ty) => slot(slots, SlotDraft { name: format!("{name}.{}", field.text), ty, fields }),
            None => {
                let streams = slots.ons.iter().filter(|on| on.is(name)).map(|on| on.stream);
                let fields = streams.flat_map(|stream| self.world.stream(stream).fields.iter());
                let fields: Vec<_> = fields.map(|field| field.name.as_str()).collect();
                self.unknown_field(name, field, &fields);
                poison()
            }
        }
    }

    /// `step.field`
    fn step_field(&self, steps: Steps<'_>, step: StepId, field: &Name, span: Span) -> Expr {
        let info = &steps.all[step.index()];
        let inside = steps.inside == Some(step);
        if !inside && !self.check_step(steps, step, span) {
            return poison();
        }
        if !inside && info.is_loop {
            let message = format!("`{}` is a loop: it has many `{}`", info.name, field.text);
            let hint = format!("say which: `first({0}.{1})`, `last({0}.{1})`, `max({0}.{1})`", info.name, field.text);
            self.report(self.say(patterns::BARE_LOOP, span, message).hint(hint));
            return poison();
        }
        if field.text == "at" {
            let kind = if inside { ExprKind::At } else { ExprKind::StepAt(step) };
            return Expr { kind, ty: Type::Time };
        }
        let Some((id, found)) = self.world.field(info.stream, &field.text) else {
            let fields: Vec<_> = self.world.stream(info.stream).fields.iter().map(|f| f.name.as_str()).collect();
            self.unknown_field(&info.name, field, &fields);
            return poison();
        };
        let kind = if inside { ExprKind::Field(id) } else { ExprKind::Step(step, id) };
        Expr { kind, ty: found.ty.clone() }
    }

    /// Whether a step can be seen here; says why not.
    pub(super) fn check_step(&self, steps: Steps<'_>, step: StepId, span: Span) -> bool {
        let name = &steps.all[step.index()].name;
        let own_loop = steps.own == Some(step) && steps.all[step.index()].is_loop;
        if step.index() < steps.before || own_loop || steps.rounds.contains(&step) {
            return true;
        }
        let fault = if steps.own == Some(step) {
            self.say(codes::NOT_VISIBLE, span, format!("`{name}` is this step itself"))
                .hint("the fields of the event that is looked at stand without the step's name")
        } else {
            let message = format!("{} does not know `{name}` yet", self.place.what);
            self.say(codes::NOT_VISIBLE, span, message).hint("conditions see the steps before them")
        };
        self.report(fault);
        false
    }

    /// `x[i]`
    pub(super) fn index(&mut self, list: &'a ast::Expr, at: &'a [ast::Expr], span: Span) -> Expr {
        if let Tree::Name(name) = &list.node
            && self.world.looked_up(name).is_some()
        {
            return self.row_alone(name, span);
        }
        let list_span = list.span;
        let list = self.expr(list);
        let item = match (&list.ty, at) {
            (Type::List(item), [_]) => (**item).clone(),
            (Type::Null, _) => return poison(),
            (Type::List(_), _) => {
                self.fault(types::ARGUMENTS, span, "a list takes one position");
                return poison();
            }
            (ty, _) => {
                let message = format!("{} is {}: it has no items", self.quote(list_span), describe(ty));
                self.fault(types::EXPECTED, list_span, message);
                return poison();
            }
        };
        let at = self.of_type(&at[0], &Type::Int);
        node(ExprKind::Index(Box::new(list), Box::new(at)), item)
    }

    /// `[a, b]`: the items get one type.
    pub(super) fn list(&mut self, items: &'a [ast::Expr]) -> Expr {
        let typed: Vec<_> = items.iter().map(|item| self.expr(item)).collect();
        let mut ty = Type::Null;
        for (item, tree) in typed.iter().zip(items) {
            match common(&ty, &item.ty) {
                Some(both) => ty = both,
                None => {
                    let message = format!("{} is {} in a list of {ty}", self.quote(tree.span), describe(&item.ty));
                    self.fault(types::OPERANDS, tree.span, message);
                    return poison();
                }
            }
        }
        let items = typed.into_iter().map(|item| converted(item, &ty)).collect();
        node(ExprKind::List(items), Type::List(Box::new(ty)))
    }

    pub(super) fn unknown_field(&self, owner: &str, field: &Name, fields: &[&str]) {
        let message = format!("`{owner}` has no field `{}`", field.text);
        let fault = self.say(codes::UNKNOWN_FIELD, field.span, message).label(one_of("its fields are", fields));
        self.report(fault.did_you_mean(&field.text, fields.iter().copied()));
    }

    fn unknown_owner(&self, name: &str, span: Span) {
        let mut known: Vec<&str> = Vec::new();
        if let Some(steps) = self.place.steps {
            known.extend(steps.all.iter().map(|step| step.name.as_str()));
        }
        if let Row::Slots(slots) = self.place.row {
            known.extend(slots.ons.iter().map(|on| on.name.as_deref().unwrap_or(&on.stream_name)));
        }
        let fault = self.say(codes::UNKNOWN, span, format!("nothing is called `{name}` here"));
        let fault = match (nearest(name, known.iter().copied()), self.place.steps) {
            (Some(near), _) => fault.hint(format!("did you mean `{near}`?")),
            (None, Some(steps)) if self.world.entity(name).is_some() => {
                let is_taken = steps.all.iter().any(|step| self.world.stream(step.stream).name == name);
                fault.hint(if is_taken {
                    format!("give the step a name: `x: {name}`, and write `x.field`")
                } else {
                    format!("no step takes an event of `{name}`, and what `no` keeps away is never there to be named")
                })
            }
            _ if known.is_empty() => fault,
            _ => fault.label(one_of("known are", &known)),
        };
        self.report(fault);
    }

    /// The events that are looked at are the alerts of a rule.
    fn reads_alerts(&self) -> bool {
        let is_rule = |stream: StreamId| match self.world.entity(&self.world.stream(stream).name) {
            Some(Entity::Rule(position)) => matches!(self.world.rules[position].kind, MakerKind::Rule(_)),
            _ => false,
        };
        match self.place.row {
            Row::None => false,
            Row::Stream(stream) => is_rule(stream),
            Row::Slots(slots) => slots.ons.iter().all(|on| is_rule(on.stream)),
        }
    }

    fn unknown_name(&self, name: &str, span: Span) {
        let mut fields: Vec<&str> = Vec::new();
        match self.place.row {
            Row::None => {}
            Row::Stream(stream) => fields.extend(self.world.stream(stream).fields.iter().map(|f| f.name.as_str())),
            Row::Slots(slots) => fields.extend(
                slots.ons.iter().flat_map(|on| self.world.stream(on.stream).fields.iter().map(|f| f.name.as_str())),
            ),
        }
        let mut seen = BTreeSet::new();
        fields.retain(|field| seen.insert(*field));
        let many = match self.place.history {
            HistoryPlace::Window(_, slots) => Some((slots, "a window", "")),
            HistoryPlace::View(_, slots) => Some((slots, "all", " over 30d")),
            _ => None,
        };
        if let Some((slots, what, over)) = many
            && slots.ons.iter().any(|on| self.world.field(on.stream, name).is_some())
        {
            let message = format!("`{name}` is a field of each event, and a row stands for {what} of them");
            let fault = self.say(codes::NOT_VISIBLE, span, message);
            let hint = format!("say which: `last({name}){over}`, `max({name}){over}`; or put it into the key");
            self.report(fault.hint(hint));
            return;
        }
        let mut known = fields.clone();
        known.extend(self.place.with.iter().map(|with| with.name.as_str()));
        known.extend(self.place.keys.iter().map(|key| key.name.as_str()));
        let values = self.world.params.iter().map(|param| param.node.name.text.as_str());
        let mut values: Vec<_> = values.chain(self.world.lets.keys().copied()).collect();
        values.sort_unstable();
        known.extend(values);
        let fault = self.say(codes::UNKNOWN, span, format!("nothing is called `{name}` here"));
        let is_step = self.place.steps.is_some_and(|steps| steps.find(name).is_some());
        let fault = if let Some(near) = nearest(name, known.iter().copied()) {
            fault.hint(format!("did you mean `{near}`?"))
        } else if is_step {
            fault.hint(format!("a step's fields are written `{name}.field`"))
        } else if matches!(self.place.row, Row::None) && self.place.steps.is_some() {
            fault.hint("after `match`, fields stand behind their step: `step.field`")
        } else if matches!(self.place.history, HistoryPlace::No(_)) && fields.is_empty() {
            fault.label(format!("{} takes constants and params", self.place.what))
        } else if fields.is_empty() {
            fault
        } else {
            let fault = fault.label(one_of("fields are", &fields));
            if self.reads_alerts() { fault.hint("an alert has its key, its `with` fields and `at`") } else { fault }
        };
        self.report(fault);
    }
}

/// The slot of these fields, made when it is new.
fn slot(slots: &Slots, draft: SlotDraft) -> Expr {
    let ty = draft.ty.clone();
    let mut table = slots.table.borrow_mut();
    let position = table.iter().position(|known| *known == draft).unwrap_or_else(|| {
        table.push(draft);
        table.len() - 1
    });
    Expr { kind: ExprKind::Slot(SlotId(position as u32)), ty }
}

/// `its fields are a, b, c`; a long list is cut.
fn one_of(what: &str, names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    format!("{what} {}{more}", shown.join(", "))
}
