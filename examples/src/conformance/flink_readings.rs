//! Flink CEP: one pattern of the source as several of ours, where one rule cannot say it.
//!
//! * A skip strategy ends the run that has matched, so what may follow its first completion says nothing.
//! * A greedy loop holds back the steps behind it, never the end: where all of them may be left out, to leave them out is a
//!   pattern of its own.
//! * A match that can be read in two ways is reported twice by the source, once by a rule.

use serde_json::{Map, Value, json};

use super::ambiguity::{self, Inside, Part};
use super::flink::{Quant, is_negated};
use super::notation;

type Steps = Vec<Map<String, Value>>;

/// Patterns beyond this many are not written out.
const MOST: usize = 64;

/// The patterns whose matches together are those of the source.
pub fn readings(pattern: Steps, skip: &str) -> Result<Vec<Steps>, String> {
    if !matches!(skip, "" | "none") {
        if pattern.len() > 1 && pattern.first().is_some_and(may_be_empty) {
            return Err("a match waits for runs that began before it".to_string());
        }
        return Ok(vec![if ends_its_own_run(&pattern, skip) { up_to_its_end(pattern) } else { pattern }]);
    }
    let mut done = Vec::new();
    let mut open = vec![pattern];
    while let Some(steps) = open.pop() {
        let split = split_greedy(&steps).or_else(|| split_before_negation(&steps));
        match split {
            Some(parts) => open.extend(parts),
            None => done.push(steps),
        }
        if done.len() + open.len() > MOST {
            return Err("too many readings of one pattern".to_string());
        }
    }
    let mut apart = Vec::new();
    for steps in done {
        apart.extend(read_apart(steps)?);
    }
    Ok(apart)
}

fn may_be_empty(step: &Map<String, Value>) -> bool {
    Quant::of(step).optional
}

fn exactly(step: &Map<String, Value>, times: i64) -> Map<String, Value> {
    let mut step = step.clone();
    step.insert("quant".to_string(), json!({ "min": times, "max": times, "greedy": false }));
    step
}

fn certain(step: &Map<String, Value>) -> Map<String, Value> {
    let mut step = step.clone();
    let min = Quant::of(&step).min;
    if let Some(Value::Object(quant)) = step.get_mut("quant") {
        quant.remove("optional");
        quant.insert("min".to_string(), json!(min));
    }
    step
}

/// Whether a match ends what else began with its first event: not, where that event is what is skipped to.
fn ends_its_own_run(steps: &Steps, skip: &str) -> bool {
    let Some((_, target)) = skip.split_once(':') else { return true };
    let certain = steps.iter().position(|step| !may_be_empty(step));
    let target = steps.iter().position(|step| step.get("var").and_then(Value::as_str) == Some(target));
    matches!((certain, target), (Some(certain), Some(target)) if certain < target)
}

/// The pattern as far as its first completion.
fn up_to_its_end(mut steps: Steps) -> Steps {
    if steps.last().is_some_and(is_negated) {
        return steps;
    }
    while steps.len() > 1
        && steps.last().is_some_and(may_be_empty)
        && !steps[..steps.len() - 1].last().is_some_and(is_negated)
    {
        steps.pop();
    }
    let Some(last) = steps.pop() else { return steps };
    let min = Quant::of(&last).min;
    if may_be_empty(&last) || !last.contains_key("var") {
        steps.push(last);
        return steps;
    }
    let is_any = |name: &str| last.get(name).and_then(Value::as_str) == Some("any");
    let mut closing = exactly(&last, 1);
    closing.remove("quant");
    if let Some(until) = closing.remove("until").and_then(|until| until.as_str().map(str::to_string)) {
        if min > 1 {
            steps.push(last);
            return steps;
        }
        let own = last.get("cond").and_then(Value::as_str).unwrap_or("true");
        closing.insert("cond".to_string(), json!(format!("({own}) and (({until}) is null or not ({until}))")));
    }
    match min {
        1 if is_any("contiguity") => {
            closing.insert("contiguity".to_string(), json!("next"));
            steps.push(closing);
        }
        1 => steps.push(closing),
        // The last round is the first event that fits.
        _ if is_any("inner_contiguity") => {
            steps.push(exactly(&last, min - 1));
            closing.insert("contiguity".to_string(), json!("next"));
            steps.push(closing);
        }
        _ => steps.push(exactly(&last, min)),
    }
    steps
}

