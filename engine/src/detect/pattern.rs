//! `match ... then ...`: shows a [`Machine`] the key's events and time, and turns its matches into alerts.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::apart::{Apart, ByKey};
use super::interest::steps_with_histories;
use super::outage::{Outage, Outages};
use super::rule::{Behaviour, Bench, Seen};
use super::suppress::Suppressed;
use super::together::{AllOf, Telling};
use super::voice::{Facts, Moment, Voice};
use super::wording::Wording;
use crate::alert::{AlertState, Evidence, Witness};
use crate::expr::{BatchRow, Bound, Row, Scene, write_key};
use crate::history::{HistoryProgram, HistoryState};
use crate::patterns::{KeyState, Machine, Match, Offer, Taken};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Element, Expr, ExprKind, HistoryScope, Node, Pattern, Plan, Rule, RuleId, StepId};
use tripline_query_lang::value::Value;

/// A `match ... then` rule, compiled.
pub(super) struct PatternRule {
    pub(super) machine: Machine,
    /// By position among [`steps_with_histories`].
    histories: Vec<Option<HistoryProgram>>,
    history_count: usize,
    /// Where keys are handed over: histories are kept by the steps' own keys.
    apart: Option<Apart>,
    steps: Arc<[Arc<str>]>,
    /// What the evidence of a deadline is called.
    absence: Arc<str>,
    /// A condition reads the key.
    reads_key: bool,
    /// A match may come about at any time after that of its alert: it waits for an event, or for the end of the input.
    waits_for_events: bool,
    /// Its keys are those of a table.
    is_listed: bool,
    /// What is said of an absence that ended a match.
    pub(super) outages: Option<Outages>,
    pub(super) voice: Arc<Voice>,
    /// Of combinations, what all their alerts share.
    telling: OnceLock<Arc<Telling>>,
}

/// What one key has of a pattern.
#[derive(Default)]
pub(super) struct PatternState {
    machine: KeyState,
    /// Most keys have nothing more.
    pub(super) rest: Option<Box<Rest>>,
}

/// What one key may have beside what the machine has open.
#[derive(Default)]
pub(super) struct Rest {
    histories: Vec<HistoryState>,
    apart: ByKey,
    suppressed: Suppressed,
    /// A match that was suppressed was incomplete: the next alert says so.
    incomplete: bool,
    /// Absences that last.
    pub(super) outages: Vec<Outage>,
}

/// What a key has that has none.
static NO_REST: Rest = Rest {
    histories: Vec::new(),
    apart: ByKey::NONE,
    suppressed: Suppressed::NONE,
    incomplete: false,
    outages: Vec::new(),
};

impl Rest {
    fn is_any(&self) -> bool {
        let looks_back = !self.histories.is_empty() || !self.apart.is_empty();
        looks_back || !self.suppressed.is_empty() || self.incomplete || !self.outages.is_empty()
    }
}

impl Deref for PatternState {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        self.rest.as_deref().unwrap_or(&NO_REST)
    }
}

impl PatternState {
    /// What most keys have not, to be changed: allocated where there is none yet.
    pub(super) fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// Whether a suppressed match was incomplete since this was last asked.
    fn take_incomplete(&mut self) -> bool {
        self.rest.as_mut().is_some_and(|rest| std::mem::take(&mut rest.incomplete))
    }
}

/// The events of a match.
pub(super) struct Matched<'a>(pub &'a [(StepId, Taken)]);

impl Matched<'_> {
    fn of(&self, step: StepId) -> &[(StepId, Taken)] {
        let start = self.0.partition_point(|(other, _)| *other < step);
        let end = self.0.partition_point(|(other, _)| *other <= step);
        &self.0[start..end]
    }
}

impl Bound for Matched<'_> {
    fn taken(&self, step: StepId) -> usize {
        self.of(step).len()
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        self.of(step).get(index).map(|(_, taken)| &**taken as &dyn Row)
    }
}

