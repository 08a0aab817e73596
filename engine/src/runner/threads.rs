//! The threads of a run: each one's end is an event, a panic as well, so that nothing is ever waited for in vain.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::Sender;

use super::RunError;

/// A thread of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thread {
    /// Reads a source.
    Ingest(usize),
    /// Reads a table.
    Table(usize),
    /// Runs the dataflow.
    Worker(usize),
    /// Commits a shard.
    Outlet(usize),
}

impl fmt::Display for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thread::Ingest(number) => write!(f, "ingest-{number}"),
            Thread::Table(number) => write!(f, "table-{number}"),
            Thread::Worker(number) => write!(f, "worker-{number}"),
            Thread::Outlet(number) => write!(f, "sink-{number}"),
        }
    }
}

/// What the threads tell the one that supervises them.
#[derive(Debug)]
pub enum Event {
    /// A shard has passed a tick.
    Passed {
        /// The shard.
        shard: usize,
        /// The tick.
        tick: u64,
    },
    /// A thread has ended.
    Ended {
        /// Which.
        thread: Thread,
        /// How.
        result: Result<(), RunError>,
    },
}

/// Runs `work` here and tells how it ended.
pub fn watched(thread: Thread, events: &Sender<Event>, work: impl FnOnce() -> Result<(), RunError>) {
    let result = caught(&thread.to_string(), work);
    // Nobody listens any more: the run is over.
    let _ = events.send(Event::Ended { thread, result });
}

/// Runs `work` here; a panic is its error.
pub fn caught<T>(thread: &str, work: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(RunError::Panicked { thread: thread.to_owned(), message: panic_message(panic.as_ref()) })
    })
}

/// Runs `work` on a thread of its own.
pub fn spawn(
    thread: Thread,
    events: Sender<Event>,
    work: impl FnOnce() -> Result<(), RunError> + Send + 'static,
) -> Result<(), RunError> {
    let spawned = std::thread::Builder::new().name(thread.to_string()).spawn(move || watched(thread, &events, work));
    spawned.map(drop).map_err(|e| RunError::Failed(format!("cannot start the thread {thread}: {e}")))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
