//! Which joins a plan needs, and in which order they follow each other.
//!
//! All look-ups of a rule at the events of one stream make a chain of joins, one for each row that is looked up; rules whose
//! chains begin alike share them. A view whose own look-ups, or whose readers' streams, would bring its output back to it
//! is kept twice: what is asked of a later stage is asked of a later copy.

use std::collections::{BTreeMap, BTreeSet};

use super::exprs::look_ups;
use super::order::Reads;
use super::{Added, Join};
use crate::expr::canonical;
use tripline_query_lang::plan::{
    Body, Expr, ExprKind, Origin, Plan, Rule, RuleId, Sight, StreamId, TableId, Threshold,
};
use tripline_query_lang::value::Value;

/// A row that is looked up: the view, its place in the order of rules, and the canonical text of the key.
pub(super) type Asked = (usize, Vec<String>);

/// The joins of a plan, and what each rule reads.
pub(super) struct Chains<'p> {
    plan: &'p Plan,
    /// By running rule: the rule of the plan that it is a copy of; those of the plan come first.
    pub rules: Vec<usize>,
    /// The columns of each are in `added`, which grows until all rules were looked at.
    pub joins: Vec<Join>,
    /// What the joins find, by join.
    pub added: Vec<BTreeSet<Added>>,
    /// By rule of the plan and stream: the row that each join of the chain finds, in order.
    pub chains: Vec<BTreeMap<StreamId, Vec<(Asked, usize)>>>,
    known: BTreeMap<(StreamId, Asked), usize>,
    /// By running rule: the rules whose output it needs.
    needs: Vec<BTreeSet<usize>>,
    /// By running rule: how far it stays behind the watermark.
    lag_us: Vec<i64>,
    /// By rule of the plan: the copies of a view, itself the first; whether anybody asks them.
    copies: Vec<Vec<(usize, bool)>>,
    /// By rule of the plan: its place in the order in which rules are looked at.
    rank: Vec<usize>,
}

