//! `suppress D by f`: one alert per key and `f` in that time, its exact end included.

use std::collections::BTreeMap;

use crate::expr::{Scene, ValueFn, compile_value};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan;

/// A rule's `suppress`, compiled.
pub(super) struct Suppress {
    span_us: i64,
    /// An alert's time may lie this far behind the moment at which it comes about (a loop at the end that waited): so
    /// much longer the last alert is remembered.
    lag_us: i64,
    by: Vec<ValueFn>,
}

/// When the last alerts of a key were, by the bytes of `by`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Suppressed {
    last: BTreeMap<Vec<u8>, i64>,
}

impl Suppress {
    /// Compiles it.
    pub fn new(suppress: &plan::Suppress, lag_us: i64) -> Suppress {
        Suppress { span_us: suppress.span_us, lag_us, by: suppress.by.iter().map(compile_value).collect() }
    }

    /// Whether an alert of this time may go out; if so it is remembered. `own` is the alert's key where several keys are
    /// kept in one place, else empty.
    pub fn admits(&self, suppressed: &mut Suppressed, own: &[u8], scene: &Scene<'_>, at_us: i64) -> bool {
        let mut by = own.to_vec();
        self.by.iter().for_each(|part| by.put_value(&part(scene)));
        let silent = |last: &i64| at_us.saturating_sub(*last) <= self.span_us;
        if suppressed.last.get(&by).is_some_and(silent) {
            return false;
        }
        suppressed.last.insert(by, at_us);
        true
    }

    /// Forgets what no later alert is judged by.
    pub fn expire(&self, suppressed: &mut Suppressed, watermark_us: i64) {
        suppressed.last.retain(|_, last| self.end(*last) >= watermark_us);
    }

    /// All is forgotten when the watermark is above this.
    pub fn next_expiry(&self, suppressed: &Suppressed) -> Option<i64> {
        suppressed.last.values().max().map(|last| self.end(*last))
    }

    fn end(&self, last: i64) -> i64 {
        last.saturating_add(self.span_us).saturating_add(self.lag_us)
    }
}

impl Suppressed {
    /// Nothing is remembered.
    pub const NONE: Suppressed = Suppressed { last: BTreeMap::new() };

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Appends it to a chunk.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.last.len());
        for (by, last) in &self.last {
            out.put_bytes(by);
            out.put_i64(*last);
        }
    }

    /// Takes it off the front of `bytes`.
    pub fn read(bytes: &mut &[u8]) -> Result<Suppressed, StateError> {
        let mut last = BTreeMap::new();
        for _ in 0..bytes.take_len("suppressed alerts")? {
            let by = bytes.take_bytes("a suppressed alert's `by`")?;
            last.insert(by, bytes.take_i64("a suppressed alert's time")?);
        }
        Ok(Suppressed { last })
    }
}
