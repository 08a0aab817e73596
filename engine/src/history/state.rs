//! What one key keeps, and its bytes.

use std::collections::VecDeque;

use super::HistoryProgram;
use super::aggregate::{Aggregate, Function};
use super::cell::Cell;
use super::log::Log;
use super::program::{Kind, Lookback};
use super::running::Running;
use super::sketch::Panes;
use super::sliding::Slid;
use super::window::Window;
use crate::state::{Put, StateError, Take};
use smallvec::SmallVec;
use tripline_query_lang::number::Ewma;
use tripline_query_lang::value::{Type, Value};

/// What one key keeps. `Default` is a key never seen.
#[derive(Debug, Default)]
pub struct HistoryState(pub(super) Held);

/// What a key keeps, in one form or another.
#[derive(Debug, Default)]
pub(super) enum Held {
    #[default]
    Nothing,
    Kept(Box<Kept>),
    /// Of a program that is nothing but a sliding sum.
    Sliding(Slid),
}

/// What a key keeps once it has been seen.
#[derive(Debug)]
pub(super) struct Kept {
    /// How many events it has had.
    pub(super) events: u64,
    /// The time of its newest.
    pub(super) newest_us: i64,
    /// A log for each feed; empty where nothing needs it.
    pub(super) logs: SmallVec<[Log; 1]>,
    /// What each look-back has beside the log, feed by feed.
    pub(super) memories: SmallVec<[Memory; 1]>,
}

/// What a look-back has beside the log.
#[derive(Debug)]
pub(super) enum Memory {
    View(View),
    Running(Box<Running>),
    Prev(Ring),
    Ewma(Ewma),
    Panes(Panes),
}

/// A window's range of the log and what is kept of it.
#[derive(Debug)]
pub(super) struct View {
    from: u64,
    to: u64,
    aggregate: Aggregate,
}

/// The last n events' times, counts and values, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring(VecDeque<(i64, u64, Option<Cell>)>);

impl HistoryState {
    /// Reads a little of the allocation at this depth, so that it is in the cache; what it returns means nothing.
    #[inline]
    pub fn warm(&self, depth: usize) -> i64 {
        let kept = match &self.0 {
            Held::Kept(kept) => kept,
            Held::Sliding(slid) if depth == 0 => return slid.warm(),
            _ => return 0,
        };
        let Some(log) = kept.logs.first() else { return 0 };
        if depth == 0 {
            return i64::from(kept.memories.first().is_some_and(Memory::is_empty)).wrapping_add(log.end() as i64);
        }
        let ends = [log.at_us(log.start()), log.at_us(log.end().wrapping_sub(1))];
        ends.into_iter().flatten().fold(0, i64::wrapping_add)
    }

    /// What is kept; fresh for a key never seen.
    pub(super) fn kept(&mut self, program: &HistoryProgram) -> &mut Kept {
        if !matches!(self.0, Held::Kept(_)) {
            let memories = program.feeds.iter().flat_map(|s| &s.lookbacks).map(Memory::new).collect();
            let logs = program.feeds.iter().map(|_| Log::default()).collect();
            let mut kept = Box::new(Kept { events: 0, newest_us: 0, logs, memories });
            if let (Held::Sliding(slid), Some(sliding)) = (&self.0, &program.sliding) {
                sliding.unfold(slid, &mut kept);
            }
            self.0 = Held::Kept(kept);
        }
        match &mut self.0 {
            Held::Kept(kept) => kept,
            Held::Nothing | Held::Sliding(_) => unreachable!("it was made just now"),
        }
    }
}

impl Kept {
    /// As good as never seen.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.iter().all(|log| log.start() == log.end()) && self.memories.iter().all(Memory::is_empty)
    }
}

impl Memory {
    fn new(lookback: &Lookback) -> Memory {
        match &lookback.kind {
            Kind::Log(function) => Memory::View(View { from: 0, to: 0, aggregate: function.empty() }),
            Kind::Running(_) => Memory::Running(Box::default()),
            Kind::Prev(..) => Memory::Prev(Ring::default()),
            Kind::Ewma(..) => Memory::Ewma(Ewma::default()),
            Kind::Panes(..) => Memory::Panes(Panes::default()),
        }
    }

