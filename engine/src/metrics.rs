//! Counts of what became of every record and of the alerts, per partition, and as one line.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::detect::{Admitted, Repeats};
use crate::event::PartitionId;
use crate::io::SideRecord;
use crate::left_out::{LeftOut, LeftOuts};
use tripline_query_lang::plan::StreamId;

/// What became of records. `read = matched_input + filtered + late + quarantined + dead_letters +
/// repeated` once nothing is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that came from the source.
    pub read: u64,
    /// Events that some rule wanted.
    pub matched_input: u64,
    /// Events that no rule wanted.
    pub filtered: u64,
    /// Events that came too late.
    pub late: u64,
    /// Events too far ahead of their record.
    pub quarantined: u64,
    /// Records that could not be decoded.
    pub dead_letters: u64,
    /// Events whose id an earlier one had (`unique by`).
    pub repeated: u64,
    /// Events, and rows of rules, that a rule wanted but did not look at, since a part of their key is missing; each is
    /// counted above, too.
    pub keyless: u64,
    /// Starts of runs that `runs N` refused, and branches that `limit N` cut; the next alert of their key is marked.
    pub refused: u64,
    /// Alerts that were committed by this run.
    pub alerts: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { read, matched_input, filtered, late, quarantined, dead_letters, repeated, .. } = self;
        let Counts { keyless, refused, alerts, .. } = self;
        write!(
            f,
            "read {read}, matched-input {matched_input}, filtered {filtered}, late {late}, quarantined {quarantined}, \
             dead letters {dead_letters}, "
        )?;
        // Most streams do not say how repeats are known and have a key in every event, and few rules reach a cap.
        for (name, count) in [("repeated", repeated), ("keyless", keyless), ("refused", refused)] {
            if *count > 0 {
                write!(f, "{name} {count}, ")?;
            }
        }
        write!(f, "alerts {alerts}")
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.read += other.read;
        self.matched_input += other.matched_input;
        self.filtered += other.filtered;
        self.late += other.late;
        self.quarantined += other.quarantined;
        self.dead_letters += other.dead_letters;
        self.repeated += other.repeated;
        self.keyless += other.keyless;
        self.refused += other.refused;
        self.alerts += other.alerts;
    }
}

#[derive(Debug)]
struct PartitionCounts {
    id: PartitionId,
    read: AtomicU64,
    matched_input: AtomicU64,
    filtered: AtomicU64,
    late: AtomicU64,
    quarantined: AtomicU64,
    dead_letters: AtomicU64,
    repeated: AtomicU64,
}

/// The counters of a run, shared by its threads. The partitions are known once the sources are open.
#[derive(Debug, Default)]
pub struct Metrics {
    partitions: OnceLock<Vec<PartitionCounts>>,
    alerts: AtomicU64,
    keyless: AtomicU64,
    refused: AtomicU64,
    left_out: LeftOuts,
    waiting: AtomicU64,
    tables: Mutex<BTreeMap<String, TableHealth>>,
}

/// How reading a table goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableHealth {
    /// How often it could not be read, or what was found was no table.
    pub failures: u64,
    /// What keeps it from being read just now: the rows read last are in force.
    pub trouble: Option<String>,
    /// The rules that do not run, since it could not be read when the run started.
    pub held_back: Vec<String>,
}

impl fmt::Display for TableHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TableHealth { failures, trouble, held_back } = self;
        write!(f, "failures {failures}")?;
        match trouble {
            Some(why) => write!(f, ", cannot be read: {why}")?,
            None => write!(f, ", read again")?,
        }
        if !held_back.is_empty() {
            write!(f, ", does not run: `{}`", held_back.join("`, `"))?;
        }
        Ok(())
    }
}

