//! One thread a source: polls, decodes into a batch per partition, judges lateness, and hands batches on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tripline_query_lang::plan::Stream;

use super::tables::Changes;
use super::traces::Traces;
use super::{Notice, RunError};
use crate::event::{Batch, BatchBuilder};
use crate::io::{Decoder, PartitionInfo, Polled, Record, RecordError, SideKind, SideRecord, Source, Stage};
use crate::metrics::{Counts, Metrics};
use crate::time::{PartitionClock, Verdict};

/// Rows of a batch at most, and of a poll.
const ROWS_MAX: usize = 8192;

/// Rows that are worth a batch of their own while the source has more.
const ROWS_WORTH_IT: usize = 4096;

/// Records whose own time lies so far back, with so many more behind them, are read to catch up.
const OLD_AFTER_US: i64 = 1_000_000;

/// See [`OLD_AFTER_US`].
const MANY: u64 = ROWS_MAX as u64;

/// How long a poll waits for the first record; also how soon a stop is seen.
pub const POLL_WAIT: Duration = Duration::from_millis(100);

/// The clocks of a source's partitions, shared with the thread that closes ticks.
pub type Clocks = Arc<Mutex<Vec<PartitionClock>>>;

/// What an ingest thread hands on.
pub enum Delivery {
    /// What was read of a partition since the delivery before.
    Rows(Rows),
    /// Changes of a table.
    Changes(Changes),
    /// A table has been read up to what was there at the start.
    TableRead,
    /// Something that a person may want to know.
    News(Notice),
    /// All of the source's partitions have been read to their end.
    End {
        /// The source.
        source: usize,
    },
    /// The thread was told to stop.
    Stopped,
}

/// A stretch of a partition.
pub struct Rows {
    /// Position among the assigned partitions.
    pub partition: usize,
    /// Events in time, if any.
    pub batch: Option<Batch>,
    /// Records that are none.
    pub sides: Vec<SideRecord>,
    /// The next offset.
    pub next: i64,
    /// All further events that count have this time or a later one.
    pub watermark_us: Option<i64>,
    /// Some event is late only since time had gone on without the partition.
    pub used_floor: bool,
    /// The records were written long ago, and many more wait: nobody waits for what comes of them. Paces commits, and
    /// nothing else.
    pub old: bool,
    /// The source had more: there is no hurry to close the tick.
    pub more: bool,
}

/// Everything an ingest thread works with.
pub struct Ingest {
    /// Position among the sources.
    pub source: usize,
    /// Where records come from.
    pub input: Box<dyn Source>,
    /// What makes rows of them.
    pub decoder: Box<dyn Decoder>,
    /// The stream.
    pub stream: Stream,
    /// Which of its fields are decoded.
    pub needed: Vec<bool>,
    /// Its partitions, and the position of the first among all that are assigned.
    pub partitions: Vec<PartitionInfo>,
    /// See `partitions`.
    pub base: usize,
    /// Event time of its partitions.
    pub clocks: Clocks,
    /// Where deliveries go.
    pub deliveries: Sender<Delivery>,
    /// Set when reading has to stop.
    pub stop: Arc<AtomicBool>,
    /// Nothing is read before this channel has ended: tables come first.
    pub gate: Receiver<()>,
    /// How long rows may wait for more.
    pub tick: Duration,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Trace contexts of the events.
    pub traces: Arc<Traces>,
}

/// What has been read of a partition and not been handed on.
struct Pending {
    builder: BatchBuilder,
    sides: Vec<SideRecord>,
    counts: Counts,
    used_floor: bool,
    newest_us: Option<i64>,
    since: Option<Instant>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.counts.read == 0
    }
}

/// An ingest thread's state.
pub struct Reader {
    ingest: Ingest,
    pending: Vec<Pending>,
}

/// Reads until the source ends or the run stops.
pub fn run(ingest: Ingest) -> Result<(), RunError> {
    let mut reader = Reader::new(ingest);
    while reader.step()? {}
    Ok(())
}

impl Reader {
    /// Nothing read yet.
    pub fn new(ingest: Ingest) -> Reader {
        let new = |_: &PartitionInfo| Pending {
            builder: BatchBuilder::new(&ingest.stream, &ingest.needed),
            sides: Vec::new(),
            counts: Counts::default(),
            used_floor: false,
            newest_us: None,
            since: None,
        };
        Reader { pending: ingest.partitions.iter().map(new).collect(), ingest }
    }