    /// Whether it keeps nothing beside the log.
    fn is_empty(&self) -> bool {
        match self {
            Memory::View(_) => true,
            Memory::Running(running) => **running == Running::default(),
            Memory::Prev(ring) => ring.0.is_empty(),
            Memory::Ewma(mean) => *mean == Ewma::default(),
            Memory::Panes(panes) => panes.is_empty(),
        }
    }

    /// Whether it sees any event, or will once time goes on.
    pub(super) fn sees_any(&self, log: &Log) -> bool {
        match self {
            Memory::View(view) => view.from < log.end(),
            other => !other.is_empty(),
        }
    }
}

impl View {
    /// Brings the window to the moment `now_us`.
    pub(super) fn slide(&mut self, function: &Function, window: Window, log: &Log, now_us: i64, nth: u64) {
        let to = window.enters(log, self.to, now_us);
        while self.to < to {
            function.add(&mut self.aggregate, log, self.to);
            self.to += 1;
        }
        let from = window.leaves(log, self.from, now_us, nth);
        while self.from < from {
            function.remove(&mut self.aggregate, log, self.from);
            self.from += 1;
        }
    }

    /// Brings the window to a moment after the event at hand, which it goes on leaving out if it does.
    pub(super) fn later(&mut self, function: &Function, window: Window, log: &Log, now_us: i64) {
        if window.ends_before() {
            return self.slide(function, window, log, now_us, 0);
        }
        let from = window.leaves(log, self.from, now_us, 0).min(self.to);
        while self.from < from {
            function.remove(&mut self.aggregate, log, self.from);
            self.from += 1;
        }
    }

    /// Lets go of the entries before `oldest_us`, whatever the window's own length.
    pub(super) fn forget_before(&mut self, function: &Function, log: &Log, oldest_us: i64) {
        while self.from < self.to && log.at_us(self.from).is_some_and(|at| at < oldest_us) {
            function.remove(&mut self.aggregate, log, self.from);
            self.from += 1;
        }
    }

    /// The value at the event at hand.
    pub(super) fn value(&self, function: &Function, log: &Log, current: Option<&Cell>) -> Value {
        function.value(&self.aggregate, log, (self.from, self.to), current)
    }

    /// The first entry that any of them still needs.
    pub(super) fn first(memories: &[Memory], log: &Log) -> u64 {
        let view = |memory: &Memory| if let Memory::View(view) = memory { Some(view.from) } else { None };
        memories.iter().filter_map(view).min().unwrap_or(log.end())
    }
}

impl Ring {
    /// The value `n` events before one at `now_us`, the `nth` of the key, that is not in yet.
    pub(super) fn value(&self, n: u32, ty: &Type, window: Window, now_us: i64, nth: u64) -> Value {
        let entry = self.0.len().checked_sub(n as usize).and_then(|position| self.0.get(position));
        match entry {
            Some((at_us, before, Some(cell)))
                if window.sees(nth.saturating_sub(*before), now_us.saturating_sub(*at_us)) =>
            {
                cell.value(ty)
            }
            _ => Value::Null,
        }
    }

    /// Takes the next event's value; keeps `n`.
    pub(super) fn push(&mut self, n: u32, at_us: i64, nth: u64, value: Option<Cell>) {
        self.0.push_back((at_us, nth, value));
        while self.0.len() > n as usize {
            self.0.pop_front();
        }
    }

    /// Forgets what is too old for an event at `watermark_us`.
    pub(super) fn expire(&mut self, window: Window, watermark_us: i64) {
        let Some(longest) = window.longest_us() else { return };
        let limit = watermark_us.saturating_sub(longest);
        while self.0.front().is_some_and(|(at_us, ..)| *at_us < limit) {
            self.0.pop_front();
        }
    }
}

impl HistoryProgram {
    /// How many allocations of a state lie behind each other at most.
    pub const DEPTH: usize = 2;

    /// How many lie behind each other in the form that most states have.
    pub fn depth(&self) -> usize {
        if self.sliding.is_some() { 1 } else { HistoryProgram::DEPTH }
    }

