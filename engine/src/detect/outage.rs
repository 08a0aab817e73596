//! What lasts after an absence has ended a pattern, or a key has fallen silent: until an X comes. `repeat` says again that
//! it does, `resolve` that it is over.

use super::pattern::{Matched, PatternRule, PatternState};
use super::rule::{Bench, Seen};
use super::voice::{Facts, Moment};
use crate::alert::{Alert, AlertState};
use crate::event::Position;
use crate::expr::{BatchRow, BoolFn, Scene, ValueFn, compile_bool, compile_value, write_key};
use crate::patterns::Match;
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Absent, Link, Node, Pattern, Rule, StepId, StepKey, StreamId, Within};
use tripline_query_lang::value::Value;

/// What a rule says of an absence while it lasts and when it is over.
pub(super) struct Outages {
    /// X.
    stream: StreamId,
    /// Where keys are handed over: X's own key, which must be the match's.
    own_key: Vec<ValueFn>,
    /// Pairs that must be equal: of X, of an earlier step.
    handed: Vec<(ValueFn, ValueFn)>,
    filter: Option<BoolFn>,
    /// `repeat D`, microseconds.
    repeat_us: Option<i64>,
    resolves: bool,
    /// The rule's `within`, microseconds.
    within_us: Option<i64>,
}

/// One absence that lasts.
pub(super) struct Outage {
    found: Match,
    repeats: u32,
}

/// The `no X` that a pattern ends with, if it waits for time.
pub(super) fn last_absence(pattern: &Pattern) -> Option<&Absent> {
    match pattern.seq.last() {
        Some(last) if last.link != Link::Next => match &last.node {
            Node::No(absent) => Some(absent),
            _ => None,
        },
        _ => None,
    }
}

impl Outages {
    /// `None`: there is nothing to say but that a match is complete.
    pub fn new(rule: &Rule, pattern: &Pattern) -> Option<Outages> {
        let resolves = rule.resolve.is_some();
        let absent = last_absence(pattern).filter(|_| resolves || rule.repeat_us.is_some())?;
        let pairs = match &absent.key {
            StepKey::HandOver(pairs) => &pairs[..],
            StepKey::Own(_) => &[],
        };
        Some(Outages {
            stream: absent.stream,
            own_key: match &absent.key {
                StepKey::Own(parts) if pattern.hands_over() => parts.iter().map(compile_value).collect(),
                _ => Vec::new(),
            },
            handed: pairs.iter().map(|pair| (compile_value(&pair.own), compile_value(&pair.from))).collect(),
            filter: absent.filter.as_ref().map(compile_bool),
            repeat_us: rule.repeat_us,
            resolves,
            within_us: match pattern.within {
                Some(Within::Time(us)) => Some(us),
                _ => None,
            },
        })
    }

    /// Whether the event at hand is an X for this absence.
    fn is_over(&self, outage: &Outage, scene: &Scene<'_>) -> bool {
        let own = self.own_key.iter().map(|own| own(scene));
        let is_of_key =
            outage.found.key.as_ref().is_none_or(|key| self.own_key.is_empty() || own.eq(key.iter().cloned()));
        let equal = |(own, from): &(ValueFn, ValueFn)| match (own(scene), from(scene)) {
            (Value::Null, _) => false,
            (own, from) => own == from,
        };
        is_of_key
            && self.handed.iter().all(equal)
            && self.filter.as_ref().is_none_or(|holds| holds(scene) == Some(true))
    }

    /// Up to when anything is said of it: the rule's `within`, counted from the first matched event.
    fn until(&self, outage: &Outage) -> Option<i64> {
        let first_us = outage.found.taken.iter().map(|(_, taken)| taken.at_us()).min()?;
        Some(first_us.saturating_add(self.within_us?))
    }

    fn next_repeat(&self, outage: &Outage) -> Option<i64> {
        let passed = self.repeat_us?.saturating_mul(i64::from(outage.repeats).saturating_add(1));
        let at_us = outage.found.at_us.saturating_add(passed);
        self.until(outage).is_none_or(|until| at_us <= until).then_some(at_us)
    }

    /// When time has something to do with it.
    pub fn next(&self, outage: &Outage) -> Option<i64> {
        self.next_repeat(outage).or_else(|| self.until(outage))
    }
}

impl PatternRule {
    /// An absence has ended a match, and the rule has said so.
    pub(super) fn goes_on(&self, state: &mut PatternState, found: Match) {
        if self.outages.is_some() && found.deadline_us.is_some() {
            state.rest_mut().outages.push(Outage { found, repeats: 0 });
        }
    }

