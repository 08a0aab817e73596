//! Alerts from what was found: `with` fields, message, evidence, `suppress`, and their place in the output.

use std::sync::Arc;

use tripline_query_lang::plan::{Absent, Body, Element, Node, Plan, Rule, RuleId, StepId, TemplatePart};
use tripline_query_lang::value::Value;

use super::history::Seen;
use super::look::{Later, Look};
use super::tables::Tables;
use super::threshold::Admission;
use super::window::Piece;
use super::{Event, Found, derived};
use crate::alert::{Alert, AlertState, Evidence, Witness};
use crate::event::{self, Hop, Position};
use crate::expr::write_key;

/// A complete match of a pattern.
#[derive(Clone, Debug)]
pub(super) struct PatternMatch {
    /// The events that it took, by position among the key's events, in order.
    pub taken: Vec<(StepId, usize)>,
    /// The alert's time, microseconds.
    pub at_us: i64,
    /// What completed it.
    pub cause: Cause,
    /// The deadline that an absence waited for.
    pub deadline_us: Option<i64>,
    /// Starts or branches were refused since the key's last match.
    pub incomplete: bool,
}

/// What a threshold rule says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Whether it is the first of its id.
    pub state: AlertState,
    /// The admitted event that the first one rests on.
    pub source: usize,
    /// The one whose values it has.
    pub newest: usize,
    /// What made it say so.
    pub cause: Cause,
}

/// What completed a match.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// An event, by position among the key's.
    Event(usize),
    /// Event time has passed this.
    Time(i64),
    /// The end of the input.
    End,
}

/// What one key of a rule has sent.
pub(super) struct Sending<'a> {
    plan: &'a Plan,
    tables: &'a Tables<'a>,
    id: RuleId,
    rule: &'a Rule,
    key: Vec<Value>,
    /// Per `suppress by` values, the time of the last alert that was sent.
    sent: Vec<(Vec<Value>, i64)>,
    /// Where the last alert came about, and how many there were before it.
    last: Option<(Position, u32)>,
    /// Starts or branches were refused since the last alert that was sent.
    incomplete: bool,
}

