//! A progress bar with rate and time left, when talk goes to a terminal and alerts do not.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use indicatif::{ProgressBar, ProgressStyle};
use tripline_engine::metrics::Metrics;

use super::say::{self, Level};

const EVERY: Duration = Duration::from_millis(100);

/// The bar of one run; without a terminal, or without a known number of records, it shows nothing.
pub struct Progress {
    metrics: Arc<Metrics>,
    wanted: bool,
    shown: Mutex<Option<Shown>>,
}

struct Shown {
    bar: ProgressBar,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// A bar over these counters, if it is wanted and standard error is a terminal.
    pub fn new(metrics: Arc<Metrics>, wanted: bool) -> Self {
        Progress { metrics, wanted: wanted && std::io::stderr().is_terminal(), shown: Mutex::new(None) }
    }

    /// Reading begins, with so many records in all.
    pub fn start(&self, records: Option<u64>) {
        let Some(records) = records.filter(|_| self.wanted) else { return };
        let bar = ProgressBar::new(records);
        let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {human_pos} events, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let (stop, stopped) = bounded::<()>(0);
        let (metrics, drawn) = (self.metrics.clone(), bar.clone());
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                drawn.set_position(metrics.total().read);
            }
        });
        *self.lock() = Some(Shown { bar, stop, thread });
    }

    /// Says a line without breaking the bar.
    pub fn say(&self, level: Level, line: &str) {
        match &*self.lock() {
            Some(shown) => shown.bar.suspend(|| say::log(level, line)),
            None => say::log(level, line),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(Shown { bar, stop, thread }) = self.lock().take() {
            drop(stop);
            // It only draws; if it failed there is nothing to take back.
            let _ = thread.join();
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
