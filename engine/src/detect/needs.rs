//! Which fields and tables the rules read: only those are decoded, only those are opened.

use crate::views::{Join, Settled};
use tripline_query_lang::plan::{
    Absent, Body, Element, Expr, ExprKind, FieldId, HistoryScope, Limits, Node, Pattern, Plan, Rule, StepKey, StreamId,
    TableId, TemplatePart, Threshold,
};

/// By stream and field.
pub(super) fn needed_fields(settled: &Settled) -> Vec<Vec<bool>> {
    let mut needs = needs(&settled.plan, &settled.idle, &settled.joins);
    // A join goes on from those before it.
    for join in settled.joins.iter().rev() {
        let own = settled.plan.streams[join.from.index()].fields.len();
        for field in (0..own).filter(|field| needs.fields[join.to.index()][*field]).collect::<Vec<_>>() {
            needs.field(join.from, FieldId(field as u32));
        }
        let Some(Rule { body: Body::Threshold(view), .. }) = settled.plan.rules.get(join.view.index()) else {
            continue;
        };
        join.key.iter().for_each(|part| needs.expr(Sight::Threshold(view), Some(join.from), part));
    }
    needs.fields
}

/// By table: some rule looks something up in it, or has its keys.
pub(crate) fn needed_tables(plan: &Plan) -> Vec<bool> {
    needs(plan, &[], &[]).tables
}

/// By table, those of views as well: this rule looks something up in it, or has its keys.
pub(crate) fn tables_of(plan: &Plan, rule: &Rule) -> Vec<bool> {
    let fields = plan.streams.iter().map(|stream| vec![false; stream.fields.len()]).collect();
    let mut needs = Needs { fields, tables: vec![false; plan.tables.len()], outside: vec![true; plan.tables.len()] };
    needs.rule(rule);
    needs.tables
}

fn needs(plan: &Plan, idle: &[bool], joins: &[Join]) -> Needs {
    let fields = plan.streams.iter().map(|stream| vec![false; stream.fields.len()]).collect();
    let outside = plan.tables.iter().map(|table| table.view().is_none()).collect();
    let mut needs = Needs { fields, tables: vec![false; plan.tables.len()], outside };
    let is_idle = |rule: usize| idle.get(rule) == Some(&true);
    for (_, rule) in plan.rules.iter().enumerate().filter(|(index, _)| !is_idle(*index)) {
        needs.rule(rule);
    }
    let asked = joins.iter().map(|join| join.from);
    for stream in plan.rules.iter().flat_map(|rule| rule.reads()).chain(asked) {
        let unique = plan.streams.get(stream.index()).and_then(|stream| stream.unique.as_ref());
        unique.iter().flat_map(|unique| &unique.fields).for_each(|field| needs.field(stream, *field));
    }
    needs
}

/// Calls `visit` with every condition and key of a pattern, and the stream whose event is at hand (none for what looks at
/// earlier steps alone).
pub(super) fn conditions<'a>(pattern: &'a Pattern, visit: &mut dyn FnMut(Option<StreamId>, &'a Expr)) {
    for step in &pattern.steps {
        key(&step.key, step.stream, visit);
        step.filter.iter().for_each(|filter| visit(Some(step.stream), filter));
    }
    pattern.without.iter().for_each(|one| absent(one, visit));
    elements(pattern, &pattern.seq, visit);
}

fn elements<'a>(pattern: &'a Pattern, seq: &'a [Element], visit: &mut dyn FnMut(Option<StreamId>, &'a Expr)) {
    let until = |limits: &'a Limits, stream, visit: &mut dyn FnMut(Option<StreamId>, &'a Expr)| {
        limits.until.iter().for_each(|until| visit(stream, until));
    };
    for element in seq {
        match &element.node {
            Node::Step(step) => {
                until(&step.limits, pattern.steps.get(step.id.index()).map(|step| step.stream), visit);
            }
            Node::No(one) => absent(one, visit),
            Node::Group(group) => {
                until(&group.limits, None, visit);
                elements(pattern, &group.members, visit);
            }
            Node::Sub(sub) => {
                // It is asked of events of the stream of its first step.
                until(&sub.limits, first_stream(pattern, &sub.seq), visit);
                elements(pattern, &sub.seq, visit);
            }
        }
    }
}

fn first_stream(pattern: &Pattern, seq: &[Element]) -> Option<StreamId> {
    let of = |element: &Element| match &element.node {
        Node::Step(step) => pattern.steps.get(step.id.index()).map(|step| step.stream),
        Node::Sub(sub) => first_stream(pattern, &sub.seq),
        Node::Group(group) => first_stream(pattern, &group.members),
        Node::No(_) => None,
    };
    seq.iter().find_map(of)
}

