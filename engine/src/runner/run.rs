//! A run's beginning: opens the sources, recovers the shards, and starts all threads.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use tripline_query_lang::plan::{Plan, RuleId, StreamId};

use super::ingest::{self, Clocks, Ingest};
use super::job::{Input, Job, Settings, Summary};
use super::outlet::{Outlet, pause};
use super::supervisor::{Flags, Supervisor};
use super::tables::{self, OpenTable, TableReader};
use super::threads::{self, Event, Thread};
use super::ticks::{Place, Ticks};
use super::traces::Traces;
use super::workers::Links;
use super::{HeldBack, Notice, RunError, workers};
use crate::detect::Program;
use crate::io::{Decoder, PartitionInfo, Progress, Source, TransactionalSink};
use crate::metrics::Metrics;
use crate::operators::{Outlets, TurnSender, turns};
use crate::recovery::{self, Assigned, Shard, ShardError, Start};
use crate::render::Parts;
use crate::time::PartitionClock;
use crate::views::{Shelf, Shown};

/// Deliveries that wait for the ticks.
const DELIVERIES_MAX: usize = 16;

/// How long workers get to build their dataflows.
const WORKERS_READY_WITHIN: Duration = Duration::from_secs(30);

/// An input whose source is open.
struct Opened {
    source: Box<dyn Source>,
    decoder: Box<dyn Decoder>,
    stream: StreamId,
    partitions: Vec<PartitionInfo>,
    base: usize,
    clocks: Clocks,
}

/// What all threads are started with.
struct Launch {
    program: Arc<Program>,
    settings: Settings,
    metrics: Arc<Metrics>,
    traces: Arc<Traces>,
    shelf: Arc<Shelf>,
    flags: Flags,
    events: Sender<Event>,
    over: Receiver<()>,
}

/// See [`Job::run`]. A panic on this thread (an observer's, or ours) ends the run as one of any other does.
pub fn run(job: Job, stop: &Arc<AtomicBool>) -> Result<Summary, RunError> {
    threads::caught("supervisor", || begin(job, stop))
}

/// The workers, once they are started. Whatever ends the run early, they are told to leave and not waited for: one that
/// hangs must not hang the run.
struct Crew {
    guards: Option<timely::communication::WorkerGuards<()>>,
    flags: Flags,
}

impl Crew {
    /// Waits for their ends: the run went well, so that all of them come.
    fn join(mut self) {
        drop(self.guards.take());
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if let Some(guards) = self.guards.take() {
            self.flags.end_all();
            std::mem::forget(guards);
        }
    }
}

fn begin(job: Job, stop: &Arc<AtomicBool>) -> Result<Summary, RunError> {
    let Job { plan, inputs, tables, sinks, settings, mut observer, clock, metrics, shown } = job;
    let settings = Settings { workers: settings.workers.max(1), ..settings };
    let tables::Opened { mut tables, rules: running, held } = tables::open(&plan, tables, &shown)?;
    for HeldBack { table, why, rules } in &held {
        metrics.held_back(table, why, rules);
    }
    let place = |rule: &RuleId| running.binary_search(rule).ok().map(|place| RuleId(place as u32));
    let shown: Vec<RuleId> = shown.iter().filter_map(place).collect();
    let plan = if held.is_empty() { plan } else { Arc::new(plan.keeping(&running)) };
    let program = Arc::new(Program::showing(plan.clone(), &shown)?);
    let mut opened = open(&program, inputs, settings.workers)?;
    let mut assigned = assign(&plan, &opened);
    for table in &mut tables {
        table.base = assigned.len();
        assigned.extend(table.assigned(&plan));
    }
    metrics.assign(assigned.iter().map(|p| p.info.id.clone()));

    let (alive, over) = bounded::<()>(0);
    let shards = recover(sinks, &over, stop)?;
    let rules = recovery::fingerprints(&plan);
    let found: Vec<Option<Progress>> = shards.iter().map(|shard| shard.committed().cloned()).collect();
    let start = recovery::start(&found, &assigned, &rules)?;
    seek(&mut opened, &start)?;
    tables.iter_mut().try_for_each(|table| table.seek(&start))?;

    let (events, told) = unbounded();
    let launch = Launch {
        program,
        settings,
        metrics: metrics.clone(),
        traces: Arc::default(),
        shelf: Arc::default(),
        flags: Flags::default(),
        events,
        over,
    };
    let first = |shard| start.first_progress(shard, &assigned, &rules);
    let turns = launch.outlets(shards, &start, first)?;
    let (crew, links) = launch.workers(turns)?;
    let place = |(index, assigned): (usize, &Assigned)| {
        let (clocks, base) = match tables.iter().find(|table| table.range().contains(&index)) {
            Some(table) => (table.clocks.clone(), table.base),
            None => {
                let opened = source_of(&opened, index);
                (opened.clocks.clone(), opened.base)
            }
        };
        Place { assigned: assigned.clone(), clocks, index: index - base }
    };
    let places = assigned.iter().enumerate().map(place).collect();
    let decided = (&start.first[..], &start.frozen[..], &start.floors[..]);
    let ticks = Ticks::new(places, &plan.streams, decided, tables.len(), found.len(), Box::new(links), clock.now());

    let records = opened.iter().map(|o| o.source.size_hint()).sum();
    observer(Notice::Started { generation: start.generation, records });
    held.iter().for_each(|held| observer(Notice::HeldBack(held.clone())));
    start.change.into_iter().for_each(|change| observer(Notice::RulesChanged(change)));
    let ranges = opened.iter().map(|o| o.base..o.base + o.partitions.len()).collect();
    let (opening, gate) = bounded::<()>(0);
    let opening = (!tables.is_empty()).then_some(opening);
    let delivered = launch.ingests(opened, tables, gate)?;
    let (workers, outlets) = (launch.settings.workers, found.len());
    let Launch { settings, flags, shelf, .. } = launch;
    let finished = Supervisor::new(ticks, ranges, assigned, settings, clock, observer)
        .watching(told, alive, flags, workers + outlets)
        .opening(opening)
        .counting(metrics.clone())
        .run(stop, delivered, start.generation > 1)?;
    crew.join();
    let as_written = |view: Shown| Shown { view: running[view.view.index()], ..view };
    let views = shelf.take(&shown).into_iter().map(as_written).collect();
    Ok(Summary { finished, counts: metrics.total(), views, held_back: held })
}

