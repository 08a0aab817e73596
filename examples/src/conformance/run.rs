//! One case from its text to a verdict.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use tripline::connectors::json::JsonDecoder;
use tripline::engine::alert;
use tripline::engine::alert::{Alert, Witness};
use tripline::engine::detect::local::Local;
use tripline::engine::detect::{Program, ProgramError};
use tripline::engine::event::{Batch, BatchBuilder, PartitionId};
use tripline::engine::io::{Cause, Decoder};
use tripline::engine::reference;
use tripline::engine::time::{PartitionClock, Verdict};
use tripline::query_lang::plan::{Plan, StreamId};
use tripline::query_lang::{Source, compile};

use super::case::{Broken, Case, Event};
use super::compare::{Match, difference};
use super::fields::Fields;
use super::rule::{Rule, Writer, stream};
use super::{eql, flink, sql, tree};

/// Who finds the matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The engine.
    Engine,
    /// The slow reference.
    Reference,
}

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The case.
    pub id: String,
    /// Whose suite it is from.
    pub source: String,
    /// The language can say it.
    pub expressible: bool,
    /// The matches are those that the case expects; none where it was not run.
    pub agrees: Option<bool>,
    /// The rule that says it.
    pub rule: Option<String>,
    /// Why not, or what differs.
    pub reason: Option<String>,
}

/// A case in the language: rule text, and its events in order of arrival.
struct Translation {
    text: String,
    /// Which variable each step stands for.
    steps: std::collections::BTreeMap<String, String>,
    /// Which variable's events a `with` field names.
    ids: std::collections::BTreeMap<String, String>,
    /// Events and their records.
    records: Vec<(Event, Map<String, Value>)>,
    /// The clock stops here, milliseconds; none: time runs on.
    end_ms: Option<i64>,
}

/// Translates a case, runs it, and compares. `folder` is where its file lies.
pub fn judge(case: &Case, folder: &Path, judge: Judge) -> Report {
    let source = case.id.split('/').next().unwrap_or_default().to_string();
    let report =
        |expressible, agrees, rule, reason| Report { id: case.id.clone(), source, expressible, agrees, rule, reason };
    let translation = match translate(case, folder) {
        Ok(translation) => translation,
        Err(reason) => return report(false, None, None, Some(reason)),
    };
    let text = translation.text.clone();
    let plan = match plan(&text) {
        Ok(plan) => Arc::new(plan),
        Err(reason) => return report(false, None, Some(text), Some(format!("the compiler says: {reason}"))),
    };
    let matches = match run(&plan, &translation, judge) {
        Ok(matches) => matches,
        Err(reason) => return report(true, Some(false), Some(text), Some(reason)),
    };
    let events: Vec<Event> = translation.records.into_iter().map(|(event, _)| event).collect();
    let reason = difference(case, &events, &matches);
    report(true, Some(reason.is_none()), Some(text), reason)
}

impl Report {
    /// Of a line that is no case.
    pub fn broken(broken: Broken) -> Report {
        let source = broken.id.split('/').next().unwrap_or_default().to_string();
        let reason = Some(format!("not a case: {}", broken.reason));
        Report { id: broken.id, source, expressible: false, agrees: None, rule: None, reason }
    }
}

fn plan(text: &str) -> Result<Plan, String> {
    let compiled = compile(&[Source { name: "case.trip".to_string(), text: text.to_string() }], &[]);
    compiled.plan.ok_or_else(|| {
        let errors = compiled.diagnostics.iter().filter(|d| d.code.is_error());
        errors.map(|d| format!("{} {} at `{}`", d.code.0, d.message, d.span.text(text))).collect::<Vec<_>>().join("; ")
    })
}

