//! Histories apart from events: taken in without asking for a value, and asked at a moment at which nothing happens. For
//! windows, which speak when they close, and for look-ups, whose windows end when they are asked.

use super::HistoryProgram;
use super::program::{Kind, Source};
use super::state::{Held, HistoryState, Kept, Memory, View};
use crate::expr::Scene;
use tripline_query_lang::plan::HistoryFn;
use tripline_query_lang::value::Value;

impl HistoryProgram {
    /// Takes the next event of the key, as [`HistoryProgram::push`], and leaves it to [`HistoryProgram::at`] to say a value.
    /// Only for programs of functions that look at a window: none of `prev`, `first_seen`, `ewma`.
    pub fn add(&self, state: &mut HistoryState, on: u32, scene: &Scene<'_>) {
        let kept = state.kept(self);
        kept.events += 1;
        kept.newest_us = scene.at_us;
        for (position, source) in self.feeds.iter().enumerate() {
            let look = source.feed.look(on, scene);
            if look.admitted && (look.value.is_some() || !source.feed.has_values()) {
                source.add(kept, position, look.value);
            }
        }
    }

    /// Sets the values of this program's windows and weighted means at `now_us`, of events not older than `oldest_us`, in `values` (as in
    /// [`HistoryProgram::push`]). Neither moment goes back from one call to the next.
    pub fn at(&self, state: &mut HistoryState, oldest_us: i64, now_us: i64, values: &mut [Value]) {
        let kept = state.kept(self);
        for (position, source) in self.feeds.iter().enumerate() {
            source.at(kept, position, (oldest_us, now_us), values);
        }
    }
}

impl HistoryProgram {
    /// Sets the values of the windows that end with time as they are at `now_us`, at which nothing happens and which is not
    /// before the key's newest event: that one, which was pushed, is still the event at hand. What looks at the events
    /// themselves (`prev`, `first_seen`, `ewma`, `last N`) keeps its value.
    pub fn later(&self, state: &mut HistoryState, now_us: i64, values: &mut [Value]) {
        if matches!(state.0, Held::Nothing) {
            return;
        }
        if let (Held::Sliding(slid), Some(sliding)) = (&mut state.0, &self.sliding)
            && sliding.later(slid, &self.feeds[0].lookbacks[0], now_us, values).is_some()
        {
            return;
        }
        let kept = state.kept(self);
        for (position, source) in self.feeds.iter().enumerate() {
            let (log, memories) = (&kept.logs[position], &mut kept.memories[source.memories()]);
            for (lookback, memory) in source.lookbacks.iter().zip(memories) {
                if lookback.window.longest_us().is_none() {
                    continue;
                }
                match (&lookback.kind, memory) {
                    (Kind::Log(function), Memory::View(view)) if function.func != HistoryFn::FirstSeen => {
                        view.later(function, lookback.window, log, now_us);
                        lookback.set(view.value(function, log, None), values);
                    }
                    (Kind::Panes(function, bound), Memory::Panes(panes)) => {
                        panes.forget(*bound, now_us);
                        lookback.set(panes.value(&function.func, &function.ty), values);
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Source {
    fn add(&self, kept: &mut Kept, position: usize, value: Option<super::cell::Cell>) {
        for (lookback, memory) in self.lookbacks.iter().zip(&mut kept.memories[self.memories()]) {
            match (&lookback.kind, memory) {
                (Kind::Running(function), Memory::Running(running)) => running.add(function, value.as_ref()),
                (Kind::Panes(function, bound), Memory::Panes(panes)) => {
                    let known = value.iter();
                    known.for_each(|value| panes.add((&function.func, &function.arg), *bound, kept.newest_us, value));
                }
                _ => {}
            }
        }
        if self.logged {
            kept.logs[position].push(kept.newest_us, self.counts_events.then_some(kept.events), value);
        }
    }

    fn at(&self, kept: &mut Kept, position: usize, (oldest_us, now_us): (i64, i64), values: &mut [Value]) {
        let (log, memories) = (&mut kept.logs[position], &mut kept.memories[self.memories()]);
        for (lookback, memory) in self.lookbacks.iter().zip(&mut *memories) {
            let value = match (&lookback.kind, memory) {
                (Kind::Log(function), Memory::View(view)) => {
                    view.slide(function, lookback.window, log, now_us, kept.events);
                    view.forget_before(function, log, oldest_us);
                    view.value(function, log, None)
                }
                (Kind::Running(function), Memory::Running(running)) => running.value(function),
                (Kind::Panes(function, bound), Memory::Panes(panes)) => {
                    panes.forget(*bound, now_us);
                    panes.value(&function.func, &function.ty)
                }
                (Kind::Ewma(..), Memory::Ewma(mean)) => super::aggregate::float(mean.value()),
                _ => continue,
            };
            lookback.set(value, values);
        }
        log.forget(View::first(memories, log));
    }
}