/// Opens the sources of the streams that some rule reads; those that can be are split among so many readers.
fn open(program: &Program, inputs: Vec<Input>, readers: usize) -> Result<Vec<Opened>, RunError> {
    let (plan, needed) = (program.plan(), program.needed_fields());
    let read = plan.streams_read();
    let mut opened: Vec<Opened> = Vec::new();
    let mut base = 0;
    for Input { mut source, decoder } in inputs {
        let id = source.stream();
        let Some(true) = read.get(id.index()) else { continue };
        let stream = &plan.streams[id.index()];
        let partitions = source.open()?;
        for (source, partitions) in split(source, partitions, readers)? {
            let clock = |p: &PartitionInfo| PartitionClock::new(stream, p.earliest);
            let clocks = Arc::new(Mutex::new(partitions.iter().map(clock).collect()));
            let decoder = decoder(stream, &needed[id.index()]);
            base += partitions.len();
            opened.push(Opened { source, decoder, stream: id, base: base - partitions.len(), partitions, clocks });
        }
    }
    let missing = |(index, read): (usize, &bool)| {
        (*read && !opened.iter().any(|o| o.stream.index() == index)).then(|| &plan.streams[index].name)
    };
    match read.iter().enumerate().find_map(missing) {
        Some(name) => Err(RunError::Configuration(format!("the rules read stream `{name}`, but it has no source"))),
        None => Ok(opened),
    }
}

/// A source with its partitions.
type Share = (Box<dyn Source>, Vec<PartitionInfo>);

/// Shares a source's partitions out among so many readers, if it can be; in their order.
fn split(
    mut source: Box<dyn Source>,
    mut partitions: Vec<PartitionInfo>,
    readers: usize,
) -> Result<Vec<Share>, RunError> {
    let readers = readers.min(partitions.len());
    let mut shares = Vec::new();
    for reader in (1..readers).rev() {
        let from = reader * partitions.len() / (reader + 1);
        let Some(other) = source.split_off(from)? else { break };
        shares.push((other, partitions.split_off(from)));
    }
    shares.push((source, partitions));
    shares.reverse();
    Ok(shares)
}

/// All partitions, in the order of the sources.
fn assign(plan: &Plan, opened: &[Opened]) -> Vec<Assigned> {
    let of = |o: &Opened| {
        let stream = plan.streams[o.stream.index()].name.clone();
        o.partitions.clone().into_iter().map(move |info| Assigned { stream: stream.clone(), info })
    };
    opened.iter().flat_map(of).collect()
}

fn source_of(opened: &[Opened], partition: usize) -> &Opened {
    let found = opened.iter().find(|o| (o.base..o.base + o.partitions.len()).contains(&partition));
    found.expect("every assigned partition belongs to a source")
}

/// Fences every older process, and reads what each shard has committed: all shards at once, since each waits for its sink.
fn recover(
    sinks: Vec<Box<dyn TransactionalSink>>,
    over: &Receiver<()>,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Shard>, RunError> {
    if sinks.is_empty() {
        return Err(RunError::Configuration("there is no sink for the alerts".to_owned()));
    }
    let recover = |sink| match Shard::recover(sink, &mut pause(over.clone(), stop.clone())) {
        Ok(shard) => Ok(shard),
        Err(ShardError::Sink(error)) => Err(error.into()),
        Err(ShardError::GivenUp) => Err(RunError::Stopped("the sink did not answer".to_owned())),
    };
    std::thread::scope(|scope| {
        let started: Vec<_> = sinks.into_iter().map(|sink| scope.spawn(|| recover(sink))).collect();
        let panicked = || RunError::Panicked { thread: "sink".to_owned(), message: "while it recovered".to_owned() };
        started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))).collect()
    })
}

