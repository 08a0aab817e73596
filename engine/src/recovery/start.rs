//! What a start decides from the progress that the shards have committed.

use crate::io::{Cut, CutEntry, FloorEntry, PartitionInfo, Progress};

use super::ShardStart;

/// A partition as this run will read it.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The stream's name.
    pub stream: String,
    /// What the source found.
    pub info: PartitionInfo,
}

impl Assigned {
    fn is(&self, stream: &str, topic: &str, partition: i32) -> bool {
        self.stream == stream && *self.info.id.topic == *topic && self.info.id.partition == partition
    }
}

/// A decision to replay: see [`crate::io::FloorEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Floor {
    /// Position in the assigned partitions.
    pub partition: usize,
    /// The first offset that it holds for.
    pub from: i64,
    /// Events before this time are late, microseconds.
    pub floor_us: i64,
}

/// Fingerprints of rules (and of the time policies of their streams) that came and went since the last run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesChange {
    /// New ones: they alert from now on.
    pub added: Vec<u64>,
    /// Old ones that are not there any more.
    pub removed: Vec<u64>,
}

/// How to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// This process's generation: higher than any before.
    pub generation: u64,
    /// For each partition, the oldest offset that output rests on: read from here.
    pub first: Vec<i64>,
    /// For each partition, the offset up to which some shard has committed: no new decision is taken before.
    pub frozen: Vec<i64>,
    /// Decisions to replay, ordered.
    pub floors: Vec<Floor>,
    /// For each shard, what it has committed.
    pub shards: Vec<ShardStart>,
    /// Whether the rules are others than before.
    pub change: Option<RulesChange>,
}

impl Start {
    /// What a shard has committed, under this process's generation: a zombie that reads it knows that it is one.
    pub fn first_progress(&self, shard: usize, assigned: &[Assigned], rules: &[u64]) -> Progress {
        let committed = &self.shards[shard];
        let entry = |(p, first): (&Assigned, &i64)| CutEntry {
            stream: p.stream.clone(),
            topic: p.info.id.topic.to_string(),
            topic_id: p.info.topic_id.clone(),
            partition: p.info.id.partition,
            first: *first,
            next: *first,
        };
        let mut partitions: Vec<CutEntry> = assigned.iter().zip(&self.first).map(entry).collect();
        partitions.iter_mut().zip(&committed.next).for_each(|(entry, next)| entry.next = entry.next.max(*next));
        let floor = |floor: &Floor| {
            let Assigned { stream, info } = &assigned[floor.partition];
            FloorEntry {
                stream: stream.clone(),
                topic: info.id.topic.to_string(),
                partition: info.id.partition,
                from: floor.from,
                floor_us: floor.floor_us,
            }
        };
        Progress {
            generation: self.generation,
            shard: (shard as u32, self.shards.len() as u32),
            last: committed.last.clone(),
            watermark_us: committed.watermark_us,
            cut: Cut { partitions },
            floors: self.floors.iter().map(floor).collect(),
            rules: rules.to_vec(),
        }
    }
}

/// Why a start is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number of shards belongs to the deployment.
    #[error(
        "this deployment has {had} sink shards and cannot go on with {now}: the number of shards never changes; use \
         another `name` under [engine] for a new deployment"
    )]
    Shards {
        /// As committed.
        had: u32,
        /// As configured.
        now: u32,
    },
    /// The topic is not the one that was read.
    #[error(
        "topic `{topic}` of stream `{stream}` was made anew since the last run (its id was {had}, now it is {now}): the \
         alerts so far rest on records that are gone. Use another `name` under [engine] to start afresh"
    )]
    Recreated {
        /// The stream.
        stream: String,
        /// The topic.
        topic: String,
        /// Its id then.
        had: String,
        /// Its id now.
        now: String,
    },
    /// A partition that was read is not there.
    #[error("partition {partition} of topic `{topic}` (stream `{stream}`) was read before and is not there any more")]
    PartitionGone {
        /// The stream.
        stream: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Retention has taken records that the alerts rest on.
    #[error(
        "partition {partition} of topic `{topic}` (stream `{stream}`) now begins at offset {earliest}; the alerts so far \
         rest on its records from offset {first} on, and a restart has to read them again. Give the topic a longer \
         retention, and use another `name` under [engine] to start afresh"
    )]
    Forgotten {
        /// The stream.
        stream: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The oldest offset that was there at the first start.
        first: i64,
        /// The oldest offset now.
        earliest: i64,
    },
    /// The rules changed while a commit by size was half-way through a moment of event time.
    #[error(
        "the rules have changed, but the last run ended between two commits of one moment: start once with the rules as \
         they were, stop, and then change them"
    )]
    HalfWay,
}

impl Refusal {
    /// Whether input is lost, rather than something configured wrongly.
    pub fn is_lost_input(&self) -> bool {
        matches!(self, Refusal::Recreated { .. } | Refusal::PartitionGone { .. } | Refusal::Forgotten { .. })
    }
}

