//! `view`: what is kept of a key's events, and what those who look it up are told.

use std::sync::Arc;

use super::out::Widened;
use super::rule::{Behaviour, Bench, Seen};
use super::threshold::{Clause, admitting};
use crate::event::Batch;
use crate::expr::{BatchRow, Scene, ValueFn, compile_value};
use crate::history::{HistoryProgram, HistoryState};
use crate::state::{Put, StateError, Take};
use crate::views::{Added, Join, lasts_us};
use tripline_query_lang::plan::{HistoryScope, Origin, Plan, Rule, StreamId, Threshold};
use tripline_query_lang::value::Value;

/// A view, compiled.
pub(super) struct ViewRule {
    on: Vec<Clause>,
    histories: Option<HistoryProgram>,
    history_count: usize,
    /// What it emits, in order.
    fields: Vec<ValueFn>,
    /// By join of the plan: what is asked; empty for those of other views.
    joins: Vec<Vec<Added>>,
    /// A row is there as long as its newest event is no older; `None`: for ever.
    lasts_us: Option<i64>,
    /// One event may come twice: widened to be taken in, and otherwise to look something up. Since the row is to be found as
    /// it was before the event, an event is then taken in only once the next one comes.
    waits: bool,
    /// Its rows are shown when the input has ended: they stay until then.
    is_shown: bool,
}

/// A row.
#[derive(Default)]
pub(super) struct ViewState {
    history: HistoryState,
    /// The newest event, microseconds; none: there is no row.
    last_us: Option<i64>,
    /// The newest event, not taken in yet.
    waiting: Option<Box<Waiting>>,
}

struct Waiting {
    batch: Arc<Batch>,
    row: usize,
    on: u32,
}

impl ViewRule {
    /// Compiles a view whose body is this threshold; of all joins, those with `is_own` ask it.
    pub fn new(
        plan: &Plan,
        rule: &Rule,
        threshold: &Threshold,
        joins: &[Join],
        is_own: impl Fn(&Join) -> bool,
        is_shown: bool,
    ) -> ViewRule {
        let origin = |stream: StreamId| match plan.streams.get(stream.index()).map(|stream| stream.origin) {
            Some(Origin::Widened { of, .. }) => of,
            _ => stream,
        };
        let own = || joins.iter().filter(|join| is_own(join)).map(|join| join.from);
        let twice = |on: StreamId| own().any(|from| from != on && origin(from) == origin(on));
        ViewRule {
            on: threshold.on.iter().map(|on| Clause::new(plan, on)).collect(),
            histories: HistoryProgram::new(&rule.histories, &HistoryScope::Admitted),
            history_count: rule.histories.len(),
            fields: rule.fields.iter().map(|with| compile_value(&with.expr)).collect(),
            joins: joins.iter().map(|join| if is_own(join) { join.added.clone() } else { Vec::new() }).collect(),
            lasts_us: lasts_us(rule),
            waits: threshold.on.iter().any(|on| twice(on.stream)),
            is_shown,
        }
    }

    /// How far behind the watermark its rows may be asked for: they are shown as of the last moment that was released, which
    /// lies a microsecond before.
    fn shown_behind_us(&self) -> i64 {
        i64::from(self.is_shown)
    }

    /// Takes an event in.
    fn take(&self, state: &mut ViewState, batch: &Batch, row: usize, on: u32, bench: &mut Bench<'_>) {
        let (Some(histories), Some(clause)) = (&self.histories, self.on.get(on as usize)) else { return };
        let row = BatchRow { batch, row };
        let scene = Scene { tables: Some(bench.tables), slots: &clause.fields, ..Scene::of_row(&row) };
        bench.scratch.histories.resize(self.history_count, Value::Null);
        // Of a row that is gone nothing is left: the event begins a new one.
        if self.is_gone(state, scene.at_us) {
            state.history = HistoryState::default();
        }
        histories.push(&mut state.history, on, &scene, &mut bench.scratch.histories);
        state.last_us = Some(scene.at_us);
    }

    /// Takes in the event that waits, if it lies before this row.
    fn catch_up(&self, state: &mut ViewState, before: Option<(&Batch, usize)>, bench: &mut Bench<'_>) {
        let is_over = |waiting: &mut Box<Waiting>| {
            before.is_none_or(|(batch, row)| waiting.batch.compare(waiting.row, batch, row).is_lt())
        };
        if let Some(waiting) = state.waiting.take_if(is_over) {
            self.take(state, &waiting.batch, waiting.row, waiting.on, bench);
        }
    }

    /// Whether there is no row as of a time.
    fn is_gone(&self, state: &ViewState, at_us: i64) -> bool {
        state.last_us.is_none_or(|last_us| self.lasts_us.is_some_and(|us| last_us.saturating_add(us) < at_us))
    }

