//! Opens and closes ticks: spreads batches over the workers, and at a tick's end computes the watermark and the cut and
//! sends them as data.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tripline_query_lang::plan::Stream;

use super::ingest::{Clocks, Rows};
use super::tables::Changes;
use crate::expr::hash_key;
use crate::io::{Cut, CutEntry, FloorEntry, SideRecord};
use crate::operators::{After, TickEnd, Work};
use crate::recovery::{Assigned, Floor};
use crate::tables::Change;
use crate::time::{PartitionClock, Phase, Watermarks};

/// Ticks that may be open at once: the back-pressure.
const OPEN_MAX: u64 = 4;

/// Rows after which a tick is closed, however short it was.
const ROWS_MAX: usize = 65_536;

/// How often event time goes on with the clock when all partitions are idle.
const CLOCK_STEP: Duration = Duration::from_millis(50);

/// The workers, as the thread that closes ticks sees them.
pub trait Workers: Send {
    /// How many there are.
    fn count(&self) -> usize;
    /// Gives one of them work.
    fn send(&self, worker: usize, work: Work);
    /// Wakes all.
    fn wake(&self);
}

/// A partition, with its source's clocks and its place among them.
pub struct Place {
    /// The partition.
    pub assigned: Assigned,
    /// The clocks of its source.
    pub clocks: Clocks,
    /// Its position among them.
    pub index: usize,
}

struct Taken {
    floor: Floor,
    used: bool,
}

/// The state of the open tick and of all partitions.
pub struct Ticks {
    places: Vec<Place>,
    marks: Watermarks,
    frozen: Vec<i64>,
    cut: Cut,
    floors: Vec<Taken>,
    /// The partitions of tables, by position.
    tables: Vec<usize>,
    /// Tables that have not been read yet up to what was there at the start: until then time stands still.
    unread: usize,
    shards: usize,
    sides: Vec<Vec<(usize, SideRecord)>>,
    workers: Box<dyn Workers>,
    turn: usize,
    tick: u64,
    /// By shard: the ticks before this one are passed.
    passed: Vec<u64>,
    rows: usize,
    /// Rows of batches that event time has not passed, by the time of the newest of each batch.
    waiting: BTreeMap<i64, usize>,
    /// The time of the oldest event so far.
    oldest_us: Option<i64>,
    opened: Option<Duration>,
    clock_step: Duration,
    /// Whether all that was read in the tick was old, if anything was.
    old: Option<bool>,
    /// The source that was last read from had more.
    more: bool,
}

impl Ticks {
    /// Nothing read yet. Partitions of tables come last; `unread` is the number of tables. `first` and `frozen` are those of
    /// [`crate::recovery::Start`].
    pub fn new(
        places: Vec<Place>,
        streams: &[Stream],
        (first, frozen, floors): (&[i64], &[i64], &[Floor]),
        unread: usize,
        shards: usize,
        workers: Box<dyn Workers>,
        now: Duration,
    ) -> Ticks {
        let mut marks = Watermarks::default();
        let mut cut = Cut::default();
        let mut tables = Vec::new();
        for (partition, (place, first)) in places.iter().zip(first).enumerate() {
            let id = &place.assigned.info.id;
            let watermark_us = lock(&place.clocks)[place.index].watermark_us();
            match streams.get(id.stream.index()) {
                Some(stream) => marks.add(stream, *first, watermark_us, now),
                None => {
                    marks.add_standing(*first, now);
                    tables.push(partition);
                }
            }
            cut.partitions.push(CutEntry {
                stream: place.assigned.stream.clone(),
                topic: id.topic.to_string(),
                topic_id: place.assigned.info.topic_id.clone(),
                partition: id.partition,
                first: *first,
                next: *first,
            });
        }
        Ticks {
            places,
            marks,
            frozen: frozen.to_vec(),
            cut,
            floors: floors.iter().map(|floor| Taken { floor: *floor, used: false }).collect(),
            tables,
            unread,
            shards,
            sides: vec![Vec::new(); shards],
            workers,
            turn: 0,
            tick: 0,
            passed: vec![0; shards],
            rows: 0,
            waiting: BTreeMap::new(),
            oldest_us: None,
            opened: None,
            clock_step: now,
            old: None,
            more: false,
        }
    }

    /// Takes what an ingest thread has read.
    pub fn deliver(&mut self, rows: Rows, now: Duration) {
        let Rows { partition, batch, sides, next, watermark_us, used_floor, old, more } = rows;
        self.more = more;
        self.old = Some(self.old.unwrap_or(true) && old);
        self.marks.deliver(partition, next, watermark_us, now);
        self.prune_floors(partition, next, watermark_us, used_floor);
        let id = &self.places[partition].assigned.info.id;
        let shard = shard_of(&id.topic, id.partition, self.shards);
        self.sides[shard].extend(sides.into_iter().map(|side| (partition, side)));
        if let Some(batch) = batch {
            let oldest = batch.at_us.iter().min().copied();
            self.oldest_us = self.oldest_us.into_iter().chain(oldest).min();
            self.rows += batch.len();
            let newest = batch.at_us.iter().max().copied().unwrap_or(i64::MIN);
            *self.waiting.entry(newest).or_default() += batch.len();
            self.turn = (self.turn + 1) % self.workers.count();
            self.workers.send(self.turn, Work::Batch(partition, Arc::new(batch)));
        }
        self.opened.get_or_insert(now);
    }

