//! Reads a topic of the in-process log.

use std::sync::Arc;
use std::time::Duration;

use super::Log;
use tripline_engine::event::PartitionId;
use tripline_engine::io::{PartitionInfo, Polled, Record, Source, SourceError};
use tripline_query_lang::plan::StreamId;

/// A source over all partitions of one topic. Ends when the topic is finished.
pub struct LogSource {
    log: Log,
    topic: String,
    stream: StreamId,
    /// The first of its partitions.
    first: usize,
    next: Vec<i64>,
    /// Where each partition ended when it was opened.
    ends: Vec<i64>,
    turn: usize,
    share: usize,
}

impl LogSource {
    /// Reads `topic` as the events of `stream`.
    pub fn new(log: Log, topic: &str, stream: StreamId) -> LogSource {
        LogSource {
            log,
            topic: topic.to_owned(),
            stream,
            first: 0,
            next: Vec::new(),
            ends: Vec::new(),
            turn: 0,
            share: usize::MAX,
        }
    }

    /// Takes at most so many records of a partition before it turns to the next, for tests of the order of arrival.
    pub fn with_share(self, share: usize) -> LogSource {
        LogSource { share: share.max(1), ..self }
    }

    fn unknown(&self) -> SourceError {
        SourceError::Configuration(format!("there is no topic `{}` in the in-process log", self.topic))
    }

    /// Visits what is there, at most `max`; `None` when nothing is and nothing will be.
    fn visit(&mut self, max: usize, visit: &mut dyn FnMut(Record<'_>)) -> Result<Option<usize>, SourceError> {
        let state = self.log.read_lock();
        let topic = state.topics.get(&self.topic).ok_or_else(|| self.unknown())?;
        let partitions = self.next.len();
        let mut visited = 0;
        for step in 0..partitions {
            let index = (self.turn + step) % partitions;
            let partition = &topic.partitions[self.first + index];
            let room = (max - visited).min(self.share);
            for (offset, record) in partition.read(self.next[index], room) {
                self.next[index] = offset + 1;
                visited += 1;
                visit(Record {
                    partition: index,
                    offset,
                    timestamp_us: record.timestamp_us,
                    key: record.key.as_deref(),
                    value: record.value.as_deref(),
                    headers: &record.headers,
                });
            }
        }
        self.turn = (self.turn + 1) % partitions.max(1);
        Ok((visited > 0 || !topic.finished).then_some(visited))
    }
}

impl Source for LogSource {
    fn stream(&self) -> StreamId {
        self.stream
    }

    fn open(&mut self) -> Result<Vec<PartitionInfo>, SourceError> {
        let state = self.log.read_lock();
        let topic = state.topics.get(&self.topic).ok_or_else(|| self.unknown())?;
        let name: Arc<str> = self.topic.as_str().into();
        let info = |(number, partition): (usize, &super::Partition)| PartitionInfo {
            id: PartitionId { stream: self.stream, topic: name.clone(), partition: number as i32 },
            topic_id: topic.id.clone(),
            earliest: partition.earliest,
        };
        let found: Vec<PartitionInfo> = topic.partitions.iter().enumerate().map(info).collect();
        let ends = topic.partitions.iter().map(super::Partition::end).collect();
        drop(state);
        self.ends = ends;
        self.next = found.iter().map(|partition| partition.earliest).collect();
        Ok(found)
    }

    fn seek(&mut self, offsets: &[Option<i64>]) -> Result<(), SourceError> {
        let state = self.log.read_lock();
        let topic = state.topics.get(&self.topic).ok_or_else(|| self.unknown())?;
        for ((partition, next), offset) in topic.partitions.iter().skip(self.first).zip(&mut self.next).zip(offsets) {
            *next = offset.unwrap_or(partition.earliest);
            if *next < partition.earliest || *next > partition.end() {
                let (earliest, end) = (partition.earliest, partition.end());
                return Err(SourceError::LostInput(format!(
                    "offset {next} of topic `{}` is not there: it holds {earliest} to {end}",
                    self.topic
                )));
            }
        }
        Ok(())
    }

    fn split_off(&mut self, from: usize) -> Result<Option<Box<dyn Source>>, SourceError> {
        let (next, ends) = (self.next.split_off(from), self.ends.split_off(from));
        let (log, topic, first) = (self.log.clone(), self.topic.clone(), self.first + from);
        let (stream, share) = (self.stream, self.share);
        Ok(Some(Box::new(LogSource { log, topic, stream, first, next, ends, turn: 0, share })))
    }

    fn poll(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Record<'_>)) -> Result<Polled, SourceError> {
        let seen = self.log.grown();
        let mut visited = self.visit(max, visit)?;
        if visited == Some(0) && !wait.is_zero() {
            self.log.wait(seen, wait);
            visited = self.visit(max, visit)?;
        }
        Ok(visited.map_or(Polled::End, Polled::Records))
    }

    fn is_read(&self) -> bool {
        self.next.iter().zip(&self.ends).all(|(next, end)| next >= end)
    }

    fn behind(&self) -> Option<u64> {
        let state = self.log.read_lock();
        let own = state.topics.get(&self.topic)?.partitions.iter().skip(self.first);
        Some(own.zip(&self.next).map(|(partition, next)| u64::try_from(partition.end() - next).unwrap_or(0)).sum())
    }

    fn size_hint(&self) -> Option<u64> {
        let state = self.log.read_lock();
        let topic = state.topics.get(&self.topic).filter(|topic| topic.finished)?;
        let own = topic.partitions.iter().skip(self.first).take(self.next.len());
        Some(own.map(|partition| partition.records.len() as u64).sum())
    }
}
