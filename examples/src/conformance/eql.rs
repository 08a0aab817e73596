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
                let text = format!("coalesce(text({}), \"\")", print(writer, &expr)?);
                parts.push(if writer.lowered { format!("lower({text})") } else { text });
            }
            let value = match parts.as_slice() {
                [only] => only.clone(),
                several => format!("concat({})", several.join(", \"|\", ")),
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
fn behind_pipes(case: &Case, rule: Rule, steps: &[String], writer: &mut Writer<'_>) -> Result<Rule, String> {
    if case.pipes.is_empty() {
        return Ok(rule);
    }
    let fields: Vec<String> = writer.fields.iter().map(|(field, _)| field.to_string()).collect();
    let ids = writer.name_events();
    let values = steps.iter().enumerate().flat_map(|(number, step)| {
        fields.iter().map(move |field| (format!("event{number}_{field}"), format!("{step}.{}", quoted(field))))
    });
    let with = [ids.clone(), values.collect()].concat();
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

/// A pipe's condition behind a sequence is about its first event, or about `events[n]`.
fn of_first(writer: &Writer<'_>, expr: &Expr) -> Result<String, String> {
    match expr {
        Expr::Name(name) if writer.fields.kind(name).is_some() => Ok(quoted(&format!("event0_{name}"))),
        Expr::Member(of, name) if writer.fields.kind(name).is_some() => match &**of {
            Expr::Index(list, number) => match (&**list, &**number) {
                (Expr::Name(events), Expr::Number(number)) if events == "events" => {
                    Ok(quoted(&format!("event{number}_{name}")))
                }
                _ => Err("a pipe behind a sequence by an event without a number".to_string()),
            },
            _ => Err("a pipe behind a sequence by an event without a number".to_string()),
        },
        Expr::Binary(op, a, b) => Ok(format!("({}) {op} ({})", of_first(writer, a)?, of_first(writer, b)?)),
        Expr::Number(_) | Expr::Text(_) | Expr::Bool(_) => writer.print(expr, None),
        _ => Err("a pipe behind a sequence by more than fields of its events".to_string()),
    }
}

/// The key of a step: what the case partitions by, and the step's own.
fn key(case: &Case, step: &Map<String, Value>, writer: &mut Writer<'_>) -> Result<Vec<String>, String> {
    let mut parts: Vec<String> = Vec::new();
    let own = step.get("by").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = own.iter().filter_map(Value::as_str);
    for part in case.partition_by.iter().map(String::as_str).chain(own) {
        let expr = writer.read(Some(part))?.ok_or("an empty key")?;
        parts.push(writer.print_compared(&expr)?);
    }
    Ok(parts)
}

/// The key as it stands in a step: an expression or a second part of one name gets a name of its own.
fn by(key: &[String]) -> String {
    let is_name = |part: &String| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '`');
    let named = |(at, part): (usize, &String)| match is_name(part) && !key[..at].contains(part) {
        true => part.clone(),
        false => format!("k{at}: {part}"),
    };
    let parts: Vec<String> = key.iter().enumerate().map(named).collect();
    if parts.is_empty() { String::new() } else { format!(" by {}", super::keys(&parts)) }
}

fn is_negated(step: &Map<String, Value>) -> bool {
    step.get("negated").and_then(Value::as_bool) == Some(true)
}

/// One pending run per state and key, the newest start wins; an `until` ends all pending runs of its key.
fn sequence(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let steps: Vec<&Map<String, Value>> = case.pattern.iter().map(object).collect::<Result<_, _>>()?;
    let start = steps.iter().position(|s| !is_negated(s)).ok_or("nothing but negations")?;
    let end = steps.iter().rposition(|s| !is_negated(s)).map_or(0, |last| last + 1);
    let (leading, positive, trailing) = (&steps[..start], &steps[start..end], &steps[end..]);
    if !leading.is_empty() && !trailing.is_empty() {
        return Err("a negation on both sides, whose gap counts".to_string());
    }
    let mut rule =
        Rule { within_ms: case.within_ms, runs: Some("latest"), skip: "none".to_string(), ..Rule::default() };
    let until = until(case, writer)?;
    let mut first: Option<(String, Vec<String>)> = None;
    let mut names = Vec::new();
    let begin = conditions(positive[0], writer)?.1;
    for (place, step) in positive.iter().enumerate() {
        let key = key(case, step, writer)?;
        if is_negated(step) {
            let (conditions, _) = conditions(step, writer)?;
            rule.seq.push_str(&format!(" then no ev{}{}", by(&key), filter(&conditions)));
            continue;
        }
        let copies = step.get("quant").and_then(|q| q.get("min")).and_then(Value::as_i64).unwrap_or(1);
        for copy in 0..copies {
            let is_fork = step.get("fork").and_then(Value::as_bool) == Some(true);
            let name = writer.step(text(step, "var").unwrap_or("e"), false, false);
            let (mut conditions, whole) = conditions(step, writer)?;
            let is_last = place + 1 == positive.len() && copy + 1 == copies;
            if is_last {
                let before = first.as_ref().map(|(name, _)| name.as_str());
                conditions.extend(quiet_before(case, leading, &key, before, &begin, writer)?);
                if let Some(until) = &until
                    && !disjoint(whole.as_ref(), until.whole.as_ref())
                {
                    conditions.push(until.spares(&key));
                }
            }
            let word = match (rule.seq.is_empty(), is_fork) {
                (true, _) => "",
                (false, true) => " then each ",
                (false, false) => " then ",
            };
            let limit = if word.contains("each") { LIMIT } else { "" };
            rule.seq.push_str(&format!("{word}{name}: ev{}{limit}{}", by(&key), filter(&conditions)));
            if is_fork && !is_last {
                // The run stays where it was as well; of those that went on, the newest waits.
                rule.seq.push_str(&format!(" then no ev{}{}", by(&key), filter(&conditions)));
            }
            names.push(name.clone());
            first.get_or_insert((name, key.clone()));
        }
    }
    let (first, key) = first.unwrap_or_default();
    rule.without.extend(until.map(|until| until.text));
    if trailing.is_empty() {
        return behind_pipes(case, rule, &names, writer);
    }
    quiet_behind(case, rule, trailing, &first, &key, writer)
}

/// Conditions on the last event: none of these came before the first, in the window that ends at the last.
fn quiet_before(
    case: &Case,
    leading: &[&Map<String, Value>],
    key: &[String],
    first: Option<&str>,
    begin: &Option<Expr>,
    writer: &mut Writer<'_>,
) -> Result<Vec<String>, String> {
    let mut quiet = Vec::new();
    for step in leading {
        let span = case.within_ms.ok_or("a leading negation without a window")?;
        if self::key(case, step, writer)? != key {
            return Err("a leading negation with a key of its own".to_string());
        }
        let (conditions, whole) = conditions(step, writer)?;
        if first.is_some() && !disjoint(begin.as_ref(), whole.as_ref()) {
            return Err("a leading negation that the first event may be".to_string());
        }
        match first {
            None => quiet.push(format!("count({}) over previous {span}ms == 0", filter(&conditions).trim_start())),
            Some(first) => {
                let oldest = format!("min(at{}) over previous {span}ms", filter(&conditions));
                // What lies between the first and the last is no offence.
                quiet.push(format!("({oldest}) is null or ({oldest}) > {first}.at"));
            }
        }
    }
    Ok(quiet)
}

/// Negations at the end: the matches are events, and each is waited behind on its own, as long as the window lasts.
fn quiet_behind(
    case: &Case,
    rule: Rule,
    trailing: &[&Map<String, Value>],
    first: &str,
    key: &[String],
    writer: &mut Writer<'_>,
) -> Result<Rule, String> {
    let span = case.within_ms.ok_or("a negation at the end without a window")?;
    if !case.pipes.is_empty() {
        return Err("a pipe behind a negation at the end".to_string());
    }
    let ids = writer.name_events();
    let parts: Vec<(String, String)> =
        key.iter().enumerate().map(|(at, part)| (format!("key{at}"), part.clone())).collect();
    let of_first = |(name, _): &(String, String)| name.clone();
    let keyed: Vec<String> = parts.iter().map(of_first).collect();
    let values = parts.iter().map(|(name, part)| (name.clone(), part_of(first, part)));
    let with = [ids.clone(), values.collect(), vec![("began".to_string(), format!("{first}.at"))]].concat();
    let helper = Rule { with, ..rule }.text("whole0");
    let step = writer.step("_whole", false, false);
    let mut seq = format!("{step}: whole0{}", by(&keyed));
    for step_of in trailing {
        let key = self::key(case, step_of, writer)?;
        let (mut conditions, _) = conditions(step_of, writer)?;
        conditions.push(format!("at - {step}.began <= {span}ms"));
        let named: Vec<String> = key.iter().enumerate().map(|(at, part)| format!("key{at}: {part}")).collect();
        let by = if named.is_empty() { String::new() } else { format!(" by {}", super::keys(&named)) };
        seq.push_str(&format!(" then no ev{by} for {span}ms{}", filter(&conditions)));
    }
    Ok(Rule {
        seq,
        skip: "none".to_string(),
        helpers: vec![helper],
        with: writer.hand_on(&ids, &step),
        ..Rule::default()
    })
}

/// A key of the first event, told by its step.
fn part_of(first: &str, part: &str) -> String {
    match part.strip_prefix("lower(") {
        Some(inner) => format!("lower({first}.{inner}"),
        None => format!("{first}.{part}"),
    }
}

/// What ends all pending runs of its key.
struct Until {
    /// As it stands behind `without`.
    text: String,
    condition: String,
    key: Vec<String>,
    whole: Option<Expr>,
}

impl Until {
    /// That an event with this key is not the one.
    fn spares(&self, key: &[String]) -> String {
        let unlike = self.key.iter().zip(key).filter(|(own, other)| own != other);
        let same: String = unlike.map(|(own, other)| format!(" and ({own}) == ({other})")).collect();
        format!("(({}){same}) is not true", self.condition)
    }
}

fn until(case: &Case, writer: &mut Writer<'_>) -> Result<Option<Until>, String> {
    let Some(until) = &case.until else { return Ok(None) };
    let step = object(until)?;
    let key = key(case, step, writer)?;
    let (conditions, whole) = conditions(step, writer)?;
    let filter = filter(&conditions);
    let condition = filter.trim_start().trim_start_matches("where ").to_string();
    let condition = if condition.is_empty() { "true".to_string() } else { condition };
    Ok(Some(Until { text: format!("ev{}{filter}", by(&key)), condition, key, whole }))
}

/// One event per step in any order.
fn join(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let members = match case.pattern.as_slice() {
        [only] => only.get("and").and_then(Value::as_array).ok_or("a join without members")?,
        _ => return Err("a join of several nodes".to_string()),
    };
    let mut texts = Vec::new();
    let mut wholes: Vec<Option<Expr>> = Vec::new();
    let mut names = Vec::new();
    for step in members {
        let step = object(step)?;
        let name = writer.step(text(step, "var").unwrap_or("e"), false, false);
        let key = key(case, step, writer)?;
        let (conditions, whole) = conditions(step, writer)?;
        if wholes.iter().any(|other| !disjoint(other.as_ref(), whole.as_ref())) {
            return Err("one event in two roles".to_string());
        }
        wholes.push(whole);
        texts.push(format!("{name}: ev{}{}", by(&key), filter(&conditions)));
        names.push(name);
    }
    let until = until(case, writer)?;
    if let Some(until) = &until
        && wholes.iter().any(|member| !disjoint(member.as_ref(), until.whole.as_ref()))
    {
        return Err("a member that ends all runs as well".to_string());
    }
    let rule = Rule {
        within_ms: case.within_ms,
        seq: format!("all of ({})", texts.join(", ")),
        without: until.into_iter().map(|until| until.text).collect(),
        skip: "past last event".to_string(),
        ..Rule::default()
    };
    behind_pipes(case, rule, &names, writer)
}
