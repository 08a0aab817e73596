//! Esper and Siddhi: how a pattern starts. Once, at each event, or anew when what was before has ended; what starts anew as a part,
//! or is silent from the start, is a rule of its own.

use serde_json::Value;

use super::fields::quoted;
use super::rule::{Rule, Writer, disjoint, filter};
use super::tree::{Opening, Tree, has_end, has_every, inner, is_event, is_optional, list, waits};
use super::tree_sides::Role;

fn once_only(rule: Rule) -> Rule {
    Rule { runs: Some("1"), once: true, skip: "past last event".to_string(), ..rule }
}

impl Tree {
    pub fn top(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
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
        if let Some(members) = list(node, "or")
            && self.is_esper
            && !members.iter().all(is_event)
        {
            return self.top_alternatives(members, writer);
        }
        if inner(node, "interval_ms").is_some() {
            return Err("a timer from the start".to_string());
        }
        if inner(node, "quant").is_some_and(|quant| quant.get("min").and_then(Value::as_i64).unwrap_or(0) == 0) {
            return Err("an empty match".to_string());
        }
        self.opening = self.opening_of(std::slice::from_ref(node), writer)?;
        let seq = self.element(node, "", writer)?;
        Ok(once_only(Rule { seq, ..Rule::default() }))
    }

    /// Alternatives that start once: each a rule of its own, and the first alert of any of them is the match.
    fn top_alternatives(&mut self, members: &[Value], writer: &mut Writer<'_>) -> Result<Rule, String> {
        let mut ends: Vec<Role> = Vec::new();
        let mut texts = Vec::new();
        let mut handed = Vec::new();
        for member in members {
            if has_every(member) || waits(member) {
                return Err("every within an alternative or a member".to_string());
            }
            let last = list(member, "seq").and_then(|nodes| nodes.last()).unwrap_or(member);
            let roles = self.roles(last, writer)?;
            if roles.iter().any(|role| ends.iter().any(|end| !disjoint(Some(&role.whole), Some(&end.whole)))) {
                return Err("one event in two roles".to_string());
            }
            ends.extend(roles);
            let known: Vec<String> = writer.steps.keys().cloned().collect();
            self.begun = false;
            let rule = self.top(member, writer)?;
            self.everywhere.clear();
            let is_own = |(name, _): &(String, String)| !known.iter().any(|known| name == &format!("ids_{known}"));
            let ids: Vec<(String, String)> = writer.name_events().into_iter().filter(is_own).collect();
            let name = format!("alternative{}", self.helpers.len());
            self.helpers.push(Rule { with: ids.clone(), ..rule }.text(&name));
            let step = writer.step("_alternative", false, true);
            handed.extend(writer.hand_on(&ids, &step));
            texts.push(format!("{step}: {name}"));
        }
        self.handed = handed;
        Ok(once_only(Rule { seq: format!("any of ({})", texts.join(", ")), ..Rule::default() }))
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
        self.top(guarded, writer)
    }

