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
        window_ms: case.within_ms.into_iter().chain(node.get("within_ms").and_then(Value::as_i64)).min(),
        everywhere: Vec::new(),
        opening: None,
        last: None,
        first: None,
        begun: false,
        nested: false,
        again: false,
        helpers: Vec::new(),
        handed: Vec::new(),
    };
    if !is_esper && may_be_empty(node) {
        return Err("an empty match".to_string());
    }
    let mut rule = tree.top(node, writer)?;
    rule.helpers = tree.helpers;
    rule.with = tree.handed;
    rule.within_ms = tree.window_ms;
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
    pub keyed: bool,
    /// The window that covers the whole, milliseconds.
    pub window_ms: Option<i64>,
    /// Conditions that every step stands under.
    pub everywhere: Vec<String>,
    /// Something stands before what is written.
    pub begun: bool,
    /// It is a side or a member.
    pub nested: bool,
    /// The whole starts anew when it has ended.
    pub again: bool,
    /// The next step may be the one that takes the very first event: what says that one before it did.
    pub opening: Option<Opening>,
    /// The step that is written just before, and whether it is a loop.
    pub last: Option<(String, bool)>,
    /// When the first step that is written took its first event; unknown where that need not be the pattern's first.
    pub first: Option<Option<String>>,
    /// Rules that the pattern is built on.
    pub helpers: Vec<String>,
    /// What the pattern's alerts hand on of those.
    pub handed: Vec<(String, String)>,
}

/// Where the very first event of a pattern may go.
pub struct Opening {
    /// It is the first.
    pub alone: String,
    /// A step before has taken it.
    pub taken: Vec<String>,
}

