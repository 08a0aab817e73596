//! What an expression sees, and its value, by the language's own slow evaluator.

use tripline_query_lang::eval::{Scope, eval};
use tripline_query_lang::plan::{
    Body, Expr, FieldId, History, HistoryId, HistoryScope, Rule, SlotId, StepId, StepKey, TableId,
};
use tripline_query_lang::value::Value;

use super::Event;
use super::history::{self, Seen};
use super::keys::key_of;
use super::tables::Tables;
use super::threshold::Admission;
use super::view;
use super::window::Piece;

/// What an expression sees.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    rule: Option<&'a Rule>,
    keys: &'a [Value],
    tables: Option<&'a Tables<'a>>,
    from: From<'a>,
}

/// Where it stands.
#[derive(Clone, Copy)]
enum From<'a> {
    /// One event alone: the `where` of an `on`, a key.
    Event(&'a Event),
    /// An admitted event of a threshold rule.
    Admitted { admission: &'a Admission<'a>, event: usize, with_histories: bool, later: Option<Later> },
    /// A candidate for a part in a pattern.
    Candidate { events: &'a [&'a Event], event: usize, taken: &'a [(StepId, usize)] },
    /// A window that is over.
    Window { admission: &'a Admission<'a>, piece: &'a Piece },
    /// The row of a view, as of a time.
    View { admission: &'a Admission<'a>, at_us: i64 },
    /// After a match.
    Match { events: &'a [&'a Event], taken: &'a [(StepId, usize)], at_us: i64 },
}

/// A moment after an event at which something is said of it.
#[derive(Clone, Copy)]
pub(super) struct Later {
    /// Microseconds.
    pub at_us: i64,
    /// Windows that end with time end then; otherwise they are as at the event.
    pub moves_windows: bool,
}

impl<'a> Look<'a> {
    /// One event alone.
    pub fn event(event: &'a Event) -> Self {
        Look { rule: None, keys: &[], tables: None, from: From::Event(event) }
    }

    /// The same, with tables that can be looked up.
    pub fn with_tables(self, tables: &'a Tables<'a>) -> Self {
        Look { tables: Some(tables), ..self }
    }

    /// An admitted event of a threshold rule.
    pub fn admitted(admission: &'a Admission<'a>, event: usize, with_histories: bool) -> Self {
        let from = From::Admitted { admission, event, with_histories, later: None };
        Look { rule: Some(admission.rule), keys: &admission.key, tables: Some(admission.tables), from }
    }

    /// The newest admitted event of a threshold rule, of which something is said at a later moment.
    pub fn later(admission: &'a Admission<'a>, event: usize, later: Later) -> Self {
        let from = From::Admitted { admission, event, with_histories: true, later: Some(later) };
        Look { rule: Some(admission.rule), keys: &admission.key, tables: Some(admission.tables), from }
    }

    /// A candidate for a part in a pattern.
    pub fn candidate(
        rule: &'a Rule,
        keys: &'a [Value],
        events: &'a [&'a Event],
        event: usize,
        taken: &'a [(StepId, usize)],
    ) -> Self {
        Look { rule: Some(rule), keys, tables: None, from: From::Candidate { events, event, taken } }
    }

    /// What `with` and the template of a pattern see.
    pub fn after_match(
        rule: &'a Rule,
        keys: &'a [Value],
        events: &'a [&'a Event],
        taken: &'a [(StepId, usize)],
        at_us: i64,
    ) -> Self {
        Look { rule: Some(rule), keys, tables: None, from: From::Match { events, taken, at_us } }
    }

    /// The row of a window; the keys are the rule's with the window's bounds behind them.
    pub fn window(admission: &'a Admission<'a>, keys: &'a [Value], piece: &'a Piece) -> Self {
        let from = From::Window { admission, piece };
        Look { rule: Some(admission.rule), keys, tables: Some(admission.tables), from }
    }

    /// The row of a view as of a time, over the events before.
    pub fn view(admission: &'a Admission<'a>, at_us: i64) -> Self {
        let from = From::View { admission, at_us };
        Look { rule: Some(admission.rule), keys: &admission.key, tables: Some(admission.tables), from }
    }

    /// The parts of the key; behind them, a window's start and end.
    pub fn keys(&self) -> &'a [Value] {
        self.keys
    }

    /// Only true holds: unknown does not.
    pub fn holds(&self, expr: &Expr) -> bool {
        self.value(expr) == Value::Bool(true)
    }

    /// The event at hand.
    fn at_hand(&self) -> Option<&'a Event> {
        match self.from {
            From::Event(event) => Some(event),
            From::Admitted { admission, event, .. } => Some(admission.events[event].event),
            From::Candidate { events, event, .. } => Some(events[event]),
            From::Window { .. } | From::View { .. } | From::Match { .. } => None,
        }
    }

    /// The time that `at` means: the event's, or the alert's after a match.
    pub fn at_us(&self) -> i64 {
        match self.from {
            From::Match { at_us, .. } | From::View { at_us, .. } => at_us,
            From::Window { piece, .. } => piece.end_us,
            _ => self.at_hand().map_or(0, Event::at_us),
        }
    }

    /// The time as of which tables are looked up: `at`, or the moment at which more is said of an event.
    fn as_of_us(&self) -> i64 {
        match self.from {
            From::Admitted { later: Some(later), .. } => later.at_us,
            _ => self.at_us(),
        }
    }

    /// The events that a step has taken, in order.
    fn taken_by(&self, step: StepId) -> Vec<&'a Event> {
        let (events, taken) = match self.from {
            From::Candidate { events, taken, .. } | From::Match { events, taken, .. } => (events, taken),
            _ => return Vec::new(),
        };
        taken.iter().filter(|(of, _)| *of == step).map(|(_, event)| events[*event]).collect()
    }
}

