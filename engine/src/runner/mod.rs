//! Runs a plan: ingest threads, workers and sink threads around one thread that closes ticks and supervises.
//!
//! ```text
//! ingest thread (one a source) -> bounded channel -> ticks -> workers (timely) -> bounded channel -> sink thread (one a shard)
//! ```
//!
//! A [`Job`] says what to run; [`Job::run`] blocks until all input has ended or the stop flag is set:
//!
//! ```no_run
//! # fn example(plan: tripline_query_lang::plan::Plan, source: Box<dyn tripline_engine::io::Source>,
//! #     sink: Box<dyn tripline_engine::io::TransactionalSink>,
//! #     json: fn(&tripline_query_lang::plan::Stream, &[bool]) -> Box<dyn tripline_engine::io::Decoder>)
//! #     -> Result<(), tripline_engine::runner::RunError> {
//! use std::sync::Arc;
//! use std::sync::atomic::AtomicBool;
//! use tripline_engine::runner::{Input, Job, Settings};
//!
//! let job = Job::new(plan)
//!     .input(Input { source, decoder: Box::new(json) })
//!     .sink(sink)
//!     .settings(Settings { workers: 2, ..Settings::default() })
//!     .observe(|notice| eprintln!("{notice}"));
//! let counts = job.metrics(); // read at any time, by any thread
//! let stop = Arc::new(AtomicBool::new(false)); // to be set by a signal
//! let summary = job.run(stop)?;
//! println!("{}", summary.counts);
//! # drop(counts);
//! # Ok(())
//! # }
//! ```
//!
//! The number of sinks is the number of shards: it never changes within a deployment. One shard shows all alerts in the
//! total order; [`SHARDS`] of them is what transactional outputs get when the user says nothing.

mod error;
mod held;
mod ingest;
mod job;
mod notice;
mod outlet;
mod run;
#[cfg(test)]
mod simulation;
mod supervisor;
mod tables;
mod threads;
mod ticks;
mod traces;
mod workers;

pub use error::RunError;
pub use held::HeldBack;
pub use job::{DecoderFactory, Input, Job, Settings, Summary, TableInput};
pub use notice::Notice;

/// Sink shards of a transactional output: as many commits under way at once as a broker likes, few enough to start fast.
pub const SHARDS: usize = 4;
