//! Esper and Siddhi: a pattern is a tree whose parts start, turn true, and end. Without `every` it starts once, ever.

use serde_json::Value;

use super::case::Case;
use super::fields::quoted;
use super::notation::Expr;
use super::rule::{LIMIT, Rule, Writer, filter, quantifier};
use super::sql::text;

/// Writes the rule of a case.
pub fn rule(case: &Case, writer: &mut Writer<'_>) -> Result<Rule, String> {
    let [node] = case.pattern.as_slice() else { return Err("a forest".to_string()) };
    let is_esper = case.profile == "esper";
    let adjacent = case.mode.as_deref() == Some("sequence");
    let keyed = !case.partition_by.is_empty();
    let mut tree = Tree {
        is_esper,
        adjacent,
        keyed,
        windowed: case.within_ms.is_some() || node.get("guard").is_some(),
        everywhere: Vec::new(),
        begun: false,
        again: false,
        helpers: Vec::new(),
        handed: Vec::new(),
    };
    let mut rule = tree.top(node, writer)?;
    rule.helpers = tree.helpers;
    rule.with = tree.handed;
    if rule.within_ms.is_none() {
        rule.within_ms = case.within_ms;
    }
    let by: Vec<String> = case.partition_by.iter().map(|f| quoted(f)).collect();
    rule.by = super::keys(&by);
    Ok(rule)
}

/// The event types that a tree names: a Siddhi sequence sees only these.
pub fn types(node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Object(map) => {
            found.extend(text(map, "type").map(str::to_string));
            map.values().for_each(|inner| types(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| types(inner, found)),
        _ => {}
    }
}

/// A tree on its way to a rule.
pub struct Tree {
    pub is_esper: bool,
    /// Every event of a named stream must be taken.
    pub adjacent: bool,
    /// Each key has its own pattern.
    keyed: bool,
    /// A window covers the whole.
    windowed: bool,
    /// Conditions that every step stands under.
    pub everywhere: Vec<String>,
    /// Something stands before what is written.
    pub begun: bool,
    /// The whole starts anew when it has ended.
    pub again: bool,
    /// Rules that the pattern is built on.
    helpers: Vec<String>,
    /// What the pattern's alerts hand on of those.
    handed: Vec<(String, String)>,
}

/// A filter, read.
pub struct Filter {
    variable: String,
    pub conditions: Vec<String>,
    pub whole: Expr,
}

/// A child of a node.
pub fn inner<'v>(node: &'v Value, name: &str) -> Option<&'v Value> {
    node.get(name)
}

/// A node's list of children.
pub fn list<'v>(node: &'v Value, name: &str) -> Option<&'v Vec<Value>> {
    node.get(name).and_then(Value::as_array)
}

fn once_only(rule: Rule) -> Rule {
    Rule { runs: Some("1"), once: true, skip: "past last event".to_string(), ..rule }
}

impl Tree {
    fn top(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
        if let Some(guarded) = inner(node, "guard") {
            return self.top_guard(node, guarded, writer);
        }
        if let Some(members) = list(node, "and").filter(|m| m.iter().any(|m| m.get("not").is_some())) {
            // What must not have come since the start.
            for (place, member) in members.iter().enumerate() {
                if let Some(not) = inner(member, "not") {
                    let filter =
                        self.filter(inner(not, "filter").ok_or("a negation of more than an event")?, None, writer)?;
                    self.keep_apart(members, place, &filter, true, writer)?;
                    self.everywhere.push(self.never(&filter.conditions));
                }
            }
            let left: Vec<&Value> = members.iter().filter(|m| m.get("not").is_none()).collect();
            return match left.as_slice() {
                [only] => self.top(only, writer),
                _ => Err("several sides and a negation from the start".to_string()),
            };
        }
        if let Some(every) = inner(node, "every") {
            return self.top_every(every, writer);
        }
        if list(node, "every_distinct").is_some() {
            return self.distinct(node, writer);
        }
        if let Some(nodes) = list(node, "seq") {
            if let Some(partials) = list(node, "max_partials")
                && partials.iter().any(|p| !p.is_null())
            {
                return Err("a bound on partial matches per step".to_string());
            }
            return self.top_sequence(nodes, writer);
        }
        if inner(node, "filter").is_some() && inner(node, "quant").is_none() {
            return self.top_sequence(std::slice::from_ref(node), writer);
        }
        if inner(node, "interval_ms").is_some() {
            return Err("a timer from the start".to_string());
        }
        if inner(node, "quant").is_some_and(|quant| quant.get("min").and_then(Value::as_i64).unwrap_or(0) == 0) {
            return Err("an empty match".to_string());
        }
        let seq = self.element(node, "", writer)?;
        Ok(once_only(Rule { seq, ..Rule::default() }))
    }