fn absent<'a>(absent: &'a Absent, visit: &mut dyn FnMut(Option<StreamId>, &'a Expr)) {
    key(&absent.key, absent.stream, visit);
    absent.filter.iter().for_each(|filter| visit(Some(absent.stream), filter));
}

fn key<'a>(key: &'a StepKey, stream: StreamId, visit: &mut dyn FnMut(Option<StreamId>, &'a Expr)) {
    match key {
        StepKey::Own(parts) => parts.iter().for_each(|part| visit(Some(stream), part)),
        StepKey::HandOver(pairs) => {
            for pair in pairs {
                visit(Some(stream), &pair.own);
                visit(None, &pair.from);
            }
        }
    }
}

/// What is said when a rule fires.
pub(super) fn said(rule: &Rule) -> impl Iterator<Item = &Expr> {
    let template = rule.alert.iter().flat_map(|alert| &alert.template);
    let template = template.chain(rule.resolve.iter().flatten()).filter_map(|part| match part {
        TemplatePart::Expr(expr) => Some(expr),
        TemplatePart::Text(_) => None,
    });
    let by = rule.suppress.iter().flat_map(|suppress| &suppress.by);
    rule.fields.iter().map(|with| &with.expr).chain(&rule.having).chain(template).chain(by)
}

/// Where the fields of an expression come from.
#[derive(Clone, Copy)]
enum Sight<'a> {
    Threshold(&'a Threshold),
    Pattern(&'a Pattern),
}

struct Needs {
    fields: Vec<Vec<bool>>,
    tables: Vec<bool>,
    /// By table: its rows come from outside.
    outside: Vec<bool>,
}

impl Needs {
    fn rule(&mut self, rule: &Rule) {
        match &rule.body {
            Body::Threshold(threshold) => self.threshold(rule, threshold),
            Body::Pattern(pattern) => self.pattern(rule, pattern),
        }
        rule.key_table.into_iter().for_each(|table| self.table(table));
    }

    fn threshold(&mut self, rule: &Rule, threshold: &Threshold) {
        let sight = Sight::Threshold(threshold);
        for on in &threshold.on {
            on.filter.iter().chain(&on.keys).for_each(|expr| self.expr(sight, Some(on.stream), expr));
        }
        said(rule).chain(&threshold.when).for_each(|expr| self.expr(sight, None, expr));
        self.histories(sight, rule);
    }

    fn pattern(&mut self, rule: &Rule, pattern: &Pattern) {
        let sight = Sight::Pattern(pattern);
        conditions(pattern, &mut |stream, expr| self.expr(sight, stream, expr));
        said(rule).for_each(|expr| self.expr(sight, None, expr));
        self.histories(sight, rule);
    }

    fn histories(&mut self, sight: Sight<'_>, rule: &Rule) {
        for history in &rule.histories {
            let stream = match (&history.scope, sight) {
                (HistoryScope::Step(step), Sight::Pattern(pattern)) => {
                    pattern.steps.get(step.index()).map(|step| step.stream)
                }
                _ => None,
            };
            history.arg.value.iter().chain(&history.arg.filter).for_each(|expr| self.expr(sight, stream, expr));
        }
    }

    /// `stream`: whose event is at hand.
    fn expr(&mut self, sight: Sight<'_>, stream: Option<StreamId>, expr: &Expr) {
        let mut inside = stream;
        match (&expr.kind, sight) {
            (ExprKind::Field(field), _) => stream.into_iter().for_each(|stream| self.field(stream, *field)),
            (ExprKind::Slot(slot), Sight::Threshold(threshold)) => {
                for on in &threshold.on {
                    on.fields.get(slot.index()).into_iter().flatten().for_each(|field| self.field(on.stream, *field));
                }
            }
            (ExprKind::Step(step, field), Sight::Pattern(pattern)) => {
                pattern.steps.get(step.index()).into_iter().for_each(|step| self.field(step.stream, *field));
            }
            (ExprKind::Loop { step, .. }, Sight::Pattern(pattern)) => {
                inside = pattern.steps.get(step.index()).map(|step| step.stream);
            }
            (ExprKind::Lookup { table, .. } | ExprKind::Listed { table, .. }, _) => self.table(*table),
            _ => {}
        }
        expr.children().into_iter().for_each(|child| self.expr(sight, inside, child));
    }

    fn table(&mut self, table: TableId) {
        if let Some(needed) = self.tables.get_mut(table.index()) {
            needed.clone_from(&self.outside[table.index()]);
        }
    }

    fn field(&mut self, stream: StreamId, field: FieldId) {
        if let Some(needed) = self.fields.get_mut(stream.index()).and_then(|fields| fields.get_mut(field.index())) {
            *needed = true;
        }
    }
}