impl PatternRule {
    /// Takes the machine of a rule whose body is this pattern.
    pub fn new(plan: &Plan, id: RuleId, rule: &Rule, pattern: &Pattern, machine: Machine) -> PatternRule {
        let mut reads_key = false;
        pattern.each_condition(&mut |_, expr| reads_key |= reads(expr));
        let history = |step| HistoryProgram::new(&rule.histories, &HistoryScope::Step(step));
        let settles_us = rule.settles_within_us();
        PatternRule {
            histories: steps_with_histories(rule).into_iter().map(history).collect(),
            history_count: rule.histories.len(),
            apart: Apart::new(rule, pattern),
            steps: pattern.steps.iter().map(|step| (&*step.name).into()).collect(),
            absence: absence(plan, &pattern.seq).into(),
            reads_key,
            waits_for_events: settles_us.is_none(),
            is_listed: rule.key_table.is_some(),
            outages: Outages::new(rule, pattern),
            voice: Arc::new(Voice::new(id, rule, settles_us.unwrap_or(0))),
            telling: OnceLock::new(),
            machine,
        }
    }

    /// Turns the matches that were found into alerts, at this row or, those that time made, at their deadlines.
    fn tell(&self, state: &mut PatternState, seen: Option<&Seen<'_>>, bench: &mut Bench<'_>) {
        if bench.scratch.matches.is_empty() {
            return;
        }
        let mut matches = std::mem::take(&mut bench.scratch.matches);
        let mut last = None;
        let mut sequence = 0u32;
        // Where keys are handed over, the matches of a moment are counted by key.
        let mut told: Vec<(Arc<[Value]>, u32)> = Vec::new();
        for found in matches.drain(..) {
            let moment = match seen {
                Some(seen) if found.by_event => seen.moment(),
                _ => Moment::Timer(found.time_us),
            };
            let is_same_moment = last.replace((found.by_event, found.time_us)) == Some((found.by_event, found.time_us));
            if !is_same_moment {
                sequence = 0;
                told.clear();
            }
            if let Some(key) = &found.key {
                sequence = told.iter().filter(|(of, _)| of == key).map(|(_, next)| *next).max().unwrap_or(0);
            }
            if found.all.is_some() {
                sequence = sequence.saturating_add(self.tell_all(state, found, moment, sequence, bench));
            } else if self.tell_one(state, &found, moment, sequence, bench) {
                sequence += 1;
                told.extend(found.key.iter().map(|key| (key.clone(), sequence)));
                self.goes_on(state, found);
            }
        }
        bench.scratch.matches = matches;
    }

    /// Event time has certainly passed everything strictly before this.
    fn pass(&self, state: &mut PatternState, before_us: i64, bench: &mut Bench<'_>) {
        let start = bench.out.alerts.len();
        self.machine.advance(&mut state.machine, before_us, &mut bench.scratch.matches);
        bench.out.refused += self.machine.take_refused(&mut state.machine);
        self.tell(state, None, bench);
        self.repeat(state, before_us, start, bench);
    }

    /// Returns how many alerts there were.
    fn tell_all(
        &self,
        state: &mut PatternState,
        mut found: Match,
        moment: Moment<'_>,
        sequence: u32,
        bench: &mut Bench<'_>,
    ) -> u32 {
        let Some(all) = found.all.take() else { return 0 };
        let at_us = found.at_us;
        if !self.voice.can_wait || all.count() == 1 {
            let mut told = 0;
            all.each(|taken| {
                found.taken = taken;
                let sequence = sequence.saturating_add(told);
                told += u32::from(self.tell_one(state, &found, moment, sequence, bench));
                found.incomplete = false;
            });
            return told;
        }
        let incomplete = state.take_incomplete() | found.incomplete;
        let told = u32::try_from(all.count()).unwrap_or(u32::MAX);
        let position = moment.position(self.voice.rule, bench.key(), sequence);
        let telling = self.telling.get_or_init(|| {
            let wording = Wording::new(self.voice.template.as_deref().unwrap_or_default(), all.steps());
            Arc::new(Telling { voice: self.voice.clone(), names: self.steps.clone(), wording })
        });
        let all = AllOf { telling: telling.clone(), combined: all, key: bench.key_parts(), at_us, incomplete };
        bench.out.together.push((position, Arc::new(all)));
        told
    }

