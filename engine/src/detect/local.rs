//! All of detection in one thread, over batches in memory: for tests and benchmarks.

use std::rc::Rc;
use std::sync::Arc;

use super::{Detector, Parcel, Program, ProgramError, has_empty_key};
use crate::alert::Alert;
use crate::event::Batch;
use crate::tables::{Change, Tables};
use tripline_query_lang::plan::Plan;

/// Prepares the batches, deals the parcels to one detector per scope and worker, releases all, ends the input, and
/// returns the alerts by position.
pub fn run(plan: &Arc<Plan>, batches: &[Arc<Batch>], workers: usize) -> Result<Vec<Alert>, ProgramError> {
    let mut local = Local::new(Arc::new(Program::new(plan.clone())?), workers);
    for batch in batches {
        local.push(batch);
    }
    Ok(local.finish())
}

/// The detectors of all scopes and workers, fed step by step.
pub struct Local {
    program: Arc<Program>,
    workers: usize,
    /// By worker: each holds all of them.
    tables: Vec<Rc<Tables>>,
    /// By scope and worker.
    detectors: Vec<Vec<Detector>>,
    alerts: Vec<Alert>,
}

impl Local {
    /// Empty detectors.
    pub fn new(program: Arc<Program>, workers: usize) -> Local {
        let tables: Vec<_> = (0..workers).map(|_| Rc::new(Tables::new(program.plan()))).collect();
        let detectors = |scope| {
            let of_worker = |tables: &Rc<Tables>| Detector::new(program.clone(), scope).with_tables(tables.clone());
            tables.iter().map(of_worker).collect()
        };
        let detectors = (0..program.scopes()).map(detectors).collect();
        Local { workers, detectors, tables, alerts: Vec::new(), program }
    }

    /// The input starts here, microseconds.
    pub fn begin(&mut self, start_us: i64) {
        for of_scope in &mut self.detectors {
            let owners = of_scope.iter_mut().enumerate().filter(|(worker, _)| has_empty_key(*worker, self.workers));
            owners.for_each(|(_, detector)| detector.begin(start_us));
        }
    }

    /// Takes changes of tables: every worker gets all of them.
    pub fn change(&mut self, changes: &[Change]) {
        self.tables.iter().for_each(|tables| tables.take(changes.iter().cloned()));
    }

    /// Prepares a batch and deals out its rows; returns how many no rule wants.
    pub fn push(&mut self, batch: &Arc<Batch>) -> usize {
        let prepared = self.program.prepare(batch, self.workers);
        prepared.parcels.into_iter().for_each(|parcel| self.deal(parcel));
        prepared.filtered
    }

    fn deal(&mut self, parcel: Parcel) {
        self.detectors[parcel.scope][parcel.worker].push(parcel);
    }

    /// Event time has certainly passed everything strictly before this. Returns the alerts that came about, by position.
    pub fn advance(&mut self, watermark_us: i64) -> Vec<Alert> {
        self.tables.iter().for_each(|tables| tables.advance(watermark_us));
        self.detectors.iter_mut().flatten().for_each(|detector| detector.advance(watermark_us, &mut self.alerts));
        let before_us = self.program.looked_up_from(watermark_us);
        self.tables.iter().for_each(|tables| tables.compact(before_us));
        self.take()
    }

    /// The input is finite and has ended. Returns the last alerts, by position.
    pub fn finish(&mut self) -> Vec<Alert> {
        self.tables.iter().for_each(|tables| tables.advance(i64::MAX));
        self.detectors.iter_mut().flatten().for_each(|detector| detector.finish(&mut self.alerts));
        self.take()
    }

    /// The detectors, by scope and worker.
    pub fn detectors(&mut self) -> &mut [Vec<Detector>] {
        &mut self.detectors
    }

    fn take(&mut self) -> Vec<Alert> {
        let mut alerts = std::mem::take(&mut self.alerts);
        alerts.sort_by(|a, b| a.position.cmp(&b.position));
        alerts
    }
}
