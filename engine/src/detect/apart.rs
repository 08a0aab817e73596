//! Histories in the steps of a rule whose keys are handed over: its events come to one place whatever their key, so what
//! they look back over is kept apart by the key of each step.

use std::collections::BTreeMap;

use super::interest::steps_with_histories;
use crate::expr::{Scene, ValueFn, compile_value, write_key};
use crate::history::{HistoryProgram, HistoryState};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{Pattern, Rule, StepKey};
use tripline_query_lang::value::Value;

/// By step with histories: the key of an event of its stream.
pub(super) struct Apart(Vec<Vec<ValueFn>>);

/// What is kept by step and key.
#[derive(Default)]
pub(super) struct ByKey {
    of: BTreeMap<(usize, Vec<u8>), HistoryState>,
    /// Beyond so many it is looked for those that are over.
    sweep_at: usize,
    /// By then all are over, as far as they end with time.
    over_us: Option<i64>,
}

/// Fewer are not worth a look.
const FEW: usize = 64;

impl Apart {
    /// Where the rule hands keys over.
    pub fn new(rule: &Rule, pattern: &Pattern) -> Option<Apart> {
        pattern.hands_over().then(|| {
            let key = |step: &StepKey| match step {
                StepKey::Own(parts) => parts.iter().map(compile_value).collect(),
                StepKey::HandOver(pairs) => pairs.iter().map(|pair| compile_value(&pair.own)).collect(),
            };
            let steps = steps_with_histories(rule).into_iter();
            Apart(
                steps
                    .map(|step| pattern.steps.get(step.index()).map_or_else(Vec::new, |step| key(&step.key)))
                    .collect(),
            )
        })
    }

    /// The event of the scene among those of its step and key. One without a key joins nothing.
    pub fn push(
        &self,
        (step, program): (usize, &HistoryProgram),
        kept: &mut ByKey,
        scene: &Scene<'_>,
        values: &mut [Value],
    ) {
        let Some(parts) = self.0.get(step) else { return };
        let parts: Vec<Value> = parts.iter().map(|part| part(scene)).collect();
        let mut key = Vec::new();
        if !write_key(&parts, &mut key) {
            return;
        }
        let state = kept.of.entry((step, key)).or_default();
        program.push(state, 0, scene, values);
        kept.over_us = kept.over_us.max(program.next_expiry(state));
    }
}

impl ByKey {
    /// Nothing.
    pub const NONE: ByKey = ByKey { of: BTreeMap::new(), sweep_at: 0, over_us: None };

    /// Nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// A time by which all may be over.
    pub fn next_expiry(&self) -> Option<i64> {
        self.over_us
    }

    /// Forgets what time has ended once much has been kept.
    pub fn sweep(&mut self, programs: &[Option<HistoryProgram>], now_us: i64) {
        if self.of.len() > self.sweep_at.max(FEW) {
            self.expire(programs, now_us);
            self.sweep_at = self.of.len() * 2;
        }
    }

    /// Forgets what time has ended; returns whether nothing is left.
    pub fn expire(&mut self, programs: &[Option<HistoryProgram>], before_us: i64) -> bool {
        self.of.retain(|(step, _), state| {
            programs.get(*step).and_then(Option::as_ref).is_some_and(|program| !program.expire(state, before_us))
        });
        if self.of.is_empty() {
            self.over_us = None;
        }
        self.of.is_empty()
    }

    /// Appends it to a chunk.
    pub fn write(&self, programs: &[Option<HistoryProgram>], out: &mut Vec<u8>) {
        out.put_len(self.of.len());
        for ((step, key), state) in &self.of {
            out.put_len(*step);
            out.put_bytes(key);
            programs.get(*step).and_then(Option::as_ref).iter().for_each(|program| program.write(state, out));
        }
    }

    /// Reads it back.
    pub fn read(programs: &[Option<HistoryProgram>], bytes: &mut &[u8]) -> Result<ByKey, StateError> {
        let mut kept = ByKey::default();
        for _ in 0..bytes.take_len("histories by key")? {
            let key = (bytes.take_len("a step")?, bytes.take_bytes("a step's key")?);
            let Some(program) = programs.get(key.0).and_then(Option::as_ref) else { continue };
            let state = program.read(bytes)?;
            kept.over_us = kept.over_us.max(program.next_expiry(&state));
            kept.of.insert(key, state);
        }
        Ok(kept)
    }
}