    /// Returns whether there was an alert.
    fn tell_one(
        &self,
        state: &mut PatternState,
        found: &Match,
        moment: Moment<'_>,
        sequence: u32,
        bench: &mut Bench<'_>,
    ) -> bool {
        if found.incomplete {
            state.rest_mut().incomplete = true;
        }
        let bound = Matched(&found.taken);
        let keys = found.key.as_ref().map_or_else(|| bench.key_parts(), |parts| parts.to_vec());
        let mut own_key = Vec::new();
        let key = match &found.key {
            None => bench.key(),
            Some(_) => {
                write_key(&keys, &mut own_key);
                &own_key
            }
        };
        let scene =
            Scene { bound: Some(&bound), keys: &keys, at_us: found.at_us, tables: Some(bench.tables), ..Scene::EMPTY };
        if self.voice.suppresses() {
            let suppressed = &mut state.rest_mut().suppressed;
            if !self.voice.may_speak(suppressed, &own_key, &scene, found.at_us) {
                return false;
            }
        }
        let incomplete = state.take_incomplete();
        let evidence = self.evidence(found);
        let (at_us, state) = (found.at_us, AlertState::Firing);
        let facts = Facts { moment, at_us, state, key, sequence, evidence, incomplete };
        self.voice.speak(&scene, facts, bench.out)
    }

    pub(super) fn evidence(&self, found: &Match) -> Vec<Evidence> {
        let event = |(step, taken): &(StepId, Taken)| Evidence {
            step: self.steps.get(step.index()).cloned().unwrap_or_default(),
            what: Witness::Event(taken.coordinates()),
        };
        let deadline = |at_us| Evidence { step: self.absence.clone(), what: Witness::Deadline(at_us) };
        found.taken.iter().map(event).chain(found.deadline_us.map(deadline)).collect()
    }

    /// No run is open, and the next alert has nothing to make good.
    fn is_quiet(&self, state: &PatternState) -> bool {
        !state.incomplete && state.outages.is_empty() && self.machine.is_idle(&state.machine)
    }

    /// A match may still come that is judged by alerts of any age.
    fn waits(&self, state: &PatternState) -> bool {
        self.waits_for_events && self.machine.open_runs(&state.machine) > 0
    }

    /// Forgets what time has ended, besides runs; returns whether nothing is left.
    fn expire(&self, state: &mut PatternState, watermark_us: i64) -> bool {
        let mut is_past = !self.waits(state);
        if let Some(rest) = &mut state.rest {
            is_past = is_past && self.voice.expire(&mut rest.suppressed, watermark_us);
            for (history, state) in self.histories.iter().zip(&mut rest.histories) {
                is_past &= history.as_ref().is_none_or(|history| history.expire(state, watermark_us));
            }
            is_past &= rest.apart.is_empty() || rest.apart.expire(&self.histories, watermark_us);
        }
        is_past && self.is_quiet(state)
    }
}

/// Whether it reads the key.
fn reads(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Key(_)) || expr.children().into_iter().any(reads)
}

/// `no order`, by the last absence of the pattern.
fn absence(plan: &Plan, seq: &[Element]) -> String {
    let no = |element: &Element| match &element.node {
        Node::No(absent) => plan.streams.get(absent.stream.index()).map(|stream| format!("no {}", stream.name)),
        _ => None,
    };
    seq.iter().rev().find_map(no).unwrap_or_else(|| "deadline".to_owned())
}

impl Behaviour for PatternRule {
    type State = PatternState;

    fn depth(&self) -> usize {
        self.machine.depth()
    }

    fn warm(&self, state: &PatternState, depth: usize) -> i64 {
        self.machine.warm(&state.machine, depth)
    }

