//! EQL: filters, sequences with one pending run per state and key, joins.

use serde_json::{Map, Value};

use super::case::Case;
use super::fields::quoted;
use super::notation::Expr;
use super::rule::{EVER, LIMIT, Rule, Writer, disjoint, filter};
use super::sql::text;

/// Writes the rule of a case.
pub fn rule(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    writer.lowered = case.case.as_deref() == Some("insensitive");
    match case.kind.as_deref() {
        Some("filter") => filtered(case, writer),
        Some("sequence") => sequence(case, writer),
        Some("join") => join(case, writer),
        other => Err(format!("kind {other:?}")),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "a step is not an object".to_string())
}

/// Type and condition of a step, as conditions.
fn conditions(step: &Map<String, Value>, writer: &mut Writer<'_>) -> Result<(Vec<String>, Option<Expr>), String> {
    let mut conditions: Vec<String> = text(step, "type").map(|name| writer.type_is(name)).into_iter().collect();
    let condition = writer.read(text(step, "cond"))?;
    if let Some(condition) = &condition {
        conditions.push(writer.print(condition, None)?);
    }
    let typed = text(step, "type").map(|name| {
        Expr::Binary("==", Box::new(Expr::Name("type".to_string())), Box::new(Expr::Text(name.to_string())))
    });
    let whole = match (typed, condition) {
        (Some(a), Some(b)) => Some(Expr::Binary("and", Box::new(a), Box::new(b))),
        (a, b) => a.or(b),
    };
    Ok((conditions, whole))
}

/// Every event that fits. `head N` counts them, `unique` looks for the first of each value.
fn filtered(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let [step] = case.pattern.as_slice() else { return Err("a filter of several steps".to_string()) };
    let step = object(step)?;
    let name = writer.step(text(step, "var").unwrap_or("e0"), false, false);
    let (conditions, _) = conditions(step, writer)?;
    let all = piped(&case.pipes, conditions, |writer, expr| writer.print(expr, None), writer)?;
    let seq = format!("{name}: ev{}", filter(&all));
    Ok(Rule { seq, skip: "none".to_string(), ..Rule::default() })
}

/// How a condition of a pipe is written.
type Print = fn(&Writer<'_>, &Expr) -> Result<String, String>;

/// What the pipes leave of the events for which the conditions hold, as conditions.
fn piped(
    pipes: &[Value],
    mut which: Vec<String>,
    print: Print,
    writer: &mut Writer<'_>,
) -> Result<Vec<String>, String> {
    let mut first: Vec<String> = Vec::new();
    let mut unique: Option<String> = None;
    for pipe in pipes {
        if let Some(text) = pipe.get("filter").and_then(Value::as_str) {
            if !first.is_empty() {
                return Err("a filter behind another pipe".to_string());
            }
            let condition = writer.read(Some(text))?.ok_or("an empty filter")?;
            which.push(print(writer, &condition)?);
        } else if let Some(n) = pipe.get("head").and_then(Value::as_i64) {
            let of = filter(&which);
            first.push(match &unique {
                None => format!("count({}) over forever <= {n}", of.trim_start()),
                Some(value) => format!("distinct({value}{of}) over {EVER} <= {n}"),
            });
        } else if let Some(values) = pipe.get("unique").and_then(Value::as_array).filter(|_| unique.is_none()) {
            let mut parts = Vec::new();
            for value in values {
                let expr = writer.read(value.as_str())?.ok_or("unique by nothing")?;
                parts.push(print(writer, &expr)?);
            }
            let value = match parts.as_slice() {
                [only] => only.clone(),
                several => {
                    let text: Vec<String> = several.iter().map(|p| format!("coalesce(text({p}), \"\")")).collect();
                    format!("concat({})", text.join(", \"|\", "))
                }
            };
            first.push(format!("first_seen({value}{}) over {EVER}", filter(&which)));
            unique = Some(value);
        } else {
            return Err("a pipe over the whole output".to_string());
        }
    }
    Ok([which, first].concat())
}

/// Pipes behind a sequence or join: a rule on its alerts.
fn behind_pipes(case: &Case, rule: Rule, first: &str, writer: &mut Writer<'_>) -> Result<Rule, String> {
    if case.pipes.is_empty() {
        return Ok(rule);
    }
    let fields: Vec<String> = writer.fields.iter().map(|(field, _)| field.to_string()).collect();
    let ids = writer.name_events();
    let value = |field: &String| (format!("first_{field}"), format!("{first}.{}", quoted(field)));
    let with = [ids.clone(), fields.iter().map(value).collect()].concat();
    let helper = Rule { with, ..rule }.text("whole0");
    let step = writer.step("_whole", false, false);
    let all = piped(&case.pipes, Vec::new(), of_first, writer)?;
    Ok(Rule {
        seq: format!("{step}: whole0{}", filter(&all)),
        skip: "none".to_string(),
        helpers: vec![helper],
        with: writer.hand_on(&ids, &step),
        ..Rule::default()
    })
}

/// A pipe's condition behind a sequence is about its first event.
fn of_first(writer: &Writer<'_>, expr: &Expr) -> Result<String, String> {
    match expr {
        Expr::Name(name) if writer.fields.kind(name).is_some() => Ok(quoted(&format!("first_{name}"))),
        Expr::Binary(op, a, b) => Ok(format!("({}) {op} ({})", of_first(writer, a)?, of_first(writer, b)?)),
        Expr::Number(_) | Expr::Text(_) | Expr::Bool(_) => writer.print(expr, None),
        _ => Err("a pipe behind a sequence by more than fields of its first event".to_string()),
    }
}

/// The key of a step: what the case partitions by, and the step's own.
fn key(case: &Case, step: &Map<String, Value>, writer: &mut Writer<'_>) -> Result<String, String> {
    let mut parts: Vec<String> = Vec::new();
    let own = step.get("by").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = own.iter().filter_map(Value::as_str);
    for (position, part) in case.partition_by.iter().map(String::as_str).chain(own).enumerate() {
        let expr = writer.read(Some(part))?.ok_or("an empty key")?;
        let printed = writer.print(&expr, None)?;
        parts.push(if matches!(expr, Expr::Name(_)) { printed } else { format!("k{position}: {printed}") });
    }
    Ok(super::keys(&parts))
}

fn by(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!(" by {key}") }
}

