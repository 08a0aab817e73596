//! `on ... when ... alert`: histories, episodes, `alert every event`, `suppress`.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::episode::{Episode, Episodes};
use super::glance::Glance;
use super::rule::{Behaviour, Bench, Scratch, Seen};
use super::suppress::Suppressed;
use super::voice::{Facts, Voice};
use crate::alert::{AlertState, Evidence, Witness};
use crate::expr::{BatchRow, BoolFn, Scene, ValueFn, compile_bool, compile_value, split_local};
use crate::history::{HistoryProgram, HistoryState};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{
    CompareOp, Expr, ExprKind, FieldId, HistoryId, HistoryScope, On, Plan, Rule, RuleId, Threshold,
};
use tripline_query_lang::value::{Type, Value};

/// An `on ... when` rule, compiled.
pub(super) struct ThresholdRule {
    pub(super) on: Vec<Clause>,
    pub(super) histories: Option<HistoryProgram>,
    pub(super) history_count: usize,
    when: Option<When>,
    /// All that it asks of most events, where that is so little.
    glance: Option<Glance>,
    /// How long after the key's last admitted event an episode lasts; `None`: until an event ends it.
    episode_us: Option<i64>,
    pub(super) every_event: bool,
    /// What is said of an episode besides that it opens; then episodes are kept there.
    pub(super) episodes: Option<Episodes>,
    pub(super) voice: Voice,
}

/// An `on` clause.
pub(super) struct Clause {
    /// For each slot.
    pub fields: Vec<Option<FieldId>>,
    /// What evidence calls it.
    pub name: Arc<str>,
    /// What of its filter looks at more than the event.
    rest: Option<BoolFn>,
}

struct When {
    holds: BoolFn,
    /// All that it asks, where that is so little.
    bar: Option<HistoryBar>,
    /// The `with` fields that it reads, through others too, in their order.
    with: Vec<(usize, ValueFn)>,
    with_count: usize,
    reads_key: bool,
}

/// What one key has of a threshold rule.
#[derive(Default)]
pub(super) struct ThresholdState {
    pub(super) history: HistoryState,
    /// Most keys have nothing more.
    rest: Option<Box<Rest>>,
}

/// What one key may have beside its histories.
#[derive(Default)]
pub(super) struct Rest {
    /// An episode is open, of a rule that says no more of it: the key's last admitted event, microseconds.
    open_us: Option<i64>,
    pub(super) suppressed: Suppressed,
    /// The episode of a rule that says more of it.
    pub(super) episode: Option<Box<Episode>>,
}

/// What a key has that has none.
static NO_REST: Rest = Rest { open_us: None, suppressed: Suppressed::NONE, episode: None };

impl Deref for ThresholdState {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        self.rest.as_deref().unwrap_or(&NO_REST)
    }
}

impl DerefMut for ThresholdState {
    fn deref_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }
}

impl ThresholdState {
    /// Whether the key has nothing beside its histories; then no room is taken for it.
    fn tidy(&mut self) -> bool {
        let is_any = |rest: &Rest| rest.open_us.is_some() || !rest.suppressed.is_empty() || rest.episode.is_some();
        self.rest.take_if(|rest| !is_any(rest));
        self.rest.is_none()
    }
}

/// A history's value, an int or a decimal, against a constant of its type: without a formula's way to the same answer.
pub(super) struct HistoryBar {
    history: HistoryId,
    op: CompareOp,
    with: i128,
}

impl HistoryBar {
    fn of(when: &Expr, rule: &Rule) -> Option<HistoryBar> {
        let ExprKind::Compare(op, left, right) = &when.kind else { return None };
        let with = match &right.kind {
            ExprKind::Const(Value::Int(with)) => i128::from(*with),
            ExprKind::Const(Value::Decimal(with)) if left.ty == Type::Decimal(with.scale) => with.mantissa,
            _ => return None,
        };
        match rule.through_with(left).kind {
            ExprKind::History(history) if left.ty == right.ty => Some(HistoryBar { history, op: *op, with }),
            _ => None,
        }
    }

