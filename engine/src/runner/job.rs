//! What to run, how, and what came of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tripline_query_lang::plan::{Plan, RuleId, Stream, TableId};

use super::{HeldBack, Notice, RunError, run};
use crate::io::{Decoder, RowDecoder, Source, TransactionalSink};
use crate::metrics::{Counts, Metrics};
use crate::time::{Clock, SystemClock};
use crate::views::Shown;

/// Makes decoders of a stream, one for each thread that reads it, which fill only the fields that are needed (by `FieldId`).
pub type DecoderFactory = Box<dyn Fn(&Stream, &[bool]) -> Box<dyn Decoder> + Send>;

/// One stream's events.
pub struct Input {
    /// Where records come from.
    pub source: Box<dyn Source>,
    /// What makes events of them.
    pub decoder: DecoderFactory,
}

/// One table's rows.
pub struct TableInput {
    /// The table.
    pub table: TableId,
    /// Where records come from. Its partitions' stream says nothing.
    pub source: Box<dyn Source>,
    /// What makes rows of them.
    pub decoder: Box<dyn RowDecoder>,
}

/// How to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Worker threads; the alerts are the same for any number.
    pub workers: usize,
    /// How long a tick gathers input when there is much of it.
    pub tick: Duration,
    /// The shortest time between two commits of a shard's alerts; progress alone is committed more rarely.
    pub commit_every: Duration,
    /// The same while old input is read: a transaction of a broker costs more than many alerts, and nobody waits for them.
    pub catch_up_every: Duration,
    /// How long a partition may hold event time back before a notice names it.
    pub holding_after: Duration,
    /// How long a run that is told to stop waits for its sinks.
    pub stop_within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            workers: 1,
            tick: Duration::from_millis(5),
            commit_every: Duration::from_millis(5),
            catch_up_every: Duration::from_secs(1),
            holding_after: Duration::from_secs(10),
            stop_within: Duration::from_secs(7),
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// All counts of this run; a replay counts again what it reads again.
    pub counts: Counts,
    /// All input was finite and has ended; otherwise the run was told to stop.
    pub finished: bool,
    /// The rows of the views that were to be shown, as of the newest event, or of the time up to which all was seen.
    pub views: Vec<Shown>,
    /// What did not run, since a table could not be read.
    pub held_back: Vec<HeldBack>,
}

/// A plan with its sources and sinks.
pub struct Job {
    pub(super) plan: Arc<Plan>,
    pub(super) inputs: Vec<Input>,
    pub(super) tables: Vec<TableInput>,
    pub(super) sinks: Vec<Box<dyn TransactionalSink>>,
    pub(super) settings: Settings,
    pub(super) observer: Box<dyn FnMut(Notice) + Send>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) shown: Vec<RuleId>,
}

impl Job {
    /// A job without sources and sinks.
    pub fn new(plan: impl Into<Arc<Plan>>) -> Job {
        Job {
            plan: plan.into(),
            inputs: Vec::new(),
            tables: Vec::new(),
            sinks: Vec::new(),
            settings: Settings::default(),
            observer: Box::new(|_| {}),
            clock: Arc::new(SystemClock::default()),
            metrics: Arc::default(),
            shown: Vec::new(),
        }
    }

    /// Gives the rows of these views in the summary.
    pub fn show(self, views: Vec<RuleId>) -> Job {
        Job { shown: views, ..self }
    }

    /// Adds a source; one of a stream that no rule reads is not opened.
    pub fn input(mut self, input: Input) -> Job {
        self.inputs.push(input);
        self
    }

    /// Adds the source of a table; one that no rule needs is not opened.
    pub fn table(mut self, table: TableInput) -> Job {
        self.tables.push(table);
        self
    }

    /// Adds a sink shard.
    pub fn sink(mut self, sink: Box<dyn TransactionalSink>) -> Job {
        self.sinks.push(sink);
        self
    }

    /// How to run.
    pub fn settings(self, settings: Settings) -> Job {
        Job { settings, ..self }
    }

    /// Whom to tell what a person may want to know.
    pub fn observe(self, observer: impl FnMut(Notice) + Send + 'static) -> Job {
        Job { observer: Box::new(observer), ..self }
    }

    /// Another clock than the machine's, for tests of idle partitions.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Job {
        Job { clock, ..self }
    }

    /// The counters, to be read while the job runs.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Runs until all input has ended, or until `stop` is set: then it stops reading, commits what is complete, and leaves.
    pub fn run(self, stop: Arc<AtomicBool>) -> Result<Summary, RunError> {
        run::run(self, &stop)
    }
}
