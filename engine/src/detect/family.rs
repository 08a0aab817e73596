//! Families: rules that count the same events over a limit, and differ in limit, window and number alone, read one history
//! for each key.
//!
//! `on tx where amount > 700.00 when count() over 60s >= 3 alert every event` holds at an event exactly when the limit lies
//! below this amount and below the third largest amount of the window. So a window is kept as its amounts in order, and the
//! rules that fire are the first so many of those that have the window, ordered by limit:
//!
//! ```text
//!  amounts of the last minute    510  640  900  1200         an event of 900: the third largest is 640
//!  limits of the minute's rules  500 520 600 | 700 850 ...   the first three fire
//! ```
//!
//! The work of an event grows with the rules that fire, not with those that there are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::chorus::{Cases, Chorus, Speakers};
use super::members::{self, Members};
use super::rule::{Behaviour, Bench, Seen};
use crate::event::Data;
use crate::expr::{canonical, hash_key, limit};
use crate::patterns::Keeper;
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{
    Body, CompareOp, Expr, ExprKind, FieldId, HistoryArg, HistoryBound, HistoryFn, HistoryScope, Plan, Rule, RuleId,
    Threshold,
};
use tripline_query_lang::value::Value;

/// What tells a rule of a family from the others, and what they share.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Equal for all rules of the family: stream, key, column, and what else the filter says.
    pub common: String,
    field: FieldId,
    /// At least so much.
    pub limit: i64,
    span_us: i64,
    /// So many of them.
    number: usize,
}

/// The rules of a family, compiled.
pub(super) struct FamilyRule {
    field: FieldId,
    /// By row, in the order of their limits.
    members: Arc<Members>,
    /// What is kept of an event for what is said.
    keeper: Keeper,
    /// Each window's length once, microseconds.
    spans_us: Vec<i64>,
    longest_us: i64,
    rows: Vec<LimitRow>,
}

/// Members with the same window and number.
struct LimitRow {
    /// The window, by position.
    span: usize,
    number: usize,
    /// The number of its first member.
    first: u32,
    /// Ascending by member.
    limits: Vec<i64>,
}

/// What one key has of a family.
#[derive(Default)]
pub(super) struct FamilyState {
    /// The number of the first event.
    base: u64,
    /// Times and values of the events that the longest window may see, oldest first.
    events: VecDeque<(i64, i64)>,
    /// By window.
    views: Vec<View>,
    /// Members that joined later and do not see what was there before.
    blind: Vec<Blind>,
}

/// The events of a window.
#[derive(Default)]
struct View {
    /// The number of its first event.
    from: u64,
    /// Their values, ascending.
    values: Vec<i64>,
}

/// Members that do not see events before one.
struct Blind {
    until: u64,
    members: Arc<[u32]>,
}

impl Shape {
    /// That of a rule which may stand in a family.
    pub fn of(rule: &Rule) -> Option<Shape> {
        let Body::Threshold(threshold) = &rule.body else { return None };
        let plain =
            rule.alert.is_some() && rule.is_every_event() && rule.suppress.is_none() && rule.key_table.is_none();
        let quiet = rule.repeat_us.is_none() && rule.resolve.is_none() && threshold.hold_us.is_none();
        let ([on], [history]) = (&threshold.on[..], &rule.histories[..]) else { return None };
        let HistoryBound::Time(span_us) = history.bound else { return None };
        let counts = history.func == HistoryFn::Count && history.scope == HistoryScope::Admitted;
        if !plain || !quiet || !counts || history.arg != HistoryArg::default() {
            return None;
        }
        let number = least_count(threshold.when.as_ref()?, rule)?;
        let (field, limit, rest) = limit(on.filter.as_ref()?)?;
        let keys: Vec<String> = on.keys.iter().map(canonical).collect();
        let names: Vec<&str> = rule.keys.iter().map(|key| &*key.name).collect();
        let rest = rest.map(|rest| canonical(&rest));
        let common = format!("count {:?} {field:?} {names:?} {keys:?} {rest:?}", on.stream);
        Some(Shape { common, field, limit, span_us, number })
    }

    /// Names the family's state in snapshots.
    pub fn fingerprint(&self) -> u64 {
        hash_key(self.common.as_bytes())
    }
}

/// The n of `count >= n`, where that is all that `when` says.
fn least_count(when: &Expr, rule: &Rule) -> Option<usize> {
    let ExprKind::Compare(op, left, right) = &when.kind else { return None };
    let is_count = |expr: &Expr| matches!(rule.through_with(expr).kind, ExprKind::History(_));
    let (op, number) = match (&left.kind, &right.kind) {
        (_, ExprKind::Const(Value::Int(number))) if is_count(left) => (*op, *number),
        (ExprKind::Const(Value::Int(number)), _) if is_count(right) => match op {
            CompareOp::LessEqual => (CompareOp::GreaterEqual, *number),
            CompareOp::Less => (CompareOp::Greater, *number),
            _ => return None,
        },
        _ => return None,
    };
    let least = match op {
        CompareOp::GreaterEqual => number,
        CompareOp::Greater => number.checked_add(1)?,
        _ => return None,
    };
    // The event at hand counts.
    usize::try_from(least.max(1)).ok()
}

