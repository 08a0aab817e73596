//! A window clause with the functions of its row, compiled.

use super::Tiles;
use super::panes::Panes;
use super::state::{Open, WindowState};
use crate::expr::Scene;
use crate::history::{HistoryProgram, HistoryState};
use tripline_query_lang::plan::{History, HistoryScope, Window};
use tripline_query_lang::value::Value;

/// A window clause with the functions of its row, compiled: shared by all keys.
pub struct WindowProgram {
    kind: Kind,
    /// None where the row says nothing of its events.
    pub(super) histories: Option<HistoryProgram>,
    history_count: usize,
    /// Where these say it all.
    pub(super) panes: Option<Panes>,
    /// Its keys are those of a table: windows without events give rows, too.
    listed: bool,
}

enum Kind {
    /// By the clock. `tiling`: each ends where the next begins.
    Every { tiles: Tiles, tiling: bool },
    /// Until the key has had no event for so long, microseconds.
    Session(i64),
    /// So many events.
    Count(u32),
}

/// A window that is over, and what its row says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Its first moment, microseconds.
    pub start_us: i64,
    /// Its end, which is the row's time.
    pub end_us: i64,
    /// The values of the rule's histories.
    pub values: &'a [Value],
}

impl WindowProgram {
    /// Compiles a window with all of its rule's histories.
    pub fn new(window: &Window, histories: &[History]) -> WindowProgram {
        let kind = match window {
            Window::Every(every) => Kind::Every { tiles: Tiles::new(every), tiling: every.every_us == every.over_us },
            Window::Session(gap_us) => Kind::Session(*gap_us),
            Window::Count(events) => Kind::Count(*events),
        };
        let program = HistoryProgram::new(histories, &HistoryScope::Admitted);
        WindowProgram { kind, histories: program, history_count: histories.len(), panes: None, listed: false }
    }

    /// As `new`, by panes where the functions allow. Rows in which the only function's value is below `least` are never
    /// used, and need not be told.
    pub fn by_panes(window: &Window, histories: &[History], least: u64) -> WindowProgram {
        let panes = if let Window::Every(every) = window { Panes::new(every, histories, least) } else { None };
        WindowProgram { panes, ..WindowProgram::new(window, histories) }
    }

    /// As `new`; a key that has begun gives a row for each window by the clock, empty ones as well.
    pub fn of_listed(window: &Window, histories: &[History]) -> WindowProgram {
        WindowProgram { listed: true, ..WindowProgram::new(window, histories) }
    }

    /// Reads a little of what a key keeps, so that it is in the cache; what it returns means nothing.
    pub fn warm(state: &WindowState) -> i64 {
        Panes::warm(&state.paned)
    }

    /// An event never brings the deadline nearer.
    pub fn deadline_grows(&self) -> bool {
        self.panes.as_ref().is_none_or(Panes::deadline_grows)
    }

    /// Where there are panes: so long after a key's last event nothing is left, microseconds.
    pub fn lingers_us(&self) -> Option<i64> {
        self.panes.as_ref().map(Panes::lingers_us)
    }

    /// Where there are panes: `close` with a time above this has something to tell.
    #[inline]
    pub fn tells_at(&self, state: &WindowState) -> Option<i64> {
        self.panes.as_ref()?.tells_at(&state.paned)
    }

    /// A key gives rows from when it has begun, and no others do.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// The key's first window is the one that this time lies in, microseconds.
    pub fn begin(&self, state: &mut WindowState, from_us: i64) {
        state.open = Some(Open { first_us: from_us, last_us: i64::MIN, end_us: self.end_after(from_us), events: 0 });
    }

