//! The canonical bytes of a rule: a tag for each kind of node, lengths before everything that varies.

use super::OPERATOR_SEMANTICS;
use crate::plan::{
    Absent, Body, Branching, Element, Expr, ExprKind, FieldId, GroupKind, History, HistoryArg, HistoryBound, HistoryFn,
    HistoryScope, Limits, Link, Node, Origin, Pattern, Quant, RowsFrom, Rule, Runs, Skip, StepId, StepKey, Stream,
    StreamId, Table, TableId, Threshold, Window, Within, first_step,
};
use crate::value::Value;

/// The canonical bytes of a rule.
pub(super) fn rule(streams: &[Stream], tables: &[Table], rule: &Rule) -> Vec<u8> {
    with_fields(streams, tables, rule, used_with(rule))
}

/// The canonical bytes of what a rule's rows depend on.
pub(super) fn rows(streams: &[Stream], tables: &[Table], rule: &Rule) -> Vec<u8> {
    with_fields(streams, tables, rule, (0..rule.fields.len()).collect())
}

fn with_fields(streams: &[Stream], tables: &[Table], rule: &Rule, used: Vec<usize>) -> Vec<u8> {
    let mut encoder = Encoder { bytes: Vec::new(), streams, tables, rule, used };
    encoder.number(OPERATOR_SEMANTICS);
    encoder.text(&rule.name);
    encoder.list(&rule.keys, |e, key| e.text(&format!("{}", key.ty)));
    if let Some(table) = rule.key_table {
        // Without one, rules keep the fingerprint that they had before.
        encoder.tag(9);
        encoder.table(table);
    }
    match &rule.body {
        Body::Threshold(threshold) => encoder.threshold(threshold),
        Body::Pattern(pattern) => encoder.pattern(pattern),
    }
    encoder.tag(u8::from(rule.is_every_event()));
    let used = encoder.used.clone();
    encoder.list(&used, |e, position| e.expr(&rule.fields[*position].expr, None));
    encoder.option(rule.suppress.as_ref(), |e, suppress| {
        e.wide(suppress.span_us);
        e.list(&suppress.by, |e, by| e.expr(by, None));
    });
    encoder.lasting(rule);
    if let Some(having) = &rule.having {
        encoder.tag(1);
        encoder.expr(having, None);
    }
    encoder.bytes
}

/// The `with` fields that matching uses, directly or through others, in order.
fn used_with(rule: &Rule) -> Vec<usize> {
    let mut wanted = vec![false; rule.fields.len()];
    let when = match &rule.body {
        Body::Threshold(threshold) => threshold.when.as_ref(),
        Body::Pattern(_) => None,
    };
    let by = rule.suppress.iter().flat_map(|suppress| &suppress.by);
    when.into_iter().chain(&rule.having).chain(by).for_each(|expr| mark(expr, &mut wanted));
    // A field uses only fields before it.
    for position in (0..wanted.len()).rev() {
        if wanted[position] {
            mark(&rule.fields[position].expr, &mut wanted);
        }
    }
    wanted.iter().enumerate().filter(|(_, wanted)| **wanted).map(|(position, _)| position).collect()
}

fn mark(expr: &Expr, wanted: &mut [bool]) {
    if let ExprKind::With(position) = &expr.kind
        && let Some(wanted) = wanted.get_mut(*position as usize)
    {
        *wanted = true;
    }
    expr.children().into_iter().for_each(|child| mark(child, wanted));
}

struct Encoder<'a> {
    bytes: Vec<u8>,
    streams: &'a [Stream],
    tables: &'a [Table],
    rule: &'a Rule,
    used: Vec<usize>,
}

