//! How much processor time each thread of this process takes while something runs: on a machine that others use as well, what
//! could be done at the same time shows there and not on the clock.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::memory::processor_time;
use crate::report::Report;

/// How often is looked: a thread that ends has taken up to so much more.
const EVERY: Duration = Duration::from_millis(50);

/// A thread that takes less of an event is not told of.
const WORTH_TELLING_NS: f64 = 2.0;

/// Processor time.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// Of all threads together.
    pub all: Duration,
    /// By name: clients have threads of the same names, which are told as one.
    named: BTreeMap<String, Named>,
}

/// What the threads of a name took.
#[derive(Clone, Debug, Default)]
struct Named {
    all: Duration,
    /// Of the one that took most.
    most: Duration,
    /// The share of that one's life in which it had nothing to do, whether a core was free or not: it waited for others.
    idle_share: f64,
}

impl Spent {
    /// Of two runs of the same the one that took less; one that took nothing is none.
    pub fn or_less(self, other: Spent) -> Spent {
        if self.all.is_zero() || other.all < self.all { other } else { self }
    }

    /// Of the thread that took most: no number of cores makes a run shorter than this.
    pub fn busiest(&self) -> Duration {
        self.named.values().map(|named| named.most).max().unwrap_or_default()
    }

    /// Adds it to a report: all of it, and that of each name, under names that begin so.
    pub fn tell(&self, report: Report, what: &str, events: usize) -> Report {
        let each = |time: Duration| time.as_secs_f64() * 1e9 / events as f64;
        let told = |report: Report, (name, named): (&String, &Named)| {
            let report = report.with(&format!("{what}core_ns_of_{name}"), each(named.all));
            report.with(&format!("{what}idle_share_of_{name}"), named.idle_share)
        };
        let worth_it = self.named.iter().filter(|(_, named)| each(named.all) >= WORTH_TELLING_NS);
        worth_it.fold(report.with(&format!("{what}core_ns_per_event"), each(self.all)), told)
    }
}

/// What became of a thread's time.
struct Thread {
    name: String,
    /// It worked.
    worked: Duration,
    /// It waited for a core.
    queued: Duration,
    began: Instant,
    seen: Instant,
}

impl Thread {
    fn idle_share(&self) -> f64 {
        let life = self.seen.duration_since(self.began);
        let idle = life.saturating_sub(self.worked + self.queued);
        idle.as_secs_f64() / life.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Runs something, and says what it took.
pub fn spent<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let before = processor_time();
    let watch = Watch::start();
    let done = work();
    let named = watch.end();
    (done, Spent { all: processor_time().saturating_sub(before), named })
}

/// A thread that looks at all the others.
struct Watch {
    over: Sender<()>,
    thread: Option<JoinHandle<BTreeMap<u64, Thread>>>,
}

impl Watch {
    fn start() -> Watch {
        let (over, told) = channel();
        let first = look();
        let sampler = std::thread::Builder::new().name("sampler".to_owned());
        let thread = sampler.spawn(move || {
            let mut seen: BTreeMap<u64, Thread> = BTreeMap::new();
            loop {
                let is_over = told.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
                for (id, now) in look() {
                    let began = seen.get(&id).map_or(now.began, |thread| thread.began);
                    seen.insert(id, Thread { began, ..now });
                }
                if is_over {
                    break;
                }
            }
            for (id, thread) in &mut seen {
                if let Some(first) = first.get(id) {
                    thread.worked = thread.worked.saturating_sub(first.worked);
                    thread.queued = thread.queued.saturating_sub(first.queued);
                }
            }
            seen
        });
        Watch { over, thread: thread.ok() }
    }

    fn end(self) -> BTreeMap<String, Named> {
        drop(self.over);
        let mut named: BTreeMap<String, Named> = BTreeMap::new();
        let seen = self.thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
        for thread in seen.into_values() {
            let idle_share = thread.idle_share();
            let found = named.entry(thread.name).or_default();
            found.all += thread.worked;
            if thread.worked >= found.most {
                (found.most, found.idle_share) = (thread.worked, idle_share);
            }
        }
        named
    }
}

/// All threads by their numbers; none where the system does not say.
fn look() -> BTreeMap<u64, Thread> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |task: fs::DirEntry| {
        let id = task.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(task.path().join("comm")).ok()?.trim().to_owned();
        let times = fs::read_to_string(task.path().join("schedstat")).ok()?;
        let mut times = times.split_whitespace().map_while(|ns| Some(Duration::from_nanos(ns.parse().ok()?)));
        let (worked, queued, now) = (times.next()?, times.next()?, Instant::now());
        Some((id, Thread { name, worked, queued, began: now, seen: now }))
    };
    tasks.filter_map(of).collect()
}