    fn top_guard(&mut self, node: &Value, guarded: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
        if let Some(condition) = node.get("while").and_then(Value::as_str) {
            let every =
                inner(guarded, "every").and_then(|e| inner(e, "filter")).ok_or("while over more than events")?;
            let read = self.filter(every, None, writer)?;
            let variable = read.variable.clone();
            let condition = writer.read(Some(condition))?.ok_or("while of nothing")?;
            writer.rows = true;
            let condition = writer.print(&condition, Some((&variable, "")))?;
            writer.rows = false;
            let mut ends = read.conditions.clone();
            ends.push(format!("({condition}) is not true"));
            self.everywhere.push(self.never(&ends));
            return self.top(guarded, writer);
        }
        if self.is_esper {
            return Err("a window that begins with the statement".to_string());
        }
        let rule = self.top(guarded, writer)?;
        Ok(Rule { within_ms: node.get("within_ms").and_then(Value::as_i64), ..rule })
    }

    /// `every` over a whole: a new one starts when the one before has ended.
    fn top_every(&mut self, every: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
        if inner(every, "every").is_some() {
            return Err("every within every".to_string());
        }
        if inner(every, "filter").is_some() {
            if inner(every, "quant").is_some() {
                return Err("one shared run per counting state".to_string());
            }
            let seq = self.element(every, "", writer)?;
            return Ok(Rule { seq, skip: "none".to_string(), ..Rule::default() });
        }
        if let Some(members) = list(every, "and")
            && let Some(seq) = self.side_alone(members, writer)?
        {
            return Ok(Rule { seq, skip: "none".to_string(), ..Rule::default() });
        }
        if list(every, "seq").is_some_and(|nodes| nodes.first().is_some_and(|n| n.get("absent").is_some())) {
            return Err("a silence that is counted anew from each end".to_string());
        }
        self.again = true;
        let seq = match list(every, "seq") {
            Some(nodes) if nodes.iter().any(|n| n.get("every").is_some()) => {
                return Err("every within every".to_string());
            }
            Some(nodes) => {
                if every
                    .get("max_partials")
                    .is_some_and(|p| p.as_array().is_some_and(|p| p.iter().any(|n| !n.is_null())))
                {
                    return Err("a bound on partial matches per step".to_string());
                }
                self.sequence(nodes, writer)?
            }
            None if has_every(every) => return Err("every within every".to_string()),
            None => self.element(every, "", writer)?,
        };
        Ok(Rule { seq, runs: Some("1"), skip: "past last event".to_string(), ..Rule::default() })
    }

    /// The first of each value.
    fn distinct(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
        let of = inner(node, "of").and_then(|of| inner(of, "filter")).ok_or("distinct over more than events")?;
        let read = self.filter(of, None, writer)?;
        let [Value::String(value)] = list(node, "every_distinct").map_or(&[][..], Vec::as_slice) else {
            return Err("distinct by several values".to_string());
        };
        let value = writer.read(Some(value))?.ok_or("distinct by nothing")?;
        writer.rows = true;
        let value = writer.print(&value, Some((&read.variable, "")))?;
        writer.rows = false;
        let span = node
            .get("expire_ms")
            .and_then(Value::as_i64)
            .map_or(super::rule::EVER.to_string(), |ms| format!("{}ms", ms - 1));
        let seen = format!("first_seen({value}{}) over {span}", filter(&read.conditions));
        self.everywhere.push(seen);
        let seq = self.step(of, "", "", writer)?;
        Ok(Rule { seq, skip: "none".to_string(), ..Rule::default() })
    }

