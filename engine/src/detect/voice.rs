//! What a rule says when it fires: fields and message, a row for the rules that read it, and where in the total order it
//! says it.

use std::fmt::Write;

use super::out::{Out, Row};
use super::suppress::{Suppress, Suppressed};
use crate::alert::{Alert, AlertState, Evidence};
use crate::event::{Batch, Cause, Hop, Position};
use crate::expr::{BoolFn, Scene, ValueFn, compile_bool, compile_value};
use tripline_query_lang::plan::{Emits, Emitted, Rule, RuleId, TemplatePart};
use tripline_query_lang::value::Value;

/// A rule's output, compiled.
pub(super) struct Voice {
    rule: RuleId,
    fields: Vec<ValueFn>,
    having: Option<BoolFn>,
    /// The message; none for a `derive`.
    template: Option<Vec<Piece>>,
    /// The message when it is over.
    resolve: Option<Vec<Piece>>,
    suppress: Option<Suppress>,
    emits: Option<Emits>,
}

enum Piece {
    Text(String),
    Value(ValueFn),
}

/// The moment at which an alert came about.
#[derive(Clone, Copy)]
pub(super) enum Moment<'a> {
    /// At a row of a batch.
    Event(&'a Batch, usize),
    /// When a deadline was passed, microseconds.
    Timer(i64),
}

/// The facts of an alert.
pub(super) struct Facts<'a> {
    /// When it came about.
    pub moment: Moment<'a>,
    /// The alert's time, microseconds.
    pub at_us: i64,
    /// Whether it is the first of its id.
    pub state: AlertState,
    /// The key's canonical bytes; its parts are in the scene.
    pub key: &'a [u8],
    /// Counts the alerts of one moment and key.
    pub sequence: u32,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Something was refused since the key's last alert.
    pub incomplete: bool,
}

impl Voice {
    /// Compiles the alert of a rule; for `lag_us` see [`Suppress`].
    pub fn new(id: RuleId, rule: &Rule, lag_us: i64) -> Voice {
        Voice {
            rule: id,
            fields: rule.fields.iter().map(|with| compile_value(&with.expr)).collect(),
            having: rule.having.as_ref().map(compile_bool),
            template: rule.alert.as_ref().map(|alert| pieces(&alert.template)),
            resolve: rule.resolve.as_deref().map(pieces),
            suppress: rule.suppress.as_ref().map(|suppress| Suppress::new(suppress, lag_us)),
            emits: rule.emits.clone(),
        }
    }

    /// Whether an alert of this time may go out, or one of this key was within `suppress`.
    pub fn may_speak(&self, suppressed: &mut Suppressed, scene: &Scene<'_>, at_us: i64) -> bool {
        self.suppress.as_ref().is_none_or(|suppress| suppress.admits(suppressed, scene, at_us))
    }

    /// It may keep silent.
    pub fn suppresses(&self) -> bool {
        self.suppress.is_some()
    }

    /// See [`Suppress::expire`]; returns whether nothing is left.
    pub fn expire(&self, suppressed: &mut Suppressed, watermark_us: i64) -> bool {
        if let Some(suppress) = &self.suppress {
            suppress.expire(suppressed, watermark_us);
        }
        suppressed.is_empty()
    }

    /// See [`Suppress::next_expiry`].
    pub fn next_expiry(&self, suppressed: &Suppressed) -> Option<i64> {
        self.suppress.as_ref()?.next_expiry(suppressed)
    }

    /// Says it, unless `having` does not hold; returns whether it did. The scene shows all but the `with` fields.
    pub fn speak(&self, scene: &Scene<'_>, facts: Facts<'_>, out: &mut Out) -> bool {
        let mut fields = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let value = field(&Scene { with: &fields, ..*scene });
            fields.push(value);
        }
        let scene = Scene { with: &fields, ..*scene };
        if self.having.as_ref().is_some_and(|having| having(&scene) != Some(true)) {
            return false;
        }
        let position = self.position(&facts);
        // That something is over is news for people: it is no event of the stream.
        if let Some(emits) = self.emits.as_ref().filter(|_| facts.state != AlertState::Resolved) {
            let values = emits.columns.iter().map(|column| emitted(*column, &scene, facts.at_us)).collect();
            out.rows.push(Row { stream: emits.stream, place: position.of_event(facts.at_us), values });
        }
        if let Some(template) = &self.template {
            let resolve = self.resolve.as_ref().filter(|_| facts.state == AlertState::Resolved);
            out.alerts.push(Alert {
                position,
                rule: self.rule,
                key: scene.keys.to_vec(),
                at_us: facts.at_us,
                state: facts.state,
                message: message(resolve.unwrap_or(template), &scene),
                fields,
                evidence: facts.evidence,
                incomplete: facts.incomplete,
            });
        }
        true
    }

    /// Where it is said.
    pub fn position(&self, facts: &Facts<'_>) -> Position {
        let hop = Hop { rule: self.rule.0, key: facts.key.to_vec(), sequence: facts.sequence };
        match facts.moment {
            Moment::Event(batch, row) => behind(batch, row, hop),
            Moment::Timer(time_us) => Position { time_us, cause: Cause::Timer, path: vec![hop] },
        }
    }
}

fn pieces(template: &[TemplatePart]) -> Vec<Piece> {
    let piece = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => Piece::Text(text.clone()),
        TemplatePart::Expr(expr) => Piece::Value(compile_value(expr)),
    };
    template.iter().map(piece).collect()
}

/// The position of what a rule says at a row.
fn behind(batch: &Batch, row: usize, hop: Hop) -> Position {
    if let Some(places) = &batch.places {
        let place = &places[row];
        let path = place.path.iter().cloned().chain([hop]).collect();
        return Position { time_us: place.time_us, cause: place.cause.clone(), path };
    }
    let topic = batch.partition.topic.to_string();
    let (stream, partition) = (batch.partition.stream.0, batch.partition.partition);
    let cause = Cause::Event { stream, topic, partition, offset: batch.offsets[row] };
    Position { time_us: batch.at_us[row], cause, path: vec![hop] }
}

fn emitted(column: Emitted, scene: &Scene<'_>, at_us: i64) -> Value {
    match column {
        Emitted::Key(part) => scene.keys.get(part as usize).cloned().unwrap_or(Value::Null),
        Emitted::Field(field) => scene.with.get(field as usize).cloned().unwrap_or(Value::Null),
        Emitted::At => Value::Time(at_us),
    }
}

fn message(template: &[Piece], scene: &Scene<'_>) -> String {
    let mut message = String::new();
    for piece in template {
        match piece {
            Piece::Text(text) => message.push_str(text),
            // Writing to a text cannot fail.
            Piece::Value(value) => drop(write!(message, "{}", value(scene))),
        }
    }
    message
}