    fn deadline_grows(&self) -> bool {
        let machine_alone = self.histories.is_empty() && self.outages.is_none() && !self.voice.suppresses();
        machine_alone && self.machine.deadline_grows()
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn event(&self, state: &mut PatternState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        bench.scratch.histories.clear();
        if self.history_count > 0 {
            bench.scratch.histories.resize(self.history_count, Value::Null);
            if self.apart.is_none() {
                state.rest_mut().histories.resize_with(self.histories.len(), HistoryState::default);
            }
        }
        let row = BatchRow { batch: seen.batch, row: seen.row };
        if let Some(apart) = self.apart.as_ref().filter(|_| !seen.histories.is_empty()) {
            let scene = Scene { tables: Some(bench.tables), ..Scene::of_row(&row) };
            let own = &mut state.rest_mut().apart;
            for index in seen.histories {
                let Some(Some(history)) = self.histories.get(*index) else { continue };
                apart.push((*index, history), own, &scene, &mut bench.scratch.histories);
            }
            own.sweep(&self.histories, seen.batch.at_us[seen.row]);
        }
        let own = state.rest.as_deref_mut().map_or(&mut [][..], |rest| &mut rest.histories);
        for index in seen.histories {
            if let (Some(Some(history)), Some(state)) = (self.histories.get(*index), own.get_mut(*index)) {
                let scene = Scene { tables: Some(bench.tables), ..Scene::of_row(&row) };
                history.push(state, 0, &scene, &mut bench.scratch.histories);
            }
        }
        if seen.roles == 0 && !seen.every {
            return;
        }
        let parts = if self.reads_key { bench.key_parts() } else { Vec::new() };
        if self.outages.is_some() {
            self.pass(state, seen.batch.at_us[seen.row], bench);
            self.end_outages(state, seen, bench);
        }
        let histories = &bench.scratch.histories;
        let tables = Some(bench.tables);
        let offer = Offer { batch: seen.batch, row: seen.row, roles: seen.roles, histories, keys: &parts, tables };
        self.machine.event(&mut state.machine, offer, &mut bench.scratch.matches);
        bench.out.refused += self.machine.take_refused(&mut state.machine);
        self.tell(state, Some(seen), bench);
    }

    fn time(&self, state: &mut PatternState, watermark_us: i64, bench: &mut Bench<'_>) -> bool {
        self.pass(state, watermark_us, bench);
        self.expire(state, watermark_us)
    }

    fn begins(&self) -> bool {
        self.machine.is_silence()
    }

    fn is_listed(&self) -> bool {
        self.is_listed
    }

    fn begin(&self, state: &mut PatternState, start_us: i64) {
        self.machine.begin(&mut state.machine, start_us);
    }

    fn finish(&self, state: &mut PatternState, _newest_us: i64, bench: &mut Bench<'_>) -> bool {
        let start = bench.out.alerts.len();
        self.machine.finish(&mut state.machine, &mut bench.scratch.matches);
        self.tell(state, None, bench);
        self.repeat(state, i64::MAX, start, bench);
        self.expire(state, i64::MAX)
    }

    fn deadline(&self, state: &PatternState) -> Option<i64> {
        let histories = self.histories.iter().zip(&state.histories);
        let past = histories
            .filter_map(|(history, state)| history.as_ref()?.next_expiry(state))
            .chain(state.apart.next_expiry())
            .chain(self.voice.next_expiry(&state.suppressed).filter(|_| !self.waits(state)))
            .max();
        let outages = self.outages.iter().flat_map(|of| state.outages.iter().filter_map(|outage| of.next(outage)));
        self.machine.next_deadline(&state.machine).into_iter().chain(past).chain(outages).min()
    }

    #[inline]
    fn is_idle(&self, state: &PatternState) -> bool {
        state.histories.is_empty() && state.apart.is_empty() && state.suppressed.is_empty() && self.is_quiet(state)
    }

    fn open(&self, state: &PatternState) -> usize {
        self.machine.open_runs(&state.machine) + state.outages.len()
    }

    fn write(&self, state: &PatternState, out: &mut Vec<u8>) {
        out.put_bool(state.incomplete);
        state.suppressed.write(out);
        self.machine.write(&state.machine, out);
        out.put_bool(!state.histories.is_empty());
        for (history, state) in self.histories.iter().zip(&state.histories) {
            history.iter().for_each(|history| history.write(state, out));
        }
        if self.apart.is_some() {
            state.apart.write(&self.histories, out);
        }
        self.write_outages(state, out);
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<PatternState, StateError> {
        let incomplete = bytes.take_bool("a refused start")?;
        let suppressed = Suppressed::read(bytes)?;
        let machine = self.machine.read(bytes)?;
        let mut histories = Vec::new();
        if bytes.take_bool("histories of steps")? {
            for history in &self.histories {
                histories.push(match history {
                    Some(history) => history.read(bytes)?,
                    None => HistoryState::default(),
                });
            }
        }
        let apart = match self.apart {
            Some(_) => ByKey::read(&self.histories, bytes)?,
            None => ByKey::NONE,
        };
        let outages = self.read_outages(bytes)?;
        let rest = Rest { histories, apart, suppressed, incomplete, outages };
        Ok(PatternState { machine, rest: rest.is_any().then(|| Box::new(rest)) })
    }
}
