//! What outlives a process: the input log, and per shard what is committed. Sinks over it can be made to die at any call
//! and to lose answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::Random;
use crate::event::PartitionId;
use crate::io::{
    AlertRecord, CommitError, FloorEntry, PartitionInfo, Polled, Position, Progress, Record, SideKind, SideRecord,
    SinkError, Source, SourceError, TransactionalSink,
};
use tripline_query_lang::plan::StreamId;

/// The time of every record, microseconds.
const TIMESTAMP_US: i64 = 1_000;

/// Calls of sinks until the process dies, and what goes wrong at commits.
pub struct Fuse {
    calls: Option<u64>,
    faults: Option<Random>,
}

impl Fuse {
    pub fn out() -> Fuse {
        Fuse { calls: None, faults: None }
    }

    pub fn burning(random: &mut Random) -> Fuse {
        let calls = random.one_in(2).then(|| random.below(60));
        Fuse { calls, faults: Some(Random(random.below(u64::MAX))) }
    }
}

#[derive(Default)]
struct ShardState {
    epoch: u64,
    alerts: Vec<(Position, String)>,
    sides: Vec<String>,
    progress: Option<Progress>,
    history: Vec<Progress>,
}

struct State {
    input: Vec<Vec<Vec<u8>>>,
    finished: bool,
    shards: Vec<ShardState>,
    fuse: Fuse,
}