    /// Unknown is no.
    #[inline]
    fn holds(&self, histories: &[Value]) -> bool {
        let value = match histories.get(self.history.index()) {
            Some(Value::Int(value)) => i128::from(*value),
            Some(Value::Decimal(value)) => value.mantissa,
            _ => return false,
        };
        self.holds_for(value)
    }

    /// Whether it holds for a known value.
    #[inline]
    pub fn holds_for(&self, value: i128) -> bool {
        self.op.holds(value, self.with)
    }
}

impl ThresholdRule {
    /// Compiles a rule whose body is this threshold.
    pub fn new(plan: &Plan, id: RuleId, rule: &Rule, threshold: &Threshold) -> ThresholdRule {
        let on: Vec<Clause> = threshold.on.iter().map(|on| Clause::new(plan, on)).collect();
        let histories = HistoryProgram::new(&rule.histories, &HistoryScope::Admitted);
        let when = threshold.when.as_ref().map(|when| When::new(when, rule));
        let episodes = Episodes::new(plan, rule, threshold);
        let glance = Glance::of(&on, histories.as_ref(), when.as_ref().and_then(|when| when.bar.as_ref()));
        ThresholdRule {
            glance: glance.filter(|_| rule.is_every_event() && episodes.is_none()),
            on,
            histories,
            history_count: rule.histories.len(),
            when,
            episode_us: threshold.episode_us,
            every_event: rule.is_every_event(),
            episodes,
            voice: Voice::new(id, rule, 0),
        }
    }

    fn episode_end(&self, state: &ThresholdState) -> Option<i64> {
        Some(state.open_us?.saturating_add(self.episode_us?))
    }

    /// Ends the episode if the key's last admitted event is so old at `now_us`.
    fn end_episode(&self, state: &mut ThresholdState, now_us: i64) {
        if self.episode_end(state).is_some_and(|end| end < now_us) {
            state.open_us = None;
        }
    }
}

impl Clause {
    /// Compiles a clause.
    pub fn new(plan: &Plan, on: &On) -> Clause {
        let stream = plan.streams.get(on.stream.index()).map(|stream| &stream.name);
        let name = on.name.as_ref().or(stream).map(|name| (&**name).into()).unwrap_or_default();
        let rest = on.filter.as_ref().and_then(|filter| split_local(filter).1);
        Clause { fields: on.fields.clone(), name, rest: rest.as_ref().map(compile_bool) }
    }

    /// Its local part is all of its filter.
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }
}

/// The first clause that admits the event, of those whose local part does.
pub(super) fn admitting<'a>(all: &'a [Clause], seen: &Seen<'_>, scene: &Scene<'_>) -> Option<(u32, &'a Clause)> {
    let first = seen.first?;
    let clause = |on: u32| Some((on, all.get(on as usize)?));
    let admits = |on: &u32| {
        clause(*on).is_some_and(|(_, clause)| clause.rest.as_ref().is_none_or(|rest| rest(scene) == Some(true)))
    };
    if admits(&first) {
        return clause(first);
    }
    let later = (first + 1..u64::BITS).filter(|on| seen.roles >> on & 1 == 1);
    later.filter(admits).find_map(clause)
}

impl When {
    fn new(when: &Expr, rule: &Rule) -> When {
        let mut reads = Reads::default();
        reads.add(when, rule);
        let with = reads.with.iter().enumerate().filter(|(_, read)| **read);
        When {
            holds: compile_bool(when),
            bar: HistoryBar::of(when, rule),
            with: with.map(|(index, _)| (index, compile_value(&rule.fields[index].expr))).collect(),
            with_count: reads.with.len(),
            reads_key: reads.key,
        }
    }

