//! Key scopes: rules whose keys agree on every stream that they share have one key table and one detector per worker.
//!
//! Rules agree when their key has the same names and types, and when the rows of a stream that both read belong to the
//! same keys. A stream has one *route* for each key that its rows have in the scope: one, except where steps name keys
//! of their own (`pay: transfer by from_account`).

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::interest::{Interest, Part};
use super::predicates::{Answers, Asking, PredicateId, Predicates};
use super::unique::IdProgram;
use crate::event::Bitmap;
use crate::expr::{KeyFn, canonical};
use crate::views::Join;
use tripline_query_lang::plan::{Expr, Plan, Rule, StreamId};
use tripline_query_lang::value::Type;

/// Rules that share a key table, and how events come to them.
pub(super) struct Scope {
    /// The rules, by position in [`super::Program`]'s list, ascending.
    pub rules: Vec<usize>,
    /// The types of the key's parts.
    pub key_types: Vec<Type>,
    /// By stream: one route for each key that its rows have.
    pub routes: Vec<Vec<Route>>,
    /// When its rules see their events.
    pub turn: Turn,
    /// It has no rules: it leaves out the repeats of a stream, whose ids are its keys.
    pub unique: Option<IdProgram>,
}

/// When a rule sees its events. Rules that differ in it share no detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// 0: it reads only what comes from outside; otherwise one more than the rules that it reads.
    pub stage: usize,
    /// How far behind the watermark it stays: events that it reads may come about so much later than their time.
    pub lag_us: i64,
}

/// How rows of a stream come to the rules of a scope.
pub(super) struct Route {
    /// Whose they are.
    pub key: KeyFn,
    /// Which are wanted at all.
    pub wants: Wants,
    /// What each rule does with them; rules in order of the text.
    pub uses: Vec<Use>,
    /// Which of the uses a row comes to.
    pub visits: Visits,
    /// Joins whose events come this way: those without a key are passed on as they are.
    pub joins: Vec<usize>,
    /// Where there are joins: the rows that are wanted for anything else.
    pub own: Option<Wants>,
}

/// Which of a route's uses a row comes to.
pub(super) enum Visits {
    /// All.
    All,
    /// Those, by position, that no index finds; and by predicate of the index those that ask for it.
    Found(Vec<u32>, Vec<Vec<u32>>),
}

/// Which rows of a stream a route takes.
#[derive(Debug)]
pub(super) enum Wants {
    /// All.
    All,
    /// Those for which any of these holds.
    AnyOf(Vec<PredicateId>),
}

/// What one rule does with a route's rows.
#[derive(Debug)]
pub(super) struct Use {
    /// The rule, by position in [`Scope::rules`].
    pub rule: usize,
    /// The roles that rows can play and when: always, where there is no predicate. In order of the text.
    pub roles: SmallVec<[(u32, Option<PredicateId>); 1]>,
    /// The rule's histories that see them.
    pub histories: Vec<usize>,
    /// The rule must see every row.
    pub every: bool,
}

impl Wants {
    /// The wanted rows, given the answers of the stream's predicates.
    pub fn rows(&self, visits: &Visits, answers: &Answers, len: usize) -> Bitmap {
        let Wants::AnyOf(predicates) = self else { return Bitmap::ones(len) };
        let mut rows = Bitmap::zeros(len);
        predicates.iter().filter_map(|predicate| answers.mask(*predicate)).for_each(|mask| unite(&mut rows, mask));
        if let Visits::Found(_, by_predicate) = visits {
            let wanted = |hit: &PredicateId| by_predicate.get(hit.0).is_some_and(|uses| !uses.is_empty());
            let hit = answers.rows_hit().filter(|(_, hits)| hits.iter().any(wanted));
            hit.for_each(|(row, _)| rows.set(row, true));
        }
        rows
    }
}

impl Scope {
    /// Lets rows come to rules by the index of predicates.
    pub fn index(&mut self, predicates: &Predicates) {
        for (stream, routes) in self.routes.iter_mut().enumerate() {
            routes.iter_mut().for_each(|route| route.index(stream, predicates));
        }
    }
}

