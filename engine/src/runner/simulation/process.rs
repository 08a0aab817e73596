//! One process of the simulation: the parts of a run, stepped by hand instead of by threads.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, unbounded};

use super::Random;
use super::disk::Disk;
use super::rules::Lines;
use crate::alert::Alerts;
use crate::detect::{Parcel, Program, Share, Stage};
use crate::io::{FloorEntry, Progress};
use crate::operators::{After, Turn, Work, split};
use crate::recovery::{self, Assigned, Floor, Shard};
use crate::runner::ingest::{Delivery, Ingest, Reader};
use crate::runner::outlet::Outlet;
use crate::runner::ticks::{Place, Ticks, Workers};
use crate::tables::Tables;
use crate::time::{Clock, ManualClock, PartitionClock};
use tripline_query_lang::plan::Plan;

/// The process is no more.
#[derive(Debug)]
pub struct Died;

#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Work>>>);

impl Workers for Queue {
    fn count(&self) -> usize {
        1
    }

    fn send(&self, _worker: usize, work: Work) {
        self.0.lock().expect("one thread").push_back(work);
    }

    fn wake(&self) {}
}

pub struct Process {
    reader: Reader,
    reading: bool,
    delivered: Receiver<Delivery>,
    ticks: Ticks,
    work: Queue,
    program: Arc<Program>,
    /// By stage and worker.
    stages: Vec<Vec<Stage>>,
    /// By worker.
    tables: Vec<Rc<Tables>>,
    turns: Vec<VecDeque<Turn>>,
    outlets: Vec<Outlet>,
    partitions: usize,
    clock: Arc<ManualClock>,
    closed: bool,
    done: Vec<bool>,
}

impl Process {
    pub fn start(disk: &Disk, plan: Arc<Plan>, workers: usize, clock: Arc<ManualClock>) -> Result<Process, Died> {
        Process::start_with(disk, plan, workers, clock, &[])
    }

    /// Starts with decisions of another disk.
    pub fn start_with(
        disk: &Disk,
        plan: Arc<Plan>,
        workers: usize,
        clock: Arc<ManualClock>,
        decided: &[FloorEntry],
    ) -> Result<Process, Died> {
        let program = Arc::new(Program::new(plan.clone()).expect("few roles"));
        let mut source = disk.source();
        let partitions = source.open().expect("a disk opens");
        let assigned: Vec<Assigned> =
            partitions.iter().map(|info| Assigned { stream: "in".to_owned(), info: info.clone() }).collect();
        let recover = |shard| Shard::recover(disk.sink(shard), &mut |_| true).map_err(|_| Died);
        let shards: Vec<Shard> = (0..disk.shards()).map(recover).collect::<Result<_, _>>()?;
        let found: Vec<Option<Progress>> = shards.iter().map(|shard| shard.committed().cloned()).collect();
        let rules = [1, 2];
        let mut start = recovery::start(&found, &assigned, &rules).expect("the log is whole");
        start.floors.extend(decided.iter().map(|entry| Floor {
            partition: entry.partition as usize,
            from: entry.from,
            floor_us: entry.floor_us,
        }));
        let mut clocks: Vec<PartitionClock> =
            partitions.iter().map(|info| PartitionClock::new(&plan.streams[0], info.earliest)).collect();
        for floor in &start.floors {
            clocks[floor.partition].replay_floor(floor.from, floor.floor_us);
        }
        let clocks = Arc::new(Mutex::new(clocks));
        let place =
            |(index, assigned): (usize, &Assigned)| Place { assigned: assigned.clone(), clocks: clocks.clone(), index };
        let work = Queue::default();
        let ticks = Ticks::new(
            assigned.iter().enumerate().map(place).collect(),
            &plan.streams,
            (&start.first, &start.frozen, &start.floors),
            0,
            shards.len(),
            Box::new(work.clone()),
            clock.now(),
        );
        let outlet = |(number, shard): (usize, Shard)| Outlet {
            shard,
            start: start.shards[number].clone(),
            progress: start.first_progress(number, &assigned, &rules),
            plan: plan.clone(),
            turns: crate::operators::turns(number).1,
            commit_every: Duration::ZERO,
            catch_up_every: Duration::ZERO,
            batch: Default::default(),
            old: false,
            pause: Box::new(|_| true),
            metrics: Arc::default(),
            traces: Arc::default(),
        };
        let outlets: Vec<Outlet> = shards.into_iter().enumerate().map(outlet).collect();
        let (deliveries, delivered) = unbounded();
        let needed = vec![true; 3];
        let reader = Reader::new(Ingest {
            source: 0,
            input: source,
            decoder: Box::new(Lines),
            stream: plan.streams[0].clone(),
            needed,
            partitions,
            base: 0,
            clocks,
            deliveries,
            stop: Arc::new(AtomicBool::new(false)),
            gate: unbounded().1,
            tick: Duration::ZERO,
            metrics: Arc::default(),
            traces: Arc::default(),
        });
        let tables: Vec<Rc<Tables>> = (0..workers).map(|_| Rc::new(Tables::new(program.plan()))).collect();
        let stage = |stage, worker| {
            let (share, tables): (_, &Rc<Tables>) = (Share { worker, workers }, &tables[worker]);
            Stage::new(program.clone(), stage, share, tables.clone())
        };
        let stages = (0..program.stages()).map(|number| (0..workers).map(|worker| stage(number, worker)).collect());
        let stages = stages.collect();
        let turns = outlets.iter().map(|_| VecDeque::new()).collect();
        let done = vec![false; outlets.len()];
        let partitions = assigned.len();
        let mut process = Process {
            reader,
            reading: true,
            delivered,
            ticks,
            work,
            program,
            stages,
            tables,
            turns,
            outlets,
            partitions,
            clock,
            closed: false,
            done,
        };
        for outlet in &mut process.outlets {
            outlet.commit().map_err(|_| Died)?;
        }
        Ok(process)
    }