/// A filter, read.
pub struct Filter {
    pub variable: String,
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

impl Tree {
    pub fn sequence(&mut self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<String, String> {
        let Some((first, others)) = nodes.split_first() else { return Err("an empty sequence".to_string()) };
        if inner(first, "interval_ms").is_some() {
            return Err("a timer from the start".to_string());
        }
        Ok(self.element(first, "", writer)? + &self.followers(first, others, writer)?)
    }

    /// What stands behind this one.
    pub fn followers(&mut self, first: &Value, nodes: &[Value], writer: &mut Writer<'_>) -> Result<String, String> {
        let word = if self.adjacent { " next " } else { " then " };
        self.begun = true;
        if self.window_ms.is_some() && list(first, "and").is_some() && nodes.iter().all(waits) && !nodes.is_empty() {
            return Err("a window over events in any order and the silence behind them".to_string());
        }
        let mut text = String::new();
        let mut before = first;
        // How long the silences directly before have lasted, milliseconds.
        let mut waited = 0;
        for (position, node) in nodes.iter().enumerate() {
            let added = self.everywhere.len();
            self.everywhere.extend(self.leaves_time(node, &nodes[position + 1..])?);
            if is_open_loop(before) && waits(node) {
                return Err("a loop that goes on while a silence is waited for".to_string());
            }
            let hold = inner(node, "absent").and_then(|absent| absent.get("for_ms")).and_then(Value::as_i64);
            match hold {
                Some(ms) if waited > 0 && !self.adjacent => {
                    text.push_str(&self.behind_silence(node, waited, ms, writer)?)
                }
                _ => text.push_str(&self.element(node, word, writer)?),
            }
            self.everywhere.truncate(added);
            waited = hold.map_or(0, |ms| waited + ms);
            before = node;
        }
        Ok(text)
    }

    /// Silences at the end must be over within the window: the last event comes in time for them.
    fn leaves_time(&self, node: &Value, behind: &[Value]) -> Result<Option<String>, String> {
        let hold = |node: &Value| inner(node, "absent").and_then(|absent| absent.get("for_ms")).and_then(Value::as_i64);
        let silence: i64 = behind.iter().filter_map(hold).sum();
        let (Some(ms), Some(Some(first))) = (self.window_ms.filter(|_| silence > 0), &self.first) else {
            return Ok(None);
        };
        if !is_event(node) || !behind.iter().all(|node| hold(node).is_some()) {
            return Ok(None);
        }
        match ms - silence {
            left if left < 0 => Err("a window that is shorter than the silence in it".to_string()),
            left => Ok(Some(format!("at - {first} <= {left}ms"))),
        }
    }

    /// A silence that begins when another one has ended.
    fn behind_silence(
        &mut self,
        node: &Value,
        waited_ms: i64,
        ms: i64,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        let since = match &self.last {
            Some((step, false)) => format!("{step}.at"),
            Some((step, true)) => format!("last({step}.at)"),
            None => return Err("a silence behind a silence behind several events".to_string()),
        };
        let mut conditions = self.filter(&node["absent"], None, writer)?.conditions;
        conditions.push(format!("at - {since} >= {waited_ms}ms"));
        Ok(format!(" then no ev for {}ms{}", waited_ms + ms - 1, filter(&conditions)))
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
        let mut conditions = [read.conditions, self.everywhere.clone()].concat();
        let is_loop = max != Some(1);
        if let Some(mut before) = self.opening.take() {
            let taken = if is_loop { format!("count({name}) > 0") } else { format!("{name}.at is not null") };
            let own = is_loop.then(|| taken.clone());
            let any = before.taken.iter().cloned().chain(own).chain([before.alone.clone()]);
            conditions.push(any.collect::<Vec<_>>().join(" or "));
            before.taken.push(taken);
            self.opening = (min == 0).then_some(before);
        }
        self.last = Some((name.clone(), is_loop));
        let at = if is_loop { format!("first({name}.at)") } else { format!("{name}.at") };
        self.first.get_or_insert((min > 0 && !self.nested).then_some(at));
        Ok(format!("{word}{name}: ev{}{behind}{}", quantifier(min, max), filter(&conditions)))
    }

    /// A part behind this word.
    pub fn element(&mut self, node: &Value, word: &str, writer: &mut Writer<'_>) -> Result<String, String> {
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
            let text = self.or(members, word, writer);
            self.last = None;
            return text;
        }
        if let Some(members) = list(node, "and") {
            let text = self.and(members, word, writer);
            self.last = None;
            return text;
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
        let (begun, nested) = (self.begun, self.nested);
        self.nested = true;
        let member = self.member(node, writer);
        (self.begun, self.nested) = (begun, nested);
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

/// A counting state that may go on when it is complete.
fn is_open_loop(node: &Value) -> bool {
    inner(node, "quant").is_some_and(|quant| quant.get("min") != quant.get("max"))
}

/// A single event.
pub fn is_event(node: &Value) -> bool {
    inner(node, "filter").is_some() && inner(node, "quant").is_none()
}

/// Whether something in a part may end the whole.
pub fn has_end(node: &Value) -> bool {
    match node {
        Value::Object(map) => map.contains_key("absent") || map.contains_key("not") || map.values().any(has_end),
        Value::Array(items) => items.iter().any(has_end),
        _ => false,
    }
}

/// Whether a part waits for a silence.
pub fn waits(node: &Value) -> bool {
    let holds = |node: &Value| inner(node, "absent").is_some_and(|a| a.get("for_ms").is_some_and(|ms| !ms.is_null()));
    holds(node) || ["and", "or"].iter().any(|name| list(node, name).is_some_and(|members| members.iter().any(holds)))
}

/// Whether counting states and silences alone complete a part without an event.
fn may_be_empty(node: &Value) -> bool {
    fn counts(node: &Value) -> bool {
        match node {
            Value::Object(map) => map.contains_key("quant") || map.values().any(counts),
            Value::Array(items) => items.iter().any(counts),
            _ => false,
        }
    }
    fn takes_nothing(node: &Value) -> bool {
        if let Some(inside) = inner(node, "every").or(inner(node, "guard")) {
            return takes_nothing(inside);
        }
        let all = |name: &str| list(node, name).map(|nodes| nodes.iter().all(takes_nothing));
        is_optional(node)
            || inner(node, "absent").is_some()
            || all("seq").or(all("and")).unwrap_or(false)
            || list(node, "or").is_some_and(|nodes| nodes.iter().any(takes_nothing))
    }
    counts(node) && takes_nothing(node)
}

/// A counting state that is content with nothing.
pub fn is_optional(node: &Value) -> bool {
    inner(node, "quant").is_some_and(|quant| quant.get("min").and_then(Value::as_i64).unwrap_or(0) == 0)
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