fn translate(case: &Case, folder: &Path) -> Result<Translation, String> {
    super::check::check(case)?;
    let mut events = case.events(folder)?;
    let end_ms = end(case, &events);
    let late_ms = late(case, &events)?;
    events.retain(|event| !event.is_tick);
    let mut fields = Fields::of(&events);
    let mut writer = Writer::new(&mut fields);
    let rules: Vec<Rule> = match case.profile.as_str() {
        "flink" => flink::rules(case, &mut writer)?,
        "sql" => sql::rules(case, &mut writer)?,
        "eql" => vec![eql::rule(case, &mut writer)?],
        "esper" | "siddhi" => vec![tree::rule(case, &mut writer)?],
        other => return Err(format!("profile {other}")),
    };
    let steps = std::mem::take(&mut writer.steps);
    let ids = std::mem::take(&mut writer.ids);
    let to_end = writer.to_end;
    if writer.from_zero && events.first().is_some_and(|first| first.t > 0) {
        // The query is there before its first event.
        events.insert(0, Event { id: String::new(), t: 0, is_tick: false, attributes: Map::new() });
    }
    if let Some(t) = end_ms.filter(|_| to_end || rules.iter().any(|rule| rule.repeat_ms.is_some())) {
        // What repeats does so up to the newest event.
        events.push(Event { id: String::new(), t, is_tick: false, attributes: Map::new() });
    }
    if case.mode.as_deref() == Some("sequence") {
        let mut types = Vec::new();
        case.pattern.iter().for_each(|node| tree::types(node, &mut types));
        let name = |event: &Event| event.attributes.get("type").and_then(Value::as_str).map(str::to_string);
        events.retain(|event| name(event).is_some_and(|name| types.contains(&name)));
    }
    let is_rows = case.profile == "sql";
    if is_rows {
        sql::in_order(case, &mut events);
    }
    let mut newest = i64::MIN;
    let mut time = |position: usize, event: &Event| {
        newest = newest.max(event.t);
        match (is_rows, case.arrival.is_some()) {
            (true, _) => position as i64,
            (false, true) => event.t,
            // Every event is processed as it comes; one whose time lies before that of an earlier one comes with it.
            (false, false) => newest,
        }
    };
    let records = events.into_iter().enumerate().map(|(position, event)| {
        let record = fields.record(&event, time(position, &event));
        (event, record)
    });
    let records = records.collect();
    let mut text = stream(&fields, late_ms);
    for (number, rule) in rules.iter().enumerate() {
        text.push_str(&rule.text(&format!("c{}", number + 1)));
    }
    Ok(Translation { text, steps, ids, records, end_ms })
}

/// Where the clock stops. Rows and stored events are complete: time runs on.
fn end(case: &Case, events: &[Event]) -> Option<i64> {
    let watermarks = case.arrival.iter().flatten().filter_map(|mark| mark.get("wm")).filter_map(Value::as_i64);
    match case.profile.as_str() {
        "sql" | "eql" => None,
        _ if case.arrival.is_some() => watermarks.max(),
        _ => case.end_t.or_else(|| events.iter().map(|e| e.t).max()),
    }
}

/// The lateness that admits what the source's watermarks admit, if there is one.
fn late(case: &Case, events: &[Event]) -> Result<i64, String> {
    let Some(arrival) = &case.arrival else { return Ok(0) };
    let (mut watermark, mut newest) = (i64::MIN, i64::MIN);
    let (mut admitted, mut refused) = (0, i64::MAX);
    let mut events = events.iter();
    for mark in arrival {
        if let Some(wm) = mark.get("wm").and_then(Value::as_i64) {
            watermark = watermark.max(wm);
        } else if let Some(event) = events.next() {
            let behind = newest.saturating_sub(event.t).max(0);
            if event.t <= watermark {
                refused = refused.min(behind);
            } else {
                admitted = admitted.max(behind);
                newest = newest.max(event.t);
            }
        }
    }
    if admitted < refused {
        Ok(admitted)
    } else {
        Err("no bound on lateness admits what the watermarks admit".to_string())
    }
}

