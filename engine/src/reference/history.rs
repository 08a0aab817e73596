//! History functions by scanning every event that they look back over.

use crate::history::sketch::Sketch;
use tripline_query_lang::number;
use tripline_query_lang::plan::{Expr, History, HistoryBound, HistoryFn};
use tripline_query_lang::value::{Decimal, Type, Value};

/// The events that a history function looks back over, in the total order.
pub(super) trait Seen {
    /// The event's time, microseconds.
    fn at(&self, event: usize) -> i64;
    /// An argument's value at one of the events.
    fn value(&self, event: usize, expr: &Expr) -> Value;
    /// The `on` clause that admitted it.
    fn on(&self, event: usize) -> u32;
}

/// The function's value at the event `now`: all events up to it are numbered from 0. Where it is asked at a later moment,
/// windows that end with time end there; what looks at events as such is as it was at the event.
pub(super) fn value(history: &History, seen: &dyn Seen, now: usize, later_us: Option<i64>) -> Value {
    let moment = later_us.unwrap_or_else(|| seen.at(now));
    let counts = |event: &usize| is_counted(history, seen, *event);
    let x = |event: usize| history.arg.value.as_ref().map_or(Value::Null, |arg| seen.value(event, arg));
    match history.func {
        HistoryFn::Prev(n) => {
            let before = (0..now).rev().filter(counts).nth((n as usize).saturating_sub(1));
            before.filter(|&event| is_in(history.bound, seen, event, now, seen.at(now))).map_or(Value::Null, x)
        }
        HistoryFn::FirstSeen => match x(now) {
            Value::Null => Value::Null,
            this => {
                let mut before =
                    (0..now).filter(counts).filter(|&event| is_in(history.bound, seen, event, now, seen.at(now)));
                Value::Bool(!before.any(|event| x(event).equals(&this) == Some(true)))
            }
        },
        HistoryFn::Ewma(half_life_us) => ewma(half_life_us, (0..now).filter(counts), seen, x),
        _ => {
            let window = (0..=now).filter(|&event| is_seen(history, seen, event, now, moment)).collect::<Vec<_>>();
            over(history, seen, &window)
        }
    }
}

/// The function's value as of a moment at which no event of its own is at hand: over all events of its own, as far as they
/// lie in the window that ends then.
pub(super) fn as_of(history: &History, seen: &dyn Seen, events: usize, moment: i64) -> Value {
    let Some(newest) = events.checked_sub(1) else { return over(history, seen, &[]) };
    if let HistoryFn::Ewma(half_life_us) = history.func {
        let counted = (0..events).filter(|&event| is_counted(history, seen, event));
        return ewma(half_life_us, counted, seen, |event| {
            history.arg.value.as_ref().map_or(Value::Null, |arg| seen.value(event, arg))
        });
    }
    let in_window = (0..events).filter(|&event| is_seen(history, seen, event, newest, moment));
    over(history, seen, &in_window.collect::<Vec<_>>())
}

/// The function's value over these events.
pub(super) fn over(history: &History, seen: &dyn Seen, events: &[usize]) -> Value {
    let window = events.iter().copied().filter(|&event| is_counted(history, seen, event));
    let Some(arg) = history.arg.value.as_ref() else { return Value::Int(window.count() as i64) };
    let values: Vec<Value> = window.map(|event| seen.value(event, arg)).filter(|v| *v != Value::Null).collect();
    aggregate(&history.func, &values, &history.ty)
}

/// Whether a function looks at an event: its filter holds, and the clause that admitted it is one of those it names.
fn is_counted(history: &History, seen: &dyn Seen, event: usize) -> bool {
    let on = history.arg.only_on.as_ref().is_none_or(|on| on.contains(&seen.on(event)));
    on && history.arg.filter.as_ref().is_none_or(|filter| seen.value(event, filter) == Value::Bool(true))
}

/// Whether a function looks at an event. With `approx`, a window of D begins earlier: at the last whole
/// sixteenth of D since 1970 that is not behind its own beginning.
fn is_seen(history: &History, seen: &dyn Seen, event: usize, now: usize, moment: i64) -> bool {
    let is_approx = matches!(history.func, HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_));
    match history.bound {
        HistoryBound::Time(us) | HistoryBound::PreviousTime(us) if is_approx => {
            let pane_us = us.div_euclid(16) + i64::from(us.rem_euclid(16) > 0);
            let begin = moment.saturating_sub(us);
            let is_other = event < now || matches!(history.bound, HistoryBound::Time(_));
            is_other && seen.at(event) >= begin - begin.rem_euclid(pane_us.max(1))
        }
        bound => is_in(bound, seen, event, now, moment),
    }
}

/// Whether an event lies in the window that ends at `moment`, the event `now` being the one at hand. Durations include their exact end; `over` holds this
/// event, `over previous` does not; `over D before E` is the D that ended E ago, E itself excluded. The last N are
/// counted among all events, before any filter.
fn is_in(bound: HistoryBound, seen: &dyn Seen, event: usize, now: usize, moment: i64) -> bool {
    let age = moment.saturating_sub(seen.at(event));
    match bound {
        HistoryBound::Time(us) => age <= us,
        HistoryBound::Last(n) => now - event < n as usize,
        HistoryBound::PreviousTime(us) => event < now && age <= us,
        HistoryBound::PreviousLast(n) => event < now && now - event <= n as usize,
        HistoryBound::Before { span_us, gap_us } => age > gap_us && age <= span_us.saturating_add(gap_us),
        HistoryBound::Forever => true,
    }
}