    /// Takes the next event of the key in the total order; `on` and the scene as in [`HistoryProgram::push`]. Windows that
    /// are over by then are told first. True: the event itself completes a window, which [`WindowProgram::complete`] tells.
    pub fn event(&self, state: &mut WindowState, on: u32, scene: &Scene<'_>, tell: &mut dyn FnMut(Row<'_>)) -> bool {
        let at_us = scene.at_us;
        if let Some(panes) = &self.panes {
            panes.event(&mut state.paned, on, scene, tell);
            return false;
        }
        // An event at the end of a window by the clock is in the next one.
        let is_half_open = matches!(self.kind, Kind::Every { .. });
        self.close(state, at_us.saturating_add(i64::from(is_half_open)), tell);
        let fresh = || Open { first_us: at_us, last_us: at_us, end_us: self.end_after(at_us), events: 0 };
        let open = state.open.get_or_insert_with(fresh);
        open.last_us = at_us;
        open.events = open.events.saturating_add(1);
        if let Kind::Session(gap_us) = self.kind {
            open.end_us = at_us.saturating_add(gap_us);
        }
        let events = open.events;
        if let Some(histories) = &self.histories {
            histories.add(&mut state.history, on, scene);
        }
        matches!(self.kind, Kind::Count(n) if events >= n)
    }

    /// Tells the window that the last event has completed.
    pub fn complete(&self, state: &mut WindowState, tell: &mut dyn FnMut(Row<'_>)) {
        if let Some(open) = state.open.take() {
            self.tell(&mut state.history, (open.first_us, open.last_us), tell);
            state.history = HistoryState::default();
        }
    }

    /// Tells all windows that end before this time. Returns whether nothing is left.
    pub fn close(&self, state: &mut WindowState, passed_us: i64, tell: &mut dyn FnMut(Row<'_>)) -> bool {
        self.close_begun(state, (passed_us, i64::MAX), tell)
    }

    /// As `close`; of the windows of a listed key those alone that begin by `newest_us`, up to which the input went.
    pub fn close_begun(
        &self,
        state: &mut WindowState,
        (passed_us, newest_us): (i64, i64),
        tell: &mut dyn FnMut(Row<'_>),
    ) -> bool {
        if let Some(panes) = &self.panes {
            return panes.close(&mut state.paned, passed_us, tell);
        }
        while let Some(open) = state.open.filter(|open| open.end_us < passed_us && !self.counts()) {
            let (start_us, next, keeps) = match &self.kind {
                Kind::Every { tiles, tiling } => {
                    let (start_us, next) = (tiles.start_of(open.end_us), next(tiles, open));
                    let has_events = |next: &Open| !tiling && tiles.start_of(next.end_us) <= open.last_us;
                    let keeps = next.as_ref().is_some_and(has_events);
                    (start_us, next.filter(|_| keeps || self.listed), keeps)
                }
                Kind::Session(_) | Kind::Count(_) => (open.first_us, None, false),
            };
            if self.listed && start_us > newest_us {
                break;
            }
            // Windows shorter than the time between their ends leave gaps: an event may lie in none.
            if self.listed || start_us <= open.last_us {
                self.tell(&mut state.history, (start_us, open.end_us), tell);
            }
            state.open = next;
            if !keeps {
                state.history = HistoryState::default();
            }
        }
        state.open.is_none()
    }

    /// `close` with a time above this has something to tell; `None`: never by itself.
    pub fn deadline(&self, state: &WindowState) -> Option<i64> {
        if let Some(panes) = &self.panes {
            return panes.deadline(&state.paned);
        }
        state.open.map(|open| open.end_us).filter(|_| !self.counts())
    }

    /// No window has any event.
    pub fn is_idle(&self, state: &WindowState) -> bool {
        state.open.is_none() && state.paned.is_none()
    }

    /// A window ends with an event, not with time.
    fn counts(&self) -> bool {
        matches!(self.kind, Kind::Count(_))
    }

    fn end_after(&self, at_us: i64) -> i64 {
        match &self.kind {
            Kind::Every { tiles, .. } => tiles.end_after(at_us),
            Kind::Session(gap_us) => at_us.saturating_add(*gap_us),
            Kind::Count(_) => i64::MAX,
        }
    }

    fn tell(&self, history: &mut HistoryState, (start_us, end_us): (i64, i64), tell: &mut dyn FnMut(Row<'_>)) {
        let mut values = vec![Value::Null; self.history_count];
        if let Some(histories) = &self.histories {
            histories.at(history, start_us, end_us, &mut values);
        }
        tell(Row { start_us, end_us, values: &values });
    }
}

/// The next window that ends, if time goes so far.
fn next(tiles: &Tiles, open: Open) -> Option<Open> {
    let end_us = tiles.end_after(open.end_us);
    (end_us > open.end_us).then_some(Open { end_us, ..open })
}
