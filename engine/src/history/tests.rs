//! Histories against a naive recomputation from all events, over random events, functions, bounds and filters; and against
//! themselves, written out and read back on the way.

#![expect(clippy::panic, reason = "a test says what it found")]

use std::sync::Arc;

use proptest::prelude::*;
use tripline_query_lang::number::{self, Ewma};
use tripline_query_lang::plan::{
    ArithOp, CompareOp, Expr, ExprKind, FieldId, History, HistoryArg, HistoryBound, HistoryFn, HistoryScope, SlotId,
};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

use super::{HistoryProgram, HistoryState};
use crate::expr::{Row, Scene};

const TYPES: [Type; 5] = [Type::Int, Type::Decimal(2), Type::Float, Type::Text, Type::Bool];
const SLOTS: [Option<FieldId>; 5] =
    [Some(FieldId(0)), Some(FieldId(1)), Some(FieldId(2)), Some(FieldId(3)), Some(FieldId(4))];

#[derive(Clone, Debug)]
struct Event {
    at_us: i64,
    on: u32,
    values: Vec<Value>,
}

impl Row for Event {
    fn bool(&self, field: FieldId) -> Option<bool> {
        if let Value::Bool(v) = self.values[field.index()] { Some(v) } else { None }
    }

    fn int(&self, field: FieldId) -> Option<i64> {
        match &self.values[field.index()] {
            Value::Int(v) => Some(*v),
            Value::Decimal(d) => i64::try_from(d.mantissa).ok(),
            _ => None,
        }
    }

    fn float(&self, field: FieldId) -> Option<f64> {
        if let Value::Float(v) = self.values[field.index()] { Some(v) } else { None }
    }

    fn text(&self, field: FieldId) -> Option<&str> {
        if let Value::Text(v) = &self.values[field.index()] { Some(v) } else { None }
    }

    fn point(&self, _: FieldId) -> Option<Point> {
        None
    }

    fn list(&self, _: FieldId) -> Option<Arc<[Value]>> {
        None
    }

    fn at_us(&self) -> i64 {
        self.at_us
    }
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty }
}

fn slot(id: u32) -> Expr {
    expr(ExprKind::Slot(SlotId(id)), TYPES[id as usize].clone())
}

/// `at - prev(at)`
fn pause() -> Expr {
    let at = || Box::new(expr(ExprKind::At, Type::Time));
    let prev = Box::new(expr(ExprKind::Prev { arg: at(), n: 1 }, Type::Time));
    expr(ExprKind::Arith(ArithOp::Subtract, at(), prev), Type::Duration)
}

/// A wide product: the mantissa passes 64 bits.
fn product() -> Expr {
    expr(ExprKind::Arith(ArithOp::Multiply, Box::new(slot(1)), Box::new(slot(1))), Type::Decimal(4))
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let null_or = |value: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 6 => value];
    let decimal = |m: i64| Value::Decimal(Decimal { mantissa: i128::from(m), scale: 2 });
    let values = (
        null_or((-2i64..4).prop_map(Value::Int).boxed()),
        null_or(prop_oneof![8 => -300i64..300, 1 => Just(i64::MAX / 3)].prop_map(decimal).boxed()),
        null_or((-9i32..9).prop_map(|v| Value::Float(f64::from(v) / 7.0)).boxed()),
        null_or(prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(|t| Value::Text(t.into())).boxed()),
        null_or(any::<bool>().prop_map(Value::Bool).boxed()),
    );
    let event = (0i64..4, 0u32..2, values);
    prop::collection::vec(event, 1..40).prop_map(|all| {
        let mut at_us = 1_000;
        let event = |(step, on, (a, b, c, d, e))| {
            at_us += step;
            Event { at_us, on, values: vec![a, b, c, d, e] }
        };
        all.into_iter().map(event).collect()
    })
}

fn bound() -> impl Strategy<Value = HistoryBound> {
    prop_oneof![
        (0i64..12).prop_map(HistoryBound::Time),
        (1u32..6).prop_map(HistoryBound::Last),
        (0i64..12).prop_map(HistoryBound::PreviousTime),
        (1u32..6).prop_map(HistoryBound::PreviousLast),
        (0i64..8, 0i64..6).prop_map(|(span_us, gap_us)| HistoryBound::Before { span_us, gap_us }),
        Just(HistoryBound::Forever),
    ]
}

