//! One rule file over one stream: by the reference, and by the engine under a setting.

use std::collections::BTreeMap;
use std::sync::Arc;

use tripline::connectors::json::JsonDecoder;
use tripline::engine::alert::Alert;
use tripline::engine::detect::{Program, local::Local};
use tripline::engine::event::{Batch, BatchBuilder, PartitionId};
use tripline::engine::io::Decoder;
use tripline::engine::reference;
use tripline::engine::state::KEY_GROUPS;
use tripline::engine::tables::Change;
use tripline::engine::time::{PartitionClock, Verdict};
use tripline::query_lang::plan::{Plan, Stream, StreamId, TableId};
use tripline::query_lang::value::Value;

/// A record of a partition; records are in order of arrival.
#[derive(Clone, Debug)]
pub struct Record {
    /// Position of its stream in the plan.
    pub stream: u32,
    /// Its partition.
    pub partition: i32,
    /// Its own timestamp, milliseconds.
    pub timestamp_ms: i64,
    /// Its JSON.
    pub json: String,
}

/// A row of a table, in order of arrival.
#[derive(Clone, Debug)]
pub struct TableRow {
    /// Position of its table in the plan.
    pub table: u32,
    /// Its partition.
    pub partition: i32,
    /// Its time, microseconds; none: it was always there.
    pub at_us: Option<i64>,
    /// Its JSON.
    pub json: String,
    /// It tells that its key has no row any more.
    pub gone: bool,
}

impl TableRow {
    fn values(&self, plan: &Plan) -> Result<Vec<Value>, String> {
        let table = &plan.tables[self.table as usize];
        let mut row = BatchBuilder::of_fields(&table.fields, &vec![true; table.fields.len()]);
        JsonDecoder::of_table(table).decode(self.json.as_bytes(), &mut row).map_err(|e| e.to_string())?;
        row.end_row(0, 0);
        let nowhere = PartitionId { stream: StreamId(0), topic: "".into(), partition: 0 };
        let columns = row.finish(nowhere).columns;
        Ok(columns.iter().zip(&table.fields).map(|(column, field)| column.value(0, &field.ty)).collect())
    }

    fn reference(&self, plan: &Plan) -> Result<reference::Row, String> {
        let values = self.values(plan)?;
        let table = TableId(self.table);
        let key = plan.tables[table.index()].keys.iter().map(|key| values[key.index()].clone()).collect();
        let values = (!self.gone).then_some(values);
        Ok(reference::Row { table, partition: self.partition, key, values, at_us: self.at_us })
    }
}

/// The rows as changes, each from when on it holds.
fn changes(plan: &Plan, rows: &[TableRow]) -> Result<Vec<Change>, String> {
    let mut clocks: BTreeMap<(u32, i32), PartitionClock> = BTreeMap::new();
    let mut changes = Vec::new();
    for (offset, row) in rows.iter().enumerate() {
        let table = &plan.tables[row.table as usize];
        let clock = clocks.entry((row.table, row.partition)).or_insert_with(|| PartitionClock::of_table(table, 0));
        let (from_us, _) = clock.place(offset as i64, row.at_us.unwrap_or(i64::MIN));
        let order = (row.partition as u32, offset as i64);
        let change = Change::row(plan, TableId(row.table), row.values(plan)?, from_us, order);
        let mut change = change.ok_or("a row without a key")?;
        if row.gone {
            change.row = None;
        }
        changes.push(change);
    }
    Ok(changes)
}

/// How the engine is run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Rows a batch.
    pub batch: usize,
    /// Workers, and after the state has been written out and read back.
    pub workers: [usize; 2],
    /// After how many batches the state is written out and read back.
    pub cut: Option<usize>,
    /// In which order the partitions are read.
    pub order: u64,
    /// Without the strategies that only some rules can run by.
    pub plain: bool,
}

/// The topic of a stream, by its position in the plan.
pub fn topic(stream: u32) -> String {
    format!("topic-{stream}")
}