impl Encoder<'_> {
    fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    fn number(&mut self, number: u32) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn wide(&mut self, number: i64) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.bytes.extend(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u32);
        items.iter().for_each(|item| each(self, item));
    }

    fn option<T>(&mut self, item: Option<T>, each: impl FnOnce(&mut Self, T)) {
        self.tag(u8::from(item.is_some()));
        if let Some(item) = item {
            each(self, item);
        }
    }

    fn stream(&mut self, id: StreamId) {
        let Stream { name, origin, .. } = &self.streams[id.index()];
        self.text(name);
        if let Origin::Derived { definition, .. } = origin {
            self.wide(definition.cast_signed());
        }
    }

    /// A field by name and type: its position may change.
    fn field(&mut self, stream: Option<StreamId>, id: FieldId) {
        let field = stream.and_then(|stream| self.streams.get(stream.index())?.fields.get(id.index()));
        let (name, ty) = field.map_or_else(Default::default, |field| (field.name.clone(), field.ty.to_string()));
        self.text(&name);
        self.text(&ty);
    }

    /// A table by name and key: other fields may be added to it.
    fn table(&mut self, id: TableId) {
        let Some(table) = self.tables.get(id.index()) else { return };
        self.text(&table.name);
        if let RowsFrom::View { definition, .. } = table.rows {
            self.wide(definition.cast_signed());
        }
        self.list(&table.keys, |e, key| {
            let field = table.fields.get(key.index());
            let (name, ty) = field.map_or_else(Default::default, |field| (field.name.clone(), field.ty.to_string()));
            e.text(&name);
            e.text(&ty);
        });
    }

    /// What is said of an alert after its time; nothing where nothing is, so that such rules keep their fingerprint.
    fn lasting(&mut self, rule: &Rule) {
        let hold_us = match &rule.body {
            Body::Threshold(threshold) => threshold.hold_us,
            Body::Pattern(_) => None,
        };
        for (tag, us) in [(1, hold_us), (2, rule.repeat_us), (3, rule.resolve.as_ref().map(|_| 0))] {
            us.into_iter().for_each(|us| self.bound(tag, us, 0));
        }
    }

    fn threshold(&mut self, threshold: &Threshold) {
        self.tag(1);
        self.list(&threshold.on, |e, on| {
            e.stream(on.stream);
            e.option(on.filter.as_ref(), |e, filter| e.expr(filter, Some(on.stream)));
            e.list(&on.keys, |e, key| e.expr(key, Some(on.stream)));
        });
        self.option(threshold.when.as_ref(), |e, when| e.expr(when, None));
        if let Some(window) = &threshold.window {
            self.window(window);
        }
    }

    fn window(&mut self, window: &Window) {
        match window {
            Window::Every(every) => {
                self.tag(1);
                self.wide(every.every_us);
                self.wide(every.over_us);
                self.option(every.zone.as_deref(), Self::text);
            }
            Window::Session(gap_us) => {
                self.tag(2);
                self.wide(*gap_us);
            }
            Window::Count(events) => {
                self.tag(3);
                self.number(*events);
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.tag(2);
        self.list(&pattern.steps, |e, step| {
            e.stream(step.stream);
            e.key(&step.key, step.stream);
            e.option(step.filter.as_ref(), |e, filter| e.expr(filter, Some(step.stream)));
        });
        self.sequence(&pattern.seq);
        self.option(pattern.within, |e, within| match within {
            Within::Time(us) => {
                e.tag(1);
                e.wide(us);
            }
            Within::Events(n) => {
                e.tag(2);
                e.number(n);
            }
            Within::Forever => e.tag(3),
        });
        match pattern.runs {
            Runs::Max(n) => {
                self.tag(1);
                self.number(n);
            }
            Runs::Latest => self.tag(2),
        }
        self.list(&pattern.without, Self::absent);
        match pattern.skip {
            Skip::PastLast => self.tag(1),
            Skip::ToNext => self.tag(2),
            Skip::ToFirst(StepId(step)) => {
                self.tag(3);
                self.number(step);
            }
            Skip::ToLast(StepId(step)) => {
                self.tag(4);
                self.number(step);
            }
            Skip::None => self.tag(5),
        }
    }

    fn sequence(&mut self, seq: &[Element]) {
        self.list(seq, |e, element| {
            e.tag(match element.link {
                Link::Start => 0,
                Link::Then => 1,
                Link::Next => 2,
                Link::ThenEach => 3,
            });
            match &element.node {
                Node::Step(step) => {
                    e.tag(1);
                    e.number(step.id.0);
                    e.option(step.quant, Self::quant);
                    e.limits(&step.limits, step.id);
                }
                Node::No(absent) => {
                    e.tag(2);
                    e.absent(absent);
                }
                Node::Group(group) => {
                    e.tag(3);
                    match group.kind {
                        GroupKind::AnyOf => e.tag(1),
                        GroupKind::Of(n) => {
                            e.tag(2);
                            e.number(n);
                        }
                    }
                    e.sequence(&group.members);
                    e.limits(&group.limits, StepId(0));
                }
                Node::Sub(sub) => {
                    e.tag(4);
                    e.sequence(&sub.seq);
                    e.option(sub.quant, Self::quant);
                    e.limits(&sub.limits, first_step(&sub.seq).unwrap_or(StepId(0)));
                }
            }
        });
    }

    fn absent(&mut self, absent: &Absent) {
        self.stream(absent.stream);
        self.key(&absent.key, absent.stream);
        self.option(absent.hold_us, Self::wide);
        self.option(absent.filter.as_ref(), |e, filter| e.expr(filter, Some(absent.stream)));
    }

    fn key(&mut self, key: &StepKey, stream: StreamId) {
        match key {
            StepKey::Own(parts) => {
                self.tag(1);
                self.list(parts, |e, part| e.expr(part, Some(stream)));
            }
            StepKey::HandOver(pairs) => {
                self.tag(2);
                self.list(pairs, |e, pair| {
                    e.expr(&pair.own, Some(stream));
                    e.expr(&pair.from, Some(stream));
                });
            }
        }
    }

    fn quant(&mut self, quant: Quant) {
        self.number(quant.min);
        self.option(quant.max, Self::number);
        self.tag(u8::from(quant.greedy));
        self.tag(u8::from(quant.branching == Branching::Each));
        self.tag(u8::from(quant.consecutive));
    }

    /// Limits of something that begins with this step: `until` looks at its stream.
    fn limits(&mut self, limits: &Limits, first: StepId) {
        self.option(limits.over_us, Self::wide);
        self.option(limits.within_us, Self::wide);
        let stream = self.step_stream(first);
        self.option(limits.until.as_ref(), |e, until| e.expr(until, stream));
        self.option(limits.limit, Self::number);
    }

    fn step_stream(&self, step: StepId) -> Option<StreamId> {
        match &self.rule.body {
            Body::Pattern(pattern) => pattern.steps.get(step.index()).map(|step| step.stream),
            Body::Threshold(_) => None,
        }
    }

    fn history(&mut self, history: &History) {
        let stream = match history.scope {
            HistoryScope::Admitted => {
                self.tag(1);
                None
            }
            HistoryScope::Step(step) => {
                self.tag(2);
                self.number(step.0);
                self.step_stream(step)
            }
        };
        self.function(&history.func);
        let HistoryArg { value, filter, only_on } = &history.arg;
        self.option(value.as_ref(), |e, value| e.expr(value, stream));
        self.option(filter.as_ref(), |e, filter| e.expr(filter, stream));
        self.option(only_on.as_ref(), |e, only_on| e.list(only_on, |e, on| e.number(*on)));
        match history.bound {
            HistoryBound::Time(us) => self.bound(1, us, 0),
            HistoryBound::Last(n) => self.bound(2, n.into(), 0),
            HistoryBound::PreviousTime(us) => self.bound(3, us, 0),
            HistoryBound::PreviousLast(n) => self.bound(4, n.into(), 0),
            HistoryBound::Before { span_us, gap_us } => self.bound(5, span_us, gap_us),
            HistoryBound::Forever => self.bound(6, 0, 0),
        }
    }

    fn bound(&mut self, tag: u8, first: i64, second: i64) {
        self.tag(tag);
        self.wide(first);
        self.wide(second);
    }

    fn function(&mut self, func: &HistoryFn) {
        let (tag, parameter) = match func {
            HistoryFn::Count => (1, 0),
            HistoryFn::Sum => (2, 0),
            HistoryFn::Avg => (3, 0),
            HistoryFn::Min => (4, 0),
            HistoryFn::Max => (5, 0),
            HistoryFn::Stddev => (6, 0),
            HistoryFn::Percentile(p) => (7, p.to_bits() as i64),
            HistoryFn::Distinct => (8, 0),
            HistoryFn::Mode => (9, 0),
            HistoryFn::ModeCount => (10, 0),
            HistoryFn::First => (11, 0),
            HistoryFn::Last => (12, 0),
            HistoryFn::Collect => (13, 0),
            HistoryFn::Prev(n) => (14, i64::from(*n)),
            HistoryFn::FirstSeen => (15, 0),
            HistoryFn::Ewma(half_life_us) => (16, *half_life_us),
            HistoryFn::PercentileApprox(p) => (17, p.to_bits() as i64),
            HistoryFn::DistinctApprox => (18, 0),
        };
        self.tag(tag);
        self.wide(parameter);
    }

    /// An expression whose fields are of this stream.
    fn expr(&mut self, expr: &Expr, stream: Option<StreamId>) {
        self.text(&expr.ty.to_string());
        let mut of_children = stream;
        match &expr.kind {
            ExprKind::Const(value) => {
                self.tag(1);
                self.value(value);
            }
            ExprKind::Field(field) => {
                self.tag(2);
                self.field(stream, *field);
            }
            ExprKind::Slot(slot) => {
                self.tag(3);
                self.slot(slot.index());
            }
            ExprKind::At => self.tag(4),
            ExprKind::Step(step, field) => {
                self.tag(5);
                self.number(step.0);
                self.field(self.step_stream(*step), *field);
            }
            ExprKind::StepAt(step) => {
                self.tag(6);
                self.number(step.0);
            }
            ExprKind::Loop { step, func, arg, filter } => {
                self.tag(7);
                self.number(step.0);
                self.text(&format!("{func:?}"));
                self.tag(u8::from(arg.is_some()));
                self.tag(u8::from(filter.is_some()));
                of_children = self.step_stream(*step);
            }
            ExprKind::Key(part) => {
                self.tag(8);
                self.number(*part);
            }
            ExprKind::With(position) => {
                self.tag(9);
                // By its place among those that matching uses.
                let place = self.used.iter().position(|used| *used == *position as usize).unwrap_or(usize::MAX);
                self.number(place as u32);
            }
            ExprKind::History(history) => {
                self.tag(10);
                let rule = self.rule;
                self.option(rule.histories.get(history.index()), Self::history);
            }
            ExprKind::Prev { n, .. } => {
                self.tag(11);
                self.number(*n);
            }
            ExprKind::Not(_) => self.tag(12),
            ExprKind::And(_) => self.tag(13),
            ExprKind::Or(_) => self.tag(14),
            ExprKind::Negate(_) => self.tag(15),
            ExprKind::Arith(op, ..) => {
                self.tag(16);
                self.text(&format!("{op:?}"));
            }
            ExprKind::Compare(op, ..) => {
                self.tag(17);
                self.text(&format!("{op:?}"));
            }
            ExprKind::Is { negated, .. } => {
                self.tag(18);
                self.tag(u8::from(*negated));
            }
            ExprKind::In(..) => self.tag(19),
            ExprKind::Like(_, pattern) => {
                self.tag(20);
                self.text(pattern);
            }
            ExprKind::Matches(_, pattern) => {
                self.tag(21);
                self.text(pattern);
            }
            ExprKind::If(..) => self.tag(22),
            ExprKind::Call(function, _) => {
                self.tag(23);
                self.text(function.function().name);
            }
            ExprKind::Index(..) => self.tag(24),
            ExprKind::List(_) => self.tag(25),
            ExprKind::Convert(_) => self.tag(26),
            ExprKind::Lookup { table, field, .. } => {
                self.tag(27);
                self.table(*table);
                let field = self.tables.get(table.index()).and_then(|table| table.fields.get(field.index()));
                let name = field.map(|field| field.name.clone()).unwrap_or_default();
                self.text(&name);
            }
            ExprKind::Listed { table, .. } => {
                self.tag(28);
                self.table(*table);
            }
        }
        let children = expr.children();
        self.number(children.len() as u32);
        children.into_iter().for_each(|child| self.expr(child, of_children));
    }

    /// A slot by its field in each clause.
    fn slot(&mut self, slot: usize) {
        let Body::Threshold(threshold) = &self.rule.body else { return };
        for on in &threshold.on {
            match on.fields.get(slot).copied().flatten() {
                Some(field) => self.field(Some(on.stream), field),
                None => self.number(0),
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(0),
            Value::Bool(x) => self.bytes.extend([1, u8::from(*x)]),
            Value::Int(x) => self.bound(2, *x, 0),
            Value::Float(x) => self.bound(3, x.to_bits() as i64, 0),
            Value::Decimal(x) => {
                self.bytes.extend([4, x.scale]);
                self.bytes.extend(x.mantissa.to_le_bytes());
            }
            Value::Text(x) => {
                self.tag(5);
                self.text(x);
            }
            Value::Time(x) => self.bound(6, *x, 0),
            Value::Duration(x) => self.bound(7, *x, 0),
            Value::Point(x) => self.bound(8, x.lat.to_bits() as i64, x.lon.to_bits() as i64),
            Value::List(items) => {
                self.tag(9);
                self.list(items, Self::value);
            }
        }
    }
}
