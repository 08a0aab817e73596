//! The worker threads: each runs the plan's dataflow, parked while there is nothing to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use timely::communication::{Config, WorkerGuards, initialize_from};
use timely::scheduling::SyncActivator;
use timely::worker::Worker;

use super::RunError;
use super::threads::{Event, Thread, watched};
use super::ticks::Workers;
use crate::operators::Work;
use crate::render::{Parts, render};

/// A parked worker looks up this often, should a wake-up be lost.
const PARK_MAX: Duration = Duration::from_secs(1);

/// The workers' channels, and what wakes each.
pub struct Links(pub Vec<(Sender<Work>, SyncActivator)>);

impl Workers for Links {
    fn count(&self) -> usize {
        self.0.len()
    }

    /// A worker that is gone has told why; the run ends with that.
    fn send(&self, worker: usize, work: Work) {
        let (sender, wake) = &self.0[worker];
        let _ = sender.send(work);
        let _ = wake.activate();
    }

    fn wake(&self) {
        for (_, wake) in &self.0 {
            let _ = wake.activate();
        }
    }
}

/// Starts one worker for each of `parts`; each sends what wakes it, with its index.
pub fn spawn(
    parts: Vec<Parts>,
    ready: Sender<(usize, SyncActivator)>,
    abort: Arc<AtomicBool>,
    events: Sender<Event>,
) -> Result<WorkerGuards<()>, RunError> {
    let failed = |e: String| RunError::Failed(format!("cannot start the workers: {e}"));
    let config = if parts.len() == 1 { Config::Thread } else { Config::Process(parts.len()) };
    let (builders, others) = config.try_build().map_err(failed)?;
    let parts: Vec<Mutex<Option<Parts>>> = parts.into_iter().map(|parts| Mutex::new(Some(parts))).collect();
    initialize_from(builders, others, move |allocator| {
        let mut worker = Worker::new(timely::WorkerConfig::default(), allocator, Some(Instant::now()));
        let index = worker.index();
        let taken = parts[index].lock().unwrap_or_else(PoisonError::into_inner).take();
        watched(Thread::Worker(index), &events, || {
            let parts = taken.expect("each worker starts once");
            let wake = render(&mut worker, parts);
            let _ = ready.send((index, wake));
            while worker.has_dataflows() && !abort.load(Ordering::Acquire) {
                worker.step_or_park(Some(PARK_MAX));
            }
            worker.installed_dataflows().into_iter().for_each(|dataflow| worker.drop_dataflow(dataflow));
            Ok(())
        });
    })
    .map_err(failed)
}