/// A record with its place in its partition.
struct Placed {
    partition: PartitionId,
    offset: i64,
    timestamp_us: i64,
    json: String,
}

fn placed(records: &[Record]) -> Vec<Placed> {
    let mut offsets: BTreeMap<(u32, i32), i64> = BTreeMap::new();
    let place = |record: &Record| {
        let next = offsets.entry((record.stream, record.partition)).or_insert(0);
        let offset = *next;
        *next += 1;
        let stream = StreamId(record.stream);
        Placed {
            partition: PartitionId { stream, topic: topic(record.stream).into(), partition: record.partition },
            offset,
            timestamp_us: record.timestamp_ms * 1000,
            json: record.json.clone(),
        }
    };
    records.iter().map(place).collect()
}

/// A row's values and time.
fn decode(stream: &Stream, record: &Placed) -> Result<(Batch, i64), String> {
    let mut row = BatchBuilder::new(stream, &vec![true; stream.fields.len()]);
    let at_us = JsonDecoder::new(stream).decode(record.json.as_bytes(), &mut row).map_err(|e| e.to_string())?;
    row.end_row(at_us, record.offset);
    Ok((row.finish(record.partition.clone()), at_us))
}

/// What the reference finds, in order.
pub fn alerts_by_reference(plan: &Plan, records: &[Record], rows: &[TableRow]) -> Result<Vec<Alert>, String> {
    let (events, rows) = for_reference(plan, records, rows)?;
    Ok(reference::run_with(plan, &events, &rows))
}

/// Events and rows as the reference sees them.
pub fn for_reference(
    plan: &Plan,
    records: &[Record],
    rows: &[TableRow],
) -> Result<(Vec<reference::Event>, Vec<reference::Row>), String> {
    let mut events = Vec::new();
    for record in placed(records) {
        let stream = &plan.streams[record.partition.stream.index()];
        let (batch, _) = decode(stream, &record)?;
        let values = batch.columns.iter().zip(&stream.fields).map(|(column, field)| column.value(0, &field.ty));
        events.push(reference::Event {
            coordinates: batch.coordinates(0),
            values: values.collect(),
            record_us: Some(record.timestamp_us),
        });
    }
    Ok((events, rows.iter().map(|row| row.reference(plan)).collect::<Result<Vec<_>, _>>()?))
}

/// Canonical JSON, and the place in the output.
pub fn shown(plan: &Plan, alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(|alert| format!("{} {:?}", alert.json(plan), alert.position)).collect()
}

/// What the engine finds under a setting, in order, as canonical JSON.
pub fn by_engine(
    plan: &Arc<Plan>,
    records: &[Record],
    rows: &[TableRow],
    setting: &Setting,
) -> Result<Vec<String>, String> {
    let compile = if setting.plain { Program::plain } else { Program::new };
    let program = compile(plan.clone()).map_err(|e| e.to_string())?;
    Ok(ran_by_engine(program, records, rows, setting)?.0)
}

/// What the engine finds, and the rows of the views that the program shows, as `run --show` prints them.
pub fn ran_by_engine(
    program: Program,
    records: &[Record],
    rows: &[TableRow],
    setting: &Setting,
) -> Result<(Vec<String>, Vec<String>), String> {
    let program = Arc::new(program);
    let plan = program.plan();
    let mut records = in_order(placed(records), setting.order);
    // No other stream is opened.
    let read = plan.streams_read();
    records.retain(|record| read[record.partition.stream.index()]);
    let partitions: std::collections::BTreeSet<&PartitionId> = records.iter().map(|r| &r.partition).collect();
    let mut engine = Engine::new(program.clone(), setting, partitions.len());
    engine.changes = changes(plan, rows)?;
    engine.show_changes(i64::MIN);
    for record in records {
        engine.read(record)?;
    }
    let partitions: Vec<PartitionId> = engine.partitions.keys().cloned().collect();
    for partition in partitions {
        engine.flush(&partition)?;
        engine.end(&partition);
    }
    engine.show_changes(i64::MAX);
    let (oldest_us, newest_us) = (engine.oldest_us, engine.newest_us);
    oldest_us.into_iter().for_each(|start| engine.local.begin(start));
    engine.alerts.extend(newest_us.map(|us| engine.local.advance(us + 1)).unwrap_or_default());
    engine.alerts.extend(engine.local.finish());
    let views = newest_us.map(|us| engine.local.show(us)).unwrap_or_default();
    Ok((shown(plan, &engine.alerts), views.iter().flat_map(|view| view.json_lines(plan)).collect()))
}