/// A greedy loop before steps that may all be left out; a greedy loop of two rounds or more that may be left out.
fn split_greedy(steps: &Steps) -> Option<Vec<Steps>> {
    for (at, step) in steps.iter().enumerate() {
        let quant = Quant::of(step);
        let rest = &steps[at + 1..];
        let is_loop = quant.greedy && quant.max != Some(1) && step.contains_key("var");
        if !is_loop || rest.is_empty() || rest.iter().all(is_negated) {
            continue;
        }
        if rest.iter().all(|s| !is_negated(s) && may_be_empty(s)) {
            let mut parts = vec![steps[..=at].to_vec()];
            for (position, first) in rest.iter().enumerate() {
                parts.push([&steps[..=at], &[certain(first)], &rest[position + 1..]].concat());
            }
            return Some(parts);
        }
        if quant.optional && at > 0 && !step.contains_key("until") {
            let mut absent = step.clone();
            absent.insert("negated".to_string(), json!(true));
            absent.insert("contiguity".to_string(), json!("next"));
            absent.remove("quant");
            let with = [&steps[..at], &[certain(step)], rest].concat();
            return Some(vec![with, [&steps[..at], &[absent], rest].concat()]);
        }
    }
    None
}

/// A negation between steps that may be left out: it stands behind an event, and is lifted once the next step took one.
fn split_before_negation(steps: &Steps) -> Option<Vec<Steps>> {
    let at = steps.iter().position(is_negated)?;
    let first = steps.iter().position(|step| !is_negated(step))?;
    if at < first {
        return Some(vec![[&steps[..at], &steps[at + 1..]].concat()]);
    }
    let apart = |place: usize| {
        let without = [&steps[..place], &steps[place + 1..]].concat();
        let with = [&steps[..place], &[certain(&steps[place])], &steps[place + 1..]].concat();
        Some(vec![with, without])
    };
    if steps[..at].iter().all(may_be_empty) {
        return apart(first);
    }
    let is_before = |place: &usize| is_negated(&steps[place - 1]) && may_be_empty(&steps[*place]);
    let place = (1..steps.len()).find(is_before).filter(|place| place + 1 < steps.len())?;
    if is_negated(&steps[place]) { None } else { apart(place) }
}

/// Each reading of what could be read in two ways as a pattern of its own.
fn read_apart(steps: Steps) -> Result<Vec<Steps>, String> {
    if !is_ambiguous(&steps)? {
        return Ok(vec![steps]);
    }
    let mut readings = vec![Steps::new()];
    for step in &steps {
        let quant = Quant::of(step);
        let choices: Vec<Option<Map<String, Value>>> = match quant.max {
            _ if is_negated(step) => vec![Some(step.clone())],
            Some(max) if step.contains_key("var") && !step.contains_key("until") => {
                let times = (quant.min..=max).map(|n| Some(exactly(step, n)));
                quant.optional.then_some(None).into_iter().chain(times).collect()
            }
            _ if quant.optional => vec![None, Some(certain(step))],
            _ => vec![Some(step.clone())],
        };
        let longer = |reading: &Steps| {
            let with = |choice: &Option<Map<String, Value>>| reading.iter().cloned().chain(choice.clone()).collect();
            choices.iter().map(with).collect::<Vec<Steps>>()
        };
        readings = readings.iter().flat_map(longer).collect();
        if readings.len() > MOST {
            return Err("too many readings of one match".to_string());
        }
    }
    for reading in &readings {
        if is_ambiguous(reading)? {
            return Err("one match in two readings".to_string());
        }
    }
    readings.retain(|reading| reading.iter().any(|step| !is_negated(step)));
    Ok(readings)
}

/// Whether the same events could fill the steps in two ways.
fn is_ambiguous(steps: &Steps) -> Result<bool, String> {
    Ok(ambiguity::is_ambiguous(&parts(steps)?))
}

fn parts(steps: &[Map<String, Value>]) -> Result<Vec<Part>, String> {
    let part = |step: &Map<String, Value>| {
        let inside = match step.get("group").and_then(Value::as_array) {
            Some(inner) => {
                let inner: Steps = inner.iter().filter_map(Value::as_object).cloned().collect();
                Inside::OneOf(vec![parts(&inner)?])
            }
            None => Inside::Event(step.get("cond").and_then(Value::as_str).map(notation::parse).transpose()?),
        };
        let Quant { min, max, optional, .. } = Quant::of(step);
        Ok(Part { inside, min, max, optional })
    };
    steps.iter().filter(|step| !is_negated(step)).map(part).collect()
}
