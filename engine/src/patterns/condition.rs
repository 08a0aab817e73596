//! What makes an event fit a part of a pattern: a role bit, answered by the caller, and the rest of the condition.

use tripline_query_lang::plan::{Absent, Expr, ExprKind, HandOver, Pattern, StepKey, StreamId};
use tripline_query_lang::value::Value;

use super::bar::Bar;
use super::implied::Implied;
use super::run::Sight;
use super::{Offer, PatternError, Role};
use crate::expr::{BatchRow, BoolFn, Scene, ValueFn, compile_bool, compile_value, split_local, write_key};

/// The most roles of a rule: a bit each.
const MAX_ROLES: usize = 64;

/// A step, a `no`, a `without` or an `until`, as an event meets it.
pub(super) struct Part {
    /// The bit of its role.
    pub(super) role: u64,
    /// What of its condition looks at more than the candidate.
    rest: Option<BoolFn>,
    /// Where keys are handed over: whether the candidate is of the run's key.
    key: KeyTest,
    /// What of the condition keeps most candidates away.
    pub(super) bar: Option<Bar>,
}

impl Part {
    /// Whether the event fits, apart from limits and contiguity.
    #[inline]
    pub(super) fn fits(&self, sight: &Sight<'_>) -> bool {
        sight.offer.roles & self.role != 0 && (self.is_local() || self.fits_rest(sight))
    }

    /// The role's bit says it all.
    pub(super) fn is_local(&self) -> bool {
        self.rest.is_none() && self.key.is_nothing()
    }

    /// It is of the run's key wherever it is of the rule's.
    pub(super) fn has_no_key(&self) -> bool {
        self.key.is_nothing()
    }

    /// Where keys are handed over: the event's own key, as bytes; none when a part of it is missing.
    pub(super) fn own_key(&self, offer: &Offer<'_>) -> Option<Box<[u8]>> {
        self.key.own_key(offer)
    }

    /// Whether what of its condition looks at more than the candidate holds.
    pub(super) fn rest_holds(&self, scene: &Scene<'_>) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest(scene) == Some(true))
    }

    fn fits_rest(&self, sight: &Sight<'_>) -> bool {
        let row = sight.row();
        let scene = sight.scene(&row);
        self.key.fits(sight.key, &scene) && self.rest.as_ref().is_none_or(|rest| rest(&scene) == Some(true))
    }
}

/// Where keys are handed over: whether an event is of a run's key.
struct KeyTest {
    /// The candidate's own key, which must be the run's.
    own: Option<Vec<ValueFn>>,
    /// Pairs that must be equal: of the candidate, of an earlier step.
    handed: Vec<(ValueFn, ValueFn)>,
}

impl KeyTest {
    fn of(key: &StepKey, hands_over: bool) -> KeyTest {
        let (own, handed) = match key {
            StepKey::Own(own) if hands_over => (Some(own.iter().map(compile_value).collect()), Vec::new()),
            StepKey::Own(_) => (None, Vec::new()),
            StepKey::HandOver(pairs) => (None, pairs.iter().map(compile_pair).collect()),
        };
        KeyTest { own, handed }
    }

    /// Every event that is of the rule's key is of the run's.
    fn is_nothing(&self) -> bool {
        self.own.is_none() && self.handed.is_empty()
    }

    fn own_key(&self, offer: &Offer<'_>) -> Option<Box<[u8]>> {
        key_bytes(self.own.as_ref()?, offer)
    }

    fn fits(&self, key: Option<&[Value]>, scene: &Scene<'_>) -> bool {
        let own_fits = self.own.as_ref().is_none_or(|own| key.is_none_or(|key| same_key(own, key, scene)));
        own_fits && self.handed.iter().all(|(own, from)| equal(&own(scene), &from(scene)))
    }
}

/// Where keys are handed over: which events are of a run's key, as `next` and `within N events` count them. An event is,
/// when some part of the rule has its stream and this key, whatever its condition.
pub(super) struct Belonging {
    keys: Vec<(StreamId, KeyTest)>,
}

impl Belonging {
    /// Of all parts of a pattern that hands over keys.
    pub(super) fn new(parts: &[(StreamId, &StepKey)]) -> Belonging {
        let is_new = |(index, part): &(usize, &(StreamId, &StepKey))| !parts[..*index].contains(part);
        let keys = parts.iter().enumerate().filter(is_new);
        Belonging { keys: keys.map(|(_, (stream, key))| (*stream, KeyTest::of(key, true))).collect() }
    }

