//! `view`: a row per key, whose fields say something of the key's events up to the moment at which they are looked up.

use std::cell::RefCell;

use crate::ast;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, tables as codes};
use crate::fingerprint;
use crate::plan::{Body, Field, FieldId, RowsFrom, Rule, RuleId, Table, TableId, Threshold};
use crate::resolve::{Maker, MakerKind, World, reserved_at};
use crate::types::place::{HistoryPlace, Place, Row, Slots};
use crate::value::Type;

use super::{rule, threshold};

/// The tables that views keep, behind all others; what is in them is filled in by [`keep`].
pub(super) fn declare(world: &mut World<'_>) {
    world.views = vec![None; world.rules.len()];
    for (position, maker) in world.rules.iter().enumerate() {
        if let MakerKind::View(_) = maker.kind {
            world.views[position] = Some(TableId(world.plan_tables.len() as u32));
            let rows = RowsFrom::View { rule: RuleId(position as u32), definition: 0 };
            let name = maker.name.text.clone();
            world.plan_tables.push(Table { name, fields: Vec::new(), keys: Vec::new(), late_us: 0, rows });
        }
    }
}

/// The view's meaning, fingerprint left open; `None` when it could not be made out, which was reported.
pub(super) fn lower<'a>(world: &World<'a>, maker: &Maker<'a>, body: &'a ast::Threshold) -> Option<Rule> {
    let file = maker.file;
    let before = world.error_count();
    let (mut ons, key) = threshold::clauses(world, maker, body)?;
    check_key(world, maker);
    if let MakerKind::View(ast::View { emit, .. }) = maker.kind {
        let names = emit.iter().filter_map(|emit| match emit {
            ast::Emit::Field(name) => Some(name),
            ast::Emit::All(_) | ast::Emit::Named(..) => None,
        });
        names.filter(|name| name.text == "at").for_each(|name| world.report(reserved_at(file, name)));
    }
    let slots = Slots { ons: threshold::on_names(world, &ons), table: RefCell::default() };
    let histories = RefCell::new(Vec::new());
    let place = Place {
        what: "a view's row",
        row: Row::None,
        has_time: true,
        steps: None,
        keys: &key,
        with: &[],
        history: HistoryPlace::View(&histories, &slots),
    };
    let output = rule::output(world, maker, place, &key);
    let histories = histories.into_inner();
    if histories.is_empty() && world.error_count() == before {
        let message = format!("`{}` keeps nothing of its events", maker.name.text);
        let fault = Diagnostic::new(codes::VIEW_FIELD, file, maker.name.span, message);
        world.report(
            fault.hint("its fields look back: `emit seen = count() over forever, spend = sum(amount) over 30d`"),
        );
    }
    let slots = threshold::fill(&mut ons, slots);
    let body = Body::Threshold(Threshold { on: ons, slots, window: None, when: None, hold_us: None, episode_us: None });
    let draft = Rule::draft(maker.name.text.clone(), key, body, histories, output.fields);
    (world.error_count() == before).then_some(draft)
}

/// A row is kept per key; the keys are those that events have.
fn check_key(world: &World<'_>, maker: &Maker<'_>) {
    match maker.by {
        None => {
            let message = format!("`{}` does not say what it has a row for", maker.name.text);
            let fault = Diagnostic::new(names::MISSING, maker.file, maker.name.span, message);
            world.report(fault.hint("write `by card`; where there is one row alone, `by (all: true)`"));
        }
        Some(by) => {
            if let Some(table) = &by.table {
                let message = "a view's rows are those of keys that have had events";
                let fault = Diagnostic::new(codes::VIEW_FIELD, maker.file, table.span, message);
                world.report(fault.hint("leave out the `in`"));
            }
        }
    }
}

/// Writes down which table the view keeps.
pub(super) fn keep(world: &mut World<'_>, position: usize, rule: &Rule) {
    let Some(id) = rule.keeps else { return };
    let field = |name: &str, ty: &Type, optional| Field {
        name: name.to_owned(),
        ty: ty.clone(),
        optional,
        path: Vec::new(),
        time_unit: None,
    };
    let keys = rule.keys.iter().map(|key| field(&key.name, &key.ty, false));
    let emitted = rule.fields.iter().map(|with| field(&with.name, &with.expr.ty, true));
    let fields = keys.chain(emitted).collect();
    let definition = fingerprint::of_stream(&world.plan_streams, &world.plan_tables, rule);
    let table = &mut world.plan_tables[id.index()];
    table.fields = fields;
    table.keys = (0..rule.keys.len() as u32).map(FieldId).collect();
    table.rows = RowsFrom::View { rule: RuleId(position as u32), definition };
}
