//! All of detection in one thread, over batches in memory: for tests and benchmarks.

use std::rc::Rc;
use std::sync::Arc;

use super::{Detector, Parcel, Program, ProgramError, Share, Stage};
use crate::alert::{Alert, Alerts};
use crate::event::Batch;
use crate::tables::{Change, Tables};
use crate::views::{Shelf, Shown};
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

/// The stages of all workers, fed step by step.
pub struct Local {
    program: Arc<Program>,
    /// By worker: each holds all of them.
    tables: Vec<Rc<Tables>>,
    /// By stage and worker.
    stages: Vec<Vec<Stage>>,
}

impl Local {
    /// Empty detectors.
    pub fn new(program: Arc<Program>, workers: usize) -> Local {
        let tables: Vec<_> = (0..workers).map(|_| Rc::new(Tables::new(program.plan()))).collect();
        let stage = |stage| {
            let of_worker = |(worker, tables): (usize, &Rc<Tables>)| {
                Stage::new(program.clone(), stage, Share { worker, workers }, tables.clone())
            };
            tables.iter().enumerate().map(of_worker).collect()
        };
        Local { stages: (0..program.stages()).map(stage).collect(), tables, program }
    }

    /// The input starts here, microseconds.
    pub fn begin(&mut self, start_us: i64) {
        self.stages.iter_mut().flatten().for_each(|stage| stage.begin(start_us));
    }

    /// Takes changes of tables: every worker gets all of them.
    pub fn change(&mut self, changes: &[Change]) {
        self.tables.iter().for_each(|tables| tables.take(changes.iter().cloned()));
    }

    /// Prepares a batch and deals out its rows; returns how many no rule wants.
    pub fn push(&mut self, batch: &Arc<Batch>) -> usize {
        let prepared = self.program.prepare(batch, self.stages[0].len());
        prepared.parcels.into_iter().for_each(|parcel| self.deal(parcel));
        prepared.filtered
    }

    fn deal(&mut self, parcel: Parcel) {
        self.stages[self.program.stage_of(parcel.scope)][parcel.worker].push(parcel);
    }

    /// Event time has certainly passed everything strictly before this. Returns the alerts that came about, by position.
    pub fn advance(&mut self, watermark_us: i64) -> Vec<Alert> {
        self.found(watermark_us).into_vec()
    }

    /// As `advance`; alerts that come about together are not made yet.
    pub fn found(&mut self, watermark_us: i64) -> Alerts {
        self.step(Some(watermark_us), false)
    }

    /// The input is finite and has ended. Returns the last alerts, by position.
    pub fn finish(&mut self) -> Vec<Alert> {
        self.step(None, true).into_vec()
    }

    fn step(&mut self, watermark_us: Option<i64>, finished: bool) -> Alerts {
        let mut alerts = Alerts::default();
        for stage in 0..self.stages.len() {
            let found: Vec<_> =
                self.stages[stage].iter_mut().map(|stage| stage.advance(watermark_us, finished)).collect();
            for found in found {
                alerts.extend(found.alerts);
                found.parcels.into_iter().for_each(|parcel| self.deal(parcel));
            }
        }
        alerts.sort();
        alerts
    }

    /// The rows of the views that the program shows, as of a time up to which events were released.
    pub fn show(&mut self, at_us: i64) -> Vec<Shown> {
        let shelf = Shelf::default();
        self.stages.iter_mut().flatten().for_each(|stage| stage.show(at_us, &shelf));
        shelf.take(self.program.shown())
    }

    /// The detectors, by scope and worker.
    pub fn detectors(&mut self) -> Vec<Vec<&mut Detector>> {
        let mut by_scope = Vec::new();
        for stage in &mut self.stages {
            let mut workers: Vec<_> = stage.iter_mut().map(|stage| stage.detectors().iter_mut()).collect();
            loop {
                let scope: Vec<&mut Detector> = workers.iter_mut().filter_map(Iterator::next).collect();
                if scope.is_empty() {
                    break;
                }
                by_scope.push(scope);
            }
        }
        by_scope
    }
}
