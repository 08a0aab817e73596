//! What the process holds, as the system counts it.

use std::fs;
use std::time::Duration;

/// The highest resident set since the start, or since [`reset_peak`], MiB; 0 where the system does not say.
pub fn peak_mb() -> f64 {
    status("VmHWM:")
}

/// The resident set now, MiB; 0 where the system does not say.
pub fn resident_mb() -> f64 {
    status("VmRSS:")
}

/// From here on the peak is counted anew; without effect where the system cannot.
pub fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The processor time that the process has used; none where the system does not say.
pub fn processor_time() -> Duration {
    /// Of /proc, on every system that has it.
    const TICKS_PER_S: u64 = 100;
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may have spaces in it, user and system time are the 12th and 13th fields.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_S)
}

fn status(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map_or(0.0, |kib: f64| kib / 1024.0)
}