    /// The keys, as bytes, whose event this is, whatever has been handed over.
    pub(super) fn keys_of(&self, offer: &Offer<'_>) -> impl Iterator<Item = Box<[u8]>> {
        let stream = offer.batch.stream();
        self.keys.iter().filter(move |(of, _)| *of == stream).filter_map(|(_, key)| key.own_key(offer))
    }

    /// Whether the event at hand is of the key of the run that sees it.
    pub(super) fn has(&self, sight: &Sight<'_>) -> bool {
        let row = sight.row();
        let scene = sight.scene(&row);
        let stream = sight.offer.batch.stream();
        self.keys.iter().any(|(of, key)| *of == stream && key.fits(sight.key, &scene))
    }
}

/// An event's key by these parts, as bytes; none when one is missing.
pub(super) fn key_bytes(parts: &[ValueFn], offer: &Offer<'_>) -> Option<Box<[u8]>> {
    let row = BatchRow { batch: offer.batch, row: offer.row };
    let scene = Scene { row: Some(&row), at_us: offer.batch.at_us[offer.row], ..Scene::EMPTY };
    let values: Vec<Value> = parts.iter().map(|part| part(&scene)).collect();
    let mut bytes = Vec::new();
    write_key(&values, &mut bytes).then(|| bytes.into())
}

fn same_key(own: &[ValueFn], key: &[Value], scene: &Scene<'_>) -> bool {
    own.iter().zip(key).all(|(own, key)| equal(&own(scene), key))
}

fn equal(a: &Value, b: &Value) -> bool {
    *a != Value::Null && a == b
}

/// Collects the roles of a rule while its parts are compiled.
pub(super) struct Parts {
    /// By bit.
    pub(super) roles: Vec<Role>,
    /// Some step's key is handed over: the rule runs under one constant key.
    hands_over: bool,
    implied: Implied,
}

impl Parts {
    /// None yet, of this pattern.
    pub(super) fn new(pattern: &Pattern, hands_over: bool) -> Parts {
        Parts { roles: Vec::new(), hands_over, implied: Implied::new(pattern) }
    }

    /// The part that a `no` or a `without` forbids.
    pub(super) fn absent(&mut self, absent: &Absent) -> Result<Part, PatternError> {
        self.part(absent.stream, &absent.key, absent.filter.as_ref())
    }

    /// An event of this stream and key for which the condition holds.
    pub(super) fn part(
        &mut self,
        stream: StreamId,
        key: &StepKey,
        filter: Option<&Expr>,
    ) -> Result<Part, PatternError> {
        let (local, rest) = filter.map_or((None, None), split_local);
        let local = filter.and_then(|filter| self.implied.local(filter, local));
        let role = self.role(stream, key, local)?;
        let pairs: &[HandOver] = if let StepKey::HandOver(pairs) = key { pairs } else { &[] };
        let bar = Bar::of(rest.as_ref(), pairs);
        Ok(Part { role: 1 << role, rest: rest.as_ref().map(compile_bool), key: KeyTest::of(key, self.hands_over), bar })
    }

    fn role(&mut self, stream: StreamId, key: &StepKey, local: Option<Expr>) -> Result<usize, PatternError> {
        let local = local.filter(|e| e.kind != ExprKind::Const(Value::Bool(true)));
        let known = |role: &Role| role.stream == stream && same_step_key(&role.key, key) && role.local == local;
        if let Some(known) = self.roles.iter().position(known) {
            return Ok(known);
        }
        if self.roles.len() == MAX_ROLES {
            return Err(PatternError::TooManyConditions { max: MAX_ROLES });
        }
        self.roles.push(Role { stream, key: key.clone(), local });
        Ok(self.roles.len() - 1)
    }
}

fn compile_pair(pair: &HandOver) -> (ValueFn, ValueFn) {
    (compile_value(&pair.own), compile_value(&pair.from))
}

fn same_step_key(a: &StepKey, b: &StepKey) -> bool {
    match (a, b) {
        (StepKey::Own(a), StepKey::Own(b)) => a == b,
        (StepKey::HandOver(_), StepKey::HandOver(_)) => true,
        _ => false,
    }
}