/// Reads begin where output began, with the decisions of earlier processes.
fn seek(opened: &mut [Opened], start: &Start) -> Result<(), RunError> {
    for o in opened {
        let range = o.base..o.base + o.partitions.len();
        let offsets: Vec<Option<i64>> = start.first[range.clone()].iter().copied().map(Some).collect();
        o.source.seek(&offsets)?;
        let mut clocks = lock(&o.clocks);
        for floor in start.floors.iter().filter(|floor| range.contains(&floor.partition)) {
            clocks[floor.partition - o.base].replay_floor(floor.from, floor.floor_us);
        }
    }
    Ok(())
}

fn lock(clocks: &Clocks) -> MutexGuard<'_, Vec<PartitionClock>> {
    clocks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Launch {
    /// Starts a thread for each shard; returns where each takes its turns.
    fn outlets(
        &self,
        shards: Vec<Shard>,
        start: &Start,
        first: impl Fn(usize) -> Progress,
    ) -> Result<Vec<TurnSender>, RunError> {
        let mut senders = Vec::new();
        for (number, shard) in shards.into_iter().enumerate() {
            let (sender, turns) = turns(number);
            senders.push(sender);
            let outlet = Outlet {
                batch: Default::default(),
                old: false,
                shard,
                start: start.shards[number].clone(),
                progress: first(number),
                plan: self.program.plan().clone(),
                turns,
                commit_every: self.settings.commit_every,
                catch_up_every: self.settings.catch_up_every,
                pause: Box::new(pause(self.over.clone(), self.flags.give_up.clone())),
                metrics: self.metrics.clone(),
                traces: self.traces.clone(),
            };
            threads::spawn(Thread::Outlet(number), self.events.clone(), move || outlet.run())?;
        }
        Ok(senders)
    }

    /// Starts the workers, and waits until all are ready.
    fn workers(&self, turns: Vec<TurnSender>) -> Result<(Crew, Links), RunError> {
        let events = self.events.clone();
        let passed = move |shard, tick| drop(events.send(Event::Passed { shard, tick }));
        let outlets = Outlets { turns, passed: Arc::new(passed) };
        let (work, taken): (Vec<_>, Vec<_>) = (0..self.settings.workers).map(|_| unbounded()).unzip();
        let part = |work| Parts {
            program: self.program.clone(),
            work,
            outlets: outlets.clone(),
            metrics: self.metrics.clone(),
            shelf: self.shelf.clone(),
        };
        let parts = taken.into_iter().map(part).collect();
        let (ready, wakes) = unbounded();
        let guards = workers::spawn(parts, ready, self.flags.abort.clone(), self.events.clone())?;
        let crew = Crew { guards: Some(guards), flags: self.flags.clone() };
        let mut wake: Vec<_> = work.iter().map(|_| None).collect();
        for _ in &work {
            let ready = wakes.recv_timeout(WORKERS_READY_WITHIN);
            let (index, found) = ready.map_err(|_| RunError::Failed("a worker did not start".to_owned()))?;
            wake[index] = Some(found);
        }
        let links = work.into_iter().zip(wake.into_iter().flatten());
        Ok((crew, Links(links.collect())))
    }

    /// Starts a thread for each source; returns where they deliver.
    fn ingests(
        &self,
        opened: Vec<Opened>,
        tables: Vec<OpenTable>,
        gate: Receiver<()>,
    ) -> Result<Receiver<ingest::Delivery>, RunError> {
        let (deliveries, delivered) = bounded(DELIVERIES_MAX);
        let needed = self.program.needed_fields();
        for (source, o) in opened.into_iter().enumerate() {
            let stream = self.program.plan().streams[o.stream.index()].clone();
            let needed = needed[o.stream.index()].clone();
            let ingest = Ingest {
                source,
                decoder: o.decoder,
                input: o.source,
                stream,
                needed,
                partitions: o.partitions,
                base: o.base,
                clocks: o.clocks,
                deliveries: deliveries.clone(),
                stop: self.flags.stop_reading.clone(),
                gate: gate.clone(),
                tick: self.settings.tick,
                metrics: self.metrics.clone(),
                traces: self.traces.clone(),
            };
            threads::spawn(Thread::Ingest(source), self.events.clone(), move || ingest::run(ingest))?;
        }
        for (number, table) in tables.into_iter().enumerate() {
            let reader = TableReader {
                table,
                plan: self.program.plan().clone(),
                deliveries: deliveries.clone(),
                stop: self.flags.stop_reading.clone(),
                metrics: self.metrics.clone(),
            };
            threads::spawn(Thread::Table(number), self.events.clone(), move || reader.run())?;
        }
        Ok(delivered)
    }
}
