//! Which fields the rules read: only those are decoded.

use crate::views::{Join, Settled};
use tripline_query_lang::plan::{Body, Expr, ExprKind, FieldId, Plan, Rule, StreamId};

/// By stream and field.
pub(super) fn needed_fields(settled: &Settled) -> Vec<Vec<bool>> {
    let mut needs = needs(&settled.plan, &settled.idle, &settled.joins);
    // A join goes on from those before it.
    for join in settled.joins.iter().rev() {
        let own = settled.plan.streams[join.from.index()].fields.len();
        for field in (0..own).filter(|field| needs.0[join.to.index()][*field]).collect::<Vec<_>>() {
            needs.field(join.from, FieldId(field as u32));
        }
        let Some(view) = settled.plan.rules.get(join.view.index()) else { continue };
        join.key.iter().for_each(|part| needs.expr(&view.body, Some(join.from), part));
    }
    needs.0
}

fn needs(plan: &Plan, idle: &[bool], joins: &[Join]) -> Needs {
    let mut needs = Needs(plan.streams.iter().map(|stream| vec![false; stream.fields.len()]).collect());
    let is_idle = |rule: usize| idle.get(rule) == Some(&true);
    for (_, rule) in plan.rules.iter().enumerate().filter(|(index, _)| !is_idle(*index)) {
        rule.each_expr(&mut |sight, expr| needs.expr(&rule.body, sight.stream(), expr));
    }
    let asked = joins.iter().map(|join| join.from);
    for stream in plan.rules.iter().flat_map(Rule::reads).chain(asked) {
        let unique = plan.streams.get(stream.index()).and_then(|stream| stream.unique.as_ref());
        unique.iter().flat_map(|unique| &unique.fields).for_each(|field| needs.field(stream, *field));
    }
    needs
}

/// By stream and field: whether it is read.
struct Needs(Vec<Vec<bool>>);

impl Needs {
    /// `stream`: whose event is at hand.
    fn expr(&mut self, body: &Body, stream: Option<StreamId>, expr: &Expr) {
        let mut inside = stream;
        match (&expr.kind, body) {
            (ExprKind::Field(field), _) => stream.into_iter().for_each(|stream| self.field(stream, *field)),
            (ExprKind::Slot(slot), Body::Threshold(threshold)) => {
                for on in &threshold.on {
                    on.fields.get(slot.index()).into_iter().flatten().for_each(|field| self.field(on.stream, *field));
                }
            }
            (ExprKind::Step(step, field), Body::Pattern(pattern)) => {
                pattern.steps.get(step.index()).into_iter().for_each(|step| self.field(step.stream, *field));
            }
            (ExprKind::Loop { step, .. }, Body::Pattern(pattern)) => {
                inside = pattern.steps.get(step.index()).map(|step| step.stream);
            }
            _ => {}
        }
        expr.children().into_iter().for_each(|child| self.expr(body, inside, child));
    }

    fn field(&mut self, stream: StreamId, field: FieldId) {
        if let Some(needed) = self.0.get_mut(stream.index()).and_then(|fields| fields.get_mut(field.index())) {
            *needed = true;
        }
    }
}