impl<'p> Chains<'p> {
    pub fn of(plan: &'p Plan, reads: &Reads, idle: &[bool]) -> Chains<'p> {
        let count = plan.rules.len();
        let order = reads.order();
        let mut rank = vec![0; count];
        order.iter().enumerate().for_each(|(place, rule)| rank[*rule] = place);
        let mut chains = Chains {
            plan,
            rules: (0..count).collect(),
            joins: Vec::new(),
            added: Vec::new(),
            chains: vec![BTreeMap::new(); count],
            known: BTreeMap::new(),
            needs: vec![BTreeSet::new(); count],
            lag_us: vec![0; count],
            copies: (0..count).map(|rule| vec![(rule, false)]).collect(),
            rank,
        };
        order.into_iter().filter(|rule| !idle[*rule]).for_each(|rule| chains.rule(rule));
        chains
    }

    /// The stream that a rule reads in place of one of the plan.
    pub fn form(&self, rule: usize, stream: StreamId) -> StreamId {
        let chain = self.chains[rule].get(&stream).and_then(|chain| chain.last());
        chain.map_or(stream, |(_, join)| self.joins[*join].to)
    }

    /// The join that finds this row at the events of a stream.
    pub fn join(&self, rule: usize, stream: StreamId, asked: &Asked) -> Option<usize> {
        let chain = self.chains[rule].get(&stream)?;
        chain.iter().find(|(row, _)| row == asked).map(|(_, join)| *join)
    }

    fn rule(&mut self, index: usize) {
        let mut asked: BTreeMap<StreamId, BTreeMap<(usize, Asked), Ask>> = BTreeMap::new();
        let rule = &self.plan.rules[index];
        look_ups(rule, &mut |sight, table, expr| {
            for (stream, key) in keys(rule, sight, expr) {
                let Some((view, added)) = self.found(table, expr) else { continue };
                let row = (view, key_text(&key));
                let asked = asked.entry(stream).or_default().entry((self.rank[view], row));
                asked.or_insert_with(|| Ask { key, added: BTreeSet::new() }).added.insert(added);
            }
        });
        for (stream, rows) in asked {
            let mut from = stream;
            for ((_, row), ask) in rows {
                let join = self.extend(from, &row, ask);
                from = self.joins[join].to;
                self.chains[index].entry(stream).or_default().push((row, join));
            }
        }
        for stream in rule.reads() {
            let form = self.form(index, stream);
            let maker = self.maker(form);
            self.needs[index].extend(maker);
            self.lag_us[index] = self.lag_us[index].max(self.stream_lag_us(form));
        }
    }

    /// The view that keeps a table, and what of its row an expression asks for.
    fn found(&self, table: TableId, expr: &Expr) -> Option<(usize, Added)> {
        let view = self.plan.tables.get(table.index())?.view()?.index();
        Some((view, added(&self.plan.rules[view], expr)))
    }

    fn extend(&mut self, from: StreamId, row: &Asked, ask: Ask) -> usize {
        if let Some(join) = self.known.get(&(from, row.clone())).copied() {
            self.added[join].extend(ask.added);
            return join;
        }
        let view = self.copy(row.0, from);
        let join = self.joins.len();
        let to = StreamId((self.plan.streams.len() + join) as u32);
        let (view, original) = (RuleId(view as u32), RuleId(row.0 as u32));
        self.joins.push(Join { view, original, from, to, key: ask.key, added: Vec::new(), filter: None });
        self.added.push(ask.added);
        self.known.insert((from, row.clone()), join);
        join
    }

    /// The copy of a view that can be asked at the events of a stream: nothing of it has gone into them, and it stays as far
    /// behind the watermark as they do.
    fn copy(&mut self, view: usize, from: StreamId) -> usize {
        let lag_us = self.own_lag_us(view).max(self.stream_lag_us(from));
        let maker = self.maker(from);
        let fits = |(copy, asked): &&(usize, bool)| {
            (!asked || self.lag_us[*copy] == lag_us) && !maker.is_some_and(|maker| self.reaches(maker, *copy))
        };
        let found = self.copies[view].iter().find(fits).map(|(copy, _)| *copy);
        let copy = found.unwrap_or_else(|| {
            self.rules.push(view);
            self.needs.push(self.own_needs(view));
            self.lag_us.push(lag_us);
            self.copies[view].push((self.rules.len() - 1, true));
            self.rules.len() - 1
        });
        self.copies[view].iter_mut().filter(|(other, _)| *other == copy).for_each(|(_, asked)| *asked = true);
        self.lag_us[copy] = lag_us;
        self.needs[copy].extend(maker);
        copy
    }

    /// What a view needs for its own events, whoever asks it.
    fn own_needs(&self, view: usize) -> BTreeSet<usize> {
        let forms = self.plan.rules[view].reads().into_iter().map(|stream| self.form(view, stream));
        forms.filter_map(|form| self.maker(form)).collect()
    }

    fn own_lag_us(&self, view: usize) -> i64 {
        let forms = self.plan.rules[view].reads().into_iter().map(|stream| self.form(view, stream));
        forms.map(|form| self.stream_lag_us(form)).max().unwrap_or(0)
    }

    /// The running rule that makes a stream.
    fn maker(&self, stream: StreamId) -> Option<usize> {
        match self.plan.streams.get(stream.index()) {
            Some(of_plan) => match of_plan.origin {
                Origin::Derived { rule, .. } => Some(rule.index()),
                Origin::Input | Origin::Widened { .. } => None,
            },
            None => Some(self.joins[stream.index() - self.plan.streams.len()].view.index()),
        }
    }

    /// How far behind the watermark a stream's events may come about.
    fn stream_lag_us(&self, stream: StreamId) -> i64 {
        let Some(maker) = self.maker(stream) else { return 0 };
        let settles_us = self.plan.rules[self.rules[maker]].settles_within_us().unwrap_or(i64::MAX);
        self.lag_us[maker].saturating_add(settles_us)
    }

    /// Whether what the one needs leads to the other.
    fn reaches(&self, one: usize, other: usize) -> bool {
        let (mut open, mut seen) = (vec![one], BTreeSet::new());
        while let Some(rule) = open.pop() {
            if rule == other {
                return true;
            }
            if seen.insert(rule) {
                open.extend(&self.needs[rule]);
            }
        }
        false
    }
}

/// A row that a rule looks up.
struct Ask {
    key: Vec<Expr>,
    added: BTreeSet<Added>,
}

pub(super) fn key_text(key: &[Expr]) -> Vec<String> {
    key.iter().map(canonical).collect()
}

/// What of a view's row a look-up asks for.
pub(super) fn added(view: &Rule, expr: &Expr) -> Added {
    match expr.kind {
        ExprKind::Lookup { field, .. } => match field.index().checked_sub(view.keys.len()) {
            Some(emitted) => Added::Field(emitted as u32),
            None => Added::Key(field.0),
        },
        _ => Added::Listed,
    }
}

/// The streams at whose events a look-up is made, with its key over the fields of each.
pub(super) fn keys(rule: &Rule, sight: Sight, look_up: &Expr) -> Vec<(StreamId, Vec<Expr>)> {
    let (ExprKind::Lookup { key, .. } | ExprKind::Listed { key, .. }) = &look_up.kind else { return Vec::new() };
    match (sight, &rule.body) {
        (Sight::Stream(stream), _) => vec![(stream, key.clone())],
        (Sight::Slots, Body::Threshold(threshold)) => {
            let of_clause = |clause: usize| {
                let key = key.iter().map(|part| in_clause(threshold, clause, part)).collect();
                (threshold.on[clause].stream, key)
            };
            (0..threshold.on.len()).map(of_clause).collect()
        }
        _ => Vec::new(),
    }
}

/// An expression over slots as one over the fields of a clause's stream.
fn in_clause(threshold: &Threshold, clause: usize, expr: &Expr) -> Expr {
    let on = &threshold.on[clause];
    let mut expr = expr.clone();
    match expr.kind {
        ExprKind::Slot(slot) => {
            let field = on.fields.get(slot.index()).copied().flatten();
            expr.kind = field.map_or(ExprKind::Const(Value::Null), ExprKind::Field);
        }
        ExprKind::Key(part) => {
            if let Some(key) = on.keys.get(part as usize) {
                return key.clone();
            }
        }
        _ => {
            for child in expr.children_mut() {
                *child = in_clause(threshold, clause, child);
            }
        }
    }
    expr
}
