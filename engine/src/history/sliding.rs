//! The plainest of histories, by a shorter way: one count, or one exact sum or mean, over the time up to the event at hand.
//!
//! A key keeps the entries of the window and their sum, in the state itself and one piece of memory; nothing has to be
//! asked at an event that is known beforehand.

use super::aggregate::{Function, int};
use super::cell::Cell;
use super::program::{Glimpse, Kind, Lookback};
use super::ring::Ring;
use super::state::{Held, HistoryState, Kept};
use crate::expr::{ExprFn, Scene, compile_decimal, compile_int};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::number::ExactSum;
use tripline_query_lang::plan::{ExprKind, HistoryArg, HistoryBound, HistoryFn};
use tripline_query_lang::value::{Type, Value};

/// A sum that slides.
pub(super) struct Sliding {
    arg: Arg,
    span_us: i64,
    /// What it sums up, if that is no formula.
    glimpse: Option<Glimpse>,
    /// It counts, and does not add up.
    counts: bool,
    /// See [`Ring::is_narrow`].
    is_narrow: bool,
}

enum Arg {
    /// A bare `count()`.
    None,
    Int(ExprFn<i64>),
    Decimal(ExprFn<i128>),
}

/// What a key keeps of it, as long as 64 bits hold the numbers and their sum.
#[derive(Debug, Default)]
pub(super) struct Slid {
    sum: i64,
    /// The newest entry's time, if there is any.
    newest_us: i64,
    /// Event times, not falling, each with its number; 0 of a bare `count()`.
    entries: Ring,
}

impl Sliding {
    /// The only look-back, of the only argument, as a sliding sum, if it is one.
    pub(super) fn new(arg: &HistoryArg, lookbacks: &[Lookback]) -> Option<Sliding> {
        let [Lookback { kind: Kind::Log(function), window, .. }] = lookbacks else { return None };
        let HistoryBound::Time(span_us) = window.bound() else { return None };
        if arg.filter.is_some() || arg.only_on.is_some() {
            return None;
        }
        let (counts, is_narrow) = (function.func == HistoryFn::Count, Ring::is_narrow(span_us));
        let glimpse = match arg.value.as_ref().map(|value| &value.kind) {
            None => Some(Glimpse::Bare),
            Some(ExprKind::Slot(slot)) => Some(Glimpse::Slot(slot.0)),
            Some(_) => None,
        };
        let arg = match (&function.func, &arg.value) {
            (HistoryFn::Count, None) => Arg::None,
            (HistoryFn::Count | HistoryFn::Sum | HistoryFn::Avg, Some(value)) => match value.ty {
                Type::Int | Type::Duration => Arg::Int(compile_int(value)),
                Type::Decimal(_) => Arg::Decimal(compile_decimal(value)),
                _ => return None,
            },
            _ => return None,
        };
        Some(Sliding { arg, span_us, glimpse, counts, is_narrow })
    }

    /// Takes the next event of the key, and sets the value at it. False, and nothing is done: it takes the longer way.
    pub(super) fn push(
        &self,
        state: &mut HistoryState,
        lookback: &Lookback,
        scene: &Scene<'_>,
        values: &mut [Value],
    ) -> bool {
        let value = match &self.arg {
            Arg::None => Some(0),
            Arg::Int(value) => value(scene),
            Arg::Decimal(value) => match value(scene).map(i64::try_from) {
                None => None,
                Some(Ok(value)) => Some(value),
                Some(Err(_)) => return false,
            },
        };
        if self.slide(state, scene.at_us, value).is_none() {
            return false;
        }
        if let Held::Sliding(slid) = &state.0 {
            self.show(slid, lookback, values);
        }
        true
    }

    /// See [`super::HistoryProgram::glimpse`].
    pub(super) fn glimpse(&self, lookback: &Lookback) -> Option<Glimpse> {
        let Kind::Log(function) = &lookback.kind else { return None };
        let is_whole = match function.func {
            HistoryFn::Count => true,
            HistoryFn::Sum => function.arg == function.ty,
            _ => false,
        };
        self.glimpse.filter(|_| is_whole)
    }

    /// See [`super::HistoryProgram::slide`].
    #[inline]
    pub(super) fn slide(&self, state: &mut HistoryState, at_us: i64, value: Option<i64>) -> Option<i128> {
        if matches!(state.0, Held::Nothing) {
            state.0 = Held::Sliding(Slid::default());
        }
        let Held::Sliding(slid) = &mut state.0 else { return None };
        slid.forget(at_us.saturating_sub(self.span_us))?;
        if let Some(value) = value {
            slid.enter(at_us, value, self.is_narrow)?;
        }
        Some(self.whole(slid))
    }

