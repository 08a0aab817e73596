//! What a rule says when it fires: fields and message, a row for the rules that read it, and where in the total order it
//! says it.

use super::out::{Out, Row};
use super::suppress::{Suppress, Suppressed};
use crate::alert::{Alert, AlertState, Evidence};
use crate::event::{Batch, Cause, Hop, Position};
use crate::expr::{BoolFn, Scene, TextFn, ValueFn, compile_bool, compile_text, compile_value};
use tripline_query_lang::plan::{Emits, Emitted, Expr, ExprKind, Rule, RuleId, StepId, TemplatePart, reads_tables};
use tripline_query_lang::value::{Type, Value};

/// A rule's output, compiled.
pub(super) struct Voice {
    /// The rule.
    pub rule: RuleId,
    /// The `with` fields.
    pub fields: Vec<ValueFn>,
    having: Option<BoolFn>,
    /// The message; none for a `derive`.
    pub template: Option<Vec<Piece>>,
    /// The message when it is over.
    resolve: Option<Vec<Piece>>,
    suppress: Option<Suppress>,
    emits: Option<Emits>,
    /// See [`can_wait`].
    pub can_wait: bool,
}

/// A piece of a message.
pub(super) enum Piece {
    /// Always the same.
    Text(String),
    /// A value, and what it reads.
    Value(Shown, Reads),
}

/// How a value of a message is found.
pub(super) enum Shown {
    /// A text, from where it stands: no other is made of it.
    Text(TextFn),
    Other(ValueFn),
}

impl Shown {
    fn new(expr: &Expr) -> Shown {
        match expr.ty {
            Type::Text => Shown::Text(compile_text(expr)),
            _ => Shown::Other(compile_value(expr)),
        }
    }

    fn write(&self, scene: &Scene<'_>, out: &mut String) {
        match self {
            Shown::Text(text) => match text.eval(scene) {
                Some(text) => out.push_str(&text),
                None => Value::Null.show(out),
            },
            Shown::Other(value) => value(scene).show(out),
        }
    }
}

/// What a value reads of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// What all matches of one event and key have in common.
    Nothing,
    /// This step's only event.
    Step(StepId),
    /// More.
    More,
}

impl Reads {
    fn of(expr: &Expr) -> Reads {
        match &expr.kind {
            ExprKind::Step(step, _) | ExprKind::StepAt(step) => Reads::Step(*step),
            ExprKind::Const(_) | ExprKind::Key(_) => Reads::Nothing,
            ExprKind::Field(_)
            | ExprKind::Slot(_)
            | ExprKind::At
            | ExprKind::With(_)
            | ExprKind::History(_)
            | ExprKind::Prev { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Lookup { .. }
            | ExprKind::Listed { .. } => Reads::More,
            _ => expr.children().into_iter().map(Reads::of).fold(Reads::Nothing, Reads::and),
        }
    }

    fn and(self, other: Reads) -> Reads {
        match (self, other) {
            (Reads::Nothing, other) => other,
            (own, Reads::Nothing) => own,
            (own, other) if own == other => own,
            _ => Reads::More,
        }
    }
}

impl Piece {
    /// What it reads of a match.
    pub fn reads(&self) -> Reads {
        match self {
            Piece::Text(_) => Reads::Nothing,
            Piece::Value(_, reads) => *reads,
        }
    }

    /// Appends what it says.
    pub fn write(&self, scene: &Scene<'_>, out: &mut String) {
        match self {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(value, _) => value.write(scene, out),
        }
    }
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
            can_wait: can_wait(rule),
        }
    }

    /// The `with` fields of a scene without them.
    pub fn fields(&self, scene: &Scene<'_>) -> Vec<Value> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let value = field(&Scene { with: &fields, ..*scene });
            fields.push(value);
        }
        fields
    }

    /// Whether an alert of this time may go out, or one of this key was within `suppress`.
    pub fn may_speak(&self, suppressed: &mut Suppressed, own: &[u8], scene: &Scene<'_>, at_us: i64) -> bool {
        self.suppress.as_ref().is_none_or(|suppress| suppress.admits(suppressed, own, scene, at_us))
    }

    /// It may keep silent.
    #[inline]
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
        self.speak_for(self.rule, scene, facts, out)
    }

    /// As `speak`, for a rule that says the same.
    pub fn speak_for(&self, rule: RuleId, scene: &Scene<'_>, facts: Facts<'_>, out: &mut Out) -> bool {
        let fields = self.fields(scene);
        let scene = Scene { with: &fields, ..*scene };
        if self.having.as_ref().is_some_and(|having| having(&scene) != Some(true)) {
            return false;
        }
        let position = facts.moment.position(rule, facts.key, facts.sequence);
        // That something is over is news for people: it is no event of the stream.
        if let Some(emits) = self.emits.as_ref().filter(|_| facts.state != AlertState::Resolved) {
            let values = emits.columns.iter().map(|column| emitted(*column, &scene, facts.at_us)).collect();
            out.rows.push(Row { stream: emits.stream, place: position.of_event(facts.at_us), values });
        }
        if let Some(template) = &self.template {
            let resolve = self.resolve.as_ref().filter(|_| facts.state == AlertState::Resolved);
            out.alerts.push(Alert {
                position,
                rule,
                key: scene.keys.to_vec(),
                at_us: facts.at_us,
                state: facts.state,
                message: written(resolve.unwrap_or(template), &scene),
                fields,
                evidence: facts.evidence,
                incomplete: facts.incomplete,
            });
        }
        true
    }

    /// The message of a scene.
    pub fn message(&self, scene: &Scene<'_>) -> String {
        self.template.as_deref().map_or(String::new(), |template| written(template, scene))
    }
}

impl Moment<'_> {
    /// Where a rule stands that says something here.
    pub fn position(self, rule: RuleId, key: &[u8], sequence: u32) -> Position {
        let hop = Hop { rule: rule.0, key: key.to_vec(), sequence };
        match self {
            Moment::Event(batch, row) => behind(batch, row, hop),
            Moment::Timer(time_us) => Position { time_us, cause: Cause::Timer, path: vec![hop] },
        }
    }
}

/// The rule says the same whenever it is asked what it says of a moment, and it says something of every one.
pub(super) fn can_wait(rule: &Rule) -> bool {
    let speaks = rule.alert.is_some() && rule.having.is_none() && rule.suppress.is_none() && rule.emits.is_none();
    speaks && !rule.said().any(reads_tables)
}

fn pieces(template: &[TemplatePart]) -> Vec<Piece> {
    let piece = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => Piece::Text(text.clone()),
        TemplatePart::Expr(expr) => Piece::Value(Shown::new(expr), Reads::of(expr)),
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
    let (stream, topic, partition) =
        (batch.partition.stream.0, batch.partition.topic.clone(), batch.partition.partition);
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

fn written(template: &[Piece], scene: &Scene<'_>) -> String {
    /// Most values are no longer.
    const VALUE: usize = 16;
    let length = |piece: &Piece| if let Piece::Text(text) = piece { text.len() } else { VALUE };
    let mut message = String::with_capacity(template.iter().map(length).sum());
    template.iter().for_each(|piece| piece.write(scene, &mut message));
    message
}
