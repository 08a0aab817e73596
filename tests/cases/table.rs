//! Tables of events into records, and alerts against their table.

use serde_json::{Map, Value};
use tripline::engine::alert::{Alert, AlertState, Witness};
use tripline::query_lang::plan::{Field, Plan, TimeUnit};
use tripline::query_lang::value::Type;

use crate::run::{Record, TableRow};

/// 2026-01-01T00:00Z, microseconds.
const START_US: i64 = 1_767_225_600_000_000;

/// `1m30s` in microseconds.
fn duration(text: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} is no time: write 90s, 1m30s, 250ms");
    let (mut rest, mut total) = (text, 0i64);
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| digits + i);
        let factor = match &rest[digits..unit] {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return Err(bad()),
        };
        total += rest[..digits].parse::<i64>().map_err(|_| bad())? * factor;
        rest = &rest[unit..];
    }
    Ok(total)
}

/// The rows of a table of events as records, in order of arrival.
pub fn records(plan: &Plan, rows: &[Vec<String>]) -> Result<Vec<Record>, String> {
    let Some((heading, rows)) = rows.split_first() else { return Ok(Vec::new()) };
    rows.iter().filter(|row| table_of(plan, heading, row).is_none()).map(|row| record(plan, heading, row)).collect()
}

/// The rows of tables among them, in order of arrival.
pub fn rows(plan: &Plan, rows: &[Vec<String>]) -> Result<Vec<TableRow>, String> {
    let Some((heading, rows)) = rows.split_first() else { return Ok(Vec::new()) };
    let tables = rows.iter().filter_map(|row| Some((table_of(plan, heading, row)?, row)));
    tables.map(|((table, gone), row)| table_row(plan, (table, gone), heading, row)).collect()
}

/// The table that a row is of, and whether it says that its key has none any more.
fn table_of(plan: &Plan, heading: &[String], row: &[String]) -> Option<(usize, bool)> {
    let name = row.get(heading.iter().position(|h| h == "stream")?)?;
    let (name, gone) = name.strip_suffix(" gone").map_or((name.as_str(), false), |name| (name, true));
    Some((plan.tables.iter().position(|table| table.name == name)?, gone))
}

fn table_row(
    plan: &Plan,
    (table, gone): (usize, bool),
    heading: &[String],
    row: &[String],
) -> Result<TableRow, String> {
    if row.len() != heading.len() {
        return Err(format!("{row:?} has another number of cells than {heading:?}"));
    }
    let cell = |name: &str| heading.iter().position(|h| h == name).map(|i| row[i].as_str());
    let at_us = cell("at").filter(|at| *at != "-").map(duration).transpose()?.map(|us| START_US + us);
    let partition = cell("partition").map_or(Ok(0), str::parse).map_err(|_| "a partition is a number")?;
    let object = object(&plan.tables[table].fields, heading, row)?;
    Ok(TableRow { table: table as u32, partition, at_us, json: Value::Object(object).to_string(), gone })
}

/// The cells that are fields.
fn object(fields: &[Field], heading: &[String], row: &[String]) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    for (name, text) in heading.iter().zip(row) {
        let is_field = !matches!(name.as_str(), "at" | "stream" | "partition" | "arriving");
        if is_field && text != "-" {
            object.insert(name.clone(), value(fields, name, text)?);
        }
    }
    Ok(object)
}

fn record(plan: &Plan, heading: &[String], row: &[String]) -> Result<Record, String> {
    if row.len() != heading.len() {
        return Err(format!("{row:?} has another number of cells than {heading:?}"));
    }
    let cell = |name: &str| heading.iter().position(|h| h == name).map(|i| row[i].as_str());
    let stream = match cell("stream") {
        None => 0,
        Some(name) => plan.streams.iter().position(|s| s.name == name).ok_or_else(|| format!("no stream {name}"))?,
    };
    let at_us = START_US + duration(cell("at").ok_or("no column `at`")?)?;
    let arriving = cell("arriving").map(duration).transpose()?;
    let partition = cell("partition").map_or(Ok(0), str::parse).map_err(|_| "a partition is a number")?;
    let declared = plan.streams.get(stream).ok_or("the rules declare no stream")?;
    let mut object = object(&declared.fields, heading, row)?;
    let timed_by = &declared.fields[declared.timed_by.index()];
    let number = match timed_by.time_unit {
        Some(TimeUnit::Milliseconds) => at_us / 1000,
        Some(TimeUnit::Microseconds) => at_us,
        _ => return Err("a case's time is `time(ms)` or `time(us)`".to_string()),
    };
    object.insert(timed_by.name.clone(), Value::from(number));
    let timestamp_ms = arriving.map_or(at_us, |us| START_US + us) / 1000;
    Ok(Record { stream: stream as u32, partition, timestamp_ms, json: Value::Object(object).to_string() })
}

