//! One sink shard: sends what is not committed yet, in transactions, and finds its way out of unclear commits.

use std::time::Duration;

use super::unclear::{Verdict, after_unclear};
use crate::io::{AlertRecord, CommitError, Position, Progress, SideRecord, SinkError, TransactionalSink};

/// Alerts of one transaction at most: a long replay must not outlast the transaction's time-out.
const ALERTS_MAX: usize = 20_000;

/// The first and the longest pause before a commit is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What a shard had committed when this process started: a replay drops it.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardStart {
    /// The last alert.
    pub last: Option<Position>,
    /// All output before this event time.
    pub watermark_us: i64,
    /// For each partition, the side records before this offset.
    pub next: Vec<i64>,
}

impl ShardStart {
    /// Whether an alert is still to be sent.
    pub fn wants_alert(&self, position: &Position) -> bool {
        position.time_us >= self.watermark_us && Some(position) > self.last.as_ref()
    }

    /// Whether a side record is still to be sent.
    pub fn wants_side(&self, partition: usize, offset: i64) -> bool {
        offset >= self.next[partition]
    }
}

/// What is committed together.
#[derive(Debug, Default)]
pub struct Batch {
    /// Alerts above the committed position, in order.
    pub alerts: Vec<AlertRecord>,
    /// Side records at or beyond the committed cut.
    pub sides: Vec<SideRecord>,
}

/// What ends a shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// The sink.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The run ended before the sink was able to commit: nothing is lost, a restart sends it.
    #[error("the sink did not come back in time; what was not committed is sent after a restart")]
    GivenUp,
}

/// The doer: one sink and what is known to be committed there.
pub struct Shard {
    sink: Box<dyn TransactionalSink>,
    committed: Option<Progress>,
}

impl Shard {
    /// Fences every older process of the shard and reads what it has committed. `pause` waits before a new attempt and
    /// says whether to make one.
    pub fn recover(
        mut sink: Box<dyn TransactionalSink>,
        pause: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<Shard, ShardError> {
        let committed = patiently(sink.as_mut(), pause)?;
        Ok(Shard { sink, committed })
    }

    /// What is known to be committed.
    pub fn committed(&self) -> Option<&Progress> {
        self.committed.as_ref()
    }

    /// Commits a batch, with `progress` to say what was reached: more than one transaction when there are many alerts.
    pub fn commit(
        &mut self,
        batch: &Batch,
        progress: Progress,
        pause: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<(), ShardError> {
        let mut alerts = &batch.alerts[..];
        while let Some((part, rest)) = alerts.split_at_checked(ALERTS_MAX).filter(|(_, rest)| !rest.is_empty()) {
            // Half-way: the watermark, cut and floors of the last whole commit, but further on in the total order.
            let before = self.committed.clone();
            let half_way = Progress { last: part.last().map(|alert| alert.position.clone()), ..progress.clone() };
            let half_way = match before {
                Some(before) => {
                    Progress { watermark_us: before.watermark_us, cut: before.cut, floors: before.floors, ..half_way }
                }
                None => Progress { watermark_us: i64::MIN, cut: Default::default(), floors: Vec::new(), ..half_way },
            };
            self.transact(part, &[], half_way, pause)?;
            alerts = rest;
        }
        self.transact(alerts, &batch.sides, progress, pause)
    }

    fn transact(
        &mut self,
        alerts: &[AlertRecord],
        sides: &[SideRecord],
        progress: Progress,
        pause: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<(), ShardError> {
        let mut length = PAUSES.0;
        loop {
            match self.attempt(alerts, sides, &progress) {
                Ok(()) => break,
                Err(CommitError::Unclear(_) | CommitError::Sink(SinkError::Retry(_))) => {}
                Err(CommitError::Sink(end)) => return Err(end.into()),
            }
            let found = patiently(self.sink.as_mut(), pause)?;
            match after_unclear(self.committed.as_ref(), &progress, found.as_ref()) {
                Verdict::Committed => break,
                Verdict::Resend => {}
                Verdict::Successor => {
                    let what = "a younger process of the same name has committed: this one ends".to_owned();
                    return Err(SinkError::Fenced(what).into());
                }
                Verdict::Foreign => {
                    let what = "the committed progress is not what this process wrote: somebody else uses its name";
                    return Err(SinkError::Fenced(what.to_owned()).into());
                }
            }
            if !pause(length) {
                return Err(ShardError::GivenUp);
            }
            length = (length * 2).min(PAUSES.1);
        }
        self.committed = Some(progress);
        Ok(())
    }

    fn attempt(
        &mut self,
        alerts: &[AlertRecord],
        sides: &[SideRecord],
        progress: &Progress,
    ) -> Result<(), CommitError> {
        self.sink.begin()?;
        for alert in alerts {
            self.sink.alert(alert)?;
        }
        for side in sides {
            self.sink.side(side)?;
        }
        self.sink.commit(progress)
    }
}

/// Recovers; a sink that is away for a while is tried again.
fn patiently(
    sink: &mut dyn TransactionalSink,
    pause: &mut dyn FnMut(Duration) -> bool,
) -> Result<Option<Progress>, ShardError> {
    let mut length = PAUSES.0;
    loop {
        match sink.recover() {
            Ok(found) => return Ok(found),
            Err(SinkError::Retry(_)) if pause(length) => length = (length * 2).min(PAUSES.1),
            Err(SinkError::Retry(_)) => return Err(ShardError::GivenUp),
            Err(end) => return Err(end.into()),
        }
    }
}
