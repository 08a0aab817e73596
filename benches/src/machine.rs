//! On what results were made: where, when, and with what; and one core of it alone.

use std::process::Command;
use std::{fs, io};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

use crate::places;

/// Where, when, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many of it the system sees.
    pub cores: usize,
    /// Memory, GiB.
    pub memory_gib: u64,
    /// The kernel.
    pub system: String,
    /// The compiler of Tripline.
    pub rust: String,
    /// The machine that runs the peers; empty where there are none.
    pub java: String,
    /// Tripline's version and revision.
    pub tripline: String,
    /// The day.
    pub date: String,
    /// What was typed.
    pub command: String,
}

impl Machine {
    /// This one, now.
    pub fn this(java: &str) -> Machine {
        let said = |tool: &str, args: &[&str]| {
            let output = Command::new(tool)
                .args(args)
                .current_dir(places::root())
                .output()
                .ok()
                .filter(|output| output.status.success());
            output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let line = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let value = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split(':').nth(1));
            value.unwrap_or_default().trim().to_owned()
        };
        let kib: u64 = line("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
        Machine {
            processor: line("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: (kib + (1 << 19)) >> 20,
            system: said("uname", &["-sr"]),
            rust: said("rustc", &["--version"]),
            java: java.to_owned(),
            tripline: format!("{} {}", env!("CARGO_PKG_VERSION"), said("git", &["rev-parse", "--short", "HEAD"])),
            date: jiff::Zoned::now().date().to_string(),
            command: format!(
                "cargo run --release -p benches -- {}",
                std::env::args().skip(1).collect::<Vec<_>>().join(" ")
            ),
        }
    }
}

/// Works on one core: the threads that it starts stay there, too.
pub fn on_one_core<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    let all = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)).unwrap_or(0));
    sched_setaffinity(None, &one)?;
    let done = work();
    sched_setaffinity(None, &all)?;
    Ok(done)
}