    /// Takes changes of a table: every worker gets them.
    pub fn deliver_changes(&mut self, changes: Changes, now: Duration) {
        let Changes { partition, changes, sides, next, watermark_us, used_floor } = changes;
        self.marks.deliver(partition, next, None, now);
        self.prune_floors(partition, next, watermark_us, used_floor);
        let id = &self.places[partition].assigned.info.id;
        let shard = shard_of(&id.topic, id.partition, self.shards);
        self.sides[shard].extend(sides.into_iter().map(|side| (partition, side)));
        let changes: Arc<[Change]> = changes.into();
        if !changes.is_empty() {
            (0..self.workers.count()).for_each(|worker| self.workers.send(worker, Work::Changes(changes.clone())));
        }
        self.opened.get_or_insert(now);
    }

    /// A table has been read up to what was there at the start. Says whether now all have.
    pub fn table_is_read(&mut self) -> bool {
        self.unread = self.unread.saturating_sub(1);
        self.unread == 0
    }

    /// A floor that made nothing late before its partition caught up with it says nothing any more.
    fn prune_floors(&mut self, partition: usize, next: i64, watermark_us: Option<i64>, used: bool) {
        self.floors.retain_mut(|taken| {
            let of_here = taken.floor.partition == partition && taken.floor.from < next;
            taken.used |= of_here && used;
            !of_here || taken.used || watermark_us <= Some(taken.floor.floor_us)
        });
    }

    /// All partitions of these positions have been read to their end.
    pub fn finish(&mut self, partitions: std::ops::Range<usize>, now: Duration) {
        partitions.for_each(|partition| self.marks.finish(partition));
        self.opened.get_or_insert(now);
    }

    /// A shard has passed a tick.
    pub fn pass(&mut self, shard: usize, tick: u64) {
        self.passed[shard] = self.passed[shard].max(tick + 1);
    }

    /// Wakes every worker.
    pub fn wake_all(&self) {
        self.workers.wake();
    }

    fn open(&self) -> u64 {
        self.tick - self.passed.iter().min().copied().unwrap_or(self.tick)
    }

    /// Whether another batch may be taken: when too many ticks are open, the workers are behind.
    pub fn has_room(&self) -> bool {
        self.open() < OPEN_MAX
    }

    /// Whether the tick is to be closed now; `more` says that more is waiting to be delivered.
    pub fn is_due(&self, now: Duration, tick: Duration, more: bool) -> bool {
        if !self.has_room() {
            return false;
        }
        let Some(opened) = self.opened else { return self.clock_is_due(now) };
        // Nobody has anything to do: there is no reason to gather.
        let idle = self.open() == 0 && !more && !self.more;
        idle || self.rows >= ROWS_MAX || now.saturating_sub(opened) >= tick
    }

    fn clock_is_due(&self, now: Duration) -> bool {
        let idle_is_due = self.is_live() && self.marks.next_idle().is_some_and(|at| at < now);
        let goes_on = self.marks.goes_with_the_clock() && now.saturating_sub(self.clock_step) >= CLOCK_STEP;
        idle_is_due || goes_on
    }

    /// How long nothing has to be done if nothing comes, at most `at_most`.
    pub fn patience(&self, now: Duration, tick: Duration, at_most: Duration) -> Duration {
        let until = |at: Duration| at.saturating_sub(now).max(Duration::from_micros(100));
        let close = self.opened.filter(|_| self.has_room()).map(|opened| until(opened + tick));
        let idle = self.marks.next_idle().filter(|_| self.is_live()).map(until);
        let step = self.marks.goes_with_the_clock().then_some(CLOCK_STEP);
        [close, idle, step].into_iter().flatten().min().map_or(at_most, |wait| wait.min(at_most))
    }

    /// What some shard had committed has been read again: from here on there may be new decisions.
    pub fn is_live(&self) -> bool {
        (0..self.places.len()).all(|partition| self.marks.next(partition) >= self.frozen[partition])
    }

    /// Every partition has been read to its end.
    pub fn all_finished(&self) -> bool {
        self.marks.all_finished()
    }

    /// The partitions that alone hold event time back and have been quiet for so long.
    pub fn holding(&self, now: Duration, patience: Duration) -> Vec<usize> {
        self.marks.holding(now, patience)
    }