fn arg() -> impl Strategy<Value = HistoryArg> {
    let value = prop_oneof![
        5 => (0u32..5).prop_map(|id| Some(slot(id))),
        1 => Just(Some(pause())),
        1 => Just(Some(product())),
        1 => Just(None)
    ];
    let paused = expr(
        ExprKind::Compare(
            CompareOp::Greater,
            Box::new(pause()),
            Box::new(expr(ExprKind::Const(Value::Duration(1)), Type::Duration)),
        ),
        Type::Bool,
    );
    let filter = prop_oneof![3 => Just(None), 1 => Just(Some(slot(4))), 1 => Just(Some(paused))];
    let only_on = prop_oneof![3 => Just(None), 1 => Just(Some(vec![1u32]))];
    (value, filter, only_on).prop_map(|(value, filter, only_on)| HistoryArg { value, filter, only_on })
}

fn history() -> impl Strategy<Value = History> {
    let func = prop_oneof![
        Just(HistoryFn::Count),
        Just(HistoryFn::Sum),
        Just(HistoryFn::Avg),
        Just(HistoryFn::Min),
        Just(HistoryFn::Max),
        Just(HistoryFn::Stddev),
        (0i32..101).prop_map(|p| HistoryFn::Percentile(f64::from(p))),
        Just(HistoryFn::Distinct),
        Just(HistoryFn::Mode),
        Just(HistoryFn::ModeCount),
        Just(HistoryFn::First),
        Just(HistoryFn::Last),
        Just(HistoryFn::Collect),
        (1u32..4).prop_map(HistoryFn::Prev),
        Just(HistoryFn::FirstSeen),
        (1i64..6).prop_map(HistoryFn::Ewma),
    ];
    (func, arg(), bound()).prop_map(|(func, mut arg, bound)| {
        let numeric = matches!(func, HistoryFn::Sum | HistoryFn::Avg | HistoryFn::Stddev | HistoryFn::Ewma(_));
        if arg.value.is_none() && func != HistoryFn::Count
            || numeric && matches!(arg.value.as_ref().map(|v| &v.ty), Some(Type::Text | Type::Bool))
        {
            arg.value = Some(slot(1));
        }
        let arg_ty = arg.value.as_ref().map_or(Type::Null, |v| v.ty.clone());
        let ty = match func {
            HistoryFn::Count | HistoryFn::Distinct | HistoryFn::ModeCount => Type::Int,
            HistoryFn::Avg | HistoryFn::Stddev | HistoryFn::Ewma(_) => Type::Float,
            HistoryFn::Collect => Type::List(Box::new(arg_ty)),
            HistoryFn::FirstSeen => Type::Bool,
            _ => arg_ty,
        };
        History { func, scope: HistoryScope::Admitted, arg, bound, ty }
    })
}