    /// `every` over a whole: a new one starts when the one before has ended.
    fn top_every(&mut self, every: &Value, writer: &mut Writer<'_>) -> Result<Rule, String> {
        if inner(every, "every").is_some() {
            return Err("every within every".to_string());
        }
        if let Some(absent) = inner(every, "absent") {
            let quiet = self.quiet(absent, true, "", writer)?;
            return self.behind_quiet(quiet, every, &[], writer);
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
                if nodes.last().is_some_and(is_optional) {
                    return Err("a new start behind a last part that may be empty".to_string());
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
                let quiet = self.quiet(absent, true, "", writer)?;
                return self.behind_quiet(quiet, every, others, writer);
            }
            if inner(every, "filter").is_none() {
                if self.window_ms.is_some() && others.iter().any(|node| inner(node, "filter").is_none()) {
                    return Err("a window over a part that starts anew and more than events".to_string());
                }
                let seq = self.before(every, false, writer)? + &self.followers(every, others, writer)?;
                return Ok(named(Rule { seq, ..Rule::default() }));
            }
            if inner(every, "quant").is_some() {
                return Err("one shared run per counting state".to_string());
            }
            let seq = self.element(every, "", writer)? + &self.followers(every, others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        if let Some(absent) = inner(first, "absent") {
            let quiet = self.quiet(absent, false, " where count() over forever == 1", writer)?;
            return self.behind_quiet(quiet, first, others, writer);
        }
        if let Some(filter) = inner(first, "filter")
            && inner(first, "quant").is_none()
        {
            // The first that fits, ever: of a sequence of adjacent events, the first event of all.
            let read = self.filter(filter, None, writer)?;
            let which = if self.adjacent { Vec::new() } else { read.conditions };
            let counted = format!("count({}) over forever == 1", super::rule::filter(&which).trim_start());
            self.everywhere.push(counted);
            let begin = self.element(first, "", writer);
            self.everywhere.pop();
            let seq = begin? + &self.followers(first, others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        if list(first, "and").is_some_and(|members| members.iter().all(is_event))
            && self.window_ms.is_none()
            && others.iter().any(|node| has_end(node) || has_every(node))
        {
            // What ends the run must not let it start again.
            let seq = self.before(first, true, writer)? + &self.followers(first, others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        if let [open, silence] = nodes
            && !self.adjacent
            && let Some(rule) = self.open_and_silent(open, silence, writer)?
        {
            return Ok(rule);
        }
        if let Some(members) = list(first, "or").filter(|members| members.iter().all(is_event)) {
            // The first that fits any of them, ever.
            let which = if self.adjacent { Vec::new() } else { self.any_event(first, writer)?.conditions };
            self.everywhere.push(format!("count({}) over forever == 1", filter(&which).trim_start()));
            let begin = self.or(members, "", writer);
            self.everywhere.pop();
            let seq = begin? + &self.followers(first, others, writer)?;
            return Ok(named(Rule { seq, ..Rule::default() }));
        }
        self.opening = self.opening_of(nodes, writer)?;
        let starts_once = self.opening.is_some();
        let seq = self.sequence(nodes, writer)?;
        Ok(if starts_once {
            named(Rule { seq, ..Rule::default() })
        } else {
            once_only(Rule { seq, ..Rule::default() })
        })
    }

    /// A loop of one or more, and a silence that is counted from its first event while the loop goes on.
    fn open_and_silent(
        &mut self,
        open: &Value,
        silence: &Value,
        writer: &mut Writer<'_>,
    ) -> Result<Option<Rule>, String> {
        let Some(of) = inner(open, "filter") else { return Ok(None) };
        let Some(quant) = inner(open, "quant") else { return Ok(None) };
        let is_open = quant.get("min").and_then(Value::as_i64) == Some(1) && quant["max"].is_null();
        let absent = inner(silence, "absent").filter(|_| is_open && self.window_ms.is_none());
        let Some(ms) = absent.and_then(|absent| absent.get("for_ms")).and_then(Value::as_i64) else { return Ok(None) };
        self.opening = self.opening_of(std::slice::from_ref(open), writer)?;
        let begin = self.step(of, "", "", writer)?;
        let more = self.step_times(of, " then ", (0, None), " greedy", writer)?;
        let ends = self.filter(&silence["absent"], None, writer)?.conditions;
        // The clock's end is no end of the silence.
        writer.to_end = true;
        self.window_ms = Some(ms - 1);
        Ok(Some(Rule {
            seq: begin + &more,
            without: vec![format!("ev where (({})) or type is null", ends.join(") and ("))],
            skip: "none".to_string(),
            ..Rule::default()
        }))
    }

    /// What the first event of a pattern that begins with a loop is alone in: of adjacent events, the first of all.
    fn opening_of(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<Option<Opening>, String> {
        if self.adjacent {
            return Ok(Some(Opening { alone: "count() over forever == 1".to_string(), taken: Vec::new() }));
        }
        let mut firsts = Vec::new();
        for node in nodes {
            let repeated = inner(node, "repeat").filter(|_| node.get("until").is_none_or(Value::is_null));
            let Some(of) = inner(repeated.unwrap_or(node), "filter") else { return Ok(None) };
            let conditions = match self.filter(of, None, writer) {
                Ok(read) => read.conditions,
                // It looks at what was taken before.
                Err(_) => return Ok(None),
            };
            firsts.push(filter(&conditions).replacen(" where ", "", 1));
            if !is_optional(node) {
                break;
            }
        }
        let any: Vec<String> = firsts.iter().map(|first| format!("({first})")).collect();
        let is_loop = nodes.first().is_some_and(|node| !is_event(node));
        let alone = format!("count(where {}) over forever == 1", any.join(" or "));
        Ok((is_loop && !firsts.contains(&String::new())).then_some(Opening { alone, taken: Vec::new() }))
    }

    /// What stands behind a silence from the start. The window begins with the first event.
    fn behind_quiet(
        &mut self,
        quiet: String,
        first: &Value,
        others: &[Value],
        writer: &mut Writer<'_>,
    ) -> Result<Rule, String> {
        let behind = self.followers(first, others, writer)?;
        let seq = match (self.window_ms, others) {
            (Some(_), others) if others.iter().any(|node| inner(node, "filter").is_none()) => {
                return Err("a window behind a silence over more than events".to_string());
            }
            (None, _) | (_, [] | [_]) => quiet + &behind,
            (Some(ms), _) => format!("{quiet} then ({}) over {ms}ms", behind.trim_start_matches(" then ")),
        };
        self.window_ms = None;
        Ok(Rule { seq, skip: "none".to_string(), ..Rule::default() })
    }

    /// A silence that is counted from the start is a rule of its own, whose alerts are events.
    pub fn quiet(
        &mut self,
        absent: &Value,
        again: bool,
        which: &str,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        if self.adjacent {
            return Err("an absence in a sequence of adjacent events".to_string());
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
        // What repeats does so up to the newest event.
        writer.to_end |= again;
        self.helpers.push(format!(
            "rule {name} {{\n  match no ev for {}ms{}\n  alert info \"quiet\"{repeat}\n}}\n",
            ms - 1,
            filter(&read.conditions)
        ));
        writer.from_zero = true;
        let step = writer.step("_quiet", false, true);
        Ok(format!("{step}: {name}{which}"))
    }

    /// The first part of a sequence as a rule of its own, which starts `once`, or anew when it is complete. Its alerts carry what
    /// later conditions may ask for.
    fn before(&mut self, every: &Value, once: bool, writer: &mut Writer<'_>) -> Result<String, String> {
        let nodes = list(every, "seq").or_else(|| list(every, "and")).or_else(|| list(every, "or"));
        if self.adjacent || self.keyed || !nodes.is_some_and(|nodes| nodes.iter().all(is_event)) {
            return Err("every over more than single events".to_string());
        }
        self.again = !once;
        let mut first = None;
        let seq = match list(every, "seq").and_then(|nodes| nodes.split_first()) {
            Some((begin, others)) => {
                let begun = self.element(begin, "", writer)?;
                first = self.last.clone();
                begun + &self.followers(begin, others, writer)?
            }
            None => self.element(every, "", writer)?,
        };
        let ids = writer.name_events();
        let names: Vec<String> = ids.iter().map(|(name, _)| name.trim_start_matches("ids_").to_string()).collect();
        let fields: Vec<String> = writer.fields.iter().map(|(field, _)| field.to_string()).collect();
        let value = |step: &String| {
            let of = |field: &String| (format!("{step}_{field}"), format!("{step}.{}", quoted(field)));
            fields.iter().map(of).collect::<Vec<_>>()
        };
        let mut with = [ids.clone(), names.iter().flat_map(value).collect()].concat();
        let name = format!("part{}", self.helpers.len());
        let step = writer.step("_part", false, true);
        if let Some(ms) = self.window_ms {
            // The window begins with the part's first event.
            let (first, _) = first.ok_or("a window over a part of events in any order")?;
            with.push(("began".to_string(), format!("{first}.at")));
            self.everywhere.push(format!("at - {step}.began <= {ms}ms"));
        }
        let part = Rule { seq, runs: Some("1"), within_ms: self.window_ms, once, with, ..Rule::default() };
        self.helpers.push(part.text(&name));
        for variable in writer.variables.values_mut() {
            let of = variable.steps.iter_mut().filter(|of| names.contains(&of.name));
            of.for_each(|of| of.via = Some(step.clone()));
        }
        self.handed = writer.hand_on(&ids, &step);
        Ok(format!("{step}: {name}"))
    }
}
