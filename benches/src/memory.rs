//! What the process holds, as the system counts it.

use std::fs;

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

fn status(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map_or(0.0, |kib: f64| kib / 1024.0)
}
