//! A stage: the detectors of one worker whose rules read only what comes from outside and what earlier stages make.

use std::rc::Rc;
use std::sync::Arc;

use super::{Detector, Out, Parcel, Program, Repeats, Share};
use crate::alert::Alerts;
use crate::event::PartitionId;
use crate::tables::Tables;
use crate::views::Shelf;

/// The detectors of one stage and worker.
pub struct Stage {
    program: Arc<Program>,
    tables: Rc<Tables>,
    number: usize,
    share: Share,
    /// The first one's scope.
    first: usize,
    detectors: Vec<Detector>,
}

/// What a stage found.
#[derive(Default)]
pub struct Found {
    /// Alerts, in the order of each scope's positions.
    pub alerts: Alerts,
    /// Rows for later stages.
    pub parcels: Vec<Parcel>,
    /// How many of these rows some rule wants but cannot place, since a part of their key is missing.
    pub keyless: usize,
    /// Events that are no repeats.
    pub admitted: Vec<Admitted>,
    /// Events that are.
    pub repeats: Vec<Repeats>,
    /// Starts of runs that `runs N` refused, and branches that `limit N` cut.
    pub refused: u64,
}

/// Events of a partition that are no repeats.
pub struct Admitted {
    /// Where they came from.
    pub partition: PartitionId,
    /// How many.
    pub rows: usize,
    /// How many of them no rule wants.
    pub filtered: usize,
}

impl Stage {
    /// The empty detectors of a stage for a worker's share, whose tables all its stages have in common.
    pub fn new(program: Arc<Program>, stage: usize, share: Share, tables: Rc<Tables>) -> Stage {
        let scopes = program.scopes_of(stage);
        let detector = |scope| Detector::new(program.clone(), scope, share).with_tables(tables.clone());
        let detectors = scopes.clone().map(detector).collect();
        Stage { number: stage, share, first: scopes.start, detectors, tables, program }
    }

    /// See [`Detector::begin`].
    pub fn begin(&mut self, start_us: i64) {
        self.detectors.iter_mut().for_each(|detector| detector.begin(start_us));
    }

    /// Takes rows that are not late; they wait for the watermark.
    pub fn push(&mut self, parcel: Parcel) {
        self.detectors[parcel.scope - self.first].push(parcel);
    }

    /// See [`Detector::advance`] and [`Detector::finish`]: to the watermark, if there is one, and to the end of the input.
    /// All earlier stages have come as far, and their rows are in.
    pub fn advance(&mut self, watermark_us: Option<i64>, finished: bool) -> Found {
        let mut out = Out::default();
        let is_first = self.number == 0;
        let is_last = self.number + 1 == self.program.stages();
        if let Some(watermark_us) = watermark_us {
            // Tables first: all look-ups are as of times before it.
            if is_first {
                self.tables.advance(watermark_us);
            }
            self.detectors.iter_mut().for_each(|detector| detector.advance(watermark_us, &mut out));
            if is_last {
                self.tables.compact(self.program.looked_up_from(watermark_us));
            }
        }
        if finished {
            if is_first {
                self.tables.advance(i64::MAX);
            }
            self.detectors.iter_mut().for_each(|detector| detector.finish(&mut out));
        }
        let mut found = Found::default();
        let (plan, needed) = (self.program.running(), self.program.needed());
        let mut batches = out.batches(plan, needed);
        batches.extend(out.widened(plan, self.program.joins(), needed));
        for batch in batches {
            let prepared = self.program.prepare(&batch, self.share.workers);
            found.parcels.extend(prepared.parcels);
            found.keyless += prepared.keyless;
        }
        for judged in &out.judged {
            let prepared = self.program.prepare_admitted(judged, self.share.workers);
            let partition = judged.rows.batch.partition.clone();
            found.admitted.push(Admitted { partition, rows: prepared.rows, filtered: prepared.filtered });
            found.parcels.extend(prepared.parcels);
            found.keyless += prepared.keyless;
        }
        (found.repeats, found.refused) = (out.repeats, out.refused);
        found.alerts = Alerts { one: out.alerts, together: out.together };
        found
    }

    /// Puts the rows of the views that are shown on the shelf, as of a time up to which events were released.
    pub fn show(&mut self, at_us: i64, shelf: &Shelf) {
        let program = self.program.clone();
        for view in program.shown() {
            self.detectors.iter_mut().for_each(|detector| shelf.put(*view, at_us, detector.rows(*view, at_us)));
        }
    }

    /// The detectors, by scope from the stage's first on.
    pub fn detectors(&mut self) -> &mut [Detector] {
        &mut self.detectors
    }
}
