//! Look-ups and streams of a rule, where they stand.

use tripline_query_lang::plan::{Body, Element, Expr, ExprKind, Node, Rule, Sight, StreamId, TableId};

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

/// Calls `visit` with every look-up, and what its fields are fields of.
pub(super) fn look_ups<'a>(rule: &'a Rule, visit: &mut dyn FnMut(Sight, TableId, &'a Expr)) {
    fn inside<'a>(sight: Sight, expr: &'a Expr, visit: &mut dyn FnMut(Sight, TableId, &'a Expr)) {
        if let ExprKind::Lookup { table, .. } | ExprKind::Listed { table, .. } = expr.kind {
            visit(sight, table, expr);
        }
        expr.children().into_iter().for_each(|child| inside(sight, child, visit));
    }
    rule.each_expr(&mut |sight, expr| inside(sight, expr, visit));
}

/// As [`look_ups`], to be replaced.
pub(super) fn look_ups_mut(rule: &mut Rule, visit: &mut dyn FnMut(Sight, TableId, &mut Expr)) {
    fn inside(sight: Sight, expr: &mut Expr, visit: &mut dyn FnMut(Sight, TableId, &mut Expr)) {
        if let ExprKind::Lookup { table, .. } | ExprKind::Listed { table, .. } = expr.kind {
            visit(sight, table, expr);
        }
        expr.children_mut().into_iter().for_each(|child| inside(sight, child, visit));
    }
    rule.each_expr_mut(&mut |sight, expr| inside(sight, expr, visit));
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