/// The argument or filter at event `i`, by hand.
fn naive_value(value: &Expr, events: &[Event], i: usize) -> Value {
    if *value == pause() {
        return if i == 0 { Value::Null } else { Value::Duration(events[i].at_us - events[i - 1].at_us) };
    }
    match &value.kind {
        ExprKind::Slot(slot) => events[i].values[slot.index()].clone(),
        ExprKind::Arith(..) => match events[i].values[1] {
            Value::Decimal(d) => Value::Decimal(Decimal { mantissa: d.mantissa * d.mantissa, scale: 4 }),
            _ => Value::Null,
        },
        ExprKind::Compare(..) => match naive_value(&pause(), events, i) {
            Value::Duration(d) => Value::Bool(d > 1),
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

fn admitted(history: &History, events: &[Event], i: usize) -> bool {
    history.arg.only_on.as_ref().is_none_or(|on| on.contains(&events[i].on))
        && history.arg.filter.as_ref().is_none_or(|f| naive_value(f, events, i) == Value::Bool(true))
}

fn seen(bound: HistoryBound, events: &[Event], i: usize, j: usize) -> bool {
    let (age, back) = (events[i].at_us - events[j].at_us, (i - j) as u32);
    match bound {
        HistoryBound::Time(span) => age <= span,
        HistoryBound::PreviousTime(span) => back > 0 && age <= span,
        HistoryBound::Last(n) => back < n,
        HistoryBound::PreviousLast(n) => back > 0 && back <= n,
        HistoryBound::Before { span_us, gap_us } => age > gap_us && age <= span_us + gap_us,
        HistoryBound::Forever => true,
    }
}

fn number(value: &Value) -> i128 {
    match value {
        Value::Int(v) | Value::Duration(v) => i128::from(*v),
        Value::Decimal(d) => d.mantissa,
        _ => 0,
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        Value::Float(v) => *v,
        Value::Decimal(d) => number::decimal_to_float(d.mantissa, d.scale).unwrap_or(f64::NAN),
        other => number(other) as f64,
    }
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        _ => number(a).cmp(&number(b)),
    }
}

fn opt<T>(value: Option<T>, make: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, make)
}

/// The value at event `i`, from all events up to it.
fn naive(history: &History, events: &[Event], i: usize) -> Value {
    let of = |j: usize| history.arg.value.as_ref().map_or(Value::Int(1), |v| naive_value(v, events, j));
    let bound = match (&history.func, history.bound) {
        (HistoryFn::FirstSeen, HistoryBound::Time(d)) => HistoryBound::PreviousTime(d),
        (HistoryFn::FirstSeen, HistoryBound::Last(n)) => HistoryBound::PreviousLast(n),
        (_, bound) => bound,
    };
    let mut before: Vec<usize> = (0..i).filter(|j| admitted(history, events, *j)).collect();
    if let HistoryFn::Prev(n) = history.func {
        let nth = before.len().checked_sub(n as usize).map(|k| before[k]);
        return opt(nth.filter(|j| seen(bound, events, i, *j)), of);
    }
    if let HistoryFn::Ewma(half_life) = history.func {
        let mut mean = Ewma::default();
        before.retain(|j| of(*j) != Value::Null);
        before.iter().for_each(|j| mean.add(as_float(&of(*j)), events[*j].at_us, half_life));
        return opt(mean.value(), Value::Float);
    }
    let window: Vec<Value> = (0..=i)
        .filter(|j| (history.func != HistoryFn::FirstSeen || *j < i) && seen(bound, events, i, *j))
        .filter(|j| admitted(history, events, *j))
        .map(of)
        .filter(|v| *v != Value::Null)
        .collect();
    let scale = if let Some(Type::Decimal(scale)) = history.arg.value.as_ref().map(|v| &v.ty) { *scale } else { 0 };
    let is_float = history.arg.value.as_ref().is_some_and(|v| v.ty == Type::Float);
    let floats = || window.iter().map(as_float);
    let sum = || window.iter().map(number).sum::<i128>();
    let mut distinct: Vec<Value> = Vec::new();
    window.iter().for_each(|v| {
        if !distinct.contains(v) {
            distinct.push(v.clone());
        }
    });
    let times = |v: &Value| window.iter().filter(|w| *w == v).count();
    match &history.func {
        HistoryFn::Count => Value::Int(window.len() as i64),
        HistoryFn::Sum if is_float => opt(number::sum_floats(floats()), Value::Float),
        HistoryFn::Avg if is_float => opt(number::mean_floats(floats()), Value::Float),
        HistoryFn::Stddev if is_float => opt(number::deviation_floats(floats()), Value::Float),
        HistoryFn::Sum => match history.ty {
            Type::Decimal(scale) => Value::Decimal(Decimal { mantissa: sum(), scale }),
            Type::Duration => Value::Duration(sum() as i64),
            _ => Value::Int(sum() as i64),
        },
        HistoryFn::Avg => opt(number::mean(sum(), window.len() as u64, scale), Value::Float),
        HistoryFn::Stddev => {
            let squares = window.iter().try_fold(0i128, |all, v| all.checked_add(number(v).checked_mul(number(v))?));
            opt(squares.and_then(|sq| number::deviation(sum(), sq, window.len() as u64, scale)), Value::Float)
        }
        HistoryFn::Min => opt(window.iter().min_by(|a, b| order(a, b)), Value::clone),
        HistoryFn::Max => opt(window.iter().max_by(|a, b| order(a, b)), Value::clone),
        HistoryFn::Percentile(p) => {
            let mut sorted = window.clone();
            sorted.sort_by(order);
            opt(number::percentile_index(*p, sorted.len()), |k| sorted[k].clone())
        }
        HistoryFn::Distinct => Value::Int(distinct.len() as i64),
        HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_) => {
            unreachable!("not drawn: sketches have tests of their own")
        }
        HistoryFn::Mode => opt(distinct.iter().rev().max_by_key(|v| times(v)), Value::clone),
        HistoryFn::ModeCount => opt(distinct.iter().map(times).max(), |n| Value::Int(n as i64)),
        HistoryFn::First => opt(window.first(), Value::clone),
        HistoryFn::Last => opt(window.last(), Value::clone),
        HistoryFn::Collect => Value::List(distinct.into_iter().take(100).collect()),
        HistoryFn::FirstSeen => match of(i) {
            Value::Null => Value::Null,
            x => Value::Bool(!window.contains(&x)),
        },
        HistoryFn::Prev(_) | HistoryFn::Ewma(_) => Value::Null,
    }
}

