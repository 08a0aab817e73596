//! The thread that runs a job: closes ticks, sees to idle partitions, and ends everything when anything ends badly.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select};

use super::ingest::Delivery;
use super::job::Settings;
use super::threads::{Event, Thread};
use super::ticks::Ticks;
use super::{Notice, RunError};
use crate::metrics::Metrics;
use crate::operators::After;
use crate::recovery::Assigned;
use crate::time::Clock;

/// How often a stop is looked for while nothing happens.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How long threads get to leave when the run has failed, or a sink did not come back in time.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// So many rows that wait for event time are told of first.
const WAITING_WORTH_TELLING: u64 = 1_000_000;

/// What all threads look at.
#[derive(Clone, Default)]
pub struct Flags {
    /// Sources stop reading.
    pub stop_reading: Arc<AtomicBool>,
    /// Workers leave at once.
    pub abort: Arc<AtomicBool>,
    /// Shards do not wait for their sinks any more.
    pub give_up: Arc<AtomicBool>,
}

impl Flags {
    /// Every thread leaves as soon as it can.
    pub fn end_all(&self) {
        for flag in [&self.stop_reading, &self.give_up, &self.abort] {
            flag.store(true, Ordering::Release);
        }
    }
}

/// See the module's text.
pub struct Supervisor {
    /// Gone when no more ticks will come: the workers then leave.
    ticks: Option<Ticks>,
    ranges: Vec<Range<usize>>,
    assigned: Vec<Assigned>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    observer: Box<dyn FnMut(Notice) + Send>,
    told: Receiver<Event>,
    /// Dropped when the run is over: pauses end.
    alive: Option<Sender<()>>,
    flags: Flags,
    reading: usize,
    /// Dropped when all tables are read: then events are.
    gate: Option<Sender<()>>,
    /// Workers and shards.
    working: usize,
    /// When a run that was told to stop waits no longer.
    deadline: Option<Instant>,
    holding: Vec<usize>,
    looked: Duration,
    metrics: Arc<Metrics>,
    /// So many rows waiting are worth a notice.
    worth_telling: u64,
}

impl Supervisor {
    /// Over these ticks, with the partitions of each source.
    pub fn new(
        ticks: Ticks,
        ranges: Vec<Range<usize>>,
        assigned: Vec<Assigned>,
        settings: Settings,
        clock: Arc<dyn Clock>,
        observer: Box<dyn FnMut(Notice) + Send>,
    ) -> Supervisor {
        let looked = clock.now();
        Supervisor {
            reading: ranges.len(),
            gate: None,
            ticks: Some(ticks),
            ranges,
            assigned,
            settings,
            clock,
            observer,
            told: never(),
            alive: None,
            flags: Flags::default(),
            working: 0,
            deadline: None,
            holding: Vec::new(),
            looked,
            metrics: Arc::default(),
            worth_telling: WAITING_WORTH_TELLING,
        }
    }

    /// With these threads: `working` counts the workers and shards.
    pub fn watching(self, told: Receiver<Event>, alive: Sender<()>, flags: Flags, working: usize) -> Supervisor {
        Supervisor { told, alive: Some(alive), flags, working, ..self }
    }

    /// With these counters.
    pub fn counting(self, metrics: Arc<Metrics>) -> Supervisor {
        Supervisor { metrics, ..self }
    }

    /// Events are read when this is dropped.
    pub fn opening(self, gate: Option<Sender<()>>) -> Supervisor {
        Supervisor { gate, ..self }
    }

    /// Runs to the end; says whether all input was finite and has ended.
    pub fn run(mut self, stop: &AtomicBool, delivered: Receiver<Delivery>, replays: bool) -> Result<bool, RunError> {
        match self.work(stop, delivered, replays) {
            Ok(finished) => Ok(finished),
            Err(error) => {
                self.leave();
                Err(error)
            }
        }
    }

    fn work(&mut self, stop: &AtomicBool, delivered: Receiver<Delivery>, mut replays: bool) -> Result<bool, RunError> {
        while self.reading > 0 && !self.is_past_deadline() {
            self.look_for_stop(stop);
            self.step(&delivered)?;
            if replays && self.ticks.as_ref().is_some_and(Ticks::is_live) {
                replays = false;
                (self.observer)(Notice::Live);
            }
        }
        drop(delivered);
        // Tables may go on for ever.
        self.flags.stop_reading.store(true, Ordering::Release);
        while self.ticks.as_ref().is_some_and(|ticks| !ticks.has_room()) && !self.is_past_deadline() {
            self.look_for_stop(stop);
            self.hear(LOOK_UP)?;
        }
        let now = self.clock.now();
        let finished = self.ticks.take().is_some_and(|mut ticks| {
            let finished = ticks.all_finished() && self.deadline.is_none();
            ticks.close(if finished { After::Finished } else { After::Stopped }, now);
            finished
        });
        while self.working > 0 {
            self.look_for_stop(stop);
            if self.is_past_deadline() {
                self.flags.give_up.store(true, Ordering::Release);
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline + LEAVE_WITHIN) {
                return Err(RunError::GivenUp);
            }
            self.hear(LOOK_UP)?;
        }
        Ok(finished)
    }

