//! Puts the joins into the plan: widened streams, copies of views, and fields in place of look-ups.

use super::chains::{Chains, added, key_text, keys};
use super::exprs::{look_ups_mut, streams};
use super::{Added, Join, Settled};
use crate::expr::hash_key;
use tripline_query_lang::plan::{
    Body, Expr, ExprKind, Field, FieldId, Origin, Plan, Rule, Sight, Slot, SlotId, Stream, StreamId, TableId,
};
use tripline_query_lang::value::Type;

/// The plan with joins; what is idle is left open.
pub(super) fn rewrite(plan: &Plan, mut chains: Chains<'_>) -> Settled {
    let mut settled = plan.clone();
    for (join, found) in chains.joins.iter_mut().zip(&chains.added) {
        join.added = found.iter().copied().collect();
        let widened = widened(&settled, join, &plan.rules[chains.rules[join.view.index()]]);
        settled.streams.push(widened);
    }
    for (index, rule) in settled.rules.iter_mut().enumerate() {
        Writing { plan, streams: &settled.streams, chains: &chains, index }.rule(rule);
    }
    for (number, original) in chains.rules[plan.rules.len()..].iter().enumerate() {
        let mut copy = settled.rules[*original].clone();
        let name = [copy.fingerprint.to_le_bytes(), (number as u64).to_le_bytes()].concat();
        copy.fingerprint = hash_key(&name);
        settled.rules.push(copy);
    }
    Settled { plan: settled.into(), joins: chains.joins, idle: Vec::new() }
}

/// The stream that a join makes.
fn widened(plan: &Plan, join: &Join, view: &Rule) -> Stream {
    let from = &plan.streams[join.from.index()];
    let of = match from.origin {
        Origin::Widened { of, .. } => of,
        Origin::Input | Origin::Derived { .. } => join.from,
    };
    let field = |added: &Added| {
        let (name, ty) = match added {
            Added::Key(part) => {
                view.keys.get(*part as usize).map_or(("", Type::Null), |key| (&*key.name, key.ty.clone()))
            }
            Added::Field(field) => {
                let with = view.fields.get(*field as usize);
                with.map_or(("", Type::Null), |with| (&*with.name, with.expr.ty.clone()))
            }
            Added::Listed => ("", Type::Bool),
        };
        Field { name: format!("{}.{name}", view.name), ty, optional: true, path: Vec::new(), time_unit: None }
    };
    let fields = from.fields.iter().cloned().chain(join.added.iter().map(field)).collect();
    Stream { fields, unique: None, origin: Origin::Widened { of, view: join.view }, ..from.clone() }
}

/// A rule that is written anew.
struct Writing<'a> {
    plan: &'a Plan,
    /// The widened ones among them.
    streams: &'a [Stream],
    chains: &'a Chains<'a>,
    /// The rule, by position in the plan.
    index: usize,
}

impl Writing<'_> {
    fn rule(&self, rule: &mut Rule) {
        let as_written = rule.clone();
        let mut slots: Vec<(Type, Vec<Option<FieldId>>)> = Vec::new();
        let first_slot = match &rule.body {
            Body::Threshold(threshold) => threshold.slots.len(),
            Body::Pattern(_) => 0,
        };
        look_ups_mut(rule, &mut |sight, table, expr| {
            if self.plan.tables.get(table.index()).and_then(|table| table.view()).is_none() {
                return;
            }
            let fields = self.fields(&as_written, sight, table, expr);
            expr.kind = match (sight, &fields[..]) {
                (Sight::Stream(_), [Some(field)]) => ExprKind::Field(*field),
                (Sight::Slots, _) => {
                    let slot = (expr.ty.clone(), fields);
                    let position = slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
                        slots.push(slot);
                        slots.len() - 1
                    });
                    ExprKind::Slot(SlotId((first_slot + position) as u32))
                }
                _ => return,
            };
        });
        if let Body::Threshold(threshold) = &mut rule.body {
            for (ty, fields) in slots {
                threshold.slots.push(Slot { name: String::new(), ty });
                threshold.on.iter_mut().zip(fields).for_each(|(on, field)| on.fields.push(field));
            }
        }
        streams(rule, &mut |stream| *stream = self.chains.form(self.index, *stream));
    }

    /// The field of each stream at whose events something is looked up that has what was found.
    fn fields(&self, rule: &Rule, sight: Sight, table: TableId, expr: &Expr) -> Vec<Option<FieldId>> {
        let Some(view) = self.plan.tables.get(table.index()).and_then(|table| table.view()) else { return Vec::new() };
        let added = added(&self.plan.rules[view.index()], expr);
        let field = |(stream, key): (StreamId, Vec<Expr>)| {
            let join = self.chains.join(self.index, stream, &(view.index(), key_text(&key)))?;
            let join = &self.chains.joins[join];
            let place = join.added.iter().position(|one| *one == added)?;
            Some(FieldId((self.streams[join.from.index()].fields.len() + place) as u32))
        };
        keys(rule, sight, expr).into_iter().map(field).collect()
    }
}
