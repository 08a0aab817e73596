//! The state bill's sizes cover what a key really holds.

use std::mem::size_of;

use super::super::KeyState;
use super::super::kept::{Cell, KeptEvent};
use super::super::run::Run;
use super::super::taken::{Entry, Span};
use tripline_query_lang::bill::sizes;

#[test]
fn the_bill_covers_runs_and_events() {
    // A run stands in one loop at a time: one round is inline.
    assert!(size_of::<Run>() as u64 <= sizes::RUN, "a run has {} bytes", size_of::<Run>());
    assert!(size_of::<Span>() as u64 <= sizes::SPAN, "a span has {} bytes", size_of::<Span>());
    // The counts of its shared allocation, too.
    let taken = size_of::<Entry>() + size_of::<KeptEvent>() + 2 * size_of::<usize>();
    assert!(taken as u64 <= sizes::TAKEN, "a taken event has {taken} bytes");
    assert!(size_of::<Cell>() as u64 <= sizes::CELL + 8, "a kept field has {} bytes", size_of::<Cell>());
    assert!(size_of::<KeyState>() as u64 <= sizes::PATTERN, "a key's pattern has {} bytes", size_of::<KeyState>());
}