    /// A sequence at the top: its first part says how often it starts.
    fn top_sequence(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<Rule, String> {
        let Some((first, others)) = nodes.split_first() else { return Err("an empty sequence".to_string()) };
        let named = |rule: Rule| Rule { skip: "none".to_string(), ..rule };
        // A repeated absence at the end alerts again and again.
        if let Some((last, before)) = nodes.split_last()
            && let Some(absent) = inner(last, "every").filter(|every| every.get("absent").is_some())
            && let Some(ms) = absent["absent"].get("for_ms").and_then(Value::as_i64)
            && !before.is_empty()
        {
            let plain = [before, std::slice::from_ref(absent)].concat();
            return Ok(Rule { repeat_ms: Some(ms), ..self.top_sequence(&plain, writer)? });
        }
        if let Some(every) = inner(first, "every") {
            if let Some(absent) = inner(every, "absent") {
                let seq = self.quiet(absent, true, "", writer)? + &self.followers(others, writer)?;
                return Ok(named(Rule { seq, ..Rule::default() }));
            }
            if let Some(nodes) = list(every, "seq") {
                let seq = self.before(nodes, writer)? + &self.followers(others, writer)?;
                return Ok(named(Rule { seq, ..Rule::default() }));
            }
            if inner(every, "filter").is_none() {
                return Err("every over a part that is neither an event nor a sequence".to_string());
            }
            if inner(every, "quant").is_some() {
                return Err("one shared run per counting state".to_string());
            }
            let seq = self.element(every, "", writer)? + &self.followers(others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        if let Some(absent) = inner(first, "absent") {
            let seq = self.quiet(absent, false, " where count() over forever == 1", writer)?;
            return Ok(named(Rule { seq: seq + &self.followers(others, writer)?, ..Rule::default() }));
        }
        if let Some(filter) = inner(first, "filter")
            && inner(first, "quant").is_none()
        {
            // The first that fits, ever: of a sequence of adjacent events, the first event of all.
            let read = self.filter(filter, None, writer)?;
            let which = if self.adjacent { Vec::new() } else { read.conditions };
            let counted = format!("count({}) over forever == 1", super::rule::filter(&which).trim_start());
            self.everywhere.push(counted);
            let first = self.element(first, "", writer);
            self.everywhere.pop();
            let seq = first? + &self.followers(others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        let seq = self.sequence(nodes, writer)?;
        Ok(once_only(Rule { seq, ..Rule::default() }))
    }

    fn sequence(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<String, String> {
        let Some((first, others)) = nodes.split_first() else { return Err("an empty sequence".to_string()) };
        if inner(first, "interval_ms").is_some() {
            return Err("a timer from the start".to_string());
        }
        Ok(self.element(first, "", writer)? + &self.followers(others, writer)?)
    }

    /// A silence that is counted from the start is a rule of its own, whose alerts are events.
    fn quiet(&mut self, absent: &Value, again: bool, which: &str, writer: &mut Writer<'_>) -> Result<String, String> {
        if self.adjacent {
            return Err("an absence in a sequence of adjacent events".to_string());
        }
        if self.windowed {
            return Err("a window over a silence from the start".to_string());
        }
        if self.keyed {
            return Err("a silence of a key that has not been seen".to_string());
        }
        if !self.helpers.is_empty() {
            return Err("two silences from the start, which start anew unlike each other".to_string());
        }
        let ms = absent.get("for_ms").and_then(Value::as_i64).ok_or("an absence without a time")?;
        let read = self.filter(absent, None, writer)?;
        let name = format!("quiet{}", self.helpers.len());
        let repeat = if again { format!("\n  repeat {ms}ms") } else { String::new() };
        self.helpers.push(format!(
            "rule {name} {{\n  match no ev for {}ms{}\n  alert info \"quiet\"{repeat}\n}}\n",
            ms - 1,
            filter(&read.conditions)
        ));
        writer.from_zero = true;
        let step = writer.step("_quiet", false, true);
        Ok(format!("{step}: {name}{which}"))
    }

    /// `every` over the first part of a sequence: a rule of its own, which starts anew when it is complete. Its alerts carry
    /// what later conditions may ask for.
    fn before(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<String, String> {
        let is_plain = |node: &Value| inner(node, "filter").is_some() && inner(node, "quant").is_none();
        if self.adjacent || self.keyed || !nodes.iter().all(is_plain) {
            return Err("every over more than a sequence of single events".to_string());
        }
        let seq = self.sequence(nodes, writer)?;
        let ids = writer.name_events();
        let names: Vec<String> = ids.iter().map(|(name, _)| name.trim_start_matches("ids_").to_string()).collect();
        let fields: Vec<String> = writer.fields.iter().map(|(field, _)| field.to_string()).collect();
        let value = |step: &String| {
            let of = |field: &String| (format!("{step}_{field}"), format!("{step}.{}", quoted(field)));
            fields.iter().map(of).collect::<Vec<_>>()
        };
        let with = [ids.clone(), names.iter().flat_map(value).collect()].concat();
        let name = format!("part{}", self.helpers.len());
        let part = Rule { seq, runs: Some("1"), with, ..Rule::default() };
        self.helpers.push(part.text(&name));
        let step = writer.step("_part", false, true);
        for variable in writer.variables.values_mut() {
            let of = variable.steps.iter_mut().filter(|of| names.contains(&of.name));
            of.for_each(|of| of.via = Some(step.clone()));
        }
        self.handed = writer.hand_on(&ids, &step);
        Ok(format!("{step}: {name}"))
    }

    fn followers(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<String, String> {
        let word = if self.adjacent { " next " } else { " then " };
        self.begun = true;
        nodes.iter().map(|node| self.element(node, word, writer)).collect()
    }

    pub fn filter(&mut self, node: &Value, own: Option<&str>, writer: &mut Writer<'_>) -> Result<Filter, String> {
        let node = node.as_object().ok_or("a filter is not an object")?;
        let variable = text(node, "var").unwrap_or("_").to_string();
        let mut conditions = Vec::new();
        let mut parts = Vec::new();
        if let Some(name) = text(node, "type") {
            conditions.push(writer.type_is(name));
            let (left, right) = (Expr::Name("type".to_string()), Expr::Text(name.to_string()));
            parts.push(Expr::Binary("==", Box::new(left), Box::new(right)));
        }
        if let Some(condition) = writer.read(text(node, "cond"))? {
            conditions.push(writer.print(&condition, own.map(|step| (variable.as_str(), step)))?);
            parts.push(condition);
        }
        let both = |a, b| Expr::Binary("and", Box::new(a), Box::new(b));
        let whole = parts.into_iter().reduce(both).unwrap_or(Expr::Bool(true));
        Ok(Filter { variable, conditions, whole })
    }

    pub fn never(&self, conditions: &[String]) -> String {
        format!("count({}) over forever == 0", filter(conditions).trim_start())
    }

    pub fn step(&mut self, node: &Value, word: &str, behind: &str, writer: &mut Writer<'_>) -> Result<String, String> {
        self.step_times(node, word, (1, Some(1)), behind, writer)
    }

    pub fn step_times(
        &mut self,
        node: &Value,
        word: &str,
        (min, max): (i64, Option<i64>),
        behind: &str,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        let variable = node.get("var").and_then(Value::as_str).unwrap_or("_");
        let name = writer.step(variable, max != Some(1), min == 0);
        let read = self.filter(node, Some(&name), writer)?;
        let conditions = [read.conditions, self.everywhere.clone()].concat();
        Ok(format!("{word}{name}: ev{}{behind}{}", quantifier(min, max), filter(&conditions)))
    }

    /// A part behind this word.
    fn element(&mut self, node: &Value, word: &str, writer: &mut Writer<'_>) -> Result<String, String> {
        if let Some(of) = inner(node, "filter") {
            let quant = inner(node, "quant");
            let bound = |name: &str| quant.and_then(|q| q.get(name)).and_then(Value::as_i64);
            let times = if quant.is_some() { (bound("min").unwrap_or(0), bound("max")) } else { (1, Some(1)) };
            return self.step_times(of, word, times, "", writer);
        }
        if let Some(every) = inner(node, "every") {
            return self.every(every, word, writer);
        }
        if let Some(guarded) = inner(node, "guard") {
            return self.guard(node, guarded, word, writer);
        }
        if let Some(ms) = node.get("interval_ms").and_then(Value::as_i64) {
            if !self.begun {
                return Err("a timer from the start".to_string());
            }
            return Ok(format!("{word}no ev for {}ms where false", ms - 1));
        }
        if let Some(absent) = inner(node, "absent") {
            if self.adjacent {
                return Err("an absence in a sequence of adjacent events".to_string());
            }
            if !self.begun {
                return self.quiet(absent, false, "", writer);
            }
            let ms = absent.get("for_ms").and_then(Value::as_i64).ok_or("an absence without a time")?;
            let read = self.filter(absent, None, writer)?;
            return Ok(format!("{word}no ev for {}ms{}", ms - 1, filter(&read.conditions)));
        }
        if let Some(members) = list(node, "or") {
            return self.or(members, word, writer);
        }
        if let Some(members) = list(node, "and") {
            return self.and(members, word, writer);
        }
        if list(node, "seq").is_some() {
            return Ok(format!("{word}{}", self.member(node, writer)?));
        }
        if let Some(repeated) = inner(node, "repeat") {
            return self.repeat(node, repeated, word, writer);
        }
        Err(match inner(node, "not") {
            Some(_) => "a negation that is true at once".to_string(),
            None => "a node that is not known".to_string(),
        })
    }

    /// `a -> every b` reports for each b.
    fn every(&mut self, every: &Value, word: &str, writer: &mut Writer<'_>) -> Result<String, String> {
        if word.is_empty() {
            return Err("every within a part that starts once".to_string());
        }
        if inner(every, "absent").is_some() {
            return Err("an absence that is repeated".to_string());
        }
        match inner(every, "filter") {
            Some(of) if inner(every, "quant").is_none() => self.step(of, " then each ", LIMIT, writer),
            _ => Err("every within a pattern over more than an event".to_string()),
        }
    }

    /// A time from the start of the guarded part, which is the event before it.
    fn guard(&mut self, node: &Value, guarded: &Value, word: &str, writer: &mut Writer<'_>) -> Result<String, String> {
        if node.get("while").is_some() || node.get("max").is_some() || word.is_empty() {
            return Err("a guard that is no window of one event".to_string());
        }
        let ms = node.get("within_ms").and_then(Value::as_i64).ok_or("a guard without a time")?;
        let ms = if self.is_esper { ms - 1 } else { ms };
        if let Some(of) = inner(guarded, "filter") {
            return self.step(of, word, &format!(" within {ms}ms"), writer);
        }
        match inner(guarded, "every").and_then(|e| inner(e, "filter")) {
            Some(of) => self.step(of, " then each ", &format!(" within {ms}ms{LIMIT}"), writer),
            None => Err("a window over a part of a pattern".to_string()),
        }
    }

    /// A member: what stands before it stands before the whole.
    pub fn beside(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<String, String> {
        let begun = self.begun;
        let member = self.member(node, writer);
        self.begun = begun;
        member
    }

    pub fn member(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<String, String> {
        if has_every(node) {
            return Err("every within an alternative or a member".to_string());
        }
        match list(node, "seq") {
            Some(nodes) => {
                if list(node, "max_partials").is_some_and(|p| p.iter().any(|n| !n.is_null())) {
                    return Err("a bound on partial matches per step".to_string());
                }
                Ok(format!("({})", self.sequence(nodes, writer)?))
            }
            None => self.element(node, "", writer),
        }
    }
}

/// Whether anything in a part starts anew.
pub fn has_every(node: &Value) -> bool {
    match node {
        Value::Object(map) => {
            map.contains_key("every") || map.contains_key("every_distinct") || map.values().any(has_every)
        }
        Value::Array(items) => items.iter().any(has_every),
        _ => false,
    }
}
