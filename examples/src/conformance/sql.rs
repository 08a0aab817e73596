//! Row patterns (MATCH_RECOGNIZE, Esper's row recognition): rows are adjacent, the first match in preference order counts.
//!
//! The source goes back when a choice turns out wrong; a run does not. So a case is said only where the choice is plain
//! from each row alone, or where all matches are wanted.

use serde_json::{Map, Value};

use super::ambiguity;
use super::case::Case;
use super::notation::Expr;
use super::rule::{LIMIT, Rule, Writer, disjoint, filter, quantifier, skip};
use super::sql_ways::{every_way, parts};

/// What the source reports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The preferred match per start.
    Preferred,
    /// Every way to match.
    All,
    /// As soon as it can end.
    Earliest,
}

/// Writes the rules of a case; several where all matches are wanted and there are alternatives.
pub fn rules(case: &Case, writer: &mut Writer<'_>) -> Result<Vec<Rule>, String> {
    writer.rows = true;
    let mode = match case.mode.as_deref() {
        Some("all_matches") => Mode::All,
        // Nothing is passed over, and every end of every start is reported.
        Some("stream") if matches!(case.skip.as_str(), "current_row" | "none" | "") => Mode::All,
        Some("stream") => Mode::Earliest,
        _ => Mode::Preferred,
    };
    let mut translator = Sql { case, mode };
    let patterns = match mode {
        Mode::All => every_way(&case.pattern, case, writer)?,
        _ => vec![case.pattern.clone()],
    };
    if mode == Mode::All && case.mode.as_deref() == Some("stream") && !case.all_matches {
        let whole = parts(&case.pattern, case, writer)?;
        if patterns.len() > 1 && ambiguity::is_ambiguous(&whole) {
            return Err("the preferred of several matches of the same rows".to_string());
        }
    }
    let mut rules = Vec::new();
    for pattern in &patterns {
        if mode != Mode::All && may_be_empty(pattern) {
            return Err("an empty match".to_string());
        }
        if mode == Mode::All {
            writer.variables.clear();
        }
        let seq = translator.sequence(pattern, false, false, None, writer)?;
        let by: Vec<String> = case.partition_by.iter().map(|f| super::fields::quoted(f)).collect();
        let skip = if mode == Mode::All { "none".to_string() } else { skip(&case.skip, writer)? };
        rules.push(Rule { by: super::keys(&by), seq, skip, ..Rule::default() });
    }
    Ok(rules)
}

struct Sql<'a> {
    case: &'a Case,
    mode: Mode,
}

/// How often, and whether rather more.
pub fn quant(node: &Value) -> (i64, Option<i64>, bool) {
    let Some(quant) = node.get("quant").and_then(Value::as_object) else { return (1, Some(1), true) };
    let min = quant.get("min").and_then(Value::as_i64).unwrap_or(1);
    (min, quant.get("max").and_then(Value::as_i64), quant.get("greedy").and_then(Value::as_bool).unwrap_or(true))
}

/// A node's list of that name.
pub fn list<'v>(node: &'v Value, name: &str) -> Option<&'v Vec<Value>> {
    node.get(name).and_then(Value::as_array)
}

/// Whether no row will do.
pub fn may_be_empty(nodes: &[Value]) -> bool {
    nodes.iter().all(|node| {
        quant(node).0 == 0
            || list(node, "group").or(list(node, "exclude")).is_some_and(|inner| may_be_empty(inner))
            || list(node, "or").is_some_and(|lists| lists.iter().filter_map(Value::as_array).any(|l| may_be_empty(l)))
            || node.get("empty").is_some()
    })
}