/// Decides how to start, or why not to. `found` is what each shard has committed; `rules` the ascending fingerprints.
pub fn start(found: &[Option<Progress>], partitions: &[Assigned], rules: &[u64]) -> Result<Start, Refusal> {
    let committed = || found.iter().flatten();
    for progress in committed() {
        check_shards(progress, found.len() as u32)?;
        for entry in &progress.cut.partitions {
            check_entry(entry, partitions)?;
        }
    }
    let change = rules_change(found, rules);
    if change.is_some() && committed().any(is_half_way) {
        return Err(Refusal::HalfWay);
    }
    let entry = |progress: &Progress, p: &Assigned| {
        progress.cut.partitions.iter().find(|e| p.is(&e.stream, &e.topic, e.partition)).cloned()
    };
    let over_all = |p: &Assigned| committed().filter_map(|progress| entry(progress, p)).collect::<Vec<_>>();
    let first = |p| over_all(p).iter().map(|e| e.first).min().unwrap_or(p.info.earliest);
    let frozen = |p| over_all(p).iter().map(|e| e.next).max().unwrap_or(p.info.earliest);
    let shards = found.iter().map(|progress| ShardStart {
        last: progress.as_ref().and_then(|p| p.last.clone()),
        watermark_us: progress.as_ref().map_or(i64::MIN, |p| p.watermark_us),
        next: partitions
            .iter()
            .map(|p| progress.as_ref().and_then(|progress| entry(progress, p)).map_or(i64::MIN, |e| e.next))
            .collect(),
    });
    Ok(Start {
        generation: committed().map(|p| p.generation).max().unwrap_or(0).saturating_add(1),
        first: partitions.iter().map(first).collect(),
        frozen: partitions.iter().map(frozen).collect(),
        floors: floors(found, partitions),
        shards: shards.collect(),
        change,
    })
}

fn check_shards(progress: &Progress, now: u32) -> Result<(), Refusal> {
    match progress.shard.1 {
        had if had == now => Ok(()),
        had => Err(Refusal::Shards { had, now }),
    }
}

fn check_entry(entry: &CutEntry, partitions: &[Assigned]) -> Result<(), Refusal> {
    let (stream, topic, partition) = (entry.stream.clone(), entry.topic.clone(), entry.partition);
    let mut of_topic = partitions.iter().filter(|p| p.stream == stream && *p.info.id.topic == *topic).peekable();
    let Some(any) = of_topic.peek() else {
        // No rule reads the stream any more: nothing that will be output rests on it.
        return match partitions.iter().any(|p| p.stream == stream) {
            true => Err(Refusal::PartitionGone { stream, topic, partition }),
            false => Ok(()),
        };
    };
    if any.info.topic_id != entry.topic_id {
        let (had, now) = (entry.topic_id.clone(), any.info.topic_id.clone());
        return Err(Refusal::Recreated { stream, topic, had, now });
    }
    match of_topic.find(|p| p.info.id.partition == partition) {
        None => Err(Refusal::PartitionGone { stream, topic, partition }),
        Some(found) if found.info.earliest > entry.first => {
            let (first, earliest) = (entry.first, found.info.earliest);
            Err(Refusal::Forgotten { stream, topic, partition, first, earliest })
        }
        Some(_) => Ok(()),
    }
}

/// The shard has committed some of the alerts beyond its watermark, and not the others.
fn is_half_way(progress: &Progress) -> bool {
    progress.watermark_us != i64::MAX
        && progress.last.as_ref().is_some_and(|last| last.time_us >= progress.watermark_us)
}

fn rules_change(found: &[Option<Progress>], rules: &[u64]) -> Option<RulesChange> {
    // The newest generation says what was running; a shard that it never reached still shows the one before.
    let newest = found.iter().flatten().max_by_key(|progress| progress.generation)?;
    let missing_in = |other: &[u64], own: &[u64]| own.iter().filter(|r| !other.contains(r)).copied().collect();
    let change = RulesChange { added: missing_in(&newest.rules, rules), removed: missing_in(rules, &newest.rules) };
    (change != RulesChange::default()).then_some(change)
}

