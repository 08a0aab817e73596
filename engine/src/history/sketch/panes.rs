//! A window as panes of event time: each has a sketch of its own, and goes when it lies before the window.

use std::collections::VecDeque;

use super::Sketch;
use crate::history::cell::Cell;
use crate::state::{Put, StateError, Take};
use tripline_query_lang::bill::sizes::PANES;
use tripline_query_lang::plan::{HistoryBound, HistoryFn};
use tripline_query_lang::value::{Type, Value};

/// The panes of a key's window.
#[derive(Debug, Default)]
pub(in crate::history) struct Panes {
    /// The oldest first, each by its number.
    panes: VecDeque<(i64, Sketch)>,
    /// All but the last of them in one, until one comes or goes: not for every event anew.
    older: Option<Sketch>,
    /// The newest event of a window that leaves it out, until the next one comes.
    left_out: Option<(i64, Cell)>,
}

/// How long a pane of a window is, microseconds; `None`: everything is in one.
fn pane_us(bound: HistoryBound) -> Option<i64> {
    match bound {
        HistoryBound::Time(us) | HistoryBound::PreviousTime(us) => {
            Some((us / PANES as i64 + i64::from(us % PANES as i64 > 0)).max(1))
        }
        _ => None,
    }
}

/// The number of the pane in which a window begins that ends at `now_us`.
fn first(us: i64, pane_us: i64, now_us: i64) -> i64 {
    now_us.saturating_sub(us).div_euclid(pane_us)
}

impl Panes {
    /// How much longer than the window its values may be kept.
    pub fn further_us(bound: HistoryBound) -> i64 {
        pane_us(bound).unwrap_or(0)
    }

    /// Nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.panes.is_empty() && self.left_out.is_none()
    }

    /// Takes the value of an event that is not older than the last.
    pub fn add(&mut self, (func, ty): (&HistoryFn, &Type), bound: HistoryBound, at_us: i64, value: &Cell) {
        let number = pane_us(bound).map_or(0, |us| at_us.div_euclid(us));
        if self.panes.back().is_none_or(|(last, _)| *last < number) {
            self.panes.extend(Sketch::new(func).map(|sketch| (number, sketch)));
            self.older = None;
        }
        if let Some((_, sketch)) = self.panes.back_mut() {
            sketch.add_cell(value, ty);
        }
    }

    /// Brings the window to the next event; one without a value, or that does not count, only moves time on.
    pub fn take(&mut self, of: (&HistoryFn, &Type), bound: HistoryBound, at_us: i64, value: Option<&Cell>) {
        if let HistoryBound::PreviousTime(_) = bound {
            if let Some((at_us, value)) = self.left_out.take() {
                self.add(of, bound, at_us, &value);
            }
            self.left_out = value.map(|value| (at_us, value.clone()));
        } else if let Some(value) = value {
            self.add(of, bound, at_us, value);
        }
        self.forget(bound, at_us);
    }

    /// Lets go of what lies before a window that ends at `now_us`.
    pub fn forget(&mut self, bound: HistoryBound, now_us: i64) {
        let (HistoryBound::Time(us) | HistoryBound::PreviousTime(us)) = bound else { return };
        let pane_us = pane_us(bound).unwrap_or(1);
        let first = first(us, pane_us, now_us);
        while self.panes.front().is_some_and(|(number, _)| *number < first) {
            self.panes.pop_front();
            self.older = None;
        }
        self.left_out.take_if(|(at_us, _)| at_us.div_euclid(pane_us) < first);
    }

    /// The function's value over all that is kept.
    pub fn value(&mut self, func: &HistoryFn, ty: &Type) -> Value {
        let Panes { panes, older, .. } = self;
        let Some((_, newest)) = panes.back() else {
            return Sketch::new(func).map_or(Value::Null, |nothing| nothing.value(func, ty));
        };
        if panes.len() == 1 {
            return newest.value(func, ty);
        }
        if older.is_none() {
            let mut all = Sketch::new(func);
            if let Some(all) = &mut all {
                panes.iter().take(panes.len() - 1).for_each(|(_, sketch)| all.merge(sketch));
            }
            *older = all;
        }
        let Some(mut all) = older.clone() else { return Value::Null };
        all.merge(newest);
        all.value(func, ty)
    }

    /// Appends them to a chunk.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_len(self.panes.len());
        for (number, sketch) in &self.panes {
            out.put_i64(*number);
            sketch.write(out);
        }
        Cell::write(self.left_out.as_ref().map(|(_, value)| value), out);
        out.put_i64(self.left_out.as_ref().map_or(0, |(at_us, _)| *at_us));
    }

    /// Takes what [`Panes::write`] has put.
    pub fn read(func: &HistoryFn, bytes: &mut &[u8]) -> Result<Panes, StateError> {
        const WHAT: &str = "a window's panes";
        let damaged = || StateError::Damaged { what: WHAT.to_owned() };
        let mut panes = VecDeque::new();
        for _ in 0..bytes.take_len(WHAT)? {
            let number = bytes.take_i64(WHAT)?;
            let mut sketch = Sketch::new(func).ok_or_else(damaged)?;
            sketch.read(bytes)?;
            if panes.back().is_some_and(|(last, _)| *last >= number) {
                return Err(damaged());
            }
            panes.push_back((number, sketch));
        }
        let (value, at_us) = (Cell::read(bytes)?, bytes.take_i64(WHAT)?);
        Ok(Panes { panes, older: None, left_out: value.map(|value| (at_us, value)) })
    }
}
