//! The timely operators, a file each: thin wrappers of plain code. timely's timestamp is a tick; what an operator does at
//! the end of a tick, it does when the frontier has passed it.
//!
//! Items are few and fat: a parcel of rows, the alerts of a tick. They travel by pointer between the workers of a process.

mod detect;
mod fat;
mod sink;
mod source;
mod turns;

#[cfg(test)]
pub(crate) use detect::split;
pub use detect::{StageParts, detect};
pub use fat::{Addressed, Fat, by_worker};
pub use sink::{Outlets, sink};
pub use source::source;
pub use turns::{Taken, Turn, TurnReceiver, TurnSender, turns};

use std::sync::Arc;

use crate::alert::Alerts;
use crate::detect::{Parcel, Program};
use crate::event::Batch;
use crate::io::{Cut, FloorEntry, SideRecord};
use crate::tables::Change;

/// What the thread that closes ticks gives a worker's source, in order.
pub enum Work {
    /// A batch of the tick that is open; its partition's position among those assigned.
    Batch(usize, Arc<Batch>),
    /// Changes of tables: every worker gets all of them.
    Changes(Arc<[Change]>),
    /// The tick is over.
    Close(Arc<TickEnd>),
}

/// How the run goes on after a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// There is another tick.
    Next,
    /// All input was finite and has ended.
    Finished,
    /// The run was told to stop.
    Stopped,
}

/// What is known at the end of a tick: watermark and cut travel as data.
#[derive(Debug)]
pub struct TickEnd {
    /// The tick.
    pub tick: u64,
    /// Everything before this event time is in this tick or an earlier one; `None` before the first watermark.
    pub watermark_us: Option<i64>,
    /// The time of the input's first event, microseconds, once event time has passed it.
    pub start_us: Option<i64>,
    /// The next offset of every partition.
    pub cut: Arc<Cut>,
    /// Decisions in force.
    pub floors: Arc<Vec<FloorEntry>>,
    /// Side records of the tick by shard, with their partition's position among those assigned.
    pub sides: Vec<Vec<(usize, SideRecord)>>,
    /// All that was read in the tick was written long ago: there is no hurry. No output depends on it.
    pub old: bool,
    /// What comes then.
    pub after: After,
}

/// From a source or an earlier stage to detect.
#[derive(Clone)]
pub struct Inbound {
    /// The worker that it goes to.
    pub worker: usize,
    /// What it is.
    pub load: Load,
}

/// What goes to detect.
#[derive(Clone)]
pub enum Load {
    /// Rows.
    Parcel(Parcel),
    /// Changes of tables.
    Changes(Arc<[Change]>),
    /// The tick's end.
    End(Arc<TickEnd>),
}

/// Parcels by the stage that they go to.
fn inbound(parcels: Vec<Parcel>, program: &Program) -> Vec<Vec<Inbound>> {
    let mut by_stage: Vec<Vec<Inbound>> = (0..program.stages()).map(|_| Vec::new()).collect();
    for parcel in parcels {
        let (stage, worker) = (program.stage_of(parcel.scope), parcel.worker);
        by_stage[stage].push(Inbound { worker, load: Load::Parcel(parcel) });
    }
    by_stage
}

/// From detect to sink: what a worker has found for a shard in a tick.
#[derive(Clone)]
pub struct Outbound {
    /// The worker that has the shard.
    pub worker: usize,
    /// The shard.
    pub shard: usize,
    /// The tick's end.
    pub end: Arc<TickEnd>,
    /// Alerts.
    pub alerts: Alerts,
}

impl Addressed for Inbound {
    fn worker(&self) -> usize {
        self.worker
    }
}

impl Addressed for Outbound {
    fn worker(&self) -> usize {
        self.worker
    }
}