/// The partitions interleaved by chance, each in its own order.
fn in_order(records: Vec<Placed>, seed: u64) -> Vec<Placed> {
    if seed == 0 {
        return records;
    }
    let mut state = seed;
    let mut queues: BTreeMap<PartitionId, std::collections::VecDeque<Placed>> = BTreeMap::new();
    for record in records {
        queues.entry(record.partition.clone()).or_default().push_back(record);
    }
    let mut out = Vec::new();
    while !queues.is_empty() {
        // A linear congruential generator is chance enough for an order.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = (state >> 33) as usize % queues.len();
        let Some(partition) = queues.keys().nth(chosen).cloned() else { break };
        let queue = queues.entry(partition.clone()).or_default();
        out.extend(queue.pop_front());
        if queue.is_empty() {
            queues.remove(&partition);
        }
    }
    out
}

/// One partition on its way.
struct Reading {
    clock: PartitionClock,
    rows: BatchBuilder,
    decoder: JsonDecoder,
    /// Offsets of the rows that are still to be handed over.
    building: Vec<i64>,
    /// All before this has been handed over.
    watermark_us: Option<i64>,
}

struct Engine<'a> {
    program: Arc<Program>,
    setting: &'a Setting,
    local: Local,
    partitions: BTreeMap<PartitionId, Reading>,
    /// Rows that were handed over, for the replay behind a cut.
    kept: Vec<(PartitionId, i64, i64, String)>,
    batches: usize,
    released_us: i64,
    newest_us: Option<i64>,
    oldest_us: Option<i64>,
    alerts: Vec<Alert>,
    /// Partitions that will come.
    expected: usize,
    /// All changes of tables, and how many of them have been shown.
    changes: Vec<Change>,
    shown: usize,
}

impl<'a> Engine<'a> {
    fn new(program: Arc<Program>, setting: &'a Setting, expected: usize) -> Self {
        Engine {
            local: Local::new(program.clone(), setting.workers[0]),
            program,
            setting,
            partitions: BTreeMap::new(),
            kept: Vec::new(),
            batches: 0,
            released_us: i64::MIN,
            newest_us: None,
            oldest_us: None,
            alerts: Vec::new(),
            expected,
            changes: Vec::new(),
            shown: 0,
        }
    }

    /// Shows changes of tables: all at once before anything else, or else each as late as it may come.
    fn show_changes(&mut self, until_us: i64) {
        if self.setting.order.is_multiple_of(2) {
            self.local.change(&self.changes[self.shown..]);
            self.shown = self.changes.len();
            return;
        }
        let last = self.changes.iter().rposition(|change| change.at_us < until_us);
        let end = last.map_or(self.shown, |last| (last + 1).max(self.shown));
        self.local.change(&self.changes[self.shown..end]);
        self.shown = end;
    }

