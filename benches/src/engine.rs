//! Tripline on one thread over events in memory: batches (or JSON bytes) in, alerts out.

use std::sync::Arc;

use tripline::connectors::json::JsonDecoder;
use tripline::engine::alert::Alert;
use tripline::engine::detect::{Detector, Program, ProgramError};
use tripline::engine::event::{Batch, BatchBuilder, PartitionId};
use tripline::engine::io::{Decoder, RecordError};
use tripline::query_lang::plan::{FieldId, Plan, StreamId};
use tripline::query_lang::value::{Decimal, Value};
use tripline::query_lang::{Source, compile, diagnostics};

use crate::query::{Query, STREAM};
use crate::workload::{Tx, Workload};

/// Rows of a batch.
const BATCH_ROWS: usize = 4_096;

/// Why a query does not run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rule file is wrong.
    #[error("the rules do not compile:\n{0}")]
    Rules(String),
    /// The plan cannot be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A line is no event.
    #[error("line {line}: {error}")]
    Record {
        /// From 1.
        line: usize,
        /// What is wrong.
        error: RecordError,
    },
}

/// A query, ready to run.
pub struct Engine {
    program: Arc<Program>,
    needed: Vec<bool>,
    late_us: i64,
}

impl Engine {
    /// Compiles a query.
    pub fn new(query: &Query) -> Result<Engine, EngineError> {
        let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
        let sources = [source("stream.trip", STREAM), source("query.trip", query.rules)];
        let compiled = compile(&sources, &[]);
        let Some(plan) = compiled.plan else {
            let say = |d: &diagnostics::Diagnostic| format!("{}: {}", sources[d.file].name, d.message);
            return Err(EngineError::Rules(compiled.diagnostics.iter().map(say).collect::<Vec<_>>().join("\n")));
        };
        let late_us = plan.streams[0].late_us;
        let program = Arc::new(Program::new(Arc::new(plan))?);
        let needed = program.needed_fields().swap_remove(0);
        Ok(Engine { program, needed, late_us })
    }

    fn plan(&self) -> &Plan {
        self.program.plan()
    }

    /// The events as batches of the columns that the query needs.
    pub fn batches(&self, workload: &Workload) -> Vec<Arc<Batch>> {
        let stream = &self.plan().streams[0];
        let mut builder = BatchBuilder::new(stream, &self.needed);
        let mut batches = Vec::new();
        for (offset, tx) in workload.events.iter().enumerate() {
            for (field, column) in builder.columns.iter_mut().enumerate().filter(|(_, c)| !c.is_absent()) {
                column.push_value(&value(workload, tx, FieldId(field as u32)));
            }
            builder.end_row(tx.ts_ms * 1_000, offset as i64);
            if builder.len() == BATCH_ROWS {
                batches.push(Arc::new(builder.finish(partition())));
            }
        }
        if !builder.is_empty() {
            batches.push(Arc::new(builder.finish(partition())));
        }
        batches
    }

    /// Runs over batches; returns the number of alerts.
    pub fn run(&self, batches: &[Arc<Batch>]) -> u64 {
        let mut run = Run::new(self);
        batches.iter().for_each(|batch| run.batch(self, batch));
        run.finish()
    }

    /// Runs over JSON Lines; returns the number of alerts.
    pub fn run_json(&self, bytes: &[u8]) -> Result<u64, EngineError> {
        let stream = &self.plan().streams[0];
        let (mut decoder, mut builder) = (JsonDecoder::new(stream), BatchBuilder::new(stream, &self.needed));
        let (mut run, mut start) = (Run::new(self), 0);
        for (line, end) in memchr::memchr_iter(b'\n', bytes).enumerate() {
            let at_us = decoder
                .decode(&bytes[start..end], &mut builder)
                .map_err(|error| EngineError::Record { line: line + 1, error })?;
            builder.end_row(at_us, line as i64);
            start = end + 1;
            if builder.len() == BATCH_ROWS {
                run.batch(self, &Arc::new(builder.finish(partition())));
            }
        }
        run.batch(self, &Arc::new(builder.finish(partition())));
        Ok(run.finish())
    }
}

fn partition() -> PartitionId {
    PartitionId { stream: StreamId(0), topic: "tx".into(), partition: 0 }
}

/// A field by its position in the stream's declaration.
fn value(workload: &Workload, tx: &Tx, field: FieldId) -> Value {
    match field.index() {
        0 => Value::Int(tx.id),
        1 => Value::Time(tx.ts_ms * 1_000),
        2 => Value::Text(workload.card(tx).into()),
        3 => Value::Decimal(Decimal { mantissa: tx.amount.into(), scale: 2 }),
        4 => Value::Text(workload.merchant(tx).into()),
        5 => Value::Text(workload.country(tx).into()),
        6 => Value::Text(workload.kind(tx).into()),
        _ => Value::Bool(tx.ok),
    }
}

/// The detectors of a run, and what they have found.
struct Run {
    detectors: Vec<Detector>,
    newest_us: i64,
    alerts: Vec<Alert>,
    matches: u64,
}

impl Run {
    fn new(engine: &Engine) -> Run {
        let detector = |scope| Detector::new(engine.program.clone(), scope);
        let detectors = (0..engine.program.scopes()).map(detector).collect();
        Run { detectors, newest_us: i64::MIN, alerts: Vec::new(), matches: 0 }
    }

    fn batch(&mut self, engine: &Engine, batch: &Arc<Batch>) {
        for parcel in engine.program.prepare(batch, 1).parcels {
            self.detectors[parcel.scope].push(parcel);
        }
        self.newest_us = batch.at_us.iter().copied().fold(self.newest_us, i64::max);
        let watermark_us = self.newest_us.saturating_sub(engine.late_us);
        for detector in &mut self.detectors {
            detector.advance(watermark_us, &mut self.alerts);
        }
        self.count();
    }

    fn finish(mut self) -> u64 {
        for mut detector in std::mem::take(&mut self.detectors) {
            detector.finish(&mut self.alerts);
        }
        self.count();
        self.matches
    }

    fn count(&mut self) {
        self.matches += self.alerts.len() as u64;
        self.alerts.clear();
    }
}