impl Route {
    fn index(&mut self, stream: usize, predicates: &Predicates) {
        let indexed = |predicate: &Option<PredicateId>| predicate.filter(|p| predicates.is_indexed(stream, *p));
        let (mut always, mut by_predicate, mut any) = (Vec::new(), Vec::new(), false);
        for (position, one) in self.uses.iter().enumerate() {
            let all_indexed = one.roles.iter().all(|(_, predicate)| indexed(predicate).is_some());
            if one.every || !one.histories.is_empty() || !all_indexed {
                always.push(position as u32);
            }
            // Whatever finds the use: the rows that any of its predicates wants are wanted.
            for predicate in one.roles.iter().filter_map(|(_, predicate)| indexed(predicate)) {
                any = true;
                if by_predicate.len() <= predicate.0 {
                    by_predicate.resize_with(predicate.0 + 1, Vec::new);
                }
                by_predicate[predicate.0].push(position as u32);
            }
        }
        if any {
            self.visits = Visits::Found(always, by_predicate);
        }
    }
}

impl Visits {
    /// The uses that a row comes to by way of an index and those that no index finds, by position, ascending.
    pub fn of(&self, answers: &Answers, row: usize, out: &mut Vec<u32>) {
        out.clear();
        let Visits::Found(always, by_predicate) = self else { return };
        out.extend(always);
        let found = answers.hits(row).iter().filter_map(|hit| by_predicate.get(hit.0));
        found.for_each(|uses| out.extend(uses));
        out.sort_unstable();
        out.dedup();
    }
}

/// Adds the rows of `other`; both have the same length.
pub(super) fn unite(rows: &mut Bitmap, other: &Bitmap) {
    rows.words_mut().iter_mut().zip(other.words()).for_each(|(word, other)| *word |= other);
}

/// A scope while rules are being added to it.
struct Draft<'a> {
    turn: Turn,
    key: Vec<(&'a str, &'a Type)>,
    streams: usize,
    /// By stream: the canonical text of each of its keys, with what the rules do there.
    routes: BTreeMap<usize, BTreeMap<Vec<String>, DraftRoute<'a>>>,
    rules: Vec<usize>,
}

struct DraftRoute<'a> {
    key: &'a [Expr],
    uses: Vec<Use>,
    joins: Vec<usize>,
}

