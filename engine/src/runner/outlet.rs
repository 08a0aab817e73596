//! One thread a sink shard: takes the turns of its shard, drops what is committed already, and commits the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::RunError;
use super::traces::Traces;
use crate::io::{AlertRecord, Progress};
use crate::metrics::Metrics;
use crate::operators::{After, Taken, Turn, TurnReceiver};
use crate::recovery::{Batch, Shard, ShardError, ShardStart};
use tripline_query_lang::plan::Plan;

/// Progress alone, without alerts or side records, is committed less often than alerts by this factor, but after this time
/// in any case: a restart reads again what was read since.
const PROGRESS_ALONE: (u32, Duration) = (200, Duration::from_secs(1));

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
    pub turns: TurnReceiver,
    /// The shortest time from the end of a commit to the next.
    pub commit_every: Duration,
    /// The same while old input is read.
    pub catch_up_every: Duration,
    /// The newest turn was of old input.
    pub old: bool,
    /// What is taken and not committed.
    pub batch: Batch,
    /// Waits before a new attempt at a commit, and says whether to make one.
    pub pause: Box<dyn FnMut(Duration) -> bool + Send>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Trace contexts of the events.
    pub traces: Arc<Traces>,
}

impl Outlet {
    /// Works until the last turn is committed or the run is over.
    pub fn run(mut self) -> Result<(), RunError> {
        // The first progress is new: it shows older processes that they are older.
        let mut dirty = true;
        let mut last_commit: Option<Instant> = None;
        loop {
            let due = last_commit.map(|last| last + self.length());
            if dirty && (due.is_none_or(|due| due <= Instant::now()) || self.size() >= RECORDS_WORTH_IT) {
                self.commit()?;
                (dirty, last_commit) = (false, Some(Instant::now()));
                continue;
            }
            match self.turns.take(due.filter(|_| dirty)) {
                Taken::Turn(turn) => {
                    let after = turn.end.after;
                    dirty |= self.take(turn);
                    if after != After::Next {
                        return self.commit();
                    }
                }
                Taken::Nothing => {}
                Taken::Over => return Ok(()),
            }
        }
    }

    fn size(&self) -> usize {
        self.batch.alerts.len() + self.batch.sides.len()
    }

    fn length(&self) -> Duration {
        let (times, at_most) = PROGRESS_ALONE;
        if self.size() > 0 && self.old {
            return self.commit_every.max(self.catch_up_every);
        }
        if self.size() > 0 {
            self.commit_every
        } else {
            (self.commit_every * times).min(at_most).max(self.commit_every)
        }
    }

    /// Takes over what is not committed yet; says whether anything is new.
    pub fn take(&mut self, turn: Turn) -> bool {
        let Turn { end, alerts } = turn;
        let shard = self.progress.shard.0 as usize;
        let before = self.size();
        self.old = end.old;
        alerts.each(|found| {
            if self.start.wants_alert(&found.position) {
                self.batch.alerts.push(AlertRecord { links: self.traces.of(found), ..found.record(&self.plan) });
            }
        });
        let sides = end.sides.get(shard).into_iter().flatten();
        let sides = sides.filter(|(partition, side)| self.start.wants_side(*partition, side.offset));
        self.batch.sides.extend(sides.map(|(_, side)| side.clone()));
        let watermark_us = match end.after {
            After::Finished => Some(i64::MAX),
            After::Next | After::Stopped => end.watermark_us,
        };
        let watermark_us = watermark_us.map_or(self.progress.watermark_us, |us| us.max(self.progress.watermark_us));
        let cut = self.further(&end.cut);
        let is_new = self.size() > before || self.progress.watermark_us < watermark_us || self.progress.cut != cut;
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

    /// Commits what was taken.
    pub fn commit(&mut self) -> Result<(), RunError> {
        let batch = std::mem::take(&mut self.batch);
        if let Some(last) = batch.alerts.last() {
            self.progress.last = Some(last.position.clone());
        }
        match self.shard.commit(&batch, self.progress.clone(), &mut self.pause) {
            Ok(()) => {
                self.metrics.committed(batch.alerts.len());
                Ok(())
            }
            Err(ShardError::GivenUp) => Err(RunError::GivenUp),
            Err(ShardError::Sink(error)) => Err(error.into()),
        }
    }
}

/// Waits on a channel on which nothing comes and which ends with the run; says whether it is worth another attempt.
pub fn pause(over: Receiver<()>, give_up: Arc<AtomicBool>) -> impl FnMut(Duration) -> bool + Send {
    move |length| {
        let ended = over.recv_timeout(length) == Err(RecvTimeoutError::Disconnected);
        !ended && !give_up.load(Ordering::Relaxed)
    }
}