/// A function over the values of a window, or of a loop, oldest first, none of them missing: `sum` and `count` of nothing
/// are 0, `collect` is empty, the others unknown.
pub(super) fn aggregate(func: &HistoryFn, values: &[Value], ty: &Type) -> Value {
    match func {
        HistoryFn::Count => Value::Int(values.len() as i64),
        HistoryFn::Sum => sum(values, ty),
        HistoryFn::Avg => float(match scale(values) {
            Some(scale) => exact_sum(values).and_then(|sum| number::mean(sum, values.len() as u64, scale)),
            None => number::mean_floats(floats(values)),
        }),
        HistoryFn::Stddev => float(match scale(values) {
            Some(scale) => deviation(values, scale),
            None => number::deviation_floats(floats(values)),
        }),
        HistoryFn::Min => sorted(values).into_iter().next().unwrap_or(Value::Null),
        HistoryFn::Max => sorted(values).into_iter().last().unwrap_or(Value::Null),
        HistoryFn::Percentile(p) => {
            let index = number::percentile_index(*p, values.len());
            index.and_then(|i| sorted(values).get(i).cloned()).unwrap_or(Value::Null)
        }
        HistoryFn::Distinct => Value::Int(distinct(values).len() as i64),
        HistoryFn::DistinctApprox | HistoryFn::PercentileApprox(_) => sketched(func, values, ty),
        HistoryFn::Mode => most_frequent(values).map_or(Value::Null, |(value, _)| value),
        HistoryFn::ModeCount => most_frequent(values).map_or(Value::Null, |(_, count)| Value::Int(count)),
        HistoryFn::First => values.first().cloned().unwrap_or(Value::Null),
        HistoryFn::Last => values.last().cloned().unwrap_or(Value::Null),
        HistoryFn::Collect => Value::List(distinct(values).into_iter().take(100).collect()),
        HistoryFn::Prev(_) | HistoryFn::FirstSeen | HistoryFn::Ewma(_) => Value::Null,
    }
}

/// Digits after the point of exact numbers; none for floats.
fn scale(values: &[Value]) -> Option<u8> {
    match values.first() {
        Some(Value::Float(_)) => None,
        Some(Value::Decimal(d)) => Some(d.scale),
        _ => Some(0),
    }
}

fn mantissas(values: &[Value]) -> impl Iterator<Item = i128> + '_ {
    values.iter().filter_map(|value| match value {
        Value::Int(v) | Value::Duration(v) | Value::Time(v) => Some(i128::from(*v)),
        Value::Decimal(d) => Some(d.mantissa),
        _ => None,
    })
}

fn exact_sum(values: &[Value]) -> Option<i128> {
    let mut sum = number::ExactSum::default();
    mantissas(values).for_each(|mantissa| sum.add(mantissa));
    sum.value()
}

fn deviation(values: &[Value], scale: u8) -> Option<f64> {
    let squares = mantissas(values).try_fold(0i128, |sum, x| sum.checked_add(x.checked_mul(x)?))?;
    number::deviation(exact_sum(values)?, squares, values.len() as u64, scale)
}

fn floats(values: &[Value]) -> impl Iterator<Item = f64> + Clone + '_ {
    values.iter().filter_map(|value| match value {
        Value::Float(v) => Some(*v),
        _ => None,
    })
}

fn float(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Float)
}

/// An exact sum of ints, decimals or durations; overflow is unknown. Floats are added in the total order.
fn sum(values: &[Value], ty: &Type) -> Value {
    if *ty == Type::Float {
        return float(number::sum_floats(floats(values)));
    }
    let Some(sum) = exact_sum(values) else { return Value::Null };
    match ty {
        Type::Int => i64::try_from(sum).map_or(Value::Null, Value::Int),
        Type::Duration => i64::try_from(sum).map_or(Value::Null, Value::Duration),
        Type::Decimal(scale) => Value::Decimal(Decimal { mantissa: sum, scale: *scale }),
        _ => Value::Null,
    }
}

/// `approx`: one sketch of all values. What it is made of in pieces has to be the same.
fn sketched(func: &HistoryFn, values: &[Value], ty: &Type) -> Value {
    Sketch::new(func).map_or(Value::Null, |mut sketch| {
        values.iter().for_each(|value| sketch.add(value));
        sketch.value(func, ty)
    })
}

/// Oldest first, each once.
fn distinct(values: &[Value]) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for value in values {
        if !found.iter().any(|v| v.equals(value) == Some(true)) {
            found.push(value.clone());
        }
    }
    found
}

/// The most frequent value, of equals the one seen first, and how often it occurs.
fn most_frequent(values: &[Value]) -> Option<(Value, i64)> {
    let count = |value: &Value| values.iter().filter(|v| v.equals(value) == Some(true)).count() as i64;
    let counted = distinct(values).into_iter().map(|value| (count(&value), value));
    counted.fold(None, |best: Option<(Value, i64)>, (n, value)| match best {
        Some((_, most)) if most >= n => best,
        _ => Some((value, n)),
    })
}

fn sorted(values: &[Value]) -> Vec<Value> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
    values
}

/// The mean of the values before this event, each weighted by how often its age halves it.
fn ewma(half_life_us: i64, before: impl Iterator<Item = usize>, seen: &dyn Seen, x: impl Fn(usize) -> Value) -> Value {
    let mut mean = number::Ewma::default();
    for event in before {
        let value = match x(event) {
            Value::Float(v) => Some(v),
            Value::Int(v) => Some(v as f64),
            Value::Decimal(d) => number::decimal_to_float(d.mantissa, d.scale),
            _ => None,
        };
        if let Some(value) = value {
            mean.add(value, seen.at(event), half_life_us);
        }
    }
    float(mean.value())
}
