//! The sources of tables: read up to what is there before any event is, and then for as long as the run lasts. A thread each.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use tripline_query_lang::plan::{Plan, RuleId, TableId};
use tripline_query_lang::value::Value;

use super::held::{HeldBack, held_back};
use super::ingest::{Clocks, Delivery, POLL_WAIT};
use super::job::TableInput;
use super::{Notice, RunError};
use crate::expr::write_key;
use crate::io::{
    PartitionInfo, Polled, Record, RecordError, RowDecoder, SideKind, SideRecord, Source, SourceError, Stage,
};
use crate::metrics::{Counts, Metrics};
use crate::recovery::{Assigned, Start};
use crate::tables::Change;
use crate::time::PartitionClock;

/// Records of a poll at most.
const RECORDS_MAX: usize = 8192;

/// A table whose source is open.
pub struct OpenTable {
    table: TableId,
    source: Box<dyn Source>,
    decoder: Box<dyn RowDecoder>,
    partitions: Vec<PartitionInfo>,
    /// The position of its first partition among all that are assigned; known when the streams are open.
    pub base: usize,
    /// The time of its partitions.
    pub clocks: Clocks,
}

/// A stretch of a table's partition.
pub struct Changes {
    /// Position among the assigned partitions.
    pub partition: usize,
    /// Rows, and keys that have none any more, each with the time from which on it holds.
    pub changes: Vec<Change>,
    /// Records that are none.
    pub sides: Vec<SideRecord>,
    /// The next offset.
    pub next: i64,
    /// All further rows hold from this time on, or a later one.
    pub watermark_us: Option<i64>,
    /// Some row holds later than its record says, only since time had gone on without the table.
    pub used_floor: bool,
}

/// What there is of tables when a run starts.
pub struct Opened {
    /// The tables that are needed by what runs.
    pub tables: Vec<OpenTable>,
    /// The rules that run.
    pub rules: Vec<RuleId>,
    /// What does not, and why.
    pub held: Vec<HeldBack>,
}

/// Opens the sources of the tables that some rule needs. Without one that cannot be read the rules that need it do not
/// start: they would be silent, or wrong. Where no alert and no view in `shown` is left to work for, it is the end.
pub fn open(plan: &Plan, inputs: Vec<TableInput>, shown: &[RuleId]) -> Result<Opened, RunError> {
    let needed = plan.tables_needed();
    let mut tables: Vec<OpenTable> = Vec::new();
    let mut unreadable: Vec<(TableId, SourceError)> = Vec::new();
    for TableInput { table, mut source, decoder } in inputs {
        let Some(true) = needed.get(table.index()) else { continue };
        match source.open() {
            Ok(partitions) => {
                let clock = |p: &PartitionInfo| PartitionClock::of_table(&plan.tables[table.index()], p.earliest);
                let clocks = Arc::new(Mutex::new(partitions.iter().map(clock).collect()));
                tables.push(OpenTable { table, source, decoder, base: 0, partitions, clocks });
            }
            Err(SourceError::Stopped(why)) => return Err(RunError::Stopped(why)),
            Err(error) => unreadable.push((table, error)),
        }
    }
    let has_source = |table: usize| {
        let mut all = tables.iter().map(|open| open.table).chain(unreadable.iter().map(|(table, _)| *table));
        all.any(|found| found.index() == table)
    };
    if let Some((_, table)) = plan.tables.iter().enumerate().find(|(table, _)| needed[*table] && !has_source(*table)) {
        return Err(RunError::Configuration(format!("the rules need table `{}`, but it has no source", table.name)));
    }
    hold_back(plan, tables, unreadable, shown)
}

fn hold_back(
    plan: &Plan,
    mut tables: Vec<OpenTable>,
    unreadable: Vec<(TableId, SourceError)>,
    shown: &[RuleId],
) -> Result<Opened, RunError> {
    let all = || (0..plan.rules.len() as u32).map(RuleId);
    let by_table: Vec<Vec<bool>> = unreadable.iter().map(|(table, _)| held_back(plan, *table)).collect();
    let rules: Vec<RuleId> = all().filter(|rule| by_table.iter().all(|held| !held[rule.index()])).collect();
    let works = |rule: &RuleId| plan.rules[rule.index()].alert.is_some() || shown.contains(rule);
    let name = |table: TableId| plan.tables[table.index()].name.clone();
    let held = |((table, error), held): (&(TableId, SourceError), &Vec<bool>)| HeldBack {
        table: name(*table),
        why: error.to_string(),
        rules: plan.rules.iter().zip(held).filter(|(_, held)| **held).map(|(rule, _)| rule.name.clone()).collect(),
    };
    let held = unreadable.iter().zip(&by_table).map(held).collect();
    match unreadable.into_iter().next() {
        Some((table, error)) if !rules.iter().any(works) => return Err(cannot_be_read(&name(table), error)),
        Some(_) => {
            let needed = plan.keeping(&rules).tables_needed();
            tables.retain(|open| needed[open.table.index()]);
        }
        None => {}
    }
    Ok(Opened { tables, rules, held })
}

