//! The alerts of all combinations that an event completes: each is made in one place, when it is looked at.
//!
//! What a message says of one event at one step is written once, in however many combinations it stands, so that an alert is
//! a few copies.

use std::fmt;
use std::sync::Arc;

use super::voice::{Piece, Voice};
use super::wording::Wording;
use crate::alert::{Alert, AlertState, Evidence, Together, Witness};
use crate::event::{Coordinates, Position};
use crate::expr::{Bound, Row, Scene};
use crate::patterns::{Combined, Kept, KeptEvent, Noted, Said, Visitor};
use tripline_query_lang::plan::StepId;
use tripline_query_lang::value::Value;

/// What all alerts of a rule share.
pub(super) struct Telling {
    /// The rule's.
    pub voice: Arc<Voice>,
    /// The names of its steps.
    pub names: Arc<[Arc<str>]>,
    /// Its message.
    pub wording: Wording,
}

/// What the alerts of one event and key share.
pub(super) struct AllOf {
    /// And those of other events.
    pub telling: Arc<Telling>,
    /// What they rest on.
    pub combined: Box<Combined>,
    /// The key's parts.
    pub key: Vec<Value>,
    /// Their time, microseconds.
    pub at_us: i64,
    /// The first says that something was refused.
    pub incomplete: bool,
}

impl fmt::Debug for AllOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllOf").field("combined", &self.combined).finish_non_exhaustive()
    }
}

/// The events of a combination, by step.
struct Events<'a>(Vec<(StepId, &'a KeptEvent)>);

impl Bound for Events<'_> {
    fn taken(&self, step: StepId) -> usize {
        usize::from(self.nth(step, 0).is_some())
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        let found = self.0.iter().find(|(of, _)| *of == step && index == 0)?;
        Some(found.1)
    }
}

/// Makes one alert after the other in the same place.
struct Teller<'a, 's> {
    all: &'a AllOf,
    template: &'a [Piece],
    /// What stands in the rows, the newest event in the last.
    events: Events<'a>,
    /// The parts of the message; those of a match are written where they stand.
    texts: Vec<&'a str>,
    /// Where they begin.
    starts: Vec<usize>,
    /// The first row that has changed since the last alert.
    changed: usize,
    alert: Alert,
    show: &'s mut dyn FnMut(&Alert),
}

impl AllOf {
    fn scene<'s>(&'s self, events: &'s Events<'_>) -> Scene<'s> {
        Scene { bound: Some(events), keys: &self.key, at_us: self.at_us, ..Scene::EMPTY }
    }
}

impl<'a> Teller<'a, '_> {
    /// The message anew from a part on.
    #[inline]
    fn write(&mut self, from: usize) {
        let message = &mut self.alert.message;
        message.truncate(self.starts.get(from).copied().unwrap_or(usize::MAX));
        for part in from..self.texts.len() {
            self.starts[part] = message.len();
            message.push_str(self.texts[part]);
        }
    }

    /// As `write`, where fields or parts of the message depend on more than what stands in a row.
    fn write_at_length(&mut self, from: usize) {
        let Teller { all, template, events, texts, starts, alert, .. } = self;
        let Telling { voice, wording, .. } = &*all.telling;
        alert.fields = voice.fields(&all.scene(events));
        let scene = Scene { with: &alert.fields, ..all.scene(events) };
        alert.message.truncate(starts.get(from).copied().unwrap_or(usize::MAX));
        for part in from..wording.len() {
            starts[part] = alert.message.len();
            match wording.of_matches.contains(&part) {
                true => wording.write(part, template, &scene, &mut alert.message),
                false => alert.message.push_str(texts[part]),
            }
        }
    }

    /// Puts what is said of what stands in a row where it belongs.
    #[inline]
    fn say(&mut self, row: usize, said: &'a Said) {
        for (place, part) in self.all.telling.wording.of_row(row).iter().enumerate() {
            self.texts[*part] = said.get(place);
        }
    }
}

impl<'a> Visitor<'a, Arc<Noted>> for Teller<'a, '_> {
    #[inline]
    fn put(&mut self, row: usize, noted: &'a Arc<Noted>) {
        self.events.0[row].1 = &noted.event;
        let (all, template, events) = (self.all, self.template, &self.events);
        let said = noted.said(|| all.telling.wording.say(row, template, &all.scene(events)));
        self.say(row, said);
        self.changed = self.changed.min(row);
        if let Witness::Event(there) = &mut self.alert.evidence[row].what {
            put(there, noted.event.place());
        }
    }

    #[inline]
    fn show(&mut self) {
        let Telling { voice, wording, .. } = &*self.all.telling;
        let from = wording.behind(std::mem::replace(&mut self.changed, usize::MAX));
        if voice.fields.is_empty() && wording.of_matches.is_empty() {
            self.write(from);
        } else {
            self.write_at_length(from);
        }
        (self.show)(&self.alert);
        self.alert.incomplete = false;
        if let Some(hop) = self.alert.position.path.last_mut() {
            hop.sequence = hop.sequence.saturating_add(1);
        }
    }
}

impl Together for AllOf {
    fn count(&self) -> u64 {
        self.combined.count()
    }

    /// They are of one rule: nothing stands between them.
    fn each(
        &self,
        first: &Position,
        _from: usize,
        _until: Option<&Position>,
        show: &mut dyn FnMut(&Alert),
    ) -> Option<(usize, Position)> {
        let Telling { voice, names, wording } = &*self.telling;
        let (template, newest) = (voice.template.as_deref().unwrap_or_default(), self.combined.newest());
        let steps = self.combined.steps();
        // What stands in the rows before the last is put there before the first is shown.
        let events = || Events(steps.iter().map(|step| (*step, newest)).collect());
        let evidence = |step: &StepId| Evidence {
            step: names.get(step.index()).cloned().unwrap_or_default(),
            what: Witness::Event(newest.coordinates()),
        };
        let alert = Alert {
            position: first.clone(),
            rule: voice.rule,
            key: self.key.clone(),
            at_us: self.at_us,
            state: AlertState::Firing,
            message: String::new(),
            fields: Vec::new(),
            evidence: steps.iter().map(evidence).collect(),
            incomplete: self.incomplete,
        };
        let of_newest = wording.say(steps.len() - 1, template, &self.scene(&events()));
        let (texts, starts) = (vec![""; wording.len()], vec![0; wording.len()]);
        let mut teller = Teller { all: self, template, events: events(), texts, starts, changed: 0, alert, show };
        teller.say(steps.len() - 1, &of_newest);
        self.combined.before().visit(&mut teller);
        None
    }
}

/// Most events are of one partition: what names it stays as it is.
#[inline]
fn put(there: &mut Coordinates, event: &Coordinates) {
    let (own, other) = (&there.partition, &event.partition);
    if own.stream == other.stream && own.partition == other.partition && Arc::ptr_eq(&own.topic, &other.topic) {
        (there.at_us, there.offset) = (event.at_us, event.offset);
        there.place.clone_from(&event.place);
    } else {
        *there = event.clone();
    }
}
