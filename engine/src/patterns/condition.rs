//! What makes an event fit a part of a pattern: a role bit, answered by the caller, and the rest of the condition.

use tripline_query_lang::plan::{Absent, Expr, ExprKind, HandOver, Pattern, StepKey, StreamId};
use tripline_query_lang::value::Value;

use super::bar::Bar;
use super::implied::Implied;
use super::run::Sight;
use super::{PatternError, Role};
use crate::expr::{BoolFn, Scene, ValueFn, compile_bool, compile_value, split_local};

/// The most roles of a rule: a bit each.
const MAX_ROLES: usize = 64;

/// A step, a `no`, a `without` or an `until`, as an event meets it.
pub(super) struct Part {
    /// The bit of its role.
    pub(super) role: u64,
    /// What of its condition looks at more than the candidate.
    rest: Option<BoolFn>,
    /// Where keys are handed over: the candidate's own key, which must be the run's.
    own_key: Option<Vec<ValueFn>>,
    /// Pairs that must be equal: of the candidate, of an earlier step.
    handed: Vec<(ValueFn, ValueFn)>,
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
        self.rest.is_none() && self.own_key.is_none() && self.handed.is_empty()
    }

    /// It is of the run's key wherever it is of the rule's.
    pub(super) fn has_no_key(&self) -> bool {
        self.own_key.is_none() && self.handed.is_empty()
    }

    /// Whether what of its condition looks at more than the candidate holds.
    pub(super) fn rest_holds(&self, scene: &Scene<'_>) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest(scene) == Some(true))
    }

    fn fits_rest(&self, sight: &Sight<'_>) -> bool {
        let row = sight.row();
        let scene = sight.scene(&row);
        let own_fits = self.own_key.as_ref().is_none_or(|own| sight.key.is_none_or(|key| same_key(own, key, &scene)));
        let handed_fits = || self.handed.iter().all(|(own, from)| equal(&own(&scene), &from(&scene)));
        own_fits && handed_fits() && self.rest.as_ref().is_none_or(|rest| rest(&scene) == Some(true))
    }
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
        let (own_key, handed) = match key {
            StepKey::Own(own) if self.hands_over => (Some(own.iter().map(compile_value).collect()), Vec::new()),
            StepKey::Own(_) => (None, Vec::new()),
            StepKey::HandOver(pairs) => (None, pairs.iter().map(compile_pair).collect()),
        };
        let pairs: &[HandOver] = if let StepKey::HandOver(pairs) = key { pairs } else { &[] };
        let bar = Bar::of(rest.as_ref(), pairs);
        Ok(Part { role: 1 << role, rest: rest.as_ref().map(compile_bool), own_key, handed, bar })
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