/// Sorts rules into scopes, those of earlier stages first. `interests` are by rule, none for those that another looks
/// after; `one_place`: the rule runs under the empty key.
pub(super) fn scopes(
    plan: &Plan,
    turns: &[Turn],
    interests: &[Option<(Vec<Interest<'_>>, bool)>],
    joins: &[Join],
    predicates: &mut Asking,
) -> Vec<Scope> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for (index, ((rule, turn), interests)) in plan.rules.iter().zip(turns).zip(interests).enumerate() {
        let Some((interests, one_place)) = interests else { continue };
        let key = key_of(rule, *one_place);
        let keys = keys_by_stream(interests);
        let is_one = |draft: &Draft<'_>| draft.turn == *turn && draft.key == key && draft.agrees(&keys);
        let place = drafts.iter().position(is_one).unwrap_or_else(|| {
            let streams = plan.streams.len();
            drafts.push(Draft { turn: *turn, key, streams, routes: BTreeMap::new(), rules: Vec::new() });
            drafts.len() - 1
        });
        drafts[place].add(index, interests, predicates);
    }
    drafts.sort_by_key(|draft| draft.turn.stage);
    repeats(plan, joins).chain(drafts.into_iter().map(Draft::finish)).collect()
}

/// The scopes of the streams that have repeats left out, as far as some rule reads them, or a join.
fn repeats(plan: &Plan, joins: &[Join]) -> impl Iterator<Item = Scope> {
    let mut read = plan.streams_read();
    joins.iter().for_each(|join| read[join.from.index()] = true);
    plan.streams.iter().enumerate().filter_map(move |(stream, declared)| {
        let unique = declared.unique.as_ref().filter(|_| read[stream])?;
        let (program, key_types) = IdProgram::new(plan, StreamId(stream as u32), unique);
        let routes = plan.streams.iter().map(|_| Vec::new()).collect();
        Some(Scope { rules: Vec::new(), key_types, routes, turn: Turn::default(), unique: Some(program) })
    })
}

fn key_of(rule: &Rule, one_place: bool) -> Vec<(&str, &Type)> {
    if one_place { Vec::new() } else { rule.keys.iter().map(|key| (&*key.name, &key.ty)).collect() }
}

fn key_text(key: &[Expr]) -> Vec<String> {
    key.iter().map(canonical).collect()
}

/// By stream: its keys as canonical texts, ascending, each once.
fn keys_by_stream(interests: &[Interest<'_>]) -> BTreeMap<usize, Vec<Vec<String>>> {
    let mut keys: BTreeMap<usize, Vec<Vec<String>>> = BTreeMap::new();
    for interest in interests {
        keys.entry(interest.stream.index()).or_default().push(key_text(interest.key));
    }
    for keys in keys.values_mut() {
        keys.sort_unstable();
        keys.dedup();
    }
    keys
}

impl<'a> Draft<'a> {
    fn agrees(&self, keys: &BTreeMap<usize, Vec<Vec<String>>>) -> bool {
        keys.iter().all(|(stream, keys)| self.routes.get(stream).is_none_or(|routes| routes.keys().eq(keys)))
    }

    fn add(&mut self, rule: usize, interests: &[Interest<'a>], predicates: &mut Asking) {
        let position = self.rules.len();
        self.rules.push(rule);
        for interest in interests {
            let routes = self.routes.entry(interest.stream.index()).or_default();
            let route = routes.entry(key_text(interest.key)).or_insert_with(|| DraftRoute {
                key: interest.key,
                uses: Vec::new(),
                joins: Vec::new(),
            });
            if route.uses.last().is_none_or(|last| last.rule != position) {
                route.uses.push(Use { rule: position, roles: SmallVec::new(), histories: Vec::new(), every: false });
            }
            let Some(last) = route.uses.last_mut() else { continue };
            match interest.part {
                Part::Role(bit) => {
                    let predicate = interest.filter.map(|filter| predicates.id(interest.stream, filter));
                    last.roles.push((bit, predicate));
                }
                Part::History(index) => last.histories.push(index),
                Part::Every => last.every = true,
                Part::Ask(join) => {
                    last.histories.push(join);
                    route.joins.push(join);
                }
            }
        }
    }

    fn finish(self) -> Scope {
        let mut routes: Vec<Vec<Route>> = (0..self.streams).map(|_| Vec::new()).collect();
        for (stream, drafts) in self.routes {
            routes[stream] = drafts.into_values().map(DraftRoute::finish).collect();
        }
        let key_types = self.key.into_iter().map(|(_, ty)| ty.clone()).collect();
        Scope { rules: self.rules, key_types, routes, turn: self.turn, unique: None }
    }
}

impl DraftRoute<'_> {
    fn finish(self) -> Route {
        let own = (!self.joins.is_empty()).then(|| {
            let asks = |one: &Use| one.histories.iter().any(|join| self.joins.contains(join));
            let own = |one: &Use| Use {
                roles: one.roles.clone(),
                histories: if asks(one) { Vec::new() } else { one.histories.clone() },
                ..*one
            };
            wants(&self.uses.iter().map(own).collect::<Vec<_>>())
        });
        let wants = wants(&self.uses);
        Route { key: KeyFn::new(self.key), wants, uses: self.uses, visits: Visits::All, joins: self.joins, own }
    }
}

fn wants(uses: &[Use]) -> Wants {
    let all = |one: &Use| one.every || !one.histories.is_empty() || one.roles.iter().any(|(_, p)| p.is_none());
    if uses.iter().any(all) {
        return Wants::All;
    }
    let mut predicates: Vec<PredicateId> = uses.iter().flat_map(|u| &u.roles).filter_map(|(_, p)| *p).collect();
    predicates.sort_unstable();
    predicates.dedup();
    Wants::AnyOf(predicates)
}