fn run(plan: &Arc<Plan>, translation: &Translation, judge: Judge) -> Result<Vec<Match>, String> {
    let batch = Arc::new(batch(plan, translation)?);
    let alerts = match judge {
        Judge::Engine => by_engine(plan, &batch).map_err(|e| e.to_string())?,
        Judge::Reference => reference::run(plan, &reference_events(plan, &batch)),
    };
    let is_whole = |alert: &&Alert| {
        let name = &plan.rules[alert.rule.index()].name;
        name.strip_prefix('c').is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let alerts = alerts.iter().filter(is_whole).filter(|alert| is_in_time(alert, translation.end_ms));
    Ok(alerts.map(|alert| to_match(plan, alert, translation)).collect())
}

/// Event time passes the newest event, wanted by a rule or not, before the input ends.
fn by_engine(plan: &Arc<Plan>, batch: &Arc<Batch>) -> Result<Vec<Alert>, ProgramError> {
    let mut local = Local::new(Arc::new(Program::new(plan.clone())?), 1);
    local.push(batch);
    let newest_us = (0..batch.len()).map(|row| batch.coordinates(row).at_us).max();
    let mut alerts = newest_us.map(|at_us| local.advance(at_us.saturating_add(1))).unwrap_or_default();
    alerts.extend(local.finish());
    Ok(alerts)
}

/// The records through the decoder into one batch; late ones are left out.
fn batch(plan: &Plan, translation: &Translation) -> Result<Batch, String> {
    let stream = plan.streams.first().ok_or("a plan without streams")?;
    let mut decoder = JsonDecoder::new(stream);
    let mut row = BatchBuilder::new(stream, &vec![true; stream.fields.len()]);
    let mut clock = PartitionClock::new(stream, 0);
    for (offset, (event, record)) in translation.records.iter().enumerate() {
        let value = serde_json::to_vec(record).map_err(|e| e.to_string())?;
        let at_us = decoder.decode(&value, &mut row).map_err(|e| format!("event {}: {e}", event.id))?;
        match clock.judge(offset as i64, at_us, None) {
            Verdict::InTime => row.end_row(at_us, offset as i64),
            _ => row.undo_row(),
        }
    }
    Ok(row.finish(PartitionId { stream: StreamId(0), topic: "case".into(), partition: 0 }))
}

fn reference_events(plan: &Plan, batch: &Batch) -> Vec<reference::Event> {
    let types: Vec<_> = plan.streams.iter().flat_map(|s| &s.fields).map(|f| &f.ty).collect();
    let event = |row: usize| reference::Event {
        coordinates: batch.coordinates(row),
        values: batch.columns.iter().zip(&types).map(|(column, ty)| column.value(row, ty)).collect(),
        record_us: None,
    };
    (0..batch.len()).map(event).collect()
}

/// What time alone brings about must have come before the clock stopped; an event with a watermark behind it, by then.
fn is_in_time(alert: &Alert, end_ms: Option<i64>) -> bool {
    let time_us = alert.position.time_us;
    match (&alert.position.cause, end_ms.map(|ms| ms.saturating_mul(1000))) {
        (_, None) => true,
        (Cause::Event { .. }, Some(end)) => time_us <= end,
        (_, Some(end)) => time_us < end,
    }
}

fn to_match(plan: &Plan, alert: &Alert, translation: &Translation) -> Match {
    let mut found = Match::new();
    for alert::Evidence { step, what } in &alert.evidence {
        if let Witness::Event(at) = what
            && at.partition.stream == StreamId(0)
            && let Some((event, _)) = translation.records.get(at.offset as usize)
        {
            let variable = translation.steps.get(&**step).cloned().unwrap_or_else(|| step.to_string());
            found.entry(variable).or_default().push(event.id.clone());
        }
    }
    if !translation.ids.is_empty() {
        let shown: Value = serde_json::from_str(&alert.json(plan)).unwrap_or_default();
        for (name, variable) in &translation.ids {
            let ids: Vec<String> = match &shown["fields"][name] {
                Value::String(id) => vec![id.clone()],
                Value::Array(ids) => ids.iter().filter_map(Value::as_str).map(str::to_string).collect(),
                _ => Vec::new(),
            };
            found.entry(variable.clone()).or_default().extend(ids);
        }
    }
    found
}
