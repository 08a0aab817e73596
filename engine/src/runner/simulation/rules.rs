//! Four rules over a stream of `key x at` lines: a count per key that alerts at every event, an absence that repeats and
//! resolves, episodes that open at a moment, repeat and resolve, and silence of the whole stream. Repeats may be left out.

use crate::event::BatchBuilder;
use crate::io::{Decoder, RecordError, Stage};
use tripline_query_lang::plan::{
    self, Absent, Body, CompareOp, Element, Expr, ExprKind, Field, FieldId, History, HistoryArg, HistoryBound,
    HistoryFn, HistoryId, HistoryScope, Key, Limits, Link, Node, On, Pattern, Plan, Rule, Runs, Severity, Skip, Slot,
    SlotId, Step, StepId, StepInfo, StepKey, Stream, StreamId, TemplatePart, Threshold, Unique, With, Within,
};
use tripline_query_lang::value::{Type, Value};
use tripline_query_lang::{Source, compile};

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty }
}

fn key() -> Expr {
    expr(ExprKind::Field(FieldId(0)), Type::Text)
}

fn x_at_least(bound: i64) -> Expr {
    let (x, bound) = (ExprKind::Field(FieldId(1)), ExprKind::Const(Value::Int(bound)));
    let (x, bound) = (Box::new(expr(x, Type::Int)), Box::new(expr(bound, Type::Int)));
    expr(ExprKind::Compare(CompareOp::GreaterEqual, x, bound), Type::Bool)
}

fn rule(name: &str, body: Body) -> Rule {
    Rule {
        name: name.into(),
        key_table: None,
        fingerprint: name.bytes().map(u64::from).sum(),
        metadata: Vec::new(),
        keys: vec![Key { name: "key".into(), ty: Type::Text }],
        body,
        histories: Vec::new(),
        fields: Vec::new(),
        having: None,
        alert: Some(plan::Alert {
            every_event: false,
            severity: Severity::Low,
            template: vec![TemplatePart::Expr(expr(ExprKind::Key(0), Type::Text))],
            to: Vec::new(),
        }),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    }
}

/// `by key on in with n = count() over 100us`
fn counted() -> Rule {
    let on = On {
        name: None,
        stream: StreamId(0),
        filter: Some(x_at_least(1)),
        keys: vec![key()],
        fields: vec![Some(FieldId(0)), Some(FieldId(1))],
    };
    let slots = vec![Slot { name: "key".into(), ty: Type::Text }, Slot { name: "x".into(), ty: Type::Int }];
    let mut rule = rule(
        "counted",
        Body::Threshold(Threshold { on: vec![on], slots, window: None, when: None, hold_us: None, episode_us: None }),
    );
    rule.histories = vec![History {
        func: HistoryFn::Count,
        scope: HistoryScope::Admitted,
        arg: HistoryArg::default(),
        bound: HistoryBound::Time(100),
        ty: Type::Int,
    }];
    let count = expr(ExprKind::History(HistoryId(0)), Type::Int);
    rule.fields = vec![With { name: "n".into(), expr: count }];
    rule.alert.iter_mut().for_each(|alert| {
        alert.template = vec![TemplatePart::Expr(expr(ExprKind::Slot(SlotId(1)), Type::Int))];
    });
    rule
}

/// `by key match a: in where x >= 5 then no in for 40us .. repeat 70us resolve`
fn absent() -> Rule {
    let step = StepInfo {
        name: "a".into(),
        stream: StreamId(0),
        is_loop: false,
        may_be_empty: false,
        key: StepKey::Own(vec![key()]),
        filter: Some(x_at_least(5)),
    };
    let no = Absent { stream: StreamId(0), key: StepKey::Own(vec![key()]), hold_us: Some(40), filter: None };
    let first = Node::Step(Step { id: StepId(0), quant: None, limits: Limits::default() });
    let pattern = Pattern {
        steps: vec![step],
        seq: vec![Element { link: Link::Start, node: first }, Element { link: Link::Then, node: Node::No(no) }],
        within: Some(Within::Time(1_000)),
        runs: Runs::Max(100),
        without: Vec::new(),
        skip: Skip::PastLast,
    };
    let resolve = Some(vec![TemplatePart::Text("over".into())]);
    Rule { repeat_us: Some(70), resolve, ..rule("absent", Body::Pattern(pattern)) }
}

/// `match no in for 50us where x >= 4 .. resolve`, without a key
fn silent() -> Rule {
    let no =
        Absent { stream: StreamId(0), key: StepKey::Own(Vec::new()), hold_us: Some(50), filter: Some(x_at_least(4)) };
    let pattern = Pattern {
        steps: Vec::new(),
        seq: vec![Element { link: Link::Start, node: Node::No(no) }],
        within: None,
        runs: Runs::Max(100),
        without: Vec::new(),
        skip: Skip::PastLast,
    };
    let mut rule = rule("silent", Body::Pattern(pattern));
    rule.keys = Vec::new();
    rule.alert.iter_mut().for_each(|alert| alert.template = vec![TemplatePart::Text("silent".into())]);
    rule.resolve = Some(vec![TemplatePart::Text("back".into())]);
    rule
}

