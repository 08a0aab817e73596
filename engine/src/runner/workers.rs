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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Program;
    use crate::operators::{After, Outlets, TickEnd};
    use crate::runner::simulation::rules;
    use crossbeam_channel::unbounded;

    #[test]
    fn a_worker_that_panics_is_told_and_the_others_can_leave() {
        let program = Arc::new(Program::new(Arc::new(rules::plan(0, None, None, None))).expect("few roles"));
        let (turns, _turns) = crate::operators::turns(0);
        let passed = |_, _| unreachable!("told to panic");
        let outlets = Outlets { turns: vec![turns], passed: Arc::new(passed) };
        let (work, taken): (Vec<_>, Vec<_>) = (0..2).map(|_| unbounded()).unzip();
        let part = |work| Parts {
            program: program.clone(),
            work,
            outlets: outlets.clone(),
            metrics: Arc::default(),
            shelf: Arc::default(),
        };
        let (ready, wakes) = unbounded();
        let (events, told) = unbounded();
        let abort = Arc::new(AtomicBool::new(false));
        let guards = spawn(taken.into_iter().map(part).collect(), ready, abort.clone(), events).expect("workers start");
        let mut found: Vec<_> = (0..2).map(|_| wakes.recv().expect("a worker")).collect();
        found.sort_by_key(|(index, _)| *index);
        let links = Links(work.into_iter().zip(found.into_iter().map(|(_, wake)| wake)).collect());
        let end = Arc::new(TickEnd {
            tick: 0,
            start_us: None,
            watermark_us: None,
            cut: Arc::default(),
            floors: Arc::default(),
            sides: vec![Vec::new()],
            old: false,
            after: After::Next,
        });
        (0..2).for_each(|worker| links.send(worker, Work::Close(end.clone())));
        let Ok(Event::Ended { thread, result }) = told.recv() else { unreachable!("nothing else is told") };
        assert_eq!(thread, Thread::Worker(0));
        assert!(matches!(result, Err(RunError::Panicked { .. })));
        abort.store(true, Ordering::Release);
        links.wake();
        assert!(matches!(told.recv(), Ok(Event::Ended { thread: Thread::Worker(1), result: Ok(()) })));
        drop(guards);
    }
}