    fn holds(&self, scene: &Scene<'_>, with: &mut Vec<Value>) -> bool {
        if let Some(bar) = &self.bar {
            return bar.holds(scene.histories);
        }
        // What is left from an event before is never read: fields come in order.
        if with.len() < self.with_count {
            with.resize(self.with_count, Value::Null);
        }
        for (index, value) in &self.with {
            with[*index] = value(&Scene { with, ..*scene });
        }
        (self.holds)(&Scene { with, ..*scene }) == Some(true)
    }
}

/// What an expression reads, through `with` fields too.
#[derive(Default)]
struct Reads {
    with: Vec<bool>,
    key: bool,
}

impl Reads {
    fn add(&mut self, expr: &Expr, rule: &Rule) {
        self.with.resize(rule.fields.len(), false);
        match expr.kind {
            ExprKind::Key(_) => self.key = true,
            ExprKind::With(index) => {
                // A field reads only fields before it, so this ends.
                let index = index as usize;
                if let Some(with) = rule.fields.get(index)
                    && !std::mem::replace(&mut self.with[index], true)
                {
                    self.add(&with.expr, rule);
                }
            }
            _ => {}
        }
        expr.children().into_iter().for_each(|child| self.add(child, rule));
    }
}

impl ThresholdRule {
    fn bar(&self) -> Option<&HistoryBar> {
        self.when.as_ref()?.bar.as_ref()
    }

    /// An event that cannot be dealt with at a glance.
    fn event_at_length(&self, state: &mut ThresholdState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let row = BatchRow { batch: seen.batch, row: seen.row };
        let scene = Scene { tables: Some(bench.tables), ..Scene::of_row(&row) };
        let Some((on, clause)) = admitting(&self.on, seen, &scene) else { return };
        let scene = Scene { slots: &clause.fields, ..scene };
        let at_us = scene.at_us;
        self.pass(state, at_us, bench);
        self.end_episode(state, at_us);

        if let Some(histories) = &self.histories {
            // All of a threshold's histories have one scope, so each is set.
            bench.scratch.histories.resize(self.history_count, Value::Null);
            histories.push(&mut state.history, on, &scene, &mut bench.scratch.histories);
        }
        let mut parts = Vec::new();
        if let Some(when) = &self.when {
            if when.reads_key {
                parts = bench.key_parts();
            }
            let Scratch { histories, with, .. } = &mut *bench.scratch;
            let holds = when.holds(&Scene { histories, keys: &parts, ..scene }, with);
            let speaks = match &self.episodes {
                Some(episodes) => self.go_on(episodes, state, (holds, on), seen, bench),
                None => {
                    let was_open = state.open_us.is_some();
                    let open_us = (holds && !self.every_event).then_some(at_us);
                    if was_open || open_us.is_some() {
                        state.open_us = open_us;
                    }
                    holds && !was_open
                }
            };
            if !speaks {
                return;
            }
        }
        self.speak(state, clause, seen, bench);
    }

    /// Says what there is to say at an event, whose histories are known.
    fn speak(&self, state: &mut ThresholdState, clause: &Clause, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let row = BatchRow { batch: seen.batch, row: seen.row };
        let scene = Scene { tables: Some(bench.tables), slots: &clause.fields, ..Scene::of_row(&row) };
        let at_us = scene.at_us;
        let keys = bench.key_parts();
        let scene = Scene { histories: &bench.scratch.histories, keys: &keys, ..scene };
        if self.voice.suppresses() && !self.voice.may_speak(&mut state.suppressed, &[], &scene, at_us) {
            return;
        }
        let witness = Witness::Event(seen.batch.coordinates(seen.row));
        if let Some(episode) = state.rest.as_mut().and_then(|rest| rest.episode.as_mut()) {
            episode.has_spoken();
        }
        let facts = Facts {
            moment: seen.moment(),
            at_us,
            state: AlertState::Firing,
            key: bench.key(),
            sequence: 0,
            evidence: vec![Evidence { step: clause.name.clone(), what: witness }],
            incomplete: false,
        };
        self.voice.speak(&scene, facts, bench.out);
    }
}

impl Behaviour for ThresholdRule {
    type State = ThresholdState;

