//! A run with nothing to read uses no core. Alone in its process, whose processor time it measures.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tripline_engine::runner::Settings;
use world::{append, job, log, plan};

/// Processor time of this process.
fn used() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `getrusage` fills the struct that it is given.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

#[test]
fn a_quiet_topic_costs_nothing() {
    let log = log(2, 4);
    append(&log, 0, "a 1 100");
    let stop = Arc::new(AtomicBool::new(false));
    let running = {
        let settings = Settings { workers: 2, ..Settings::default() };
        let (job, stop) = (job(&log, plan(0, None, None), 4, usize::MAX, settings), stop.clone());
        std::thread::spawn(move || job.run(stop))
    };
    assert!(log.wait_until("progress", Duration::from_secs(10), |progress| progress.len() >= 4));
    let (began, before) = (Instant::now(), used());
    // Nothing is appended any more: this waits for as long as it measures.
    log.wait_until("no such topic", Duration::from_secs(2), |records| !records.is_empty());
    let share = (used() - before).as_secs_f64() / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    running.join().expect("no panic").expect("a good run");
    println!("{:.2} % of a core", share * 100.0);
    assert!(share < 0.10, "{:.1} % of a core, with nothing to do", share * 100.0);
}
