//! The alerts of all combinations that an event completes: each is made in one place, when it is looked at.
//!
//! What a message says of one step is written once for each event that stands there, in however many combinations, so that
//! an alert is a few copies:
//!
//! ```text
//!  "{a.id} {b.id} {c.id}"       a: "17 " "18 " "20 "      b and the newest c: "19 23" "21 23"
//! ```

use std::fmt;
use std::sync::Arc;

use super::voice::{Piece, Reads, Voice};
use crate::alert::{Alert, AlertState, Evidence, Together, Witness};
use crate::event::{Coordinates, Position};
use crate::expr::{Bound, Row, Scene};
use crate::patterns::{Combined, Kept, KeptEvent};
use tripline_query_lang::plan::StepId;
use tripline_query_lang::value::Value;

/// What the alerts of one event and key share.
pub(super) struct AllOf {
    /// The rule's.
    pub voice: Arc<Voice>,
    /// The names of its steps.
    pub names: Arc<[Arc<str>]>,
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

/// A part of the message.
enum Part<'a> {
    /// By the position in this row.
    Row(usize, Texts),
    /// Asked for each combination.
    Asked(&'a Piece),
}

/// A text for each event of a row.
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, position: u32) -> &str {
        let position = position as usize;
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[position]]
    }
}

/// The parts of the message, in order.
struct Parts<'a> {
    all: Vec<Part<'a>>,
    /// By row: the first part that is new where this row is the first that changes.
    behind: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn new(all: Vec<Part<'a>>, rows: usize) -> Parts<'a> {
        let changes = |part: &Part<'_>, row: usize| match part {
            Part::Row(of, texts) => *of >= row && texts.ends.len() > 1,
            Part::Asked(_) => true,
        };
        let first = |row| all.iter().position(|part| changes(part, row)).unwrap_or(all.len());
        // The first alert has no message yet.
        let behind = (0..rows).map(|row| if row == 0 { 0 } else { first(row) }).collect();
        Parts { behind, all }
    }
}

impl AllOf {
    fn scene<'a>(&'a self, events: &'a Events<'a>) -> Scene<'a> {
        Scene { bound: Some(events), keys: &self.key, at_us: self.at_us, ..Scene::EMPTY }
    }

    /// The message in parts.
    fn parts<'a>(&'a self, rows: &[(StepId, Vec<&'a KeptEvent>)]) -> Vec<Part<'a>> {
        let row_of = |step: StepId| rows.iter().position(|(of, _)| *of == step);
        let mut groups: Vec<(Option<usize>, Vec<&Piece>)> = Vec::new();
        for piece in self.voice.template.iter().flatten() {
            let row = match piece.reads() {
                Reads::Nothing => None,
                Reads::Step(step) => row_of(step).filter(|row| rows[*row].1.len() > 1),
                Reads::More => {
                    groups.push((None, vec![piece]));
                    continue;
                }
            };
            let joins = |(of, pieces): &(Option<usize>, Vec<&Piece>)| {
                (of.is_none() || row.is_none() || *of == row) && pieces[0].reads() != Reads::More
            };
            match groups.last_mut().filter(|group| joins(group)) {
                Some((of, pieces)) => {
                    *of = of.or(row);
                    pieces.push(piece);
                }
                None => groups.push((row, vec![piece])),
            }
        }
        let part = |(row, pieces): (Option<usize>, Vec<&'a Piece>)| match pieces[..] {
            [piece] if piece.reads() == Reads::More => Part::Asked(piece),
            _ => {
                let row = row.unwrap_or(rows.len() - 1);
                Part::Row(row, self.texts(rows, row, &pieces))
            }
        };
        groups.into_iter().map(part).collect()
    }

    fn texts(&self, rows: &[(StepId, Vec<&KeptEvent>)], row: usize, pieces: &[&Piece]) -> Texts {
        /// Most are no longer.
        const TEXT: usize = 16;
        let number = rows[row].1.len();
        let mut texts = Texts { text: String::with_capacity(number * TEXT), ends: Vec::with_capacity(number) };
        let mut events = Events(rows.iter().filter_map(|(step, events)| Some((*step, *events.first()?))).collect());
        for event in &rows[row].1 {
            events.0[row].1 = event;
            let scene = self.scene(&events);
            pieces.iter().for_each(|piece| piece.write(&scene, &mut texts.text));
            texts.ends.push(texts.text.len());
        }
        texts
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
        let rows: Vec<_> = self.combined.rows().collect();
        let mut events = Events(rows.iter().filter_map(|(step, events)| Some((*step, *events.first()?))).collect());
        let parts = self.parts(&rows);
        let evidence = |(step, event): &(StepId, &KeptEvent)| Evidence {
            step: self.names.get(step.index()).cloned().unwrap_or_default(),
            what: Witness::Event(event.coordinates()),
        };
        let mut alert = Alert {
            position: first.clone(),
            rule: self.voice.rule,
            key: self.key.clone(),
            at_us: self.at_us,
            state: AlertState::Firing,
            message: String::new(),
            fields: Vec::new(),
            evidence: events.0.iter().map(evidence).collect(),
            incomplete: self.incomplete,
        };
        // What changes from one to the next stands behind what does not.
        let (steady, parts) = (self.voice.fields.is_empty(), Parts::new(parts, rows.len()));
        let mut lengths = vec![0; parts.all.len()];
        self.combined.visit(|at, changed| {
            for (row, position) in at.iter().enumerate().skip(changed) {
                let event = rows[row].1[*position as usize];
                events.0[row].1 = event;
                if let Witness::Event(there) = &mut alert.evidence[row].what {
                    put(there, event.place());
                }
            }
            let scene = self.scene(&events);
            if !steady {
                alert.fields = self.voice.fields(&scene);
            }
            let from = parts.behind[changed];
            alert.message.truncate(lengths.get(from).copied().unwrap_or(usize::MAX));
            for (part, length) in parts.all.iter().zip(&mut lengths).skip(from) {
                *length = alert.message.len();
                match part {
                    Part::Row(row, texts) => {
                        alert.message.push_str(texts.get(at.get(*row).copied().unwrap_or(0)));
                    }
                    Part::Asked(piece) => piece.write(&Scene { with: &alert.fields, ..scene }, &mut alert.message),
                }
            }
            show(&alert);
            alert.incomplete = false;
            alert.position.path.last_mut().into_iter().for_each(|hop| hop.sequence = hop.sequence.saturating_add(1));
        });
        None
    }
}

/// Most events are of one partition: what names it stays as it is.
fn put(there: &mut Coordinates, event: &Coordinates) {
    let (own, other) = (&there.partition, &event.partition);
    if own.stream == other.stream && own.partition == other.partition && Arc::ptr_eq(&own.topic, &other.topic) {
        (there.at_us, there.offset) = (event.at_us, event.offset);
        there.place.clone_from(&event.place);
    } else {
        *there = event.clone();
    }
}