impl FamilyRule {
    /// Compiles the rules of a family, each with its shape; in order of the text.
    pub fn new(plan: &Plan, family: &[(RuleId, &Rule, &Threshold, &Shape)]) -> FamilyRule {
        let mut rows: BTreeMap<(i64, usize), Vec<(i64, usize)>> = BTreeMap::new();
        let mut clauses: Vec<Arc<str>> = Vec::new();
        for (number, (_, _, threshold, shape)) in family.iter().enumerate() {
            rows.entry((shape.span_us, shape.number)).or_default().push((shape.limit, number));
            let on = threshold.on.first();
            let stream = on.and_then(|on| plan.streams.get(on.stream.index())).map(|stream| &stream.name);
            let clause = on.and_then(|on| on.name.as_ref()).or(stream).map(|name| (&**name).into());
            clauses.push(clause.unwrap_or_default());
        }
        rows.values_mut().for_each(|row| row.sort_unstable());
        let members: Vec<_> = rows
            .values()
            .flatten()
            .map(|(_, number)| {
                let (id, rule, threshold, _) = family[*number];
                let slots = threshold.on.first().map_or(&[][..], |on| &on.fields);
                (id, rule, slots, std::slice::from_ref(&clauses[*number]))
            })
            .collect();
        let members = Arc::new(Members::new(members, 0));
        let mut spans_us: Vec<i64> = rows.keys().map(|(span_us, _)| *span_us).collect();
        spans_us.dedup();
        let mut first = 0;
        let row = |((span_us, number), all): ((i64, usize), Vec<(i64, usize)>)| {
            let limits: Vec<i64> = all.into_iter().map(|(limit, _)| limit).collect();
            let span = spans_us.iter().position(|other| *other == span_us).unwrap_or(0);
            first += limits.len() as u32;
            LimitRow { span, number, first: first - limits.len() as u32, limits }
        };
        FamilyRule {
            field: family.first().map_or(FieldId(0), |(.., shape)| shape.field),
            rows: rows.into_iter().map(row).collect(),
            longest_us: spans_us.last().copied().unwrap_or(0),
            members,
            keeper: Keeper::of_slots(plan, family.iter().map(|(_, _, threshold, _)| *threshold)),
            spans_us,
        }
    }

    /// The members that fire at an event of this value which has entered the windows, each with the number of its count.
    fn firing(&self, state: &FamilyState, value: i64) -> (Vec<Speakers>, Vec<u32>) {
        let (mut firing, mut counts) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let Some(view) = state.views.get(row.span) else { continue };
            let Some(place) = view.values.len().checked_sub(row.number) else { continue };
            let most = value.min(view.values[place]);
            let end = row.limits.partition_point(|limit| *limit <= most);
            let mut start = 0;
            // Those whose limit lies between two values have the same count.
            for (below, value) in view.values.iter().enumerate() {
                if start == end {
                    break;
                }
                let until = start + row.limits[start..end].partition_point(|limit| limit <= value);
                if start < until {
                    firing.push((row.first + start as u32..row.first + until as u32, counts.len() as u32));
                    counts.push(counted(view.values.len() - below));
                }
                start = until;
            }
        }
        if !state.blind.is_empty() {
            self.count_anew(state, value, &mut firing, &mut counts);
        }
        (firing, counts)
    }

    /// Counts again for members that do not see all events.
    fn count_anew(&self, state: &FamilyState, value: i64, firing: &mut Vec<Speakers>, counts: &mut Vec<u32>) {
        let since = |member: u32| {
            let of = |blind: &&Blind| blind.members.binary_search(&member).is_ok();
            state.blind.iter().filter(of).map(|blind| blind.until).max()
        };
        let seeing = |(members, case): Speakers| {
            members.filter(|member| since(*member).is_none()).map(move |member| (member..member + 1, case))
        };
        *firing = std::mem::take(firing).into_iter().flat_map(seeing).collect();
        for row in &self.rows {
            let Some(view) = state.views.get(row.span) else { continue };
            for (limit, member) in row.limits.iter().zip(row.first..).take_while(|(limit, _)| **limit <= value) {
                let Some(since) = since(member) else { continue };
                let skipped = since.max(view.from).saturating_sub(state.base) as usize;
                let count = state.events.iter().skip(skipped).filter(|(_, value)| value >= limit).count();
                if count >= row.number {
                    firing.push((member..member + 1, counts.len() as u32));
                    counts.push(counted(count));
                }
            }
        }
    }
}