/// Runs all events; `between` may do something to the state before each.
fn run(
    histories: &[History],
    events: &[Event],
    mut between: impl FnMut(&HistoryProgram, HistoryState, &Event) -> HistoryState,
) -> Vec<Vec<Value>> {
    let Some(program) = HistoryProgram::new(histories, &HistoryScope::Admitted) else { return Vec::new() };
    let mut state = HistoryState::default();
    let mut rows = Vec::new();
    for event in events {
        state = between(&program, state, event);
        let mut values = vec![Value::Null; histories.len()];
        let scene = Scene { row: Some(event), at_us: event.at_us, slots: &SLOTS, ..Scene::EMPTY };
        program.push(&mut state, event.on, &scene, &mut values);
        rows.push(values);
    }
    rows
}

proptest! {
    #[test]
    fn histories_are_what_a_fresh_computation_gives(
        histories in prop::collection::vec(history(), 1..5), events in events(),
    ) {
        let rows = run(&histories, &events, |_, state, _| state);
        for (i, row) in rows.iter().enumerate() {
            for (history, value) in histories.iter().zip(row) {
                prop_assert_eq!(value, &naive(history, &events, i), "event {} of {:?}", i, history);
            }
        }
    }

    #[test]
    fn expiry_and_written_state_change_nothing(
        histories in prop::collection::vec(history(), 1..5), events in events(), cut in 0i64..4,
    ) {
        let plain = run(&histories, &events, |_, state, _| state);
        let disturbed = run(&histories, &events, |program, mut state, event| {
            program.expire(&mut state, event.at_us);
            if event.at_us % 4 != cut {
                return state;
            }
            let mut bytes = Vec::new();
            program.write(&state, &mut bytes);
            let mut rest = &bytes[..];
            let read = program.read(&mut rest).unwrap_or_else(|e| panic!("{e}"));
            assert!(rest.is_empty());
            let mut again = Vec::new();
            program.write(&read, &mut again);
            assert_eq!(again, bytes);
            for length in 0..bytes.len() {
                assert!(program.read(&mut &bytes[..length]).is_err());
            }
            read
        });
        prop_assert_eq!(plain, disturbed);
    }

    #[test]
    fn asked_at_a_moment_they_say_what_they_said_at_its_last_event(
        histories in prop::collection::vec(history(), 1..5), events in events(), every in 1usize..5,
    ) {
        let to_now = |h: &History| matches!(h.bound, HistoryBound::Time(_) | HistoryBound::Forever);
        let sees = |h: &History| !matches!(h.func, HistoryFn::Prev(_) | HistoryFn::FirstSeen | HistoryFn::Ewma(_));
        let histories: Vec<History> =
            histories.into_iter().filter(|h| to_now(h) && sees(h) && !h.arg.value.iter().chain(&h.arg.filter).any(looks_before)).collect();
        let Some(program) = HistoryProgram::new(&histories, &HistoryScope::Admitted) else { return Ok(()) };
        let mut state = HistoryState::default();
        for (i, event) in events.iter().enumerate() {
            let scene = Scene { row: Some(event), at_us: event.at_us, slots: &SLOTS, ..Scene::EMPTY };
            program.add(&mut state, event.on, &scene);
            if i % every == 0 {
                let mut values = vec![Value::Null; histories.len()];
                program.at(&mut state, i64::MIN, event.at_us, &mut values);
                for (history, value) in histories.iter().zip(&values) {
                    prop_assert_eq!(value, &naive(history, &events, i), "event {} of {:?}", i, history);
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_after_the_longest_window(histories in prop::collection::vec(history(), 1..4), events in events()) {
        let timed = |h: &History| {
            matches!(h.bound, HistoryBound::Time(_) | HistoryBound::PreviousTime(_) | HistoryBound::Before { .. })
        };
        let histories: Vec<History> = histories
            .into_iter()
            .filter(|h| timed(h) && h.arg.filter.is_none() && !matches!(h.func, HistoryFn::Ewma(_)) && h.arg.value != Some(pause()))
            .collect();
        let Some(program) = HistoryProgram::new(&histories, &HistoryScope::Admitted) else { return Ok(()) };
        let mut state = HistoryState::default();
        for event in &events {
            let scene = Scene { row: Some(event), at_us: event.at_us, slots: &SLOTS, ..Scene::EMPTY };
            program.push(&mut state, event.on, &scene, &mut vec![Value::Null; histories.len()]);
        }
        if let Some(expiry) = program.next_expiry(&state) {
            prop_assert!(program.expire(&mut state, expiry + 1));
        } else {
            prop_assert!(program.expire(&mut state, events.last().map_or(0, |e| e.at_us)));
        }
        prop_assert_eq!(program.next_expiry(&state), None);
    }
}

fn looks_before(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Prev { .. }) || expr.children().into_iter().any(looks_before)
}

fn count(bound: HistoryBound) -> History {
    History { func: HistoryFn::Count, scope: HistoryScope::Admitted, arg: HistoryArg::default(), bound, ty: Type::Int }
}

fn at(at_us: i64) -> Event {
    Event { at_us, on: 0, values: vec![Value::Null; 5] }
}

#[test]
fn a_window_includes_its_exact_end() {
    let histories = [
        count(HistoryBound::Time(10)),
        count(HistoryBound::PreviousTime(10)),
        count(HistoryBound::Before { span_us: 10, gap_us: 5 }),
    ];
    let rows = run(&histories, &[at(0), at(5), at(10), at(15), at(16), at(26)], |_, state, _| state);
    let ints = |row: &Vec<Value>| row.iter().map(|v| number(v) as i64).collect::<Vec<_>>();
    assert_eq!(
        rows.iter().map(ints).collect::<Vec<_>>(),
        [[1, 0, 0], [2, 1, 0], [3, 2, 1], [3, 2, 2], [3, 2, 2], [2, 1, 2]]
    );
}

#[test]
fn a_key_is_empty_only_when_its_last_event_is_out_of_sight() {
    let histories = [count(HistoryBound::Time(10)), count(HistoryBound::Before { span_us: 10, gap_us: 5 })];
    let Some(program) = HistoryProgram::new(&histories, &HistoryScope::Admitted) else { panic!("two histories") };
    let mut state = HistoryState::default();
    assert_eq!(program.next_expiry(&state), None);
    let event = at(100);
    let scene = Scene { row: Some(&event), at_us: 100, slots: &SLOTS, ..Scene::EMPTY };
    program.push(&mut state, 0, &scene, &mut [Value::Null, Value::Null]);
    assert_eq!(program.next_expiry(&state), Some(115));
    assert!(!program.expire(&mut state, 115));
    assert!(program.expire(&mut state, 116));
}