    fn depth(&self) -> usize {
        self.histories.as_ref().map_or(0, HistoryProgram::depth)
    }

    #[inline]
    fn warm(&self, state: &ThresholdState, depth: usize) -> i64 {
        state.history.warm(depth)
    }

    #[inline]
    fn deadline_grows(&self) -> bool {
        self.episodes.is_none()
    }

    #[inline]
    fn is_stateless(&self) -> bool {
        let counts_episodes = self.episodes.is_some() || self.when.is_some() && !self.every_event;
        self.histories.is_none() && !counts_episodes && !self.voice.suppresses()
    }

    #[inline]
    fn event(&self, state: &mut ThresholdState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        if let (Some(glance), Some(histories), Some(bar)) = (&self.glance, &self.histories, self.bar())
            && let Some(holds) = glance.take(histories, bar, &mut state.history, seen)
        {
            if holds {
                bench.scratch.histories.resize(self.history_count, Value::Null);
                histories.show(&state.history, &mut bench.scratch.histories);
                self.speak(state, &self.on[0], seen, bench);
                state.tidy();
            }
            return;
        }
        self.event_at_length(state, seen, bench);
        state.tidy();
    }

    fn time(&self, state: &mut ThresholdState, watermark_us: i64, bench: &mut Bench<'_>) -> bool {
        self.pass(state, watermark_us, bench);
        self.end_episode(state, watermark_us);
        if self.voice.suppresses() {
            self.voice.expire(&mut state.suppressed, watermark_us);
        }
        if self.asks_later(state) {
            return false;
        }
        let is_past = self.histories.as_ref().is_none_or(|h| h.expire(&mut state.history, watermark_us));
        state.tidy() && is_past
    }

    fn finish(&self, state: &mut ThresholdState, _newest_us: i64, bench: &mut Bench<'_>) -> bool {
        self.time(state, i64::MAX, bench)
    }

    fn deadline(&self, state: &ThresholdState) -> Option<i64> {
        if let Some(moment_us) = self.next_moment(state) {
            return Some(moment_us);
        }
        let episode = self.episode_end(state);
        let history = self.histories.as_ref().and_then(|histories| histories.next_expiry(&state.history));
        // Only when all has ended is there something to gain.
        [episode, history, self.voice.next_expiry(&state.suppressed)].into_iter().flatten().max()
    }

    fn lingers_us(&self) -> Option<i64> {
        if self.episodes.is_some() || self.voice.suppresses() {
            return None;
        }
        let looks_back_us = self.histories.as_ref().map_or(Some(0), HistoryProgram::lingers_us)?;
        let has_episodes = self.when.is_some() && !self.every_event;
        if has_episodes { Some(looks_back_us.max(self.episode_us?)) } else { Some(looks_back_us) }
    }

    #[inline]
    fn is_idle(&self, state: &ThresholdState) -> bool {
        self.histories.is_none() && state.rest.is_none()
    }

    fn open(&self, state: &ThresholdState) -> usize {
        usize::from(state.open_us.is_some() || state.episode.as_ref().is_some_and(|episode| episode.is_open()))
    }

    fn write(&self, state: &ThresholdState, out: &mut Vec<u8>) {
        out.put_bool(state.open_us.is_some());
        out.put_i64(state.open_us.unwrap_or(0));
        state.suppressed.write(out);
        if let Some(histories) = &self.histories {
            histories.write(&state.history, out);
        }
        self.write_episode(state, out);
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<ThresholdState, StateError> {
        let open = bytes.take_bool("an episode")?;
        let last_us = bytes.take_i64("a key's last event")?;
        let suppressed = Suppressed::read(bytes)?;
        let history = match &self.histories {
            Some(histories) => histories.read(bytes)?,
            None => HistoryState::default(),
        };
        let episode = self.read_episode(bytes)?;
        let rest = Rest { open_us: open.then_some(last_us), suppressed, episode };
        let mut state = ThresholdState { history, rest: Some(Box::new(rest)) };
        state.tidy();
        Ok(state)
    }
}
