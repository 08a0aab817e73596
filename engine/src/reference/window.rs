//! Windows by counting anew: which windows there are, and which events lie in each.

use std::collections::BTreeSet;
use std::ops::Range;

use tripline_query_lang::plan::{Plan, RuleId, Window};

use super::Found;
use super::alerts::Sending;
use super::tables::Stretch;
use super::threshold::Admission;
use crate::windows::Tiles;

/// A window that has events.
pub(super) struct Piece {
    /// Its first moment, microseconds.
    pub start_us: i64,
    /// Its end: the row's time.
    pub end_us: i64,
    /// Its events, by position among the key's.
    pub events: Range<usize>,
    /// The row comes about with the last of them, and not with time.
    pub is_complete: bool,
}

/// One row for each window of a key that has events.
pub(super) fn run(plan: &Plan, id: RuleId, window: &Window, history: &Admission<'_>, found: &mut Found) {
    let times: Vec<i64> = history.events.iter().map(|admitted| admitted.event.at_us()).collect();
    let mut sending = Sending::new(plan, history.tables, (id, history.rule), history.key.clone());
    for piece in pieces(window, &times) {
        sending.window(history, &piece, found);
    }
}

/// A key that has its row for this stretch of time: a row for each window at whose end, itself excluded, it still has. The
/// events are those of the stretch; windows that begin after the newest event of the input are not.
pub(super) fn of_listed(
    plan: &Plan,
    id: RuleId,
    window: &Window,
    history: &Admission<'_>,
    (stretch, newest_us): (Stretch, i64),
    found: &mut Found,
) {
    let Window::Every(every) = window else { return };
    let tiles = Tiles::new(every);
    let times: Vec<i64> = history.events.iter().map(|admitted| admitted.event.at_us()).collect();
    let mut sending = Sending::new(plan, history.tables, (id, history.rule), history.key.clone());
    let mut end_us = tiles.end_after(stretch.from_us);
    while tiles.start_of(end_us) <= newest_us && stretch.to_us.is_none_or(|to_us| end_us <= to_us) {
        sending.window(history, &piece(&tiles, end_us, &times), found);
        end_us = tiles.end_after(end_us);
    }
}

fn pieces(window: &Window, times: &[i64]) -> Vec<Piece> {
    match window {
        Window::Every(every) => by_the_clock(&Tiles::new(every), times),
        Window::Session(gap_us) => sessions(*gap_us, times),
        Window::Count(events) => counted(*events as usize, times),
    }
}

/// `every` windows are half-open: an event lies in each whose start is at or before it, and whose end is after it.
fn by_the_clock(tiles: &Tiles, times: &[i64]) -> Vec<Piece> {
    let mut ends = BTreeSet::new();
    for at_us in times {
        let mut end_us = tiles.end_after(*at_us);
        while tiles.start_of(end_us) <= *at_us {
            ends.insert(end_us);
            end_us = tiles.end_after(end_us);
        }
    }
    ends.into_iter().map(|end_us| piece(tiles, end_us, times)).collect()
}

fn piece(tiles: &Tiles, end_us: i64, times: &[i64]) -> Piece {
    let start_us = tiles.start_of(end_us);
    let events = times.partition_point(|at| *at < start_us)..times.partition_point(|at| *at < end_us);
    Piece { start_us, end_us, events, is_complete: false }
}

/// An event belongs to the session of the one before it if it is at most the gap later, the exact end included.
fn sessions(gap_us: i64, times: &[i64]) -> Vec<Piece> {
    let mut start = 0;
    let mut pieces = Vec::new();
    for end in 1..=times.len() {
        if times.get(end).is_none_or(|next| *next > times[end - 1].saturating_add(gap_us)) {
            let end_us = times[end - 1].saturating_add(gap_us);
            pieces.push(Piece { start_us: times[start], end_us, events: start..end, is_complete: false });
            start = end;
        }
    }
    pieces
}

/// A window that does not get all of its events gives no row.
fn counted(events: usize, times: &[i64]) -> Vec<Piece> {
    let piece = |number: usize| {
        let events = number * events..(number + 1) * events;
        Piece { start_us: times[events.start], end_us: times[events.end - 1], events, is_complete: true }
    };
    (0..times.len() / events.max(1)).map(piece).collect()
}
