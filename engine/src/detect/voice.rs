//! What a rule says when it fires: `with` fields and message, and where in the total order it says it.

use super::suppress::{Suppress, Suppressed};
use crate::alert::{Alert, AlertState, Evidence};
use crate::event::{Batch, Coordinates};
use crate::expr::{Scene, ValueFn, compile_value};
use crate::io::{Cause, Position};
use tripline_query_lang::plan::{Rule, RuleId, TemplatePart};

/// A rule's alert, compiled.
pub(super) struct Voice {
    rule: RuleId,
    with: Vec<ValueFn>,
    template: Vec<Piece>,
    /// The message when it is over.
    resolve: Option<Vec<Piece>>,
    suppress: Option<Suppress>,
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
            with: rule.alert.with.iter().map(|with| compile_value(&with.expr)).collect(),
            template: pieces(&rule.alert.template),
            resolve: rule.resolve.as_deref().map(pieces),
            suppress: rule.suppress.as_ref().map(|suppress| Suppress::new(suppress, lag_us)),
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

    /// The alert. The scene shows all but the `with` fields.
    pub fn speak(&self, scene: &Scene<'_>, facts: Facts<'_>) -> Alert {
        let mut fields = Vec::with_capacity(self.with.len());
        for with in &self.with {
            let value = with(&Scene { with: &fields, ..*scene });
            fields.push(value);
        }
        let template = self.resolve.as_ref().filter(|_| facts.state == AlertState::Resolved).unwrap_or(&self.template);
        let message = message(template, &Scene { with: &fields, ..*scene });
        Alert {
            position: self.position(&facts),
            rule: self.rule,
            key: scene.keys.to_vec(),
            at_us: facts.at_us,
            state: facts.state,
            message,
            fields,
            evidence: facts.evidence,
            incomplete: facts.incomplete,
        }
    }

    fn position(&self, facts: &Facts<'_>) -> Position {
        let (time_us, cause) = match facts.moment {
            Moment::Event(batch, row) => {
                let Coordinates { at_us, partition, offset } = batch.coordinates(row);
                let topic = partition.topic.to_string();
                (at_us, Cause::Event { stream: partition.stream.0, topic, partition: partition.partition, offset })
            }
            Moment::Timer(time_us) => (time_us, Cause::Timer),
        };
        Position { time_us, cause, rule: self.rule.0, key: facts.key.to_vec(), sequence: facts.sequence }
    }
}

fn pieces(template: &[TemplatePart]) -> Vec<Piece> {
    let piece = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => Piece::Text(text.clone()),
        TemplatePart::Expr(expr) => Piece::Value(compile_value(expr)),
    };
    template.iter().map(piece).collect()
}

fn message(template: &[Piece], scene: &Scene<'_>) -> String {
    let mut message = String::new();
    for piece in template {
        match piece {
            Piece::Text(text) => message.push_str(text),
            Piece::Value(value) => message.push_str(&value(scene).to_string()),
        }
    }
    message
}