fn value(fields: &[Field], name: &str, text: &str) -> Result<Value, String> {
    let field = fields.iter().find(|f| f.name == name).ok_or_else(|| format!("no field {name}"))?;
    match field.ty {
        Type::Text => Ok(Value::from(text)),
        Type::Decimal(_) => Ok(Value::from(text)),
        Type::Time if field.time_unit == Some(TimeUnit::Milliseconds) => {
            Ok(Value::from((START_US + duration(text)?) / 1000))
        }
        Type::Duration if !text.starts_with('"') => Ok(Value::from(text)),
        _ => serde_json::from_str(text).map_err(|_| format!("{text:?} is no value for {name}")),
    }
}

/// Each alert against its row, in order.
pub fn check(plan: &Plan, alerts: &[Alert], rows: &[Vec<String>]) -> Result<(), String> {
    let no_heading = vec!["at".to_string(), "rule".to_string(), "evidence".to_string()];
    let heading = rows.first().unwrap_or(&no_heading);
    let expected: Vec<&Vec<String>> = rows.iter().skip(1).collect();
    let found = alerts.iter().map(|alert| shown(plan, alert, heading)).collect::<Result<Vec<_>, _>>()?;
    if found.iter().collect::<Vec<_>>() == expected {
        return Ok(());
    }
    let lines =
        |rows: &mut dyn Iterator<Item = &Vec<String>>| rows.map(|r| r.join("  ")).collect::<Vec<_>>().join("\n  ");
    let (expected, found) = (lines(&mut expected.into_iter()), lines(&mut found.iter()));
    Err(format!("the reference finds\n  {}\n  {found}\ninstead of\n  {expected}", heading.join("  ")))
}

/// An alert's cells for a heading.
fn shown(plan: &Plan, alert: &Alert, heading: &[String]) -> Result<Vec<String>, String> {
    let rule = &plan.rules[alert.rule.index()];
    let cell = |name: &String| match name.as_str() {
        "at" => Ok(since_start(alert.at_us)),
        "rule" => Ok(rule.name.clone()),
        "message" => Ok(alert.message.clone()),
        "state" => Ok(match alert.state {
            AlertState::Repeated(count) => format!("repeat {count}"),
            state => state.as_str().to_string(),
        }),
        "id" => Ok(alert.id(plan)),
        "severity" => Ok(rule.severity().as_str().to_string()),
        "incomplete" => Ok(alert.incomplete.to_string()),
        "evidence" => Ok(evidence(alert)),
        name => {
            let with = rule.fields.iter().position(|with| with.name == name).map(|i| &alert.fields[i]);
            let key = || rule.keys.iter().position(|key| key.name == name).map(|i| &alert.key[i]);
            with.or_else(key).map(ToString::to_string).ok_or_else(|| format!("no key or field {name}"))
        }
    };
    heading.iter().map(cell).collect()
}

fn evidence(alert: &Alert) -> String {
    let one = |e: &tripline::engine::alert::Evidence| match &e.what {
        Witness::Event(at) => format!("{}@{}", e.step, since_start(at.at_us)),
        Witness::Deadline(at) => format!("{}@{}", e.step, since_start(*at)),
    };
    alert.evidence.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A time as a case writes it.
fn since_start(at_us: i64) -> String {
    tripline::query_lang::value::Value::Duration(at_us - START_US).to_string()
}