impl FamilyState {
    /// Takes an event into all windows.
    fn push(&mut self, rule: &FamilyRule, at_us: i64, value: i64) {
        self.views.resize_with(rule.spans_us.len(), View::default);
        self.slide(rule, at_us);
        self.events.push_back((at_us, value));
        for view in &mut self.views {
            let place = view.values.partition_point(|other| *other <= value);
            view.values.insert(place, value);
        }
    }

    /// Lets events leave that are too old for their window at a time.
    fn slide(&mut self, rule: &FamilyRule, now_us: i64) {
        for (view, span_us) in self.views.iter_mut().zip(&rule.spans_us) {
            let first_us = now_us.saturating_sub(*span_us);
            while let Some((at_us, value)) = self.events.get((view.from - self.base) as usize)
                && *at_us < first_us
            {
                if let Ok(place) = view.values.binary_search(value) {
                    view.values.remove(place);
                }
                view.from += 1;
            }
        }
        let needed = self.views.iter().map(|view| view.from).min().unwrap_or(self.base);
        self.events.drain(..(needed - self.base) as usize);
        self.base = needed;
        self.blind.retain(|blind| blind.until > needed);
    }
}

impl Behaviour for FamilyRule {
    type State = FamilyState;

    fn depth(&self) -> usize {
        1
    }

    fn warm(&self, state: &FamilyState, _depth: usize) -> i64 {
        state.events.back().map_or(0, |(at_us, _)| *at_us)
    }

    fn deadline_grows(&self) -> bool {
        true
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn event(&self, state: &mut FamilyState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let column = seen.batch.column(self.field);
        let (Data::Int(values) | Data::Decimal(values, _)) = &column.data else { return };
        let (at_us, value) = (seen.batch.at_us[seen.row], values[seen.row]);
        if seen.first.is_none() {
            return;
        }
        state.push(self, at_us, value);
        let (speakers, counts) = self.firing(state, value);
        if speakers.is_empty() {
            return;
        }
        let event = Box::new(self.keeper.keep(seen.batch, seen.row));
        let (members, cases, key) = (self.members.clone(), Cases::Counted(event, counts), bench.key_parts());
        Chorus { members, speakers, cases, incomplete: Vec::new(), key, at_us }.say(seen, bench);
    }

    fn time(&self, state: &mut FamilyState, watermark_us: i64, _bench: &mut Bench<'_>) -> bool {
        state.slide(self, watermark_us);
        state.events.is_empty()
    }

    fn finish(&self, state: &mut FamilyState, _newest_us: i64, bench: &mut Bench<'_>) -> bool {
        self.time(state, i64::MAX, bench)
    }

    fn deadline(&self, state: &FamilyState) -> Option<i64> {
        state.events.back().map(|(at_us, _)| at_us.saturating_add(self.longest_us))
    }

    fn is_idle(&self, state: &FamilyState) -> bool {
        state.events.is_empty()
    }

    fn open(&self, _state: &FamilyState) -> usize {
        0
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        self.members.write(0..self.members.len() as u32, out);
    }

    fn read_head(&self, bytes: &mut &[u8]) -> Result<Arc<[u32]>, StateError> {
        Ok(self.members.numbers(&members::read(bytes)?, false))
    }

    fn join(&self, state: &mut FamilyState, newcomers: &Arc<[u32]>) {
        if !newcomers.is_empty() && !state.events.is_empty() {
            let until = state.base + state.events.len() as u64;
            state.blind.push(Blind { until, members: newcomers.clone() });
        }
    }

    fn write(&self, state: &FamilyState, out: &mut Vec<u8>) {
        out.put_len(state.events.len());
        for (at_us, value) in &state.events {
            out.put_i64(*at_us);
            out.put_i64(*value);
        }
        out.put_len(state.blind.len());
        for blind in &state.blind {
            out.put_u64(blind.until - state.base);
            self.members.write(blind.members.iter().copied(), out);
        }
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<FamilyState, StateError> {
        let mut state = FamilyState::default();
        for _ in 0..bytes.take_len("a family's events")? {
            let (at_us, value) = (bytes.take_i64("an event's time")?, bytes.take_i64("an event's value")?);
            if state.events.back().is_some_and(|(newest_us, _)| *newest_us > at_us) {
                return Err(StateError::Damaged { what: "the events of a family are out of order".into() });
            }
            state.push(self, at_us, value);
        }
        for _ in 0..bytes.take_len("later members")? {
            let until = bytes.take_u64("the first event of later members")?;
            let members = self.members.numbers(&members::read(bytes)?, true);
            state.blind.push(Blind { until: state.base.saturating_add(until), members });
        }
        Ok(state)
    }
}

/// A count as it is said.
fn counted(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