    /// The row's fields as of a time; `None` where there is no row then.
    fn fields(&self, state: &mut ViewState, keys: &[Value], at_us: i64, bench: &mut Bench<'_>) -> Option<Vec<Value>> {
        if self.is_gone(state, at_us) {
            return None;
        }
        let values = &mut bench.scratch.histories;
        values.clear();
        values.resize(self.history_count, Value::Null);
        self.histories.as_ref()?.at(&mut state.history, i64::MIN, at_us, values);
        let mut fields = Vec::with_capacity(self.fields.len());
        let scene = Scene { histories: values, keys, at_us, tables: Some(bench.tables), ..Scene::EMPTY };
        for field in &self.fields {
            let value = field(&Scene { with: &fields, ..scene });
            fields.push(value);
        }
        Some(fields)
    }

    /// Tells those who ask at an event, and lets the event go on.
    fn answer(&self, state: &mut ViewState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let keys = bench.key_parts();
        let fields = self.fields(state, &keys, seen.batch.at_us[seen.row], bench);
        for join in seen.histories {
            let value = |added: &Added| match (added, &fields) {
                (Added::Listed, fields) => Value::Bool(fields.is_some()),
                (_, None) => Value::Null,
                (Added::Key(part), Some(_)) => keys.get(*part as usize).cloned().unwrap_or(Value::Null),
                (Added::Field(field), Some(fields)) => fields.get(*field as usize).cloned().unwrap_or(Value::Null),
            };
            let values = self.joins[*join].iter().map(value).collect();
            bench.out.widened.push(Widened { join: *join, batch: seen.batch.clone(), row: seen.row, values });
        }
    }
}

impl Behaviour for ViewRule {
    type State = ViewState;

    fn depth(&self) -> usize {
        HistoryProgram::DEPTH
    }

    fn warm(&self, state: &ViewState, depth: usize) -> i64 {
        state.history.warm(depth)
    }

    fn deadline_grows(&self) -> bool {
        !self.waits
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn event(&self, state: &mut ViewState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        self.catch_up(state, Some((seen.batch, seen.row)), bench);
        // What is looked up is as it was before the event, also where the event itself is of the view.
        if !seen.histories.is_empty() {
            self.answer(state, seen, bench);
        }
        let row = BatchRow { batch: seen.batch, row: seen.row };
        let scene = Scene { tables: Some(bench.tables), ..Scene::of_row(&row) };
        let Some((on, _)) = admitting(&self.on, seen, &scene) else { return };
        if self.waits {
            state.waiting = Some(Box::new(Waiting { batch: seen.batch.clone(), row: seen.row, on }));
        } else {
            self.take(state, seen.batch, seen.row, on, bench);
        }
    }

    fn time(&self, state: &mut ViewState, watermark_us: i64, bench: &mut Bench<'_>) -> bool {
        self.catch_up(state, None, bench);
        let watermark_us = watermark_us.saturating_sub(self.shown_behind_us());
        if let Some(histories) = &self.histories {
            histories.expire(&mut state.history, watermark_us);
        }
        self.is_gone(state, watermark_us)
    }

    fn finish(&self, state: &mut ViewState, _newest_us: i64, bench: &mut Bench<'_>) -> bool {
        if self.is_shown {
            self.catch_up(state, None, bench);
            return false;
        }
        self.time(state, i64::MAX, bench)
    }

    fn row(&self, state: &mut ViewState, at_us: i64, bench: &mut Bench<'_>) -> Option<Vec<Value>> {
        let keys = bench.key_parts();
        self.fields(state, &keys, at_us, bench)
    }

    fn deadline(&self, state: &ViewState) -> Option<i64> {
        if let Some(waiting) = &state.waiting {
            return Some(waiting.batch.at_us[waiting.row]);
        }
        let over_us = match self.lasts_us {
            Some(lasts_us) => state.last_us?.saturating_add(lasts_us),
            None => self.histories.as_ref()?.next_expiry(&state.history)?,
        };
        Some(over_us.saturating_add(self.shown_behind_us()))
    }

    fn is_idle(&self, state: &ViewState) -> bool {
        state.last_us.is_none() && state.waiting.is_none()
    }

    /// A row is what is known, and nothing that is open.
    fn open(&self, _state: &ViewState) -> usize {
        0
    }

    /// Between ticks no event waits: time has gone on behind it.
    fn write(&self, state: &ViewState, out: &mut Vec<u8>) {
        out.put_bool(state.last_us.is_some());
        out.put_i64(state.last_us.unwrap_or(0));
        if let Some(histories) = &self.histories {
            histories.write(&state.history, out);
        }
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<ViewState, StateError> {
        let known = bytes.take_bool("a view's row")?;
        let last_us = bytes.take_i64("a view's newest event")?;
        let history = match &self.histories {
            Some(histories) => histories.read(bytes)?,
            None => HistoryState::default(),
        };
        Ok(ViewState { history, last_us: known.then_some(last_us), waiting: None })
    }
}
