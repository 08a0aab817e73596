//! One thread a sink shard: takes the turns of its shard, drops what is committed already, and commits the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::RunError;
use crate::io::Progress;
use crate::metrics::Metrics;
use crate::operators::{After, Turn};
use crate::recovery::{Batch, Shard, ShardError, ShardStart};
use tripline_query_lang::plan::Plan;

/// Progress alone, without alerts or side records, is committed less often than alerts by this factor.
const PROGRESS_ALONE: u32 = 5;

/// Alerts and side records that are committed at once, however short the time since the last commit.
const RECORDS_WORTH_IT: usize = 10_000;

/// Everything a shard's thread works with.
pub struct Outlet {
    /// The doer.
    pub shard: Shard,
    /// What was committed when the process started.
    pub start: ShardStart,
    /// The progress that was written first; what every later one is made from.
    pub progress: Progress,
    /// The rules.
    pub plan: Arc<Plan>,
    /// Turns, in order.
    pub turns: Receiver<Turn>,
    /// The shortest time between two commits.
    pub commit_every: Duration,
    /// Set when nothing is worth waiting for any more.
    pub give_up: Arc<AtomicBool>,
    /// A channel on which nothing comes, and which ends with the run.
    pub over: Receiver<()>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

impl Outlet {
    /// Works until the last turn is committed or the run is over.
    pub fn run(mut self) -> Result<(), RunError> {
        let mut batch = Batch::default();
        // The first progress is new: it shows older processes that they are older.
        let mut dirty = true;
        let mut last_commit: Option<Instant> = None;
        loop {
            let due = last_commit.map(|last| last + self.pause(&batch));
            let now = Instant::now();
            if dirty && (due.is_none_or(|due| due <= now) || Self::size(&batch) >= RECORDS_WORTH_IT) {
                self.commit(&mut batch)?;
                (dirty, last_commit) = (false, Some(Instant::now()));
            }
            let turn = match due {
                Some(due) if dirty => self.turns.recv_timeout(due.saturating_duration_since(now)),
                _ => self.turns.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match turn {
                Ok(turn) => {
                    let after = turn.end.after;
                    dirty |= self.take(turn, &mut batch);
                    if after != After::Next {
                        return self.commit(&mut batch);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn size(batch: &Batch) -> usize {
        batch.alerts.len() + batch.sides.len()
    }

    fn pause(&self, batch: &Batch) -> Duration {
        if Self::size(batch) > 0 { self.commit_every } else { self.commit_every * PROGRESS_ALONE }
    }

    /// Takes over what is not committed yet; says whether anything is new.
    fn take(&mut self, turn: Turn, batch: &mut Batch) -> bool {
        let Turn { end, alerts } = turn;
        let shard = self.progress.shard.0 as usize;
        let before = Self::size(batch);
        for found in alerts.iter().filter(|found| self.start.wants_alert(&found.position)) {
            batch.alerts.push(found.record(&self.plan));
        }
        let sides = end.sides.get(shard).into_iter().flatten();
        let sides = sides.filter(|(partition, side)| self.start.wants_side(*partition, side.offset));
        batch.sides.extend(sides.map(|(_, side)| side.clone()));
        let watermark_us = match end.after {
            After::Finished => Some(i64::MAX),
            After::Next | After::Stopped => end.watermark_us,
        };
        let watermark_us = watermark_us.map_or(self.progress.watermark_us, |us| us.max(self.progress.watermark_us));
        let cut = self.further(&end.cut);
        let is_new =
            Self::size(batch) > before || self.progress.watermark_us < watermark_us || self.progress.cut != cut;
        self.progress.watermark_us = watermark_us;
        self.progress.cut = cut;
        self.progress.floors = end.floors.as_ref().clone();
        is_new
    }

    /// A replay begins before what is committed: the cut never goes back.
    fn further(&self, cut: &crate::io::Cut) -> crate::io::Cut {
        let mut cut = cut.clone();
        for (partition, entry) in cut.partitions.iter_mut().enumerate() {
            entry.next = entry.next.max(self.start.next.get(partition).copied().unwrap_or(i64::MIN));
        }
        cut
    }

    fn commit(&mut self, batch: &mut Batch) -> Result<(), RunError> {
        let batch = std::mem::take(batch);
        if let Some(last) = batch.alerts.last() {
            self.progress.last = Some(last.position.clone());
        }
        let (over, give_up) = (&self.over, &self.give_up);
        let mut pause = pause(over, give_up);
        match self.shard.commit(&batch, self.progress.clone(), &mut pause) {
            Ok(()) => {
                self.metrics.committed(batch.alerts.len());
                Ok(())
            }
            Err(ShardError::GivenUp) => Err(RunError::GivenUp),
            Err(ShardError::Sink(error)) => Err(error.into()),
        }
    }
}

/// Waits before a new attempt, on a channel that ends with the run; says whether to make one.
pub fn pause<'a>(over: &'a Receiver<()>, give_up: &'a AtomicBool) -> impl FnMut(Duration) -> bool + 'a {
    move |length| {
        let ended = over.recv_timeout(length) == Err(RecvTimeoutError::Disconnected);
        !ended && !give_up.load(Ordering::Relaxed)
    }
}