    /// Appends the key's state to a chunk.
    pub fn write(&self, state: &HistoryState, out: &mut Vec<u8>) {
        let kept = match &state.0 {
            Held::Nothing => return out.put_u8(0),
            Held::Sliding(slid) => {
                out.put_u8(2);
                return self.sliding.iter().for_each(|sliding| sliding.write(slid, out));
            }
            Held::Kept(kept) => kept,
        };
        out.put_u8(1);
        out.put_u64(kept.events);
        out.put_i64(kept.newest_us);
        for (source, log) in self.feeds.iter().zip(&kept.logs) {
            log.write(out);
            for memory in &kept.memories[source.memories()] {
                match memory {
                    Memory::View(view) => {
                        out.put_u64(view.from.saturating_sub(log.start()));
                        out.put_u64(view.to.saturating_sub(log.start()));
                    }
                    Memory::Running(running) => running.write(out),
                    Memory::Prev(ring) => {
                        out.put_len(ring.0.len());
                        for (at_us, nth, cell) in &ring.0 {
                            out.put_i64(*at_us);
                            out.put_u64(*nth);
                            Cell::write(cell.as_ref(), out);
                        }
                    }
                    Memory::Ewma(mean) => {
                        out.put_f64(mean.sum);
                        out.put_f64(mean.weight);
                        out.put_i64(mean.at_us);
                    }
                    Memory::Panes(panes) => panes.write(out),
                }
            }
        }
    }

    /// Reads it back, and takes it off the front of `bytes`.
    pub fn read(&self, bytes: &mut &[u8]) -> Result<HistoryState, StateError> {
        let mut state = HistoryState::default();
        match (bytes.take_u8("a history")?, &self.sliding) {
            (0, _) => return Ok(state),
            (1, _) => {}
            (2, Some(sliding)) => return Ok(HistoryState(Held::Sliding(sliding.read(bytes)?))),
            _ => return Err(StateError::Damaged { what: "a history has an unknown form".into() }),
        }
        let kept = state.kept(self);
        kept.events = bytes.take_u64("a history's events")?;
        kept.newest_us = bytes.take_i64("a history's newest event")?;
        for (source, log) in self.feeds.iter().zip(&mut kept.logs) {
            *log = Log::read(bytes)?;
            for (lookback, memory) in source.lookbacks.iter().zip(&mut kept.memories[source.memories()]) {
                memory.read(lookback, log, bytes)?;
            }
        }
        Ok(state)
    }
}

impl Memory {
    /// Fills a fresh memory; what is kept of a window is made again from the log.
    fn read(&mut self, lookback: &Lookback, log: &Log, bytes: &mut &[u8]) -> Result<(), StateError> {
        match self {
            Memory::View(view) => {
                (view.from, view.to) = (bytes.take_u64("a window's start")?, bytes.take_u64("a window's end")?);
                if view.from > view.to || view.to > log.end() {
                    return Err(StateError::Damaged { what: "a window reaches beyond its log".into() });
                }
                if let Kind::Log(function) = &lookback.kind {
                    (view.from..view.to).for_each(|index| function.add(&mut view.aggregate, log, index));
                }
            }
            Memory::Running(running) => **running = Running::read(bytes)?,
            Memory::Prev(ring) => {
                for _ in 0..bytes.take_len("a key's last events")? {
                    let at_us = bytes.take_i64("a last event's time")?;
                    let nth = bytes.take_u64("a last event's count")?;
                    ring.0.push_back((at_us, nth, Cell::read(bytes)?));
                }
            }
            Memory::Panes(panes) => {
                if let Kind::Panes(function, _) = &lookback.kind {
                    *panes = Panes::read(&function.func, bytes)?;
                }
            }
            Memory::Ewma(mean) => {
                const WHAT: &str = "a weighted mean";
                *mean =
                    Ewma { sum: bytes.take_f64(WHAT)?, weight: bytes.take_f64(WHAT)?, at_us: bytes.take_i64(WHAT)? };
            }
        }
        Ok(())
    }
}
