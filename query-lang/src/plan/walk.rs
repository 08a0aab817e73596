//! All expressions of a rule, with what their fields are fields of.

use super::{
    Absent, Body, Element, Expr, ExprKind, HistoryScope, Node, Pattern, Rule, StepId, StepKey, StreamId, TableId,
    TemplatePart, first_step,
};

/// What the fields of an expression are fields of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// An event of this stream.
    Stream(StreamId),
    /// An event that a threshold rule admits: slots.
    Slots,
    /// No event at hand.
    Nothing,
}

impl Sight {
    /// The stream whose event is at hand.
    pub fn stream(self) -> Option<StreamId> {
        match self {
            Sight::Stream(stream) => Some(stream),
            Sight::Slots | Sight::Nothing => None,
        }
    }
}

fn of_step(streams: &[StreamId], step: Option<StepId>) -> Sight {
    step.and_then(|step| streams.get(step.index())).map_or(Sight::Nothing, |stream| Sight::Stream(*stream))
}

/// The same walks, to look and to change: what one forgets the other does.
macro_rules! walks {
    ($conditions:ident, $each:ident, $iter:ident $(, $mut:tt)?) => {
        impl Pattern {
            /// Calls `visit` with every condition and key of the pattern.
            pub fn $conditions<'a>(&'a $($mut)? self, visit: &mut dyn FnMut(Sight, &'a $($mut)? Expr)) {
                fn key<'a>(
                    key: &'a $($mut)? StepKey,
                    stream: StreamId,
                    visit: &mut dyn FnMut(Sight, &'a $($mut)? Expr),
                ) {
                    match key {
                        StepKey::Own(parts) => parts.$iter().for_each(|part| visit(Sight::Stream(stream), part)),
                        StepKey::HandOver(pairs) => {
                            for pair in pairs {
                                visit(Sight::Stream(stream), &$($mut)? pair.own);
                                visit(Sight::Nothing, &$($mut)? pair.from);
                            }
                        }
                    }
                }
                fn absent<'a>(absent: &'a $($mut)? Absent, visit: &mut dyn FnMut(Sight, &'a $($mut)? Expr)) {
                    let stream = absent.stream;
                    key(&$($mut)? absent.key, stream, visit);
                    absent.filter.$iter().for_each(|filter| visit(Sight::Stream(stream), filter));
                }
                fn elements<'a>(
                    streams: &[StreamId],
                    seq: &'a $($mut)? [Element],
                    visit: &mut dyn FnMut(Sight, &'a $($mut)? Expr),
                ) {
                    for element in seq {
                        match &$($mut)? element.node {
                            Node::Step(step) => {
                                let own = of_step(streams, Some(step.id));
                                step.limits.until.$iter().for_each(|until| visit(own, until));
                            }
                            Node::No(one) => absent(one, visit),
                            Node::Group(group) => {
                                group.limits.until.$iter().for_each(|until| visit(Sight::Nothing, until));
                                elements(streams, &$($mut)? group.members, visit);
                            }
                            Node::Sub(sub) => {
                                // The `until` of a bracket looks at the stream of its first step.
                                let first = of_step(streams, first_step(&sub.seq));
                                sub.limits.until.$iter().for_each(|until| visit(first, until));
                                elements(streams, &$($mut)? sub.seq, visit);
                            }
                        }
                    }
                }
                let streams: Vec<StreamId> = self.steps.iter().map(|step| step.stream).collect();
                for step in &$($mut)? self.steps {
                    let stream = step.stream;
                    key(&$($mut)? step.key, stream, visit);
                    step.filter.$iter().for_each(|filter| visit(Sight::Stream(stream), filter));
                }
                self.without.$iter().for_each(|one| absent(one, visit));
                elements(&streams, &$($mut)? self.seq, visit);
            }
        }

        impl Rule {
            /// Calls `visit` with every expression of the rule.
            pub fn $each<'a>(&'a $($mut)? self, visit: &mut dyn FnMut(Sight, &'a $($mut)? Expr)) {
                let mut steps: Vec<StreamId> = Vec::new();
                let (looks_back, says) = match &$($mut)? self.body {
                    Body::Threshold(threshold) => {
                        for on in &$($mut)? threshold.on {
                            let stream = on.stream;
                            let own = on.filter.$iter().chain(on.keys.$iter());
                            own.for_each(|expr| visit(Sight::Stream(stream), expr));
                        }
                        threshold.when.$iter().for_each(|when| visit(Sight::Slots, when));
                        let has_event = threshold.window.is_none() && self.keeps.is_none();
                        (Sight::Slots, if has_event { Sight::Slots } else { Sight::Nothing })
                    }
                    Body::Pattern(pattern) => {
                        steps.extend(pattern.steps.iter().map(|step| step.stream));
                        pattern.$conditions(visit);
                        (Sight::Nothing, Sight::Nothing)
                    }
                };
                for history in &$($mut)? self.histories {
                    let own = match history.scope {
                        HistoryScope::Step(step) => of_step(&steps, Some(step)),
                        HistoryScope::Admitted => looks_back,
                    };
                    let arg = &$($mut)? history.arg;
                    arg.value.$iter().chain(arg.filter.$iter()).for_each(|expr| visit(own, expr));
                }
                self.fields.$iter().for_each(|with| visit(says, &$($mut)? with.expr));
                self.having.$iter().for_each(|having| visit(says, having));
                for suppress in self.suppress.$iter() {
                    suppress.by.$iter().for_each(|by| visit(says, by));
                }
                let template = self.alert.$iter().flat_map(|alert| alert.template.$iter());
                for part in template.chain(self.resolve.$iter().flatten()) {
                    if let TemplatePart::Expr(expr) = part {
                        visit(says, expr);
                    }
                }
            }
        }
    };
}

walks!(each_condition, each_expr, iter);
walks!(each_condition_mut, each_expr_mut, iter_mut, mut);

impl Rule {
    /// What is said when it fires: fields, `having`, messages, and what `suppress` goes by.
    pub fn said(&self) -> impl Iterator<Item = &Expr> {
        let template = self.alert.iter().flat_map(|alert| &alert.template);
        let template = template.chain(self.resolve.iter().flatten()).filter_map(|part| match part {
            TemplatePart::Expr(expr) => Some(expr),
            TemplatePart::Text(_) => None,
        });
        let by = self.suppress.iter().flat_map(|suppress| &suppress.by);
        self.fields.iter().map(|with| &with.expr).chain(&self.having).chain(template).chain(by)
    }

    /// The tables that it looks things up in, those of views among them, and the one that has its keys; ascending, each once.
    pub fn tables(&self) -> Vec<TableId> {
        fn inside(expr: &Expr, tables: &mut Vec<TableId>) {
            if let ExprKind::Lookup { table, .. } | ExprKind::Listed { table, .. } = expr.kind {
                tables.push(table);
            }
            expr.children().into_iter().for_each(|child| inside(child, tables));
        }
        let mut tables: Vec<TableId> = self.key_table.into_iter().collect();
        self.each_expr(&mut |_, expr| inside(expr, &mut tables));
        tables.sort_unstable();
        tables.dedup();
        tables
    }
}