/// One pending run per state and key, the newest start wins; an `until` ends all pending runs of its key.
fn sequence(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let mut rule =
        Rule { within_ms: case.within_ms, runs: Some("latest"), skip: "none".to_string(), ..Rule::default() };
    let until = until(case, writer)?;
    let mut leading: Vec<String> = Vec::new();
    let mut first: Option<String> = None;
    let mut taken = 0;
    let positive = case.pattern.iter().filter(|s| s.get("negated").and_then(Value::as_bool) != Some(true)).count();
    for step in &case.pattern {
        let step = object(step)?;
        let is_fork = step.get("fork").and_then(Value::as_bool) == Some(true);
        let key = key(case, step, writer)?;
        if step.get("negated").and_then(Value::as_bool) == Some(true) {
            let (conditions, _) = conditions(step, writer)?;
            if taken == 0 {
                leading.push(filter(&conditions));
            } else {
                rule.seq.push_str(&format!(" then no ev{}{}", by(&key), filter(&conditions)));
            }
            continue;
        }
        taken += 1;
        let copies = step.get("quant").and_then(|q| q.get("min")).and_then(Value::as_i64).unwrap_or(1);
        for copy in 0..copies {
            let name = writer.step(text(step, "var").unwrap_or("e"), false, false);
            let (mut conditions, whole) = conditions(step, writer)?;
            let is_last = taken == positive && copy + 1 == copies;
            if is_last {
                for leading in &leading {
                    let span = rule.within_ms.ok_or("a leading negation without a window")?;
                    conditions.push(format!("count({}) over previous {span}ms == 0", leading.trim_start()));
                }
                if let Some((_, printed, expr)) = &until
                    && !disjoint(whole.as_ref(), expr.as_ref())
                {
                    conditions.push(format!("({printed}) is not true"));
                }
            }
            if is_fork && !is_last {
                return Err("a run that stays where it was as well".to_string());
            }
            let word = match (taken == 1 && copy == 0, is_fork) {
                (true, _) => "",
                (false, true) => " then each ",
                (false, false) => " then ",
            };
            let limit = if word.contains("each") { LIMIT } else { "" };
            rule.seq.push_str(&format!("{word}{name}: ev{}{limit}{}", by(&key), filter(&conditions)));
            first.get_or_insert(name);
        }
    }
    rule.without.extend(until.map(|(text, ..)| text));
    behind_pipes(case, rule, &first.unwrap_or_default(), writer)
}

type Until = Option<(String, String, Option<Expr>)>;

/// The `without` clause, its condition, and the condition as a tree.
fn until(case: &Case, writer: &mut Writer<'_>) -> Result<Until, String> {
    let Some(until) = &case.until else { return Ok(None) };
    let step = object(until)?;
    let key = key(case, step, writer)?;
    let (conditions, whole) = conditions(step, writer)?;
    let filter = filter(&conditions);
    let printed = filter.trim_start().trim_start_matches("where ").to_string();
    let printed = if printed.is_empty() { "true".to_string() } else { printed };
    Ok(Some((format!("ev{}{filter}", by(&key)), printed, whole)))
}

/// One event per step in any order.
fn join(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let members = match case.pattern.as_slice() {
        [only] => only.get("and").and_then(Value::as_array).ok_or("a join without members")?,
        _ => return Err("a join of several nodes".to_string()),
    };
    let mut texts = Vec::new();
    let mut first: Option<String> = None;
    for step in members {
        let step = object(step)?;
        let name = writer.step(text(step, "var").unwrap_or("e"), false, false);
        let key = key(case, step, writer)?;
        let (conditions, _) = conditions(step, writer)?;
        texts.push(format!("{name}: ev{}{}", by(&key), filter(&conditions)));
        first.get_or_insert(name);
    }
    let until = until(case, writer)?;
    let rule = Rule {
        within_ms: case.within_ms,
        seq: format!("all of ({})", texts.join(", ")),
        without: until.into_iter().map(|(text, ..)| text).collect(),
        skip: "past last event".to_string(),
        ..Rule::default()
    };
    behind_pipes(case, rule, &first.unwrap_or_default(), writer)
}