#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub fn new(partitions: usize, shards: usize) -> Disk {
        let shards = (0..shards).map(|_| ShardState::default()).collect();
        let input = vec![Vec::new(); partitions];
        Disk(Arc::new(Mutex::new(State { input, finished: false, shards, fuse: Fuse::out() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread")
    }

    pub fn light(&self, fuse: Fuse) {
        self.lock().fuse = fuse;
    }

    pub fn append(&self, partition: usize, record: Vec<u8>) {
        self.lock().input[partition].push(record);
    }

    pub fn finish(&self) {
        self.lock().finished = true;
    }

    pub fn shards(&self) -> usize {
        self.lock().shards.len()
    }

    /// How often a process announced itself.
    pub fn starts(&self) -> u64 {
        self.lock().shards.iter().filter_map(|shard| shard.progress.as_ref()).map(|p| p.generation).max().unwrap_or(0)
    }

    /// Every committed alert and side record, with how often it is there.
    pub fn output(&self) -> BTreeMap<String, usize> {
        let state = self.lock();
        let mut output = BTreeMap::new();
        for shard in &state.shards {
            for line in shard.alerts.iter().map(|(_, body)| body).chain(&shard.sides) {
                *output.entry(line.clone()).or_insert(0) += 1;
            }
        }
        output
    }

    /// Every shard's alerts stand in the total order, and generations, watermarks and cuts never went back.
    pub fn check_order(&self, seed: u64) {
        for shard in &self.lock().shards {
            assert!(shard.alerts.is_sorted_by(|a, b| a.0 < b.0), "seed {seed}: not in the total order");
            for pair in shard.history.windows(2) {
                assert!(pair[0].generation <= pair[1].generation, "seed {seed}: generations");
                assert!(pair[0].watermark_us <= pair[1].watermark_us, "seed {seed}: watermarks");
                let cuts = pair[0].cut.partitions.iter().zip(&pair[1].cut.partitions);
                cuts.for_each(|(before, after)| assert!(before.next <= after.next, "seed {seed}: cuts"));
            }
        }
    }

    /// The decisions of all shards.
    pub fn floors(&self) -> Vec<FloorEntry> {
        let state = self.lock();
        state.shards.iter().filter_map(|shard| shard.progress.as_ref()).flat_map(|p| p.floors.clone()).collect()
    }

    pub fn source(&self) -> Box<dyn Source> {
        Box::new(DiskSource { next: vec![0; self.lock().input.len()], disk: self.clone(), turn: 0 })
    }

    pub fn sink(&self, shard: usize) -> Box<dyn TransactionalSink> {
        Box::new(DiskSink { disk: self.clone(), shard, epoch: 0, alerts: Vec::new(), sides: Vec::new() })
    }
}

struct DiskSource {
    disk: Disk,
    next: Vec<i64>,
    turn: usize,
}

impl Source for DiskSource {
    fn stream(&self) -> StreamId {
        StreamId(0)
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        let info = |partition| PartitionInfo {
            id: PartitionId { stream: StreamId(0), topic: "in".into(), partition },
            topic_id: "one".to_owned(),
            earliest: 0,
        };
        Ok((0..self.next.len() as i32).map(info).collect())
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        self.next = offsets.iter().map(|offset| offset.unwrap_or(0)).collect();
        Ok(())
    }

    /// One or two records of one partition: the order of arrival is as mixed as can be.
    fn poll(&mut self, _: usize, _: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError> {
        let state = self.disk.lock();
        let all_read = self.next.iter().zip(&state.input).all(|(next, records)| *next as usize == records.len());
        if all_read {
            return Ok(if state.finished { Polled::End } else { Polled::Records(0) });
        }
        self.turn += 1;
        let partition = self.turn % self.next.len();
        let mut found = 0;
        for record in state.input[partition].iter().skip(self.next[partition] as usize).take(1 + self.turn % 2) {
            let offset = self.next[partition];
            self.next[partition] += 1;
            found += 1;
            let value = Some(&record[..]);
            let timestamp_us = Some(TIMESTAMP_US);
            visit(Record { partition, offset, timestamp_us, key: None, value, headers: &Vec::new() });
        }
        Ok(Polled::Records(found))
    }
}

struct DiskSink {
    disk: Disk,
    shard: usize,
    epoch: u64,
    alerts: Vec<(Position, String)>,
    sides: Vec<String>,
}

impl DiskSink {
    /// The process dies here when the fuse has burnt down.
    fn call(&self, state: &mut State) -> Result<(), SinkError> {
        match &mut state.fuse.calls {
            Some(0) => return Err(SinkError::Failed("the process died".to_owned())),
            Some(left) => *left -= 1,
            None => {}
        }
        match state.shards[self.shard].epoch == self.epoch {
            true => Ok(()),
            false => Err(SinkError::Fenced("a younger one is there".to_owned())),
        }
    }

    fn apply(&mut self, state: &mut State, progress: &Progress) {
        let shard = &mut state.shards[self.shard];
        shard.alerts.append(&mut self.alerts);
        shard.sides.append(&mut self.sides);
        shard.progress = Some(progress.clone());
        shard.history.push(progress.clone());
    }
}

impl TransactionalSink for DiskSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        let disk = self.disk.clone();
        let mut state = disk.lock();
        state.shards[self.shard].epoch += 1;
        self.epoch = state.shards[self.shard].epoch;
        self.call(&mut state)?;
        Ok(state.shards[self.shard].progress.clone())
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        (self.alerts, self.sides) = Default::default();
        self.call(&mut self.disk.clone().lock())
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        self.call(&mut self.disk.clone().lock())?;
        self.alerts.push((alert.position.clone(), String::from_utf8_lossy(&alert.body).into_owned()));
        Ok(())
    }

    fn side(&mut self, record: &SideRecord) -> Result<(), SinkError> {
        self.call(&mut self.disk.clone().lock())?;
        let kind = match record.kind {
            SideKind::DeadLetter(_) => "dead",
            SideKind::Late { .. } => "late",
            SideKind::Quarantined { .. } => "ahead",
        };
        self.sides.push(format!("{kind} {} {}", record.partition.partition, record.offset));
        Ok(())
    }

    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError> {
        let disk = self.disk.clone();
        let mut state = disk.lock();
        self.call(&mut state)?;
        let fault = state.fuse.faults.as_mut().map_or(9, |random| random.below(12));
        match fault {
            0 => {
                self.apply(&mut state, progress);
                Err(SinkError::Failed("the process died after the commit".to_owned()))?
            }
            1 => {
                self.apply(&mut state, progress);
                Err(CommitError::Unclear("no answer".to_owned()))
            }
            2 => Err(CommitError::Unclear("no request".to_owned())),
            3 => Err(SinkError::Retry("aborted".to_owned()))?,
            _ => {
                self.apply(&mut state, progress);
                Ok(())
            }
        }
    }
}