/// The decisions of all shards together, and one for each partition that is new in a topic that was read before: the
/// alerts that are committed already did not see it.
fn floors(found: &[Option<Progress>], partitions: &[Assigned]) -> Vec<Floor> {
    let committed = || found.iter().flatten();
    let mut floors = Vec::new();
    for entry in committed().flat_map(|progress| &progress.floors) {
        let at = partitions.iter().position(|p| p.is(&entry.stream, &entry.topic, entry.partition));
        floors.extend(at.map(|partition| Floor { partition, from: entry.from, floor_us: entry.floor_us }));
    }
    let watermark_us = committed().map(|progress| progress.watermark_us).max().unwrap_or(i64::MIN);
    let entries = || committed().flat_map(|progress| &progress.cut.partitions);
    for (partition, p) in partitions.iter().enumerate() {
        let topic_is_known = entries().any(|e| e.stream == p.stream && *e.topic == *p.info.id.topic);
        let is_known = entries().any(|e| p.is(&e.stream, &e.topic, e.partition));
        if topic_is_known && !is_known && watermark_us > i64::MIN {
            floors.push(Floor { partition, from: p.info.earliest, floor_us: watermark_us });
        }
    }
    floors.sort_unstable();
    // Of several at one offset the highest counts; it stands last.
    floors.reverse();
    floors.dedup_by_key(|floor| (floor.partition, floor.from));
    floors.reverse();
    floors
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::event::PartitionId;
    use crate::io::{Cause, Cut, FloorEntry, Hop, Position};
    use tripline_query_lang::plan::StreamId;

    fn assigned(partition: i32, topic_id: &str, earliest: i64) -> Assigned {
        let id = PartitionId { stream: StreamId(0), topic: "pay".into(), partition };
        Assigned { stream: "payment".to_owned(), info: PartitionInfo { id, topic_id: topic_id.to_owned(), earliest } }
    }

    fn entry(partition: i32, first: i64, next: i64) -> CutEntry {
        let (stream, topic, topic_id) = ("payment".to_owned(), "pay".to_owned(), "a".to_owned());
        CutEntry { stream, topic, topic_id, partition, first, next }
    }

    fn progress(generation: u64, watermark_us: i64, entries: &[CutEntry]) -> Progress {
        Progress {
            generation,
            shard: (0, 2),
            last: None,
            watermark_us,
            cut: Cut { partitions: entries.to_vec() },
            floors: Vec::new(),
            rules: vec![1, 2],
        }
    }

    fn floor_entry(from: i64, floor_us: i64) -> FloorEntry {
        FloorEntry { stream: "payment".to_owned(), topic: "pay".to_owned(), partition: 0, from, floor_us }
    }

    #[test]
    fn the_first_start_reads_everything() {
        let start = start(&[None, None], &[assigned(0, "a", 7)], &[1]).unwrap();
        assert_eq!((start.generation, start.first, start.frozen), (1, vec![7], vec![7]));
        assert_eq!((start.floors, start.change), (vec![], None));
    }

    #[test]
    fn a_restart_takes_the_slowest_start_the_fastest_freeze_and_all_floors() {
        let mut slow = progress(3, 100, &[entry(0, 5, 20)]);
        slow.floors = vec![floor_entry(9, 50)];
        let mut fast = progress(4, 200, &[entry(0, 5, 30)]);
        fast.floors = vec![floor_entry(9, 60), floor_entry(12, 70)];
        let start = start(&[Some(slow), Some(fast)], &[assigned(0, "a", 5)], &[1, 2]).unwrap();
        assert_eq!((start.generation, start.first, start.frozen), (5, vec![5], vec![30]));
        let floor = |from, floor_us| Floor { partition: 0, from, floor_us };
        assert_eq!(start.floors, [floor(9, 60), floor(12, 70)]);
        assert_eq!(start.shards[0].next, [20]);
        assert_eq!(start.change, None);
    }

    #[test]
    fn lost_input_is_refused() {
        let found = [Some(progress(1, 10, &[entry(0, 5, 20)])), None];
        let refusal = |p: &[Assigned]| start(&found, p, &[1, 2]).unwrap_err();
        assert!(matches!(refusal(&[assigned(0, "b", 0)]), Refusal::Recreated { .. }));
        assert!(matches!(refusal(&[assigned(0, "a", 6)]), Refusal::Forgotten { first: 5, earliest: 6, .. }));
        assert!(matches!(refusal(&[assigned(1, "a", 0)]), Refusal::PartitionGone { partition: 0, .. }));
        assert!(matches!(start(&found[..1], &[assigned(0, "a", 5)], &[1, 2]), Err(Refusal::Shards { had: 2, now: 1 })));
    }

    #[test]
    fn a_new_partition_begins_where_time_is() {
        let found = [Some(progress(1, 10, &[entry(0, 5, 20)])), Some(progress(1, 40, &[entry(0, 5, 25)]))];
        let start = start(&found, &[assigned(0, "a", 5), assigned(1, "a", 0)], &[1, 2]).unwrap();
        assert_eq!(start.floors, [Floor { partition: 1, from: 0, floor_us: 40 }]);
    }

    #[test]
    fn rules_may_change_but_not_half_way() {
        let mut found = progress(1, 10, &[entry(0, 5, 20)]);
        let changed = start(&[Some(found.clone()), None], &[assigned(0, "a", 5)], &[2, 3]).unwrap().change;
        assert_eq!(changed, Some(RulesChange { added: vec![3], removed: vec![1] }));
        found.last = Some(Position {
            time_us: 10,
            cause: Cause::Timer,
            path: vec![Hop { rule: 0, key: Vec::new(), sequence: 0 }],
        });
        let half_way = [Some(found), None];
        assert_eq!(start(&half_way, &[assigned(0, "a", 5)], &[2, 3]), Err(Refusal::HalfWay));
        assert!(start(&half_way, &[assigned(0, "a", 5)], &[1, 2]).is_ok());
    }
}
