//! All of detection in one thread, over batches in memory: for tests and benchmarks.

use std::sync::Arc;

use super::{Detector, Parcel, Program, ProgramError};
use crate::alert::Alert;
use crate::event::Batch;
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
    /// By scope and worker.
    detectors: Vec<Vec<Detector>>,
    alerts: Vec<Alert>,
}

impl Local {
    /// Empty detectors.
    pub fn new(program: Arc<Program>, workers: usize) -> Local {
        let detectors = |scope| (0..workers).map(|_| Detector::new(program.clone(), scope)).collect();
        Local { workers, detectors: (0..program.scopes()).map(detectors).collect(), alerts: Vec::new(), program }
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
        self.detectors.iter_mut().flatten().for_each(|detector| detector.advance(watermark_us, &mut self.alerts));
        self.take()
    }

    /// The input is finite and has ended. Returns the last alerts, by position.
    pub fn finish(&mut self) -> Vec<Alert> {
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
