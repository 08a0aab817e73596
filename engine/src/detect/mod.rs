//! Detection: all rules of one key scope over the keys of one worker. Pure: batches and watermarks in, alerts out.
//!
//! `prepare` evaluates every distinct predicate once per batch and finds the rows that some rule wants, with their keys;
//! `Parcel`s carry those rows to the worker that has the key; a `Detector` puts them into the total order below the
//! watermark and runs the rules.

use std::sync::Arc;

use crate::alert::Alert;
use crate::event::Batch;
use crate::state::StateError;
use tripline_query_lang::plan::Plan;

/// A plan, compiled for running: shared by all workers.
pub struct Program {}

/// Why a plan cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Roles are bits of one word.
    #[error("rule `{rule}` has {roles} steps and conditions that an event can play a part in; a rule has 64 at most")]
    TooManyRoles {
        /// The rule's name.
        rule: String,
        /// How many.
        roles: usize,
    },
}

/// What [`Program::prepare`] found in a batch.
pub struct Prepared {
    /// One parcel per scope and worker that has any rows.
    pub parcels: Vec<Parcel>,
    /// How many rows no rule wants.
    pub filtered: usize,
    /// How many rows some rule wants but cannot place, since a part of their key is missing.
    pub keyless: usize,
}

/// The rows of one batch that one worker's detector of one scope wants, with their predicates' answers and keys.
/// Cheap to clone: the rows themselves are shared.
#[derive(Clone)]
pub struct Parcel {
    /// The scope, from 0.
    pub scope: usize,
    /// The worker, from 0.
    pub worker: usize,
}

/// All rules of one scope over the keys of one worker.
pub struct Detector {}

/// What is open, for metrics and for the test that nothing is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Keys with any state.
    pub keys: usize,
    /// Open runs and episodes.
    pub runs: usize,
    /// Pending deadlines.
    pub timers: usize,
    /// Events that wait for the watermark.
    pub waiting: usize,
}

impl Program {
    /// Compiles the plan.
    pub fn new(_plan: Arc<Plan>) -> Result<Program, ProgramError> {
        unimplemented!()
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        unimplemented!()
    }

    /// Number of key scopes: each has one detector per worker.
    pub fn scopes(&self) -> usize {
        unimplemented!()
    }

    /// For each stream, which fields have to be decoded.
    pub fn needed_fields(&self) -> Vec<Vec<bool>> {
        unimplemented!()
    }

    /// Finds the rows of a batch that some rule wants, and whose they are.
    pub fn prepare(&self, _batch: &Arc<Batch>, _workers: usize) -> Prepared {
        unimplemented!()
    }
}

impl Detector {
    /// An empty detector of this scope.
    pub fn new(_program: Arc<Program>, _scope: usize) -> Detector {
        unimplemented!()
    }

    /// Takes rows that are not late; they wait for the watermark.
    pub fn push(&mut self, _parcel: Parcel) {
        unimplemented!()
    }

    /// Event time has certainly passed everything strictly before `watermark_us`: releases the rows below it in the total
    /// order, runs the rules, fires deadlines. Alerts are appended in the order of their positions.
    pub fn advance(&mut self, _watermark_us: i64, _out: &mut Vec<Alert>) {
        unimplemented!()
    }

    /// The input is finite and has ended.
    pub fn finish(&mut self, _out: &mut Vec<Alert>) {
        unimplemented!()
    }

    /// What is open.
    pub fn open(&self) -> Open {
        unimplemented!()
    }

    /// Writes out the state of one key group (of 1,024); empty when the group has none. Waiting rows are not in it: they
    /// are replayed.
    pub fn write_group(&self, _group: u16) -> Vec<u8> {
        unimplemented!()
    }

    /// Reads a key group back into an empty detector.
    pub fn read_group(&mut self, _group: u16, _bytes: &[u8]) -> Result<(), StateError> {
        unimplemented!()
    }
}