    /// Event time has certainly passed everything strictly before this: what is to be said again. Alerts from `start` on
    /// were made in the same turn.
    pub(super) fn repeat(&self, state: &mut PatternState, before_us: i64, start: usize, bench: &mut Bench<'_>) {
        let Some(outages) = &self.outages else { return };
        let Some(rest) = &mut state.rest else { return };
        rest.outages.retain_mut(|outage| {
            // What has no end in time does not repeat until the end of time.
            let is_bounded = before_us < i64::MAX || outages.until(outage).is_some();
            while let Some(at_us) = outages.next_repeat(outage).filter(|at_us| is_bounded && *at_us < before_us) {
                outage.repeats = outage.repeats.saturating_add(1);
                let again = AlertState::Repeated(outage.repeats);
                self.say_of(outage, Moment::Timer(at_us), at_us, again, (start, bench));
            }
            outages.until(outage).is_none_or(|until| until >= before_us)
        });
    }

    /// An event ends the absences for which it is an X.
    pub(super) fn end_outages(&self, state: &mut PatternState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let Some(outages) = self.outages.as_ref().filter(|outages| outages.stream == seen.batch.stream()) else {
            return;
        };
        let (start, row) = (bench.out.alerts.len(), BatchRow { batch: seen.batch, row: seen.row });
        let keys = bench.key_parts();
        let Some(rest) = &mut state.rest else { return };
        rest.outages.retain(|outage| {
            let bound = Matched(&outage.found.taken);
            let keys = outage.found.key.as_deref().unwrap_or(&keys);
            let tables = Some(bench.tables);
            let scene = Scene { bound: Some(&bound), keys, tables, ..Scene::of_row(&row) };
            let is_over = outages.is_over(outage, &scene);
            if is_over && outages.resolves {
                self.say_of(outage, seen.moment(), scene.at_us, AlertState::Resolved, (start, bench));
            }
            !is_over
        });
    }

    /// One more alert of a match.
    fn say_of(
        &self,
        outage: &Outage,
        moment: Moment<'_>,
        at_us: i64,
        state: AlertState,
        (start, bench): (usize, &mut Bench<'_>),
    ) {
        let found = &outage.found;
        let bound = Matched(&found.taken);
        let keys = found.key.as_ref().map_or_else(|| bench.key_parts(), |parts| parts.to_vec());
        let mut key = Vec::new();
        write_key(&keys, &mut key);
        let scene = Scene { bound: Some(&bound), keys: &keys, at_us, tables: Some(bench.tables), ..Scene::EMPTY };
        let evidence = self.evidence(found);
        let facts = Facts { moment, at_us, state, key: &key, sequence: 0, evidence, incomplete: false };
        let place = facts.moment.position(self.voice.rule, facts.key, 0);
        let sequence = alike(&bench.out.alerts[start..], &place);
        self.voice.speak(&scene, Facts { sequence, ..facts }, bench.out);
    }

    /// Appends a key's outages to a chunk.
    pub(super) fn write_outages(&self, state: &PatternState, out: &mut Vec<u8>) {
        if self.outages.is_none() {
            return;
        }
        out.put_len(state.outages.len());
        for Outage { found, repeats } in &state.outages {
            out.put_u32(*repeats);
            out.put_i64(found.at_us);
            out.put_option_i64(found.deadline_us);
            out.put_bool(found.key.is_some());
            if let Some(key) = &found.key {
                out.put_len(key.len());
                key.iter().for_each(|part| out.put_value(part));
            }
            out.put_len(found.taken.len());
            for (step, taken) in &found.taken {
                out.put_u32(step.0);
                taken.write(out);
            }
        }
    }

    /// Takes them off the front of `bytes`.
    pub(super) fn read_outages(&self, bytes: &mut &[u8]) -> Result<Vec<Outage>, StateError> {
        const WHAT: &str = "an absence that lasts";
        if self.outages.is_none() {
            return Ok(Vec::new());
        }
        let outage = |bytes: &mut &[u8]| {
            let (repeats, at_us) = (bytes.take_u32(WHAT)?, bytes.take_i64(WHAT)?);
            let deadline_us = bytes.take_option_i64(WHAT)?;
            let key = if bytes.take_bool(WHAT)? {
                Some((0..bytes.take_len(WHAT)?).map(|_| bytes.take_value(WHAT)).collect::<Result<_, _>>()?)
            } else {
                None
            };
            let len = bytes.take_len(WHAT)?;
            let taken = (0..len).map(|_| Ok((StepId(bytes.take_u32(WHAT)?), self.machine.read_taken(bytes)?)));
            let taken = taken.collect::<Result<_, StateError>>()?;
            let (by_event, incomplete) = (false, false);
            Ok(Outage {
                found: Match { at_us, time_us: at_us, by_event, key, taken, all: None, deadline_us, incomplete },
                repeats,
            })
        };
        (0..bytes.take_len(WHAT)?).map(|_| outage(bytes)).collect()
    }
}

/// How many of these came about at this position, whatever their number there.
fn alike(others: &[Alert], position: &Position) -> u32 {
    let place = |position: &Position| {
        let mut place = position.clone();
        place.path.last_mut().into_iter().for_each(|hop| hop.sequence = 0);
        place
    };
    let own = place(position);
    others.iter().filter(|other| place(&other.position) == own).count() as u32
}