    /// Polls once and hands on what is worth it; false at the end. A delivery that nobody takes is the end, too: the run
    /// is over.
    pub fn step(&mut self) -> Result<bool, RunError> {
        let Reader { ingest, pending } = self;
        while ingest.gate.recv_timeout(POLL_WAIT) == Err(RecvTimeoutError::Timeout) {
            if ingest.stop.load(Ordering::Relaxed) {
                break;
            }
        }
        if ingest.stop.load(Ordering::Relaxed) {
            flush(ingest, pending, false, |_| true);
            let _ = ingest.deliveries.send(Delivery::Stopped);
            return Ok(false);
        }
        let polled = poll(ingest, pending)?;
        let (dry, more) = match polled {
            Polled::Records(found) => (found == 0, found == ROWS_MAX),
            Polled::End => (true, false),
        };
        let tick = ingest.tick;
        let taken = flush(ingest, pending, more, |p| {
            dry || p.counts.read as usize >= ROWS_WORTH_IT || p.since.is_some_and(|since| since.elapsed() >= tick)
        });
        if polled == Polled::End {
            let _ = ingest.deliveries.send(Delivery::End { source: ingest.source });
        }
        Ok(taken && polled != Polled::End)
    }
}

/// Polls once: every record becomes a row, a side record, or nothing but a count.
fn poll(ingest: &mut Ingest, pending: &mut [Pending]) -> Result<Polled, RunError> {
    let Ingest { input, decoder, partitions, clocks, traces, .. } = ingest;
    // What is pending is handed on as soon as there is nothing more.
    let wait = if pending.iter().all(Pending::is_empty) { POLL_WAIT } else { Duration::ZERO };
    // Locked from the first record on, not while waiting for it.
    let mut held = None;
    let polled = input.poll(ROWS_MAX, wait, &mut |record| {
        let clocks = held.get_or_insert_with(|| clocks.lock().unwrap_or_else(PoisonError::into_inner));
        let (Some(clock), Some(pending), Some(partition)) =
            (clocks.get_mut(record.partition), pending.get_mut(record.partition), partitions.get(record.partition))
        else {
            return;
        };
        take(record, decoder.as_mut(), clock, pending, partition, traces);
    });
    Ok(polled?)
}

fn take(
    record: Record<'_>,
    decoder: &mut dyn Decoder,
    clock: &mut PartitionClock,
    pending: &mut Pending,
    partition: &PartitionInfo,
    traces: &Traces,
) {
    pending.counts.read += 1;
    pending.newest_us = pending.newest_us.max(record.timestamp_us);
    let decoded = match record.value {
        Some(value) => decoder.decode(value, &mut pending.builder),
        None => Err(RecordError {
            stage: Stage::Decode,
            class: "null payload",
            message: "the record has no value".to_owned(),
        }),
    };
    let kind = match decoded {
        Err(error) => {
            clock.pass(record.offset);
            pending.counts.dead_letters += 1;
            SideKind::DeadLetter(error)
        }
        Ok(at_us) => match clock.judge(record.offset, at_us, record.timestamp_us) {
            Verdict::InTime => {
                traces.keep(&partition.id, record.offset, record.headers);
                return pending.builder.end_row(at_us, record.offset);
            }
            Verdict::Late { behind_us, by_floor } => {
                pending.builder.undo_row();
                pending.counts.late += 1;
                pending.used_floor |= by_floor;
                SideKind::Late { behind_us }
            }
            Verdict::Quarantined { beyond_us } => {
                pending.builder.undo_row();
                pending.counts.quarantined += 1;
                SideKind::Quarantined { beyond_us }
            }
        },
    };
    pending.sides.push(record.aside(kind, &partition.id));
}

/// Hands on what is pending and ripe; false when nobody takes it. `more`: the last poll took all that it was to take.
fn flush(ingest: &Ingest, pending: &mut [Pending], more: bool, ripe: impl Fn(&Pending) -> bool) -> bool {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
    let is_old = |newest_us: i64| newest_us < now_us.saturating_sub(OLD_AFTER_US);
    let is_behind = || ingest.input.behind().map_or(more, |records| records >= MANY);
    for (index, pending) in pending.iter_mut().enumerate() {
        if pending.is_empty() {
            continue;
        }
        if !ripe(pending) {
            pending.since.get_or_insert_with(Instant::now);
            continue;
        }
        let (next, watermark_us) = {
            let clocks = ingest.clocks.lock().unwrap_or_else(PoisonError::into_inner);
            (clocks[index].next(), clocks[index].watermark_us())
        };
        let partition = ingest.base + index;
        ingest.metrics.ingested(partition, &pending.counts);
        ingest.metrics.leave_out(&pending.sides);
        let id = &ingest.partitions[index].id;
        let rows = Rows {
            partition,
            batch: (!pending.builder.is_empty()).then(|| pending.builder.finish(id.clone())),
            sides: std::mem::take(&mut pending.sides),
            next,
            watermark_us,
            used_floor: std::mem::take(&mut pending.used_floor),
            old: pending.newest_us.take().is_some_and(is_old) && is_behind(),
            more,
        };
        pending.counts = Counts::default();
        pending.since = None;
        if ingest.deliveries.send(Delivery::Rows(rows)).is_err() {
            return false;
        }
    }
    true
}
