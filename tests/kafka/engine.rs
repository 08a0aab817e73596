//! The whole program as a child process, over topics of its own, and what it has committed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::broker::Broker;
use crate::keeper;
use crate::load::RULES;
use crate::topic::{self, PATIENCE, Written};

/// A deployment: configuration, rules, and its topics.
pub struct Deployment<'a> {
    broker: &'a Broker,
    name: String,
    folder: TempDir,
}

/// Waits for any time without being told anything.
pub fn pass(time: Duration) {
    let (alive, nothing) = channel::<()>();
    assert_eq!(nothing.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    drop(alive);
}

impl<'a> Deployment<'a> {
    /// Makes the output topics and the configuration.
    pub fn new(broker: &'a Broker, name: &str, input: &str) -> Self {
        Deployment::of(broker, name, input, RULES, "")
    }

    /// The same with other rules, and more sections.
    pub fn of(broker: &'a Broker, name: &str, input: &str, rules: &str, sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (output, partitions) in [("alerts", 2), ("dead", 1), ("late", 1)] {
            topic::create(broker, &format!("{name}-{output}"), partitions, &[]);
        }
        let address = broker.address();
        let configuration = format!(
            "[kafka.main]
\"bootstrap.servers\" = \"{address}\"
\"reconnect.backoff.max.ms\" = \"500\"
[source.payment]
kafka = \"main\"
topic = \"{input}\"
[sink.alerts]
kafka = \"main\"
topic = \"{name}-alerts\"
[dead_letters]
kafka = \"main\"
topic = \"{name}-dead\"
[late]
kafka = \"main\"
topic = \"{name}-late\"
[engine]
name = \"{name}\"
rules = [\"rules.trip\"]
commit_every = \"50ms\"
{sections}"
        );
        fs::write(folder.path().join("tripline.toml"), configuration).unwrap();
        fs::write(folder.path().join("rules.trip"), rules).unwrap();
        Deployment { broker, name: name.to_owned(), folder }
    }

    /// Writes a file beside the configuration: the old one is replaced at once.
    pub fn write(&self, name: &str, text: &str) {
        let (path, new) = (self.folder.path().join(name), self.folder.path().join("new"));
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Starts the program.
    pub fn start(&self, workers: usize) -> Engine {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tripline"));
        command.args(["run", "--workers", &workers.to_string()]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = keeper::start(command).unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, heard) = channel();
        let (stderr, keep) = (process.stderr.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                keep.lock().unwrap().push_str(&format!("{line}\n"));
                let _ = lines.send(line);
            }
        });
        Engine { process, said, heard }
    }

    /// The alerts that are committed: every one in each topic of the deployment, checked to be there once.
    pub fn alerts(&self) -> Vec<String> {
        let written = self.read("alerts");
        let mut ids = BTreeMap::new();
        for alert in &written {
            let before = ids.insert(alert.header("ce_id").unwrap(), alert.text());
            assert_eq!(before, None, "an alert is there twice");
        }
        let mut texts: Vec<String> = written.iter().map(Written::text).collect();
        texts.sort();
        texts
    }

    /// What is committed to one of the outputs.
    pub fn read(&self, output: &str) -> Vec<Written> {
        topic::read(self.broker, &format!("{}-{output}", self.name))
    }

    /// Where side records came from, sorted.
    pub fn origins(&self, output: &str) -> Vec<(String, i64)> {
        let header = |w: &Written, name: &str| w.header(&format!("__connect.errors.{name}")).unwrap();
        let origin = |w: &Written| (header(w, "partition"), header(w, "offset").parse().unwrap());
        let mut origins: Vec<(String, i64)> = self.read(output).iter().map(origin).collect();
        origins.sort();
        origins
    }

    /// The newest committed progress of each shard.
    pub fn progress(&self) -> Vec<serde_json::Value> {
        let mut newest = BTreeMap::new();
        for record in topic::read(self.broker, &format!("{}-progress", self.name)) {
            let stored: serde_json::Value = serde_json::from_str(&record.text()).unwrap();
            newest.insert(record.partition, stored["progress"].clone());
        }
        newest.into_values().collect()
    }

    /// Waits until all shards have committed everything before this event time.
    pub fn wait_for(&self, engine: &mut Engine, watermark_us: i64) {
        self.wait_until(engine, |progress| progress["watermark_us"].as_i64().unwrap() >= watermark_us);
    }

    /// Waits until the committed progress of all shards is so.
    pub fn wait_until(&self, engine: &mut Engine, done: impl Fn(&serde_json::Value) -> bool) {
        let deadline = Instant::now() + 4 * PATIENCE;
        engine.wait_to_start();
        loop {
            let progress = self.progress();
            if !progress.is_empty() && progress.iter().all(&done) {
                return;
            }
            if Instant::now() >= deadline {
                engine.signal(libc::SIGUSR1);
                pass(Duration::from_secs(1));
                panic!("{} does not get on: {}\n{progress:?}", self.name, engine.said());
            }
            assert!(engine.is_running(), "{} has ended: {}", self.name, engine.said());
            pass(Duration::from_millis(50));
        }
    }

    /// Runs without harm until everything before this event time is committed, then stops in good order.
    pub fn run_through(&self, workers: usize, watermark_us: i64) {
        let mut engine = self.start(workers);
        self.wait_for(&mut engine, watermark_us);
        engine.terminate();
    }
}

/// The running program.
pub struct Engine {
    process: Child,
    said: Arc<Mutex<String>>,
    heard: Receiver<String>,
}

impl Engine {
    /// What it has said on standard error.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it says that it has started: its shards are recovered, and their topic is there.
    pub fn wait_to_start(&mut self) {
        self.wait_to_say("started");
    }

    /// Waits until it has said this.
    pub fn wait_to_say(&mut self, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.said().contains(what) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok(_) => {}
                Err(_) => panic!("it does not say `{what}`: {}", self.said()),
            }
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        keeper::signal(&self.process, signal);
    }

    /// Kills it, as a failing machine does.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Tells it to end, which it does with 0 in ten seconds.
    pub fn terminate(mut self) {
        self.signal(libc::SIGTERM);
        let status = self.wait(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", self.said());
    }

    /// Waits until it has ended.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                // What it said last may still be on its way here.
                while self.heard.recv_timeout(PATIENCE).is_ok() {}
                return status;
            }
            assert!(Instant::now() < deadline, "it has not ended after {patience:?}: {}", self.said());
            pass(Duration::from_millis(10));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
