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
        let is_left_out = |step: &Map<String, Value>| !is_negated(step) && may_be_empty(step);
        let waits = |step: &Map<String, Value>| is_negated(step) && !is_strict(step);
        if pattern.last().is_some_and(waits) && pattern.iter().any(is_left_out) {
            return Err("which of several matches that wait is complete first".to_string());
        }
        if ends_its_own_run(&pattern, skip) {
            return Ok(vec![up_to_its_end(pattern)]);
        }
        // The other runs of the match's first event go on, and what began later waits for them.
        if skip.starts_with("to_first") && pattern.iter().any(branches) {
            return Err("a match waits for runs that began before it".to_string());
        }
        return Ok(vec![pattern]);
    }
    for (at, step) in pattern.iter().enumerate() {
        let is_loop = |step: &Map<String, Value>| !is_negated(step) && Quant::of(step).max != Some(1);
        let rest = &pattern[at + 1..];
        if is_negated(step)
            && is_strict(step)
            && at > 0
            && is_loop(&pattern[at - 1])
            && rest.iter().any(|step| !is_negated(step))
            && rest.iter().all(|step| is_negated(step) || may_be_empty(step))
        {
            return Err("a loop whose rounds must not pass over what is forbidden behind it".to_string());
        }
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
    if done.iter().any(|steps| steps.len() > 1 && steps.first().is_some_and(is_greedy_start)) {
        return Err("a greedy loop at the start that may be left out".to_string());
    }
    let mut apart = Vec::new();
    for steps in done {
        apart.extend(read_apart(steps)?);
    }
    Ok(apart)
}

fn is_strict(step: &Map<String, Value>) -> bool {
    step.get("contiguity").and_then(Value::as_str) == Some("strict")
}

/// Whether a pattern that begins with this step may also begin behind it, with an event that the loop does not accept.
fn is_greedy_start(step: &Map<String, Value>) -> bool {
    let quant = Quant::of(step);
    quant.greedy && quant.optional && quant.max != Some(1) && step.contains_key("var") && !step.contains_key("until")
}

/// Whether one run may go on in several ways at a step.
fn branches(step: &Map<String, Value>) -> bool {
    let quant = Quant::of(step);
    let is_any = |name: &str| step.get(name).and_then(Value::as_str) == Some("any");
    quant.optional || quant.max != Some(quant.min) || is_any("contiguity") || is_any("inner_contiguity")
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
        if is_greedy_start(step)
            && at == 0
            && let Some(first) = rest.first().filter(|first| first.contains_key("var") && !is_negated(first))
            && !may_be_empty(first)
            && Quant::of(first).max == Some(1)
        {
            let accepted = step.get("cond").and_then(Value::as_str).unwrap_or("true");
            let own = first.get("cond").and_then(Value::as_str).unwrap_or("true");
            let mut alone = first.clone();
            alone.insert("cond".to_string(), json!(format!("({own}) and (({accepted}) is null or not ({accepted}))")));
            return Some(vec![[&[certain(step)], rest].concat(), [std::slice::from_ref(&alone), &rest[1..]].concat()]);
        }
        if !is_loop || rest.is_empty() || rest.iter().all(is_negated) {
            continue;
        }
        if rest.iter().all(|s| is_negated(s) || may_be_empty(s)) && !rest.last().is_some_and(is_negated) {
            let mut parts = vec![steps[..=at].to_vec()];
            for (position, first) in rest.iter().enumerate().filter(|(_, step)| !is_negated(step)) {
                // What must not come stands, whichever step is the next.
                let negations: Steps = rest[..position].iter().filter(|step| is_negated(step)).cloned().collect();
                parts.push([&steps[..=at], &negations, &[certain(first)], &rest[position + 1..]].concat());
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
    if !steps.last().is_some_and(is_negated) {
        // Where all that follows is left out, nothing is forbidden.
        for reading in &mut readings {
            while reading.last().is_some_and(is_negated) {
                reading.pop();
            }
        }
    }
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
