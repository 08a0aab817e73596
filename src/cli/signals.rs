//! Signals: SIGTERM and Ctrl-C stop, a second one at once; SIGUSR1 asks for the counts and for how tables are.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use tripline_engine::metrics::Metrics;

use super::exit::Failure;
use super::say::{self, Level};

fn unable(error: std::io::Error) -> Failure {
    Failure::Run(format!("cannot listen to signals: {error}"))
}

/// A flag that the first signal to stop sets; the second ends the process at once.
pub fn stop_flag() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        // In this order: the shutdown looks at the flag before the same signal sets it.
        flag::register_conditional_shutdown(signal, 3, stop.clone()).map_err(unable)?;
        flag::register(signal, stop.clone()).map_err(unable)?;
    }
    Ok(stop)
}

/// Prints one line of counts on standard error at each SIGUSR1, and one for each table that ever failed, for as long as the
/// process lives.
pub fn print_counts_on_request(metrics: Arc<Metrics>) -> Result<(), Failure> {
    let mut signals = Signals::new([SIGUSR1]).map_err(unable)?;
    thread::Builder::new()
        .name("counts".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                say::log(Level::Info, metrics.total());
                match metrics.waiting_rows() {
                    0 => {}
                    rows => say::log(Level::Info, format_args!("events that wait for event time: {rows}")),
                }
                for (table, health) in metrics.tables() {
                    say::log(Level::Info, format_args!("table `{table}`: {health}"));
                }
            }
        })
        .map_err(unable)?;
    Ok(())
}