impl<'a> Sending<'a> {
    /// A key that has sent nothing.
    pub fn new(plan: &'a Plan, tables: &'a Tables<'a>, (id, rule): (RuleId, &'a Rule), key: Vec<Value>) -> Self {
        Sending { plan, tables, id, rule, key, sent: Vec::new(), last: None, incomplete: false }
    }

    /// Sends what a threshold rule has to say; whether it was not suppressed. Only a first alert can be.
    pub fn threshold(&mut self, admission: &Admission<'_>, said: Said, out: &mut Found) -> bool {
        let source = &admission.events[said.source];
        let stream = &self.plan.streams[source.on.stream.index()].name;
        let step = source.on.name.as_ref().unwrap_or(stream).as_str();
        let witness = Witness::Event(source.event.coordinates.clone());
        let evidence = vec![Evidence { step: Arc::from(step), what: witness }];
        let (at_us, place) = match said.cause {
            Cause::Event(event) => (admission.at(event), derived::place(admission.events[event].event)),
            Cause::Time(at_us) => (at_us, by_time(at_us)),
            Cause::End => (i64::MAX, by_time(i64::MAX)),
        };
        let look = match (said.state, said.cause) {
            (AlertState::Firing, Cause::Event(_)) => admission.look(said.newest, true),
            (state, _) => {
                let later = Later { at_us, moves_windows: state != AlertState::Resolved };
                Look::later(admission, said.newest, later)
            }
        };
        if said.state == AlertState::Firing && self.suppresses(&look, at_us) {
            return false;
        }
        self.send(look, place, at_us, (said.state, evidence), out);
        true
    }

    /// Gives the row of a window that is over.
    pub fn window(&mut self, admission: &Admission<'_>, piece: &Piece, found: &mut Found) {
        let place = match piece.events.clone().last().filter(|_| piece.is_complete) {
            Some(last) => derived::place(admission.events[last].event),
            None => Position { time_us: piece.end_us, cause: event::Cause::Timer, path: Vec::new() },
        };
        let bounds = [Value::Time(piece.start_us), Value::Time(piece.end_us)];
        let keys: Vec<Value> = self.key.iter().cloned().chain(bounds).collect();
        let look = Look::window(admission, &keys, piece);
        self.send(look, place, piece.end_us, (AlertState::Firing, Vec::new()), found);
    }

    /// Sends what a pattern has found. The evidence is its events in the order of the steps, then the deadline.
    /// Returns whether it was not suppressed: only a first alert can be.
    pub fn pattern_as(
        &mut self,
        events: &[&Event],
        found: &PatternMatch,
        (state, cause): (AlertState, Cause),
        out: &mut Found,
    ) -> bool {
        let Body::Pattern(pattern) = &self.rule.body else { return false };
        let mut taken = found.taken.clone();
        taken.sort_by_key(|(step, event)| (*step, *event));
        let evidence = taken.iter().map(|(step, event)| Evidence {
            step: Arc::from(pattern.steps[step.index()].name.as_str()),
            what: Witness::Event(events[*event].coordinates.clone()),
        });
        let absence = last_absence(&pattern.seq).map(|no| format!("no {}", self.plan.streams[no.stream.index()].name));
        let deadline = found.deadline_us.map(|at| Evidence {
            step: Arc::from(absence.unwrap_or_else(|| "deadline".to_string())),
            what: Witness::Deadline(at),
        });
        let evidence = evidence.chain(deadline).collect();
        let place = match cause {
            Cause::Event(event) => derived::place(events[event]),
            Cause::Time(at) => by_time(at),
            Cause::End => by_time(i64::MAX),
        };
        let key = self.key.clone();
        let is_first = state == AlertState::Firing;
        let at_us = if is_first { found.at_us } else { place.time_us };
        let look = Look::after_match(self.rule, &key, events, &found.taken, at_us).with_tables(self.tables);
        self.incomplete |= found.incomplete && is_first;
        if is_first && self.suppresses(&look, at_us) {
            return false;
        }
        self.send(look, place, at_us, (state, evidence), out);
        true
    }

    /// `suppress D`: one alert per key, and per values of `by`, in D, its exact end included.
    fn suppresses(&mut self, look: &Look<'_>, at_us: i64) -> bool {
        let Some(suppress) = &self.rule.suppress else { return false };
        let by: Vec<Value> = suppress.by.iter().map(|expr| look.value(expr)).collect();
        match self.sent.iter_mut().find(|(of, _)| *of == by) {
            Some((_, last)) if at_us <= last.saturating_add(suppress.span_us) => return true,
            Some((_, last)) => *last = at_us,
            None => self.sent.push((by, at_us)),
        }
        false
    }

    fn send(
        &mut self,
        look: Look<'_>,
        place: Position,
        at_us: i64,
        (state, evidence): (AlertState, Vec<Evidence>),
        out: &mut Found,
    ) {
        if self.rule.having.as_ref().is_some_and(|having| !look.holds(having)) {
            return;
        }
        let resolve = self.rule.resolve.as_ref().filter(|_| state == AlertState::Resolved);
        let template = resolve.or(self.rule.alert.as_ref().map(|alert| &alert.template));
        let message = template.into_iter().flatten().map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Expr(expr) => look.value(expr).to_string(),
        });
        let mut key = Vec::new();
        write_key(&self.key, &mut key);
        let sequence = match &self.last {
            Some((last, n)) if *last == place => n + 1,
            _ => 0,
        };
        self.last = Some((place.clone(), sequence));
        let mut position = place;
        position.path.push(Hop { rule: self.id.0, key, sequence });
        let alert = Alert {
            position,
            rule: self.id,
            key: look.keys().to_vec(),
            at_us,
            state,
            message: message.collect(),
            fields: self.rule.fields.iter().map(|with| look.value(&with.expr)).collect(),
            evidence,
            incomplete: state == AlertState::Firing && std::mem::take(&mut self.incomplete),
        };
        // That something is over is no event of the stream.
        if let Some(emits) = self.rule.emits.as_ref().filter(|_| state != AlertState::Resolved) {
            out.rows.push(derived::row(self.plan, emits, &alert));
        }
        if self.rule.alert.is_some() {
            out.alerts.push(alert);
        }
    }
}

/// What time alone brings about.
fn by_time(time_us: i64) -> Position {
    Position { time_us, cause: event::Cause::Timer, path: Vec::new() }
}

/// The last `no X` among the pattern's elements: what a deadline waited for.
fn last_absence(seq: &[Element]) -> Option<&Absent> {
    seq.iter().rev().find_map(|element| match &element.node {
        Node::No(absent) => Some(absent),
        _ => None,
    })
}