/// All events of a step's stream with the step's key, up to the candidate: what histories in the step's `where` see.
struct StepHistory<'a> {
    rule: &'a Rule,
    keys: &'a [Value],
    tables: Option<&'a Tables<'a>>,
    events: Vec<&'a Event>,
}

impl Seen for StepHistory<'_> {
    fn at(&self, event: usize) -> i64 {
        self.events[event].at_us()
    }

    fn value(&self, event: usize, expr: &Expr) -> Value {
        let look = Look::candidate(self.rule, self.keys, &self.events, event, &[]);
        Look { tables: self.tables, ..look }.value(expr)
    }

    fn on(&self, _event: usize) -> u32 {
        0
    }
}

impl Look<'_> {
    /// The expression's value.
    pub fn value(&self, expr: &Expr) -> Value {
        eval(expr, self)
    }

    /// The rule's history function at the event at hand: over the events that the rule admits with this key, or in a
    /// step's `where` over all events of the step's stream with the step's key.
    fn history_at_hand(&self, history: &History) -> Value {
        match (self.from, &history.scope) {
            (From::Admitted { admission, event, with_histories: true, later }, HistoryScope::Admitted) => {
                let moment = later.filter(|later| later.moves_windows).map(|later| later.at_us);
                history::value(history, admission, event, moment)
            }
            (From::Window { admission, piece }, HistoryScope::Admitted) => {
                history::over(history, admission, &piece.events.clone().collect::<Vec<_>>())
            }
            (From::View { admission, at_us }, HistoryScope::Admitted) => {
                history::as_of(history, admission, admission.events.len(), at_us)
            }
            (From::Candidate { events, event, .. }, HistoryScope::Step(step)) => {
                let Some(rule) = self.rule else { return Value::Null };
                let seen = self.seen_by(*step, &events[..=event]);
                let now = seen.len().saturating_sub(1);
                let history_of = StepHistory { rule, keys: self.keys, tables: self.tables, events: seen };
                history::value(history, &history_of, now, None)
            }
            _ => Value::Null,
        }
    }

    /// The events of a step's stream with the key of the last of them.
    fn seen_by<'b>(&self, step: StepId, events: &[&'b Event]) -> Vec<&'b Event> {
        let (Some(rule), Some(now)) = (self.rule, events.last()) else { return Vec::new() };
        let Body::Pattern(pattern) = &rule.body else { return Vec::new() };
        let info = &pattern.steps[step.index()];
        let parts: Vec<Expr> = match &info.key {
            StepKey::Own(parts) => parts.clone(),
            StepKey::HandOver(pairs) => pairs.iter().map(|pair| pair.own.clone()).collect(),
        };
        let key = key_of(now, &parts);
        let same = |event: &&&Event| {
            event.coordinates.partition.stream == info.stream && key.is_some() && key_of(event, &parts) == key
        };
        events.iter().filter(same).copied().collect()
    }
}

impl Scope for Look<'_> {
    fn field(&self, field: FieldId) -> Value {
        self.at_hand().and_then(|event| event.values.get(field.index())).cloned().unwrap_or(Value::Null)
    }

    fn slot(&self, slot: SlotId) -> Value {
        let From::Admitted { admission, event, .. } = self.from else { return Value::Null };
        admission.events[event].on.fields[slot.index()].map_or(Value::Null, |field| self.field(field))
    }

    fn at(&self) -> Value {
        Value::Time(self.at_us())
    }

    fn step(&self, step: StepId, field: FieldId) -> Value {
        self.taken_by(step).first().map_or(Value::Null, |event| Look::event(event).field(field))
    }

    fn step_at(&self, step: StepId) -> Value {
        self.taken_by(step).first().map_or(Value::Null, |event| Value::Time(event.at_us()))
    }

    fn taken(&self, step: StepId) -> Vec<Box<dyn Scope + '_>> {
        let look = |event| Box::new(Look::event(event)) as Box<dyn Scope>;
        self.taken_by(step).into_iter().map(look).collect()
    }

    fn key(&self, part: u32) -> Value {
        self.keys.get(part as usize).cloned().unwrap_or(Value::Null)
    }

    /// A `with` field is worked out whenever it is asked for.
    fn with(&self, position: u32) -> Value {
        let with = self.rule.and_then(|rule| rule.fields.get(position as usize));
        with.map_or(Value::Null, |with| self.value(&with.expr))
    }

    fn row(&self, table: TableId, key: &[Value]) -> Option<Vec<Value>> {
        match self.tables?.plan.tables.get(table.index())?.view() {
            None => self.tables?.row(table, key, self.as_of_us()),
            // What was said of an event is not said anew at a later moment.
            Some(view) => view::row(self.tables?, (table, view), key, self.at_hand()?),
        }
    }

    fn history(&self, history: HistoryId) -> Value {
        let history = self.rule.and_then(|rule| rule.histories.get(history.index()));
        history.map_or(Value::Null, |history| self.history_at_hand(history))
    }

    fn before(&self, n: u32) -> Option<Box<dyn Scope + '_>> {
        let back = |event: usize| event.checked_sub(n as usize);
        let from = match self.from {
            From::Admitted { admission, event, with_histories, later } => {
                From::Admitted { admission, event: back(event)?, with_histories, later }
            }
            From::Candidate { events, event, taken } => From::Candidate { events, event: back(event)?, taken },
            From::Event(_) | From::Window { .. } | From::View { .. } | From::Match { .. } => return None,
        };
        Some(Box::new(Look { from, ..*self }))
    }
}