    /// Does one thing; false when everything is done and committed.
    pub fn step(&mut self, random: &mut Random) -> Result<bool, Died> {
        match random.below(5) {
            0 if self.reading => self.reading = self.reader.step().map_err(|_| Died)?,
            1 => self.deliver(),
            2 => self.tick(),
            3 => self.detect(),
            _ => {
                let shard = random.below(self.outlets.len() as u64) as usize;
                return self.commit(shard, random.one_in(3));
            }
        }
        Ok(true)
    }

    fn deliver(&mut self) {
        match self.delivered.try_recv() {
            Ok(Delivery::Rows(rows)) => self.ticks.deliver(rows, self.clock.now()),
            Ok(Delivery::End { .. }) => self.ticks.finish(0..self.partitions, self.clock.now()),
            Ok(Delivery::Stopped | Delivery::Changes(_) | Delivery::TableRead | Delivery::News(_)) | Err(_) => {}
        }
    }

    fn tick(&mut self) {
        if self.closed {
            return;
        }
        self.closed = self.ticks.all_finished();
        self.ticks.close(if self.closed { After::Finished } else { After::Next }, self.clock.now());
    }

    fn detect(&mut self) {
        let Some(work) = self.work.0.lock().expect("one thread").pop_front() else { return };
        match work {
            Work::Batch(_, batch) => {
                let parcels = self.program.prepare(&batch, self.tables.len()).parcels;
                self.push(parcels);
            }
            Work::Changes(changes) => self.tables.iter().for_each(|tables| tables.take(changes.iter().cloned())),
            Work::Close(end) => {
                if let Some(start_us) = end.start_us {
                    self.stages.iter_mut().flatten().for_each(|stage| stage.begin(start_us));
                }
                let mut alerts = Alerts::default();
                for stage in 0..self.stages.len() {
                    for worker in 0..self.tables.len() {
                        let finished = end.after == After::Finished;
                        let found = self.stages[stage][worker].advance(end.watermark_us, finished);
                        alerts.extend(found.alerts);
                        self.push(found.parcels);
                    }
                }
                for mut found in split(alerts, &end, self.outlets.len(), 1) {
                    found.alerts.sort();
                    self.turns[found.shard].push_back(Turn { end: end.clone(), alerts: found.alerts });
                }
            }
        }
    }

    fn push(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            self.stages[self.program.stage_of(parcel.scope)][parcel.worker].push(parcel);
        }
    }

    /// Takes a turn, and perhaps commits; false when the last turn of every shard is committed.
    fn commit(&mut self, shard: usize, now: bool) -> Result<bool, Died> {
        let mut last = false;
        if let Some(turn) = self.turns[shard].pop_front() {
            last = turn.end.after == After::Finished;
            self.outlets[shard].take(turn);
        }
        if now || last {
            self.outlets[shard].commit().map_err(|_| Died)?;
        }
        self.done[shard] |= last;
        Ok(!self.done.iter().all(|done| *done))
    }

    /// A process that was taken for dead tries to commit: nothing of it may become visible.
    pub fn write_as_a_zombie(&mut self) {
        let shard = self.turns.iter().position(|turns| !turns.is_empty()).unwrap_or(0);
        assert!(self.commit(shard, true).is_err(), "a fenced process committed");
    }
}