    /// The value as a whole number, where there is a glimpse.
    #[inline]
    fn whole(&self, slid: &Slid) -> i128 {
        if self.counts { slid.entries.len() as i128 } else { slid.sum.into() }
    }

    /// Sets the value.
    pub(super) fn show(&self, slid: &Slid, lookback: &Lookback, values: &mut [Value]) {
        if let Kind::Log(function) = &lookback.kind {
            lookback.set(slid.value(function), values);
        }
    }

    /// Brings the window to a moment at or after the key's newest event, and sets the value. `None`: it takes the longer way.
    pub(super) fn later(&self, slid: &mut Slid, lookback: &Lookback, now_us: i64, values: &mut [Value]) -> Option<()> {
        slid.forget(now_us.saturating_sub(self.span_us))?;
        self.show(slid, lookback, values);
        Some(())
    }
}

impl Slid {
    /// Takes an entry in; `None`, and nothing is done: the sum would need more room.
    #[inline]
    fn enter(&mut self, at_us: i64, value: i64, is_narrow: bool) -> Option<()> {
        self.sum = self.sum.checked_add(value)?;
        self.entries.push((at_us, value), self.newest_us, is_narrow);
        self.newest_us = at_us;
        Some(())
    }

    /// Forgets what is older than this; `None`: the sum of the rest would need more room.
    #[inline]
    fn forget(&mut self, limit_us: i64) -> Option<()> {
        while let Some(value) = self.entries.before(limit_us, self.newest_us) {
            self.sum = self.sum.checked_sub(value)?;
            self.entries.pop();
        }
        Some(())
    }

    /// Whether nothing is as new as this. Entries that are older stay until the next event: to look at each key's whenever
    /// time goes on would cost more than the room that they take.
    pub(super) fn is_past(&self, limit_us: i64) -> bool {
        self.entries.is_empty() || self.newest_us < limit_us
    }

    /// When the newest entry was, microseconds.
    pub(super) fn newest_us(&self) -> Option<i64> {
        (!self.entries.is_empty()).then_some(self.newest_us)
    }

    fn value(&self, function: &Function) -> Value {
        let count = self.entries.len() as u64;
        match function.func {
            HistoryFn::Count => int(count),
            _ => function.exact(&ExactSum::from_parts(self.sum.into(), 0), &ExactSum::default(), count),
        }
    }

    /// Reads a little of the entries, so that they are in the cache; what it returns means nothing.
    #[inline]
    pub(super) fn warm(&self) -> i64 {
        self.entries.warm()
    }
}

impl Sliding {
    fn is_bare(&self) -> bool {
        matches!(self.arg, Arg::None)
    }

    /// Puts the entries where the longer way has them.
    pub(super) fn unfold(&self, slid: &Slid, kept: &mut Kept) {
        kept.events = slid.entries.len() as u64;
        kept.newest_us = slid.newest_us().unwrap_or(0);
        for (at_us, value) in slid.entries.iter(slid.newest_us) {
            kept.logs[0].push(at_us, None, (!self.is_bare()).then_some(Cell::Int(value)));
        }
    }

    /// Appends it to a chunk.
    pub(super) fn write(&self, slid: &Slid, out: &mut Vec<u8>) {
        out.put_bool(self.is_bare());
        out.put_len(slid.entries.len());
        let mut before = 0i64;
        for (at_us, value) in slid.entries.iter(slid.newest_us) {
            out.put_i64(at_us.wrapping_sub(before));
            before = at_us;
            out.put_i64(value);
        }
    }

    /// Takes it off the front of `bytes`.
    pub(super) fn read(&self, bytes: &mut &[u8]) -> Result<Slid, StateError> {
        const WHAT: &str = "a sliding sum";
        let damaged = |what: &str| StateError::Damaged { what: format!("{WHAT} {what}") };
        if bytes.take_bool(WHAT)? != self.is_bare() {
            return Err(damaged("is of another form"));
        }
        let mut slid = Slid::default();
        let (mut sum, mut first_us) = (0i128, None);
        for _ in 0..bytes.take_len(WHAT)? {
            let before_us = if first_us.is_some() { slid.newest_us } else { 0 };
            let at_us = before_us.wrapping_add(bytes.take_i64(WHAT)?);
            let age_us = at_us.checked_sub(*first_us.get_or_insert(at_us));
            if age_us.is_none_or(|age_us| age_us > self.span_us) || at_us < before_us && !slid.entries.is_empty() {
                return Err(damaged("has entries out of their time"));
            }
            let value = bytes.take_i64(WHAT)?;
            sum = sum.wrapping_add(value.into());
            slid.entries.push((at_us, value), slid.newest_us, self.is_narrow);
            slid.newest_us = at_us;
        }
        slid.sum = i64::try_from(sum).map_err(|_| damaged("is too large"))?;
        Ok(slid)
    }
}
