//! Tripline on one thread over events in memory: batches (or JSON bytes) in, alerts out.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tripline::connectors::json::JsonDecoder;
use tripline::engine::detect::local::Local;
use tripline::engine::detect::{Program, ProgramError};
use tripline::engine::event::{Batch, BatchBuilder, PartitionId};
use tripline::engine::io::{Cause, Decoder, RecordError};
use tripline::query_lang::plan::{Plan, StreamId};
use tripline::query_lang::{Source, compile, diagnostics};

use crate::input::Events;

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

/// Rules, ready to run.
pub struct Engine {
    program: Arc<Program>,
    needed: Vec<bool>,
    late_us: i64,
}

/// Compiles rule files, `params` overriding theirs.
pub fn plan(files: Vec<(String, String)>, params: &[(String, String)]) -> Result<Plan, EngineError> {
    let sources: Vec<Source> = files.into_iter().map(|(name, text)| Source { name, text }).collect();
    let compiled = compile(&sources, params);
    let say = |d: &diagnostics::Diagnostic| format!("{}: {}", sources[d.file].name, d.message);
    compiled.plan.ok_or_else(|| EngineError::Rules(compiled.diagnostics.iter().map(say).collect::<Vec<_>>().join("\n")))
}

impl Engine {
    /// Makes a plan of one stream ready.
    pub fn new(plan: Plan) -> Result<Engine, EngineError> {
        Ok(Engine::of(Arc::new(Program::new(Arc::new(plan))?)))
    }

    /// Makes a program of one stream ready.
    pub fn of(program: Arc<Program>) -> Engine {
        let late_us = program.plan().streams[0].late_us;
        let needed = program.needed_fields().swap_remove(0);
        Engine { program, needed, late_us }
    }

    fn plan(&self) -> &Plan {
        self.program.plan()
    }

    /// The events as batches of the columns that the rules need.
    pub fn batches(&self, events: &Events) -> Vec<Ready> {
        let starts = (0..events.len()).step_by(BATCH_ROWS);
        starts.map(|start| self.batch(events, start..events.len().min(start + BATCH_ROWS)).into()).collect()
    }

    /// Some of the events as one batch.
    pub fn batch(&self, events: &Events, rows: Range<usize>) -> Arc<Batch> {
        let mut builder = BatchBuilder::new(&self.plan().streams[0], &self.needed);
        for row in rows {
            for (field, column) in builder.columns.iter_mut().enumerate().filter(|(_, c)| !c.is_absent()) {
                column.push_value(&events.value(row, field));
            }
            builder.end_row(events.at_ms(row) * 1_000, row as i64);
        }
        Arc::new(builder.finish(partition()))
    }

    /// Runs over batches, and starts none when `budget` is over; returns how many events were read, and the number of
    /// alerts.
    pub fn run(&self, batches: &[Ready], budget: Duration) -> (usize, u64) {
        let (start, mut run, mut events) = (Instant::now(), Run::new(self), 0);
        for Ready { batch, newest_us } in batches {
            run.take(self, batch, *newest_us, |_| {});
            events += batch.at_us.len();
            if start.elapsed() > budget {
                break;
            }
        }
        (events, run.finish())
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
                run.feed(self, &Arc::new(builder.finish(partition())), |_| {});
            }
        }
        run.feed(self, &Arc::new(builder.finish(partition())), |_| {});
        Ok(run.finish())
    }
}

/// A batch, and what its decoder knows of it: a source notes the newest time with each record that it decodes, so looking
/// for it again would be measured for nothing.
pub struct Ready {
    /// The batch.
    pub batch: Arc<Batch>,
    newest_us: i64,
}

impl From<Arc<Batch>> for Ready {
    fn from(batch: Arc<Batch>) -> Ready {
        Ready { newest_us: newest_us(&batch), batch }
    }
}

fn newest_us(batch: &Batch) -> i64 {
    batch.at_us.iter().copied().fold(i64::MIN, i64::max)
}

fn partition() -> PartitionId {
    PartitionId { stream: StreamId(0), topic: "events".into(), partition: 0 }
}

/// A run in one thread, and what it has found.
pub struct Run {
    local: Local,
    newest_us: i64,
    matches: u64,
}

impl Run {
    /// Before the first event.
    pub fn new(engine: &Engine) -> Run {
        Run { local: Local::new(engine.program.clone(), 1), newest_us: i64::MIN, matches: 0 }
    }

    /// Takes a batch; tells of each alert at which row of the input it came about.
    pub fn feed(&mut self, engine: &Engine, batch: &Arc<Batch>, on_alert: impl FnMut(usize)) {
        self.take(engine, batch, newest_us(batch), on_alert);
    }

    fn take(&mut self, engine: &Engine, batch: &Arc<Batch>, newest_us: i64, mut on_alert: impl FnMut(usize)) {
        self.local.push(batch);
        self.newest_us = self.newest_us.max(newest_us);
        let watermark_us = self.newest_us.saturating_sub(engine.late_us);
        self.local.found(watermark_us).each(|alert| {
            if let Cause::Event { offset, .. } = &alert.position.cause {
                on_alert(*offset as usize);
            }
            // Whatever a sink would write is there.
            std::hint::black_box(alert);
            self.matches += 1;
        });
    }

    /// The input has ended; how many alerts there were.
    pub fn finish(mut self) -> u64 {
        self.matches + self.local.finish().len() as u64
    }
}