fn cannot_be_read(table: &str, error: SourceError) -> RunError {
    let told = |why: &str| format!("table `{table}` cannot be read, and rules need it: {why}");
    match error {
        SourceError::Configuration(why) => RunError::Configuration(told(&why)),
        SourceError::LostInput(why) => RunError::LostInput(told(&why)),
        SourceError::Failed(why) => RunError::Failed(told(&why)),
        SourceError::Stopped(why) => RunError::Stopped(told(&why)),
    }
}

impl OpenTable {
    /// Its partitions' positions among those assigned.
    pub fn range(&self) -> Range<usize> {
        self.base..self.base + self.partitions.len()
    }

    /// Its partitions, under a name that no stream can have.
    pub fn assigned(&self, plan: &Plan) -> Vec<Assigned> {
        let table = &plan.tables[self.table.index()];
        let stream = format!("{} {}", if table.is_param() { "param" } else { "table" }, table.name);
        self.partitions.iter().map(|info| Assigned { stream: stream.clone(), info: info.clone() }).collect()
    }

    /// Reading begins where output began, with the decisions of earlier processes.
    pub fn seek(&mut self, start: &Start) -> Result<(), RunError> {
        let range = self.range();
        let offsets: Vec<Option<i64>> = start.first[range.clone()].iter().copied().map(Some).collect();
        self.source.seek(&offsets)?;
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        for floor in start.floors.iter().filter(|floor| range.contains(&floor.partition)) {
            clocks[floor.partition - self.base].replay_floor(floor.from, floor.floor_us);
        }
        Ok(())
    }
}

/// Everything that a table's thread works with.
pub struct TableReader {
    /// The table.
    pub table: OpenTable,
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where changes go.
    pub deliveries: Sender<Delivery>,
    /// Set when reading has to stop.
    pub stop: Arc<AtomicBool>,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// What a poll has found in a partition.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    sides: Vec<SideRecord>,
    counts: Counts,
    used_floor: bool,
}

/// How reading goes.
enum Health {
    Well,
    /// The source says what keeps it from being read, and will say when that is over.
    Troubled(String),
    /// A poll failed; another may not.
    Fails(String),
    /// What is there now is not what was read before.
    Lost,
}