impl Metrics {
    /// The kinds of records that were left out, the most frequent first.
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.kinds()
    }

    /// Adds records that were left out, of any partition.
    pub fn leave_out(&self, records: &[SideRecord]) {
        self.left_out.add(records);
    }

    /// Says which partitions there are. Only the first call counts.
    pub fn assign(&self, partitions: impl Iterator<Item = PartitionId>) {
        let of = |id| PartitionCounts {
            id,
            read: AtomicU64::new(0),
            matched_input: AtomicU64::new(0),
            filtered: AtomicU64::new(0),
            late: AtomicU64::new(0),
            quarantined: AtomicU64::new(0),
            dead_letters: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
        };
        self.partitions.get_or_init(|| partitions.map(of).collect());
    }

    /// Adds what the ingest side found in a partition: `read`, `late`, `quarantined` and `dead_letters`.
    pub fn ingested(&self, partition: usize, found: &Counts) {
        let Some(counts) = self.partitions.get().and_then(|p| p.get(partition)) else { return };
        counts.read.fetch_add(found.read, Ordering::Relaxed);
        counts.late.fetch_add(found.late, Ordering::Relaxed);
        counts.quarantined.fetch_add(found.quarantined, Ordering::Relaxed);
        counts.dead_letters.fetch_add(found.dead_letters, Ordering::Relaxed);
    }

    /// Adds a batch of which rules wanted all rows but `filtered`.
    pub fn prepared(&self, partition: usize, rows: usize, filtered: usize) {
        let Some(counts) = self.partitions.get().and_then(|p| p.get(partition)) else { return };
        counts.matched_input.fetch_add(rows.saturating_sub(filtered) as u64, Ordering::Relaxed);
        counts.filtered.fetch_add(filtered as u64, Ordering::Relaxed);
    }

    /// Adds events that were looked at for repeats.
    pub fn judged(&self, admitted: &[Admitted], repeats: &[Repeats]) {
        let place = |id: &PartitionId| self.partitions.get()?.iter().position(|p| p.id == *id);
        for (partition, found) in admitted.iter().filter_map(|found| Some((place(&found.partition)?, found))) {
            self.prepared(partition, found.rows, found.filtered);
        }
        for Repeats { partition, events } in repeats {
            if let Some(counts) = self.partitions.get().and_then(|all| all.iter().find(|p| p.id == *partition)) {
                counts.repeated.fetch_add(*events as u64, Ordering::Relaxed);
            }
        }
    }

    /// Adds rows that a rule wanted but could not place, since a part of their key is missing.
    pub fn keyless(&self, rows: usize) {
        self.keyless.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Adds starts of runs that were refused, and branches that were cut.
    pub fn refused(&self, count: u64) {
        self.refused.fetch_add(count, Ordering::Relaxed);
    }

    /// So many rows wait for event time just now.
    pub fn waiting(&self, rows: u64) {
        self.waiting.store(rows, Ordering::Relaxed);
    }

    /// How many rows wait for event time just now: they are held in memory until every partition has come as far.
    pub fn waiting_rows(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A table cannot be read.
    pub fn table_fails(&self, table: &str, why: &str) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let health = tables.entry(table.to_owned()).or_default();
        health.failures += 1;
        health.trouble = Some(why.to_owned());
    }

    /// A table can be read again.
    pub fn table_is_well(&self, table: &str) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(table.to_owned()).or_default().trouble = None;
    }

    /// A table could not be read when the run started: these rules do not run.
    pub fn held_back(&self, table: &str, why: &str, rules: &[String]) {
        self.table_fails(table, why);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(table.to_owned()).or_default().held_back = rules.to_vec();
    }

    /// How reading goes of each table that ever failed, by name.
    pub fn tables(&self) -> BTreeMap<String, TableHealth> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds committed alerts.
    pub fn committed(&self, alerts: usize) {
        self.alerts.fetch_add(alerts as u64, Ordering::Relaxed);
    }

    /// The counts of each partition; `keyless`, `refused` and `alerts` are 0: they belong to none.
    pub fn per_partition(&self) -> Vec<(PartitionId, Counts)> {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = |p: &PartitionCounts| Counts {
            read: load(&p.read),
            matched_input: load(&p.matched_input),
            filtered: load(&p.filtered),
            late: load(&p.late),
            quarantined: load(&p.quarantined),
            dead_letters: load(&p.dead_letters),
            repeated: load(&p.repeated),
            keyless: 0,
            refused: 0,
            alerts: 0,
        };
        self.partitions.get().into_iter().flatten().map(|p| (p.id.clone(), counts(p))).collect()
    }

    /// The counts of each stream's partitions together, for what is told by the stream, as repeats are.
    pub fn per_stream(&self) -> BTreeMap<StreamId, Counts> {
        let mut streams: BTreeMap<StreamId, Counts> = BTreeMap::new();
        self.per_partition().into_iter().for_each(|(id, counts)| *streams.entry(id.stream).or_default() += counts);
        streams
    }

    /// All partitions together, and what belongs to none.
    pub fn total(&self) -> Counts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut total = Counts {
            keyless: load(&self.keyless),
            refused: load(&self.refused),
            alerts: load(&self.alerts),
            ..Counts::default()
        };
        self.per_partition().into_iter().for_each(|(_, counts)| total += counts);
        total
    }
}