    /// How many rows wait in memory for event time to pass them, as far as batches tell.
    pub fn waiting(&self) -> usize {
        self.waiting.values().sum()
    }

    /// Closes the tick; returns the partitions that became idle with it.
    pub fn close(&mut self, after: After, now: Duration) -> Vec<usize> {
        let became_idle = if self.is_live() { self.marks.judge_idle(now) } else { Vec::new() };
        let watermark_us = self.release(now);
        if let Some(watermark_us) = watermark_us {
            self.waiting = self.waiting.split_off(&watermark_us);
        }
        for (partition, entry) in self.cut.partitions.iter_mut().enumerate() {
            entry.next = self.marks.next(partition);
        }
        let end = Arc::new(TickEnd {
            tick: self.tick,
            watermark_us,
            start_us: self.oldest_us.filter(|oldest| watermark_us.is_some_and(|passed| *oldest < passed)),
            cut: Arc::new(self.cut.clone()),
            floors: Arc::new(self.floors.iter().map(|taken| self.floor_entry(&taken.floor)).collect()),
            sides: std::mem::replace(&mut self.sides, vec![Vec::new(); self.shards]),
            old: self.old.take().unwrap_or(false),
            after,
        });
        (0..self.workers.count()).for_each(|worker| self.workers.send(worker, Work::Close(end.clone())));
        self.tick += 1;
        self.rows = 0;
        self.opened = None;
        self.clock_step = now;
        became_idle
    }

    /// The watermark. Partitions that are idle get it as their floor, while their clocks stand still: what an ingest
    /// thread judges from now on is judged against it.
    ///
    /// From when its tables are read, time goes on without them: they get the watermark as their floor as well, from
    /// which on a row holds that comes later.
    fn release(&mut self, now: Duration) -> Option<i64> {
        let idle: Vec<usize> = self.marks.of_phase(Phase::Idle).collect();
        let held = idle.iter().chain(&self.tables).map(|partition| &self.places[*partition]);
        let mut clocks = Held::of(held);
        let has_news = |clocks: &mut Held<'_>, partition: &usize| {
            clocks.of_place(&self.places[*partition]).next() > self.marks.next(*partition)
        };
        if self.unread > 0 || self.tables.iter().any(|partition| has_news(&mut clocks, partition)) {
            // What was judged has to be handed on before time goes on.
            return self.marks.released_us();
        }
        for partition in idle {
            // Something was judged that has not been delivered yet.
            if clocks.of_place(&self.places[partition]).next() > self.marks.next(partition) {
                self.marks.wake(partition, now);
            }
        }
        let floor_us = self.marks.release(now)?;
        let tables = self.tables.iter().copied().filter(|_| self.is_live());
        for partition in self.marks.of_phase(Phase::Idle).chain(tables).collect::<Vec<_>>() {
            clocks.of_place(&self.places[partition]).set_floor(floor_us);
            let floor = Floor { partition, from: self.marks.next(partition), floor_us };
            match self.floors.iter_mut().find(|t| (t.floor.partition, t.floor.from) == (partition, floor.from)) {
                Some(taken) => taken.floor.floor_us = taken.floor.floor_us.max(floor_us),
                None => self.floors.push(Taken { floor, used: false }),
            }
        }
        Some(floor_us)
    }

    fn floor_entry(&self, floor: &Floor) -> FloorEntry {
        let entry = &self.cut.partitions[floor.partition];
        FloorEntry {
            stream: entry.stream.clone(),
            topic: entry.topic.clone(),
            partition: entry.partition,
            from: floor.from,
            floor_us: floor.floor_us,
        }
    }
}

/// The clocks of some sources, standing still.
struct Held<'a>(Vec<(&'a Clocks, MutexGuard<'a, Vec<PartitionClock>>)>);

impl<'a> Held<'a> {
    fn of(places: impl Iterator<Item = &'a Place>) -> Held<'a> {
        let mut held: Vec<(&Clocks, MutexGuard<'_, Vec<PartitionClock>>)> = Vec::new();
        for place in places {
            if !held.iter().any(|(other, _)| Arc::ptr_eq(other, &place.clocks)) {
                held.push((&place.clocks, lock(&place.clocks)));
            }
        }
        Held(held)
    }

    fn of_place(&mut self, place: &Place) -> &mut PartitionClock {
        let found = self.0.iter_mut().find(|(clocks, _)| Arc::ptr_eq(clocks, &place.clocks));
        &mut found.expect("the clocks of every idle partition are held").1[place.index]
    }
}

fn lock(clocks: &Clocks) -> MutexGuard<'_, Vec<PartitionClock>> {
    clocks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shard of a partition's side records.
fn shard_of(topic: &str, partition: i32, shards: usize) -> usize {
    let mut bytes = topic.as_bytes().to_vec();
    bytes.extend(partition.to_le_bytes());
    (hash_key(&bytes) >> 32) as usize % shards
}
