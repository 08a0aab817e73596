//! All expressions of a rule, with what their fields are fields of.

use tripline_query_lang::plan::{
    Absent, Body, Element, Expr, ExprKind, HistoryScope, Limits, Node, Rule, Step, StepInfo, StreamId, TableId,
    TemplatePart,
};

/// What the fields of an expression are fields of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// An event of this stream.
    Stream(StreamId),
    /// An event that a threshold rule admits: slots.
    Slots,
    /// No event at hand.
    Nothing,
}

/// Calls `visit` with every expression of the rule.
pub(super) fn each(rule: &mut Rule, visit: &mut dyn FnMut(Sight, &mut Expr)) {
    let said = match &mut rule.body {
        Body::Threshold(threshold) => {
            for on in &mut threshold.on {
                on.filter.iter_mut().chain(&mut on.keys).for_each(|expr| visit(Sight::Stream(on.stream), expr));
            }
            threshold.when.iter_mut().for_each(|expr| visit(Sight::Slots, expr));
            for history in &mut rule.histories {
                history.arg.value.iter_mut().chain(&mut history.arg.filter).for_each(|expr| visit(Sight::Slots, expr));
            }
            let has_event = threshold.window.is_none() && rule.keeps.is_none();
            if has_event { Sight::Slots } else { Sight::Nothing }
        }
        Body::Pattern(pattern) => {
            let streams: Vec<StreamId> = pattern.steps.iter().map(|step| step.stream).collect();
            for StepInfo { stream, filter, .. } in &mut pattern.steps {
                filter.iter_mut().for_each(|expr| visit(Sight::Stream(*stream), expr));
            }
            pattern.without.iter_mut().for_each(|one| absent(one, visit));
            elements(&streams, &mut pattern.seq, visit);
            for history in &mut rule.histories {
                let sight = match history.scope {
                    HistoryScope::Step(step) => of_step(&streams, step.index()),
                    HistoryScope::Admitted => Sight::Nothing,
                };
                history.arg.value.iter_mut().chain(&mut history.arg.filter).for_each(|expr| visit(sight, expr));
            }
            Sight::Nothing
        }
    };
    rule.fields.iter_mut().for_each(|with| visit(said, &mut with.expr));
    rule.having.iter_mut().for_each(|having| visit(said, having));
    rule.suppress.iter_mut().flat_map(|suppress| &mut suppress.by).for_each(|by| visit(said, by));
    let template = rule.alert.iter_mut().flat_map(|alert| &mut alert.template);
    for part in template.chain(rule.resolve.iter_mut().flatten()) {
        if let TemplatePart::Expr(expr) = part {
            visit(said, expr);
        }
    }
}

/// Calls `visit` with every stream that the rule reads, each where it is named.
pub(super) fn streams(rule: &mut Rule, visit: &mut dyn FnMut(&mut StreamId)) {
    match &mut rule.body {
        Body::Threshold(threshold) => threshold.on.iter_mut().for_each(|on| visit(&mut on.stream)),
        Body::Pattern(pattern) => {
            pattern.steps.iter_mut().for_each(|step| visit(&mut step.stream));
            pattern.without.iter_mut().for_each(|one| visit(&mut one.stream));
            absences(&mut pattern.seq, visit);
        }
    }
}

/// Calls `visit` with every look-up, where its fields are fields of.
pub(super) fn look_ups(rule: &mut Rule, visit: &mut dyn FnMut(Sight, TableId, &mut Expr)) {
    each(rule, &mut |sight, expr| in_expr(sight, expr, visit));
}

fn in_expr(sight: Sight, expr: &mut Expr, visit: &mut dyn FnMut(Sight, TableId, &mut Expr)) {
    if let ExprKind::Lookup { table, .. } | ExprKind::Listed { table, .. } = expr.kind {
        visit(sight, table, expr);
    }
    expr.children_mut().into_iter().for_each(|child| in_expr(sight, child, visit));
}

fn of_step(streams: &[StreamId], step: usize) -> Sight {
    streams.get(step).map_or(Sight::Nothing, |stream| Sight::Stream(*stream))
}

fn absent(absent: &mut Absent, visit: &mut dyn FnMut(Sight, &mut Expr)) {
    absent.filter.iter_mut().for_each(|filter| visit(Sight::Stream(absent.stream), filter));
}

fn elements(streams: &[StreamId], seq: &mut [Element], visit: &mut dyn FnMut(Sight, &mut Expr)) {
    let until = |limits: &mut Limits, sight, visit: &mut dyn FnMut(Sight, &mut Expr)| {
        limits.until.iter_mut().for_each(|until| visit(sight, until));
    };
    for element in seq {
        match &mut element.node {
            Node::Step(Step { id, limits, .. }) => until(limits, of_step(streams, id.index()), visit),
            Node::No(one) => absent(one, visit),
            Node::Group(group) => {
                until(&mut group.limits, Sight::Nothing, visit);
                elements(streams, &mut group.members, visit);
            }
            Node::Sub(sub) => {
                // The `until` of a bracket looks at the stream of its first step.
                let first = first_step(&sub.seq);
                until(&mut sub.limits, first.map_or(Sight::Nothing, |step| of_step(streams, step)), visit);
                elements(streams, &mut sub.seq, visit);
            }
        }
    }
}

fn first_step(seq: &[Element]) -> Option<usize> {
    seq.iter().find_map(|element| match &element.node {
        Node::Step(step) => Some(step.id.index()),
        Node::No(_) => None,
        Node::Group(group) => first_step(&group.members),
        Node::Sub(sub) => first_step(&sub.seq),
    })
}

fn absences(seq: &mut [Element], visit: &mut dyn FnMut(&mut StreamId)) {
    for element in seq {
        match &mut element.node {
            Node::Step(_) => {}
            Node::No(absent) => visit(&mut absent.stream),
            Node::Group(group) => absences(&mut group.members, visit),
            Node::Sub(sub) => absences(&mut sub.seq, visit),
        }
    }
}
