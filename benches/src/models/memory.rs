//! Events in memory to alerts: Tripline and the hand loop in turn over the same events, the better of three rounds of each.
//!
//! An alert counts when it is there as a sink is shown it: rule, place in the total order, key, time, message, fields and
//! evidence, all filled in. Its id and its JSON are the sink's, and not in the time: the pipeline models have them.

use std::time::Duration;

use super::{Best, ModelError, compare, failed, hand, plan};
use crate::definition::{Benchmark, Model};
use crate::engine::{Engine, EngineError};
use crate::hand::Hand;
use crate::input::{Events, format};
use crate::memory;
use crate::report::Report;

/// Rounds of which the best counts.
const ROUNDS: usize = 3;

/// Measures over events: batches of columns, or JSON bytes.
pub fn measure(one: &Benchmark, mut events: Events, budget: Duration) -> Result<Report, ModelError> {
    let engine = Engine::new(plan(one)?).map_err(|error| failed(one, error))?;
    let (mut ours, mut by_hand) = (Best::new(), Best::new());
    let (mut bytes, mut batches) = (Vec::new(), Vec::new());
    if one.definition.model == Model::Json {
        format::write_json(&events, &mut bytes)?;
    } else {
        batches = engine.batches(&events);
    }
    let mut in_order = events.in_order();
    let (made_mb, before_mb) = (memory::peak_mb(), memory::resident_mb());
    memory::reset_peak();
    let mut over_input_mb = 0.0;
    for round in 0..ROUNDS {
        if one.definition.model == Model::Json {
            ours.round(|| engine.run_json(&bytes)).map_err(|error| failed(one, error))?;
        } else {
            let mut read = 0;
            let counted = ours.round(|| {
                let (events, count) = engine.run(&batches, budget);
                read = events;
                Ok::<_, EngineError>(count)
            });
            counted.map_err(|error| failed(one, error))?;
            if read < events.len() {
                events.truncate(read);
                in_order = events.in_order();
                batches = engine.batches(&events);
            }
        }
        if round == 0 {
            over_input_mb = (memory::peak_mb() - before_mb).max(0.0);
        }
        by_hand.round(|| hand(one, in_order.as_ref().unwrap_or(&events)))?;
        compare(one, ours.count, by_hand.count)?;
    }
    let mut report = Report::new(one.name.clone(), events.len(), ours.count, ours.time, Some(by_hand.time));
    report.peak_rss_mb = report.peak_rss_mb.max(made_mb);
    if one.definition.hand == Hand::Q2
        && let Events::Tx(workload) = &events
    {
        let mut cards: Vec<u32> = workload.events.iter().filter(|tx| tx.amount > 100_000).map(|tx| tx.card).collect();
        cards.sort_unstable();
        cards.dedup();
        report = report.with("bytes_per_key", over_input_mb * f64::from(1 << 20) / cards.len().max(1) as f64);
    }
    Ok(report.with("over_input_mb", over_input_mb))
}
