//! Detection by plain calls: hand-made plans and batches in, alerts out.

mod family;
mod naive;
mod order;
mod pattern;
mod snapshot;
mod threshold;

use std::sync::Arc;

use super::Program;
use super::local::Local;
use crate::alert::{Alert, Witness};
use crate::event::{Batch, BatchBuilder, PartitionId};
use tripline_query_lang::plan::{
    self, Body, CompareOp, Expr, ExprKind, Field, FieldId, History, HistoryArg, HistoryBound, HistoryFn, HistoryId,
    HistoryScope, Key, On, Plan, Rule, Severity, Slot, SlotId, Stream, StreamId, TemplatePart, Threshold, With,
};
use tripline_query_lang::value::{Type, Value};

pub(super) const KEY: u32 = 0;
pub(super) const X: u32 = 1;
const AT: u32 = 2;

/// Streams `p` and `q`, each `{ key: text?  x: int  at: time }`.
pub(super) fn plan(rules: Vec<Rule>) -> Arc<Plan> {
    let field =
        |name: &str, ty| Field { name: name.into(), ty, optional: name == "key", path: Vec::new(), time_unit: None };
    let stream = |name: &str| Stream {
        name: name.into(),
        fields: vec![field("key", Type::Text), field("x", Type::Int), field("at", Type::Time)],
        timed_by: FieldId(AT),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    };
    Arc::new(Plan { streams: vec![stream("p"), stream("q")], rules, ..Plan::default() })
}

pub(super) fn field(id: u32) -> Expr {
    Expr { kind: ExprKind::Field(FieldId(id)), ty: if id == KEY { Type::Text } else { Type::Int } }
}

pub(super) fn slot(id: u32) -> Expr {
    Expr { kind: ExprKind::Slot(SlotId(id)), ..field(id) }
}

pub(super) fn int(value: i64) -> Expr {
    Expr { kind: ExprKind::Const(Value::Int(value)), ty: Type::Int }
}

pub(super) fn history(id: u32) -> Expr {
    Expr { kind: ExprKind::History(HistoryId(id)), ty: Type::Int }
}

pub(super) fn at_least(left: Expr, right: i64) -> Expr {
    let kind = ExprKind::Compare(CompareOp::GreaterEqual, Box::new(left), Box::new(int(right)));
    Expr { kind, ty: Type::Bool }
}

pub(super) fn on(stream: u32, filter: Option<Expr>) -> On {
    On {
        name: None,
        stream: StreamId(stream),
        filter,
        keys: vec![field(KEY)],
        fields: vec![Some(FieldId(KEY)), Some(FieldId(X))],
    }
}

/// `by key on p alert low "{x}" with x = x`
pub(super) fn rule(name: &str) -> Rule {
    let slot_of = |name: &str, ty| Slot { name: name.into(), ty };
    Rule {
        name: name.into(),
        key_table: None,
        fingerprint: name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte)),
        metadata: Vec::new(),
        keys: vec![Key { name: "key".into(), ty: Type::Text }],
        body: Body::Threshold(Threshold {
            on: vec![on(0, None)],
            slots: vec![slot_of("key", Type::Text), slot_of("x", Type::Int)],
            window: None,
            hold_us: None,
            when: None,
            episode_us: None,
        }),
        histories: Vec::new(),
        fields: vec![With { name: "x".into(), expr: slot(X) }],
        having: None,
        alert: Some(plan::Alert {
            every_event: false,
            severity: Severity::Low,
            template: vec![TemplatePart::Text("x is ".into()), TemplatePart::Expr(slot(X))],
            to: Vec::new(),
        }),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    }
}

/// What a rule of [`rule`] says.
pub(super) fn said(rule: &mut Rule) -> &mut plan::Alert {
    rule.alert.as_mut().expect("made with one")
}

pub(super) fn threshold(rule: &mut Rule) -> &mut Threshold {
    match &mut rule.body {
        Body::Threshold(threshold) => threshold,
        Body::Pattern(_) => unreachable!("made by `rule`"),
    }
}

/// `when count() over span >= n`
pub(super) fn when_count(rule: &mut Rule, span_us: i64, n: i64) {
    rule.histories.push(History {
        func: HistoryFn::Count,
        scope: HistoryScope::Admitted,
        arg: HistoryArg::default(),
        bound: HistoryBound::Time(span_us),
        ty: Type::Int,
    });
    let count = history(rule.histories.len() as u32 - 1);
    let threshold = threshold(rule);
    threshold.when = Some(at_least(count, n));
    threshold.episode_us = Some(span_us);
}

/// An event: key, x, event time.
pub(super) type Event<'a> = (Option<&'a str>, i64, i64);

/// Offsets count from `first`.
pub(super) fn batch(stream: u32, partition: i32, first: i64, events: &[Event<'_>]) -> Arc<Batch> {
    let plan = plan(Vec::new());
    let mut builder = BatchBuilder::new(&plan.streams[0], &[true, true, true]);
    for (index, (key, x, at_us)) in events.iter().enumerate() {
        match key {
            Some(key) => builder.columns[KEY as usize].push_text(key),
            None => builder.columns[KEY as usize].push_null(),
        }
        builder.columns[X as usize].push_i64(*x);
        builder.columns[AT as usize].push_i64(*at_us);
        builder.end_row(*at_us, first + index as i64);
    }
    Arc::new(builder.finish(PartitionId { stream: StreamId(stream), topic: "t".into(), partition }))
}

pub(super) fn local(rules: Vec<Rule>, workers: usize) -> Local {
    Local::new(Arc::new(Program::new(plan(rules)).expect("few roles")), workers)
}

/// The alerts of one batch of stream `p`, with the input ended.
pub(super) fn alerts(rules: Vec<Rule>, events: &[Event<'_>]) -> Vec<Alert> {
    let mut local = local(rules, 1);
    local.push(&batch(0, 0, 0, events));
    local.finish()
}

/// When the alerts are, and of which key.
pub(super) fn times(alerts: &[Alert]) -> Vec<(String, i64)> {
    alerts.iter().map(|alert| (alert.key.first().map(Value::to_string).unwrap_or_default(), alert.at_us)).collect()
}

/// The step and offset of the only witness.
pub(super) fn witness(alert: &Alert) -> (&str, i64) {
    match &alert.evidence[..] {
        [one] => match &one.what {
            Witness::Event(coordinates) => (&one.step, coordinates.offset),
            Witness::Deadline(at_us) => (&one.step, *at_us),
        },
        _ => ("not one", 0),
    }
}