impl TableReader {
    /// Reads until the source ends or the run stops. Once what was there at the start has been read, nothing that happens to
    /// the table ends the run: the rows read last stay in force.
    pub fn run(mut self) -> Result<(), RunError> {
        let (mut is_read, mut health) = (false, Health::Well);
        while !self.stop.load(Ordering::Relaxed) {
            if let Health::Lost = health {
                pause();
                continue;
            }
            let (polled, found) = match self.poll() {
                Ok(polled) => polled,
                Err(SourceError::Stopped(_)) => return Ok(()),
                Err(error) if !is_read => return Err(cannot_be_read(&self.name(), error)),
                Err(SourceError::LostInput(why)) => {
                    self.fails(&why, true);
                    health = Health::Lost;
                    continue;
                }
                Err(SourceError::Configuration(why) | SourceError::Failed(why)) => {
                    health = Health::Fails(self.tell(&health, &why));
                    pause();
                    continue;
                }
            };
            let gone = |delivery| self.deliveries.send(delivery).is_err();
            let ended = polled == Polled::End;
            if found.into_iter().any(|changes| gone(Delivery::Changes(changes))) {
                return Ok(());
            }
            if !is_read && (ended || self.table.source.is_read()) {
                is_read = true;
                if gone(Delivery::TableRead) {
                    return Ok(());
                }
            }
            if ended {
                return Ok(());
            }
            health = self.judge(health, polled);
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.plan.tables[self.table.table.index()].name.clone()
    }

    /// A poll went well; whether the table is, its source says.
    fn judge(&self, health: Health, polled: Polled) -> Health {
        match (health, self.table.source.trouble()) {
            (health, Some(why)) => Health::Troubled(self.tell(&health, why)),
            // Only a record says that what failed goes on.
            (Health::Fails(why), None) if polled == Polled::Records(0) => Health::Fails(why),
            (Health::Fails(_) | Health::Troubled(_), None) => {
                self.metrics.table_is_well(&self.name());
                let _ = self.deliveries.send(Delivery::News(Notice::TableIsWell { table: self.name() }));
                Health::Well
            }
            (health, None) => health,
        }
    }

    /// Counts and says what is new; gives it back.
    fn tell(&self, health: &Health, why: &str) -> String {
        let (Health::Fails(known) | Health::Troubled(known)) = health else { return self.fails(why, false) };
        if known == why { why.to_owned() } else { self.fails(why, false) }
    }

    fn fails(&self, why: &str, is_lost: bool) -> String {
        let table = self.name();
        self.metrics.table_fails(&table, why);
        let _ = self.deliveries.send(Delivery::News(Notice::TableFails { table, why: why.to_owned(), is_lost }));
        why.to_owned()
    }

    fn poll(&mut self) -> Result<(Polled, Vec<Changes>), SourceError> {
        let OpenTable { table, source, decoder, partitions, base, clocks } = &mut self.table;
        let mut found: Vec<Found> = partitions.iter().map(|_| Found::default()).collect();
        let mut held = None;
        let polled = source.poll(RECORDS_MAX, POLL_WAIT, &mut |record| {
            let clocks = held.get_or_insert_with(|| clocks.lock().unwrap_or_else(PoisonError::into_inner));
            let index = record.partition;
            let (Some(clock), Some(found), Some(partition)) =
                (clocks.get_mut(index), found.get_mut(index), partitions.get(index))
            else {
                return;
            };
            found.take(record, (&self.plan, *table), decoder.as_mut(), clock, partition);
        })?;
        let mut delivered = Vec::new();
        if let Some(clocks) = held {
            for (index, found) in found.into_iter().enumerate().filter(|(_, found)| found.counts.read > 0) {
                let partition = *base + index;
                self.metrics.ingested(partition, &found.counts);
                self.metrics.leave_out(&found.sides);
                self.metrics.prepared(partition, found.changes.len(), 0);
                delivered.push(Changes {
                    partition,
                    changes: found.changes,
                    sides: found.sides,
                    next: clocks[index].next(),
                    watermark_us: clocks[index].watermark_us(),
                    used_floor: found.used_floor,
                });
            }
        }
        Ok((polled, delivered))
    }
}

/// Nobody sends: this is the wait.
fn pause() {
    let _ = crossbeam_channel::never::<()>().recv_timeout(POLL_WAIT);
}

impl Found {
    fn take(
        &mut self,
        record: Record<'_>,
        (plan, table): (&Plan, TableId),
        decoder: &mut dyn RowDecoder,
        clock: &mut PartitionClock,
        partition: &PartitionInfo,
    ) {
        self.counts.read += 1;
        match change(&record, (plan, table), decoder) {
            Ok((key, row)) => {
                // What has no time was always there.
                let (at_us, by_floor) = clock.place(record.offset, record.timestamp_us.unwrap_or(i64::MIN));
                let order = (u32::try_from(partition.id.partition).unwrap_or(0), record.offset);
                self.used_floor |= by_floor;
                self.changes.push(Change { table, key, row: row.map(Into::into), at_us, order });
            }
            Err(error) => {
                clock.pass(record.offset);
                self.counts.dead_letters += 1;
                self.sides.push(record.aside(SideKind::DeadLetter(error), &partition.id));
            }
        }
    }
}

/// A record's key, as canonical bytes, and its row; a record without a value says that its key has none any more.
fn change(
    record: &Record<'_>,
    (plan, table): (&Plan, TableId),
    decoder: &mut dyn RowDecoder,
) -> Result<(Vec<u8>, Option<Vec<Value>>), RecordError> {
    let keyless =
        |message: &str| RecordError { stage: Stage::Convert, class: "missing key", message: message.to_owned() };
    let (parts, row) = match (record.value, record.key) {
        (Some(value), _) => {
            let row = decoder.row(value)?;
            let keys = plan.tables[table.index()].keys.iter();
            (keys.map(|key| row.get(key.index()).cloned().unwrap_or(Value::Null)).collect(), Some(row))
        }
        (None, Some(key)) => (decoder.key(key)?, None),
        (None, None) => return Err(keyless("the record has neither a value nor a key")),
    };
    let mut key = Vec::new();
    match write_key(&parts, &mut key) {
        true => Ok((key, row)),
        false => Err(keyless("a part of the row's key is missing")),
    }
}