    fn read(&mut self, record: Placed) -> Result<(), String> {
        let plan = self.program.plan().clone();
        let stream = &plan.streams[record.partition.stream.index()];
        let needed = &self.program.needed_fields()[record.partition.stream.index()];
        let reading = self.partitions.entry(record.partition.clone()).or_insert_with(|| Reading {
            clock: PartitionClock::new(stream, 0),
            rows: BatchBuilder::new(stream, needed),
            decoder: JsonDecoder::new(stream),
            building: Vec::new(),
            watermark_us: None,
        });
        let at_us = reading.decoder.decode(record.json.as_bytes(), &mut reading.rows).map_err(|e| e.to_string())?;
        match reading.clock.judge(record.offset, at_us, Some(record.timestamp_us)) {
            Verdict::InTime => {
                self.newest_us = self.newest_us.max(Some(at_us));
                self.oldest_us = self.oldest_us.into_iter().chain([at_us]).min();
                reading.rows.end_row(at_us, record.offset);
                reading.building.push(record.offset);
                self.kept.push((record.partition.clone(), at_us, record.offset, record.json));
            }
            _ => reading.rows.undo_row(),
        }
        if self.partitions[&record.partition].rows.len() >= self.setting.batch {
            self.flush(&record.partition)?;
        }
        Ok(())
    }

    /// Hands the rows over, then what time they make certain.
    fn flush(&mut self, partition: &PartitionId) -> Result<(), String> {
        let Some(reading) = self.partitions.get_mut(partition) else { return Ok(()) };
        if !reading.rows.is_empty() {
            let batch = Arc::new(reading.rows.finish(partition.clone()));
            reading.building.clear();
            self.local.push(&batch);
        }
        reading.watermark_us = reading.clock.watermark_us();
        self.batches += 1;
        self.release();
        if self.setting.cut == Some(self.batches) {
            self.write_and_read_back()?;
        }
        Ok(())
    }

    fn end(&mut self, partition: &PartitionId) {
        if let Some(reading) = self.partitions.get_mut(partition) {
            reading.watermark_us = Some(i64::MAX);
        }
        self.release();
    }

    fn release(&mut self) {
        let watermarks: Vec<i64> = self.partitions.values().filter_map(|r| r.watermark_us).collect();
        if watermarks.len() < self.expected {
            return;
        }
        let least = watermarks.into_iter().min().unwrap_or(i64::MIN);
        if least > self.released_us && least < i64::MAX {
            self.released_us = least;
            self.oldest_us.filter(|oldest| *oldest < least).into_iter().for_each(|start| self.local.begin(start));
            self.show_changes(least);
            self.alerts.extend(self.local.advance(least));
        }
    }

    /// New detectors take up the state of the old ones; rows that had not been released are pushed again.
    fn write_and_read_back(&mut self) -> Result<(), String> {
        let workers = self.setting.workers[1];
        let mut fresh = Local::new(self.program.clone(), workers);
        for (old, mut new) in self.local.detectors().iter().zip(fresh.detectors()) {
            for group in 0..KEY_GROUPS {
                let owner = usize::from(group) * workers / usize::from(KEY_GROUPS);
                for bytes in old.iter().map(|detector| detector.write_group(group)) {
                    new[owner].read_group(group, &bytes).map_err(|e| e.to_string())?;
                    if !bytes.is_empty() && new[owner].write_group(group) != bytes {
                        return Err(format!("group {group}: what was read back is written otherwise"));
                    }
                }
            }
        }
        fresh.change(&self.changes[..self.shown]);
        self.local = fresh;
        let plan = self.program.plan().clone();
        let needed = self.program.needed_fields();
        let pending: Vec<_> = self.kept.iter().filter(|(_, at_us, ..)| *at_us >= self.released_us).cloned().collect();
        for (partition, at_us, offset, json) in pending {
            if self.partitions[&partition].building.contains(&offset) {
                continue;
            }
            let stream = &plan.streams[partition.stream.index()];
            let mut rows = BatchBuilder::new(stream, &needed[partition.stream.index()]);
            JsonDecoder::new(stream).decode(json.as_bytes(), &mut rows).map_err(|e| e.to_string())?;
            rows.end_row(at_us, offset);
            self.local.push(&Arc::new(rows.finish(partition)));
        }
        Ok(())
    }
}
