//! A small world for tests of the runner: one stream of `key x at` lines in the in-process log, and a rule over it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tripline_connectors::log::{Log, LogRecord, LogSink, LogSource, LogTopics};
use tripline_engine::event::BatchBuilder;
use tripline_engine::io::{Decoder, RecordError, Stage};
use tripline_engine::runner::{Input, Job, RunError, Settings, Summary};
use tripline_query_lang::plan::{
    self, Body, CompareOp, Expr, ExprKind, Field, FieldId, History, HistoryArg, HistoryBound, HistoryFn, HistoryId,
    HistoryScope, Key, On, Plan, Rule, Severity, Slot, SlotId, Stream, StreamId, TemplatePart, Threshold, With,
};
use tripline_query_lang::value::{Type, Value};

pub const TOPIC: &str = "in";

/// `rule busy { by key  on in  when n >= 2  alert low "{key} {x}" with n = count() over 100us, x = x }`, every event if told.
pub fn plan(late_us: i64, ahead_us: Option<i64>, idle_us: Option<i64>) -> Plan {
    let field = |name: &str, ty| Field { name: name.into(), ty, optional: false, path: Vec::new(), time_unit: None };
    let expr = |kind, ty| Expr { kind, ty };
    let slot = |id, ty| expr(ExprKind::Slot(SlotId(id)), ty);
    let count = expr(ExprKind::History(HistoryId(0)), Type::Int);
    let two = expr(ExprKind::Const(Value::Int(2)), Type::Int);
    let rule = Rule {
        name: "busy".into(),
        key_table: None,
        fingerprint: 77,
        metadata: Vec::new(),
        keys: vec![Key { name: "key".into(), ty: Type::Text }],
        body: Body::Threshold(Threshold {
            on: vec![On {
                name: None,
                stream: StreamId(0),
                filter: Some(expr(
                    ExprKind::Compare(
                        CompareOp::GreaterEqual,
                        Box::new(expr(ExprKind::Field(FieldId(1)), Type::Int)),
                        Box::new(expr(ExprKind::Const(Value::Int(0)), Type::Int)),
                    ),
                    Type::Bool,
                )),
                keys: vec![expr(ExprKind::Field(FieldId(0)), Type::Text)],
                fields: vec![Some(FieldId(0)), Some(FieldId(1))],
            }],
            slots: vec![Slot { name: "key".into(), ty: Type::Text }, Slot { name: "x".into(), ty: Type::Int }],
            window: None,
            hold_us: None,
            when: Some(expr(
                ExprKind::Compare(CompareOp::GreaterEqual, Box::new(count.clone()), Box::new(two)),
                Type::Bool,
            )),
            episode_us: Some(100),
        }),
        histories: vec![History {
            func: HistoryFn::Count,
            scope: HistoryScope::Admitted,
            arg: HistoryArg::default(),
            bound: HistoryBound::Time(100),
            ty: Type::Int,
        }],
        fields: vec![With { name: "n".into(), expr: count }, With { name: "x".into(), expr: slot(1, Type::Int) }],
        having: None,
        alert: Some(plan::Alert {
            every_event: true,
            severity: Severity::Low,
            template: vec![TemplatePart::Expr(slot(0, Type::Text))],
            to: Vec::new(),
        }),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    };
    let stream = Stream {
        name: "in".into(),
        fields: vec![field("key", Type::Text), field("x", Type::Int), field("at", Type::Time)],
        timed_by: FieldId(2),
        late_us,
        ahead_us,
        idle_us,
        unique: None,
        origin: Default::default(),
    };
    Plan { streams: vec![stream], rules: vec![rule], ..Plan::default() }
}

/// Reads `key x at`.
pub struct Lines {
    needed: Vec<bool>,
}

impl Lines {
    pub fn make(_stream: &Stream, needed: &[bool]) -> Box<dyn Decoder> {
        Box::new(Lines { needed: needed.to_vec() })
    }
}

impl Decoder for Lines {
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let fault = |message: &str| RecordError { stage: Stage::Decode, class: "bad line", message: message.into() };
        let text = std::str::from_utf8(value).map_err(|_| fault("not UTF-8"))?;
        assert!(text != "panic", "told to panic");
        let parts: Vec<&str> = text.split(' ').collect();
        let [key, x, at] = parts[..] else { return Err(fault("not three words")) };
        let (x, at_us) = (x.parse().map_err(|_| fault("no number"))?, at.parse().map_err(|_| fault("no time"))?);
        if self.needed[0] {
            row.columns[0].push_text(key);
        }
        if self.needed[1] {
            row.columns[1].push_i64(x);
        }
        if self.needed[2] {
            row.columns[2].push_i64(at_us);
        }
        Ok(at_us)
    }
}

/// A log with the input topic and the output topics of `shards`.
pub fn log(partitions: usize, shards: usize) -> Log {
    let log = Log::default();
    log.create_topic(TOPIC, partitions);
    LogTopics::create(&log, shards);
    log
}

pub fn append(log: &Log, partition: usize, line: &str) {
    let record = LogRecord { timestamp_us: Some(1_000), ..LogRecord::of_value(line) };
    log.append(TOPIC, partition, record).expect("the topic is there");
}

pub fn topics() -> LogTopics {
    LogTopics {
        alerts: "alerts".into(),
        progress: "progress".into(),
        dead_letters: Some("dead-letters".into()),
        late: Some("late".into()),
    }
}

pub fn job(log: &Log, plan: Plan, shards: usize, share: usize, settings: Settings) -> Job {
    let source = LogSource::new(log.clone(), TOPIC, StreamId(0)).with_share(share);
    let mut job = Job::new(plan).settings(settings);
    job = job.input(Input { source: Box::new(source), decoder: Box::new(Lines::make) });
    for shard in 0..shards {
        job = job.sink(Box::new(LogSink::new(log.clone(), topics(), "test", shard)));
    }
    job
}

pub fn run(log: &Log, plan: Plan, shards: usize, workers: usize, share: usize) -> Result<Summary, RunError> {
    let settings = Settings { workers, ..Settings::default() };
    job(log, plan, shards, share, settings).run(Arc::new(AtomicBool::new(false)))
}

/// The values of all committed records of a topic.
pub fn values(log: &Log, topic: &str) -> Vec<String> {
    let text =
        |record: &Arc<LogRecord>| String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
    log.read_all(topic).iter().map(text).collect()
}