impl Sql<'_> {
    fn condition(&self, variable: &str, writer: &mut Writer<'_>) -> Result<Option<Expr>, String> {
        let text = self.case.define.get(variable).and_then(Value::as_str);
        Ok(writer.read(text)?.filter(|c| *c != Expr::Bool(true)))
    }

    /// The conditions of all events that a sequence may begin with.
    fn firsts(&self, nodes: &[Value], writer: &mut Writer<'_>) -> Result<Vec<Option<Expr>>, String> {
        let mut firsts = Vec::new();
        for node in nodes {
            if let Some(variable) = node.get("var").and_then(Value::as_str) {
                firsts.push(self.condition(variable, writer)?);
            }
            if let Some(inner) = list(node, "group").or(list(node, "exclude")) {
                firsts.extend(self.firsts(inner, writer)?);
            }
            for inner in list(node, "or").or(list(node, "permute")).into_iter().flatten() {
                firsts.extend(self.firsts(inner.as_array().map_or(&[][..], Vec::as_slice), writer)?);
            }
            if !may_be_empty(std::slice::from_ref(node)) {
                break;
            }
        }
        Ok(firsts)
    }

    fn are_disjoint(&self, alternatives: &[Vec<Value>], writer: &mut Writer<'_>) -> Result<bool, String> {
        let firsts = alternatives.iter().map(|a| self.firsts(a, writer)).collect::<Result<Vec<_>, _>>()?;
        Ok(firsts.iter().enumerate().all(|(i, a)| firsts[i + 1..].iter().all(|b| all_disjoint(a, b))))
    }

    /// A sequence; `follow` are the nodes behind it, as far as they matter for a choice inside.
    fn sequence(
        &mut self,
        nodes: &[Value],
        is_loop: bool,
        empty: bool,
        follow: Option<&[Option<Expr>]>,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        let mut text = String::new();
        for (position, node) in nodes.iter().enumerate() {
            let rest = &nodes[position + 1..];
            let is_certain = may_be_empty(rest) && follow.is_none();
            if is_certain && self.mode == Mode::Preferred && matches!(quant(node), (0, _, false)) {
                continue;
            }
            let mut next = self.firsts(rest, writer)?;
            if may_be_empty(rest) {
                next.extend(follow.unwrap_or_default().iter().cloned());
            }
            let is_last = is_certain;
            if !text.is_empty() {
                text.push_str(" next ");
            }
            text.push_str(&self.node(node, is_loop, empty, &next, is_last, rest.is_empty(), writer)?);
        }
        Ok(text)
    }

    #[expect(clippy::too_many_arguments, reason = "what stands around a node")]
    fn node(
        &mut self,
        node: &Value,
        is_loop: bool,
        empty: bool,
        next: &[Option<Expr>],
        is_last: bool,
        is_end: bool,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        if node.get("anchor").is_some() {
            return Err("an anchor at the first or last row".to_string());
        }
        if node.get("empty").is_some() {
            return Err("an empty pattern".to_string());
        }
        let (min, mut max, greedy) = quant(node);
        if is_last && !greedy && self.mode == Mode::Preferred {
            // What comes behind never asks for more.
            max = Some(min);
        }
        let has_choice = max != Some(min);
        let own = self.firsts(std::slice::from_ref(node), writer)?;
        let words = self.words(has_choice, greedy, max, &own, next, is_last && is_end)?;
        let times = quantifier(min, max);
        let inner_loop = is_loop || max != Some(1);
        let inner_empty = empty || min == 0;
        let mut follow = next.to_vec();
        if max != Some(1) {
            follow.extend(own.clone());
        }
        let follow = if is_last && max == Some(1) && next.is_empty() { None } else { Some(follow.as_slice()) };
        if let Some(variable) = node.get("var").and_then(Value::as_str) {
            let name = writer.step(variable, inner_loop, inner_empty);
            let condition = self.condition(variable, writer)?;
            let printed = condition.map(|c| writer.print(&c, Some((variable, &name)))).transpose()?;
            let conditions: Vec<String> = printed.into_iter().collect();
            return Ok(format!("{name}: ev{times}{words}{}", filter(&conditions)));
        }
        if let Some(inner) = list(node, "group").or(list(node, "exclude")) {
            let inside = self.sequence(inner, inner_loop, inner_empty, follow, writer)?;
            let plain = times.is_empty() && words.is_empty();
            let is_group = inside.starts_with("any of") || inside.starts_with("all of");
            return Ok(if plain && is_group && inner.len() == 1 {
                inside
            } else {
                format!("({inside}){times}{words}")
            });
        }
        if let Some(lists) = list(node, "or") {
            return self.alternatives(lists, inner_loop, follow, writer);
        }
        if let Some(lists) = list(node, "permute") {
            if self.case.all_matches {
                return Err("every order of a permutation that fits".to_string());
            }
            return self.permutations(lists, inner_loop, writer);
        }
        Err("a node that is not known".to_string())
    }

    /// The words behind a quantifier. All matches: every length. Otherwise the loop goes on, or stops, as the source
    /// prefers; where an event could do either, only what cannot turn out wrong later is said.
    fn words(
        &self,
        has_choice: bool,
        greedy: bool,
        max: Option<i64>,
        own: &[Option<Expr>],
        next: &[Option<Expr>],
        is_last: bool,
    ) -> Result<String, String> {
        let consecutive = if max == Some(1) { "" } else { " consecutive" };
        if !has_choice {
            return Ok(consecutive.to_string());
        }
        if self.mode == Mode::All {
            return Ok(format!(" each{consecutive}{LIMIT}"));
        }
        if is_last && next.is_empty() {
            return Ok(if greedy && self.mode == Mode::Preferred {
                format!(" greedy{consecutive}")
            } else {
                consecutive.to_string()
            });
        }
        if !all_disjoint(own, next) {
            return Err("a choice that the source takes back when it turns out wrong".to_string());
        }
        let greedy = if greedy || self.mode == Mode::Earliest { " greedy" } else { "" };
        Ok(format!("{greedy}{consecutive}"))
    }

    fn members(
        &mut self,
        lists: &[Value],
        is_loop: bool,
        empty: bool,
        follow: Option<&[Option<Expr>]>,
        writer: &mut Writer<'_>,
    ) -> Result<Vec<String>, String> {
        let mut members = Vec::new();
        for inner in lists {
            let inner = inner.as_array().map_or(&[][..], Vec::as_slice);
            let text = self.sequence(inner, is_loop, empty, follow, writer)?;
            members.push(if inner.len() > 1 { format!("({text})") } else { text });
        }
        Ok(members)
    }

    /// Alternatives of equally many rows each, whose labels no other condition asks for: they end at the same row, and the
    /// first in the text is the one that the source prefers.
    fn are_alike(&self, alternatives: &[Vec<Value>], writer: &mut Writer<'_>) -> Result<bool, String> {
        let Some(labels) = alternatives.iter().map(|nodes| plain(nodes)).collect::<Option<Vec<_>>>() else {
            return Ok(false);
        };
        if labels.iter().any(|of| of.len() != labels[0].len()) {
            return Ok(false);
        }
        let labels = labels.concat();
        for variable in self.case.define.keys() {
            let others: Vec<&str> = labels.iter().copied().filter(|label| label != variable).collect();
            if self.condition(variable, writer)?.is_some_and(|condition| names(&condition, &others)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `permute` of plain rows: every order is an alternative, the first in the text preferred.
    fn permutations(&mut self, lists: &[Value], is_loop: bool, writer: &mut Writer<'_>) -> Result<String, String> {
        let members: Vec<Value> = lists.iter().filter_map(Value::as_array).flatten().cloned().collect();
        if plain(&members).is_none() || members.len() != lists.len() || members.len() > 4 {
            return Err("a permutation of more than single rows".to_string());
        }
        let mut texts = Vec::new();
        for order in orders(members.len()) {
            let nodes: Vec<Value> = order.iter().map(|i| members[*i].clone()).collect();
            texts.push(format!("({})", self.sequence(&nodes, is_loop, true, Some(&[]), writer)?));
        }
        Ok(format!("any of ({})", texts.join(", ")))
    }

    fn alternatives(
        &mut self,
        lists: &[Value],
        is_loop: bool,
        follow: Option<&[Option<Expr>]>,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        let nodes: Vec<Vec<Value>> = lists.iter().map(|l| l.as_array().cloned().unwrap_or_default()).collect();
        if nodes.iter().any(|nodes| may_be_empty(nodes)) {
            return Err("an alternative that may be empty".to_string());
        }
        if !self.are_disjoint(&nodes, writer)?
            && (self.case.all_matches || self.mode == Mode::All || !self.are_alike(&nodes, writer)?)
        {
            return Err("alternatives that begin alike".to_string());
        }
        Ok(format!("any of ({})", self.members(lists, is_loop, true, follow, writer)?.join(", ")))
    }
}

/// The variables of plain steps of one row each; none where there is anything else.
fn plain(nodes: &[Value]) -> Option<Vec<&str>> {
    nodes.iter().map(|node| node.get("var").and_then(Value::as_str).filter(|_| node.get("quant").is_none())).collect()
}

/// Whether an expression names one of these variables.
fn names(expr: &Expr, variables: &[&str]) -> bool {
    let any = |parts: &[&Expr]| parts.iter().any(|part| names(part, variables));
    match expr {
        Expr::Name(name) => variables.contains(&name.as_str()),
        Expr::Member(a, _) | Expr::Not(a) | Expr::Negate(a) | Expr::IsNull(a, _) => names(a, variables),
        Expr::Index(a, b) | Expr::Binary(_, a, b) => any(&[a, b]),
        Expr::Between(a, b, c, _) => any(&[a, b, c]),
        Expr::In(a, list, _) => names(a, variables) || list.iter().any(|e| names(e, variables)),
        Expr::Call(_, args) => args.iter().any(|e| names(e, variables)),
        Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(_) => false,
    }
}

/// Every order of so many things, in the order of the text.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 0..count {
        for rest in orders(count - 1) {
            let rest = rest.into_iter().map(|i| if i >= first { i + 1 } else { i });
            all.push([first].into_iter().chain(rest).collect());
        }
    }
    all
}

fn all_disjoint(a: &[Option<Expr>], b: &[Option<Expr>]) -> bool {
    a.iter().all(|a| b.iter().all(|b| disjoint(a.as_ref(), b.as_ref())))
}

/// Rows in the order of `order_by`, equal ones in the order of the list; every row has a moment of its own.
pub fn in_order(case: &Case, events: &mut [super::case::Event]) {
    let value = |event: &super::case::Event, name: &str| event.attributes.get(name).cloned();
    events.sort_by(|a, b| {
        let orders = case.order_by.iter().map(|name| match name.strip_prefix('-') {
            Some(name) => compare(value(b, name), value(a, name)),
            None => compare(value(a, name), value(b, name)),
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
}

fn compare(a: Option<Value>, b: Option<Value>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
        }
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(&b),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    }
}

/// An object's text member.
pub fn text<'v>(node: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    node.get(name).and_then(Value::as_str)
}