/// `by key on in when x >= 2 for 15us repeat 20us resolve` of `n = count() over 50us`, which ends an episode as well.
fn lasting() -> Rule {
    let slots = vec![Slot { name: "key".into(), ty: Type::Text }, Slot { name: "x".into(), ty: Type::Int }];
    let on = On {
        name: None,
        stream: StreamId(0),
        filter: None,
        keys: vec![key()],
        fields: vec![Some(FieldId(0)), Some(FieldId(1))],
    };
    let at_least_two = (expr(ExprKind::Slot(SlotId(1)), Type::Int), expr(ExprKind::Const(Value::Int(2)), Type::Int));
    let when = ExprKind::Compare(CompareOp::GreaterEqual, Box::new(at_least_two.0), Box::new(at_least_two.1));
    let when = Some(expr(when, Type::Bool));
    let threshold = Threshold { on: vec![on], slots, window: None, when, hold_us: Some(15), episode_us: Some(50) };
    let counted = counted();
    Rule {
        histories: vec![History { bound: HistoryBound::Time(50), ..counted.histories[0].clone() }],
        fields: counted.fields,
        alert: counted.alert,
        repeat_us: Some(20),
        resolve: Some(vec![TemplatePart::Text("over".into())]),
        ..rule("lasting", Body::Threshold(threshold))
    }
}

/// The rules, over a stream with this policy; `unique_us`: how long a key and number are remembered.
pub fn plan(late_us: i64, ahead_us: Option<i64>, idle_us: Option<i64>, unique_us: Option<i64>) -> Plan {
    let field = |name: &str, ty| Field { name: name.into(), ty, optional: false, path: Vec::new(), time_unit: None };
    let fields = vec![field("key", Type::Text), field("x", Type::Int), field("at", Type::Time)];
    let stream = Stream {
        name: "in".into(),
        fields,
        timed_by: FieldId(2),
        late_us,
        ahead_us,
        idle_us,
        unique: unique_us.map(|over_us| Unique { fields: vec![FieldId(0), FieldId(1)], over_us }),
        origin: Default::default(),
    };
    Plan { streams: vec![stream], rules: vec![counted(), absent(), lasting(), silent()], ..Plan::default() }
}

/// Rules over each other's alerts, over rows of windows and matches, and over a view, with the same stream.
pub fn staged(late_us: i64, ahead_us: Option<i64>, idle_us: Option<i64>, unique_us: Option<i64>) -> Plan {
    let option = |name: &str, us: Option<i64>| us.map_or(String::new(), |us| format!(", {name} {us}us"));
    let unique = unique_us.map_or(String::new(), |us| format!(", unique by (key, x) over {us}us"));
    let (ahead, idle) = (option("ahead", ahead_us), option("idle", idle_us));
    let text = format!(
        r#"
        stream in {{ key: text  x: int  at: time(us) }} timed by at, late {late_us}us{ahead}{idle}{unique}
        rule counted {{ by key on in where x >= 1 alert every event low "{{n}}" with n = count() over 100us, x = x }}
        rule loud {{
          by key on counted where x >= 3 when m >= 2 alert low "{{m}}"
          with m = count() over 80us
          repeat 30us resolve "over"
        }}
        rule across {{ by x on counted alert every event low "{{keys}}" with keys = distinct(key) over 150us }}
        rule quiet {{
          by key within 1ms match a: counted where x >= 6 then no counted for 40us
          alert low "{{a.x}}" repeat 70us resolve "back"
        }}
        rule most {{
          by key within 200us match a: in where x >= 5 then b: in{{1,}} greedy over 40us where x >= 3
          alert low "{{s}}" with s = sum(b.x)
        }}
        rule after_most {{ on most alert every event low "{{s}} {{n}}" with n = count() over 300us, s = s }}
        derive per_window {{ by key on in every 50us emit key, n = count(), total = sum(x) }}
        rule busy {{ by key on per_window where n >= 2 alert every event low "{{total}}" }}
        view seen {{ by key on counted emit m = count() over 200us, top = max(x) over forever }}
        rule odd {{ on in where seen[key].m >= 2 and seen[key].top > x alert every event low "{{key}}" with key = key }}
        rule oddly {{ by key within 300us match a: odd then b: busy alert low "both" }}
        "#
    );
    let compiled = compile(&[Source { name: "staged.trip".to_owned(), text }], &[]);
    let said: Vec<&str> = compiled.diagnostics.iter().map(|said| said.message.as_str()).collect();
    compiled.plan.unwrap_or_else(|| unreachable!("{said:?}"))
}

/// Reads `key x at`.
pub struct Lines;

impl Decoder for Lines {
    fn decode(&mut self, value: &[u8], row: &mut BatchBuilder) -> Result<i64, RecordError> {
        let fault = || RecordError { stage: Stage::Decode, class: "bad line", message: "not `key x at`".to_owned() };
        let text = std::str::from_utf8(value).map_err(|_| fault())?;
        let parts: Vec<&str> = text.split(' ').collect();
        let [key, x, at] = parts[..] else { return Err(fault()) };
        let (x, at_us) = (x.parse().map_err(|_| fault())?, at.parse().map_err(|_| fault())?);
        row.columns[0].push_text(key);
        row.columns[1].push_i64(x);
        row.columns[2].push_i64(at_us);
        Ok(at_us)
    }
}
