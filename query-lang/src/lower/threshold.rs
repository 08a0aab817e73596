//! `on ... when`: clauses, the fields that they share, `when` and what it looks back over.

use std::cell::RefCell;

use crate::ast;
use crate::diagnostics::codes::names;
use crate::plan::{Body, Expr, ExprKind, FieldId, History, Key, On, Rule, Slot, Threshold, With};
use crate::resolve::{Maker, MakerKind, World};
use crate::types::condition;
use crate::types::constant::duration_us;
use crate::types::place::{HistoryPlace, OnName, Place, Row, Slots};

use super::{alert, episode, keys, rule};

/// The rule's meaning, metadata and fingerprint left open; `None` when a stream is unknown.
pub(super) fn lower<'a>(world: &World<'a>, maker: &Maker<'a>, body: &'a ast::Threshold) -> Option<Rule> {
    let file = maker.file;
    let (mut ons, key) = clauses(world, maker, body)?;
    let slots = Slots { ons: on_names(world, &ons), table: RefCell::default() };
    let histories = RefCell::new(Vec::new());
    let place = Place {
        what: "`when`",
        row: Row::Slots(&slots),
        has_time: true,
        steps: None,
        keys: &key,
        with: &[],
        history: HistoryPlace::Admitted(&histories),
    };
    let output = rule::output(world, maker, place, &key);
    let place = Place { with: &output.known, ..place };
    let when = body.when.as_ref().map(|when| condition(world, file, place, when));
    let (mut repeat_us, mut resolve) = (None, None);
    if let MakerKind::Rule(node) = maker.kind {
        resolve = node.resolve.as_ref().map(|resolve| alert::template(world, file, resolve, place));
        repeat_us = node.repeat.as_ref().and_then(|repeat| episode::repeat(world, file, repeat));
        episode::of_threshold(world, file, node, body);
    }
    let hold_us = body.hold.as_ref().and_then(|hold| duration_us(world, file, hold, "`for`"));
    let histories = histories.into_inner();
    let episode_us = when.as_ref().and_then(|when| longest_us(when, &histories, &output.fields));
    let slots = fill(&mut ons, slots);
    let body = Body::Threshold(Threshold { on: ons, slots, window: None, when, hold_us, episode_us });
    Some(Rule {
        having: output.having,
        alert: output.alert,
        suppress: output.suppress,
        repeat_us,
        resolve,
        ..Rule::draft(maker.name.text.clone(), key, body, histories, output.fields)
    })
}

/// The fields that were asked for, and in each clause where it has them.
pub(super) fn fill(ons: &mut [On], slots: Slots) -> Vec<Slot> {
    let slots: Vec<_> = slots.table.into_inner();
    for (position, on) in ons.iter_mut().enumerate() {
        on.fields =
            slots.iter().map(|slot| slot.fields.get(position).copied().flatten()).collect::<Vec<Option<FieldId>>>();
    }
    slots.into_iter().map(|slot| Slot { name: slot.name, ty: slot.ty }).collect()
}

/// The `on` clauses with their keys, and the rule's key.
pub(super) fn clauses<'a>(
    world: &World<'a>,
    maker: &Maker<'a>,
    body: &'a ast::Threshold,
) -> Option<(Vec<On>, Vec<Key>)> {
    let file = maker.file;
    let streams: Vec<_> = body.on.iter().map(|on| rule::stream(world, file, &on.stream)).collect();
    let mut ons: Vec<On> = Vec::new();
    let mut key: Option<Vec<Key>> = None;
    for (position, (on, stream)) in body.on.iter().zip(streams).enumerate() {
        let stream = stream?;
        if let Some(name) = &on.name {
            let is_taken = |other: &ast::On| other.name.as_ref().is_some_and(|other| other.text == name.text);
            if body.on.iter().take(position).any(is_taken) {
                world.fault(names::DUPLICATE, file, name.span, format!("two clauses are called `{}`", name.text));
            }
        }
        let filter = on
            .filter
            .as_ref()
            .map(|filter| condition(world, file, Place::of_stream("the `where` of `on`", stream), filter));
        let parts = maker.by.map(|by| keys::of_stream(world, file, by, stream)).unwrap_or_default();
        match (&key, maker.by) {
            (Some(key), Some(by)) => keys::check(world, file, by, stream, &parts, key),
            _ => key = Some(parts.iter().map(|(name, expr)| Key { name: name.clone(), ty: expr.ty.clone() }).collect()),
        }
        ons.push(On {
            name: on.name.as_ref().map(|name| name.text.clone()),
            stream,
            filter,
            keys: parts.into_iter().map(|(_, expr)| expr).collect(),
            fields: Vec::new(),
        });
    }
    key.map(|key| (ons, key))
}

pub(super) fn on_names(world: &World<'_>, ons: &[On]) -> Vec<OnName> {
    let name = |on: &On| OnName {
        name: on.name.clone(),
        stream: on.stream,
        stream_name: world.stream(on.stream).name.clone(),
    };
    ons.iter().map(name).collect()
}

/// The longest time that `when` looks back, through `with` fields too.
fn longest_us(when: &Expr, histories: &[History], with: &[With]) -> Option<i64> {
    let mut of_with: Vec<Option<i64>> = Vec::new();
    for field in with {
        of_with.push(own_longest_us(&field.expr, histories, &of_with));
    }
    own_longest_us(when, histories, &of_with)
}

/// As [`longest_us`], with what is known of the `with` fields that the expression may use.
fn own_longest_us(expr: &Expr, histories: &[History], of_with: &[Option<i64>]) -> Option<i64> {
    let own = match &expr.kind {
        ExprKind::History(id) => histories.get(id.index())?.bound.reach_us(),
        ExprKind::With(position) => of_with.get(*position as usize).copied().flatten(),
        _ => None,
    };
    expr.children().into_iter().filter_map(|child| own_longest_us(child, histories, of_with)).chain(own).max()
}