    fn look_for_stop(&mut self, stop: &AtomicBool) {
        if self.deadline.is_none() && stop.load(Ordering::Acquire) {
            self.deadline = Some(Instant::now() + self.settings.stop_within);
            self.flags.stop_reading.store(true, Ordering::Release);
        }
    }

    fn is_past_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Waits for one thing to happen, and closes the tick if it is due.
    fn step(&mut self, delivered: &Receiver<Delivery>) -> Result<(), RunError> {
        let Some(ticks) = &mut self.ticks else { return Ok(()) };
        let now = self.clock.now();
        if ticks.is_due(now, self.settings.tick, !delivered.is_empty()) {
            for partition in ticks.close(After::Next, now) {
                (self.observer)(Notice::Idle(self.assigned[partition].info.id.clone()));
            }
        }
        let wait = ticks.patience(now, self.settings.tick, LOOK_UP);
        let nothing = never();
        let deliveries = if ticks.has_room() { delivered } else { &nothing };
        select! {
            recv(self.told) -> event => match event {
                Ok(event) => self.take(event)?,
                Err(_) => return Err(RunError::Failed("all threads have gone".to_owned())),
            },
            recv(deliveries) -> delivery => match delivery {
                Ok(delivery) => self.deliver(delivery),
                // Every thread that reads has ended; how, its event tells.
                Err(_) => self.hear(LOOK_UP)?,
            },
            default(wait) => self.look_at_holding(),
        }
        Ok(())
    }

    fn deliver(&mut self, delivery: Delivery) {
        let now = self.clock.now();
        let Some(ticks) = &mut self.ticks else { return };
        match delivery {
            Delivery::Rows(rows) => ticks.deliver(rows, now),
            Delivery::Changes(changes) => ticks.deliver_changes(changes, now),
            Delivery::TableRead => {
                if ticks.table_is_read() {
                    self.gate = None;
                }
            }
            Delivery::News(notice) => (self.observer)(notice),
            Delivery::End { source } => {
                ticks.finish(self.ranges[source].clone(), now);
                self.reading -= 1;
            }
            Delivery::Stopped => self.reading -= 1,
        }
        if now.saturating_sub(self.looked) >= LOOK_UP {
            self.look_at_holding();
        }
    }

    /// Takes an event, if one comes in this time.
    fn hear(&mut self, wait: Duration) -> Result<(), RunError> {
        match self.told.recv_timeout(wait) {
            Ok(event) => self.take(event),
            Err(_) => Ok(()),
        }
    }

    fn take(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::Passed { shard, tick } => {
                if let Some(ticks) = &mut self.ticks {
                    ticks.pass(shard, tick);
                }
                Ok(())
            }
            Event::Ended { thread, result } => {
                if !matches!(thread, Thread::Ingest(_) | Thread::Table(_)) {
                    self.working -= 1;
                }
                result
            }
        }
    }

    /// Names the partitions that hold event time back, once for each change.
    fn look_at_holding(&mut self) {
        let now = self.clock.now();
        self.looked = now;
        let Some(ticks) = &self.ticks else { return };
        let holding = ticks.holding(now, self.settings.holding_after);
        if holding != self.holding && !holding.is_empty() {
            let names = holding.iter().map(|partition| self.assigned[*partition].info.id.clone()).collect();
            (self.observer)(Notice::Holding(names));
        }
        self.holding = holding;
        self.look_at_waiting(now);
    }

    /// Rows that wait for event time stand in memory, however many: they are counted, and said at each doubling.
    fn look_at_waiting(&mut self, now: Duration) {
        let Some(ticks) = &self.ticks else { return };
        let rows = ticks.waiting() as u64;
        self.metrics.waiting(rows);
        if rows >= self.worth_telling {
            let behind = ticks.holding(now, Duration::ZERO);
            let partitions = behind.iter().map(|partition| self.assigned[*partition].info.id.clone()).collect();
            (self.observer)(Notice::Waiting { rows, partitions });
            self.worth_telling = rows.saturating_mul(2);
        } else if rows < WAITING_WORTH_TELLING / 2 {
            self.worth_telling = WAITING_WORTH_TELLING;
        }
    }

    /// The run has failed: every thread leaves; one that does not is left behind.
    fn leave(&mut self) {
        self.flags.end_all();
        self.alive = None;
        if let Some(ticks) = self.ticks.take() {
            ticks.wake_all();
        }
        let deadline = Instant::now() + LEAVE_WITHIN;
        while self.working > 0 && Instant::now() < deadline {
            if let Ok(Event::Ended { thread, .. }) = self.told.recv_timeout(LOOK_UP)
                && !matches!(thread, Thread::Ingest(_) | Thread::Table(_))
            {
                self.working -= 1;
            }
        }
    }
}
