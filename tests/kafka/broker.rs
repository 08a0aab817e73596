//! A real broker: one JVM on loopback and free ports, in KRaft mode, gone with the test binary.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::jars::{INSTALL, Jars, jars};
use crate::keeper;
use crate::topic;

/// How long a broker may take to be ready, on whatever machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// User and password of the listener that asks for them.
pub const USER: (&str, &str) = ("alice", "let-me-in");

/// A broker.
pub struct Broker {
    jars: Jars,
    folder: PathBuf,
    ports: [u16; 3],
    process: Mutex<Option<Child>>,
}

impl Broker {
    /// The one that most tests of a binary share; topics and ids are named per test.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Broker::own)
    }

    /// One to stop, start and hurt.
    pub fn own() -> Broker {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let jars = jars();
        let name = format!("broker-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        sweep();
        fs::create_dir_all(&folder).unwrap();
        let broker = Broker { jars, folder, ports: free_ports(), process: Mutex::new(None) };
        broker.format();
        broker.start();
        broker
    }

    /// Where clients connect.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// Where clients connect that say who they are.
    pub fn guarded_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[2])
    }

    /// Client settings of the one that is needed.
    pub fn settings(&self) -> BTreeMap<String, String> {
        [("bootstrap.servers".to_owned(), self.address())].into()
    }

    /// As a test's own client needs it.
    pub fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    fn java(&self) -> Command {
        let mut java = Command::new("java");
        java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-XX:-UsePerfData"]);
        java.arg("-cp").arg(&self.jars.class_path);
        java.current_dir(&self.folder).stdin(Stdio::null());
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        java.stdout(log.try_clone().unwrap()).stderr(log);
        java
    }

    fn format(&self) {
        let [port, controller, guarded] = self.ports;
        let (user, password) = USER;
        let properties = format!(
            "process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},GUARDED://127.0.0.1:{guarded}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT
listener.name.guarded.sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}=\"{password}\";
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=2097152
num.network.threads=2
num.io.threads=2
background.threads=2
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
",
            self.folder.join("data").display()
        );
        fs::write(self.folder.join("server.properties"), properties).unwrap();
        let mut format = self.java();
        format.args(["kafka.tools.StorageTool", "format", "--standalone", "-t", "4L6g3nShT-eMCtK--X86sw"]);
        format.args(["-c", "server.properties"]);
        let status = keeper::start(format).and_then(|mut child| child.wait());
        match status {
            Err(error) => panic!("the tests need a Kafka broker: cannot run `java`: {error}.\n{INSTALL}"),
            Ok(status) => assert!(status.success(), "the broker's storage cannot be made: {}", self.log()),
        }
    }

    /// Starts it; returns when it answers.
    pub fn start(&self) {
        self.archive();
        let mut java = self.java();
        java.arg(format!("-XX:SharedArchiveFile={}", self.jars.archive.display())).arg("-Xshare:auto");
        java.args(["kafka.Kafka", "server.properties"]);
        let mut process = keeper::start(java).unwrap();
        self.wait_until_ready(&mut process);
        *self.process.lock().unwrap() = Some(process);
    }

    /// Makes the archive of classes by a run for practice, unless it is there.
    fn archive(&self) {
        if self.jars.archive.exists() {
            return;
        }
        let fresh = self.folder.join("classes.jsa");
        let mut java = self.java();
        java.arg(format!("-XX:ArchiveClassesAtExit={}", fresh.display()));
        java.args(["kafka.Kafka", "server.properties"]);
        let mut process = keeper::start(java).unwrap();
        self.wait_until_ready(&mut process);
        keeper::signal(&process, libc::SIGTERM);
        process.wait().unwrap();
        // Whoever is first wins; the archives are alike. Without one the broker starts all the same, but slower.
        let _ = fs::rename(fresh, &self.jars.archive);
    }

    fn wait_until_ready(&self, process: &mut Child) {
        let deadline = Instant::now() + READY_WITHIN;
        let consumer: BaseConsumer = self.config().set("reconnect.backoff.max.ms", "100").create().unwrap();
        loop {
            let metadata = consumer.fetch_metadata(None, Duration::from_millis(500));
            if metadata.is_ok_and(|metadata| !metadata.brokers().is_empty()) {
                return;
            }
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the broker has ended ({ended:?}): {}", self.log());
            assert!(Instant::now() < deadline, "the broker is not ready after {READY_WITHIN:?}: {}", self.log());
        }
    }

    /// Stops it in good order; its data stays. Not while it ends a transaction, see [`Broker::kill`].
    pub fn stop(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            keeper::signal(&process, libc::SIGTERM);
            process.wait().unwrap();
        }
    }

    /// Kills it; its data stays. Not while it ends a transaction: a lone broker then takes its topics for deleted as it
    /// starts again, forgets to write the transaction's end, and no reader ever gets past it.
    pub fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Waits until it has ended every transaction that it was told to end.
    pub fn settle(&self) {
        /// Of a record of the broker's topic of transactions: where the state stands behind version, producer, epoch and
        /// time-out, and those of a transaction that is told to end and has not.
        const STATE: usize = 2 + 8 + 2 + 4;
        const PREPARED: [u8; 2] = [2, 3];
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let records = topic::read_as(self, "__transaction_state", "read_uncommitted");
            let states: BTreeMap<_, _> = records.into_iter().map(|record| (record.key, record.value)).collect();
            let prepared =
                |value: &Option<Vec<u8>>| value.as_ref().is_some_and(|value| PREPARED.contains(&value[STATE]));
            if !states.values().any(prepared) {
                return;
            }
            assert!(Instant::now() < deadline, "a transaction does not end: {}", self.log());
        }
    }

    /// Changes a byte in the middle of a batch of the topic's first partition on disk, while the broker is stopped.
    pub fn damage(&self, topic: &str, batch: usize) {
        /// The length of a batch stands behind its offset, and counts from behind itself.
        const LENGTH: std::ops::Range<usize> = 8..12;
        let path = self.folder.join("data").join(format!("{topic}-0")).join("00000000000000000000.log");
        let mut bytes = fs::read(&path).unwrap();
        let length = |at: usize| {
            let field = &bytes[at + LENGTH.start..at + LENGTH.end];
            LENGTH.end + u32::from_be_bytes(field.try_into().unwrap()) as usize
        };
        let at = (0..batch).fold(0, |at, _| at + length(at));
        let middle = at + length(at) / 2;
        bytes[middle] ^= 0x55;
        fs::write(path, bytes).unwrap();
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ports that were free just now.
fn free_ports() -> [u16; 3] {
    let listeners: [TcpListener; 3] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Removes what brokers of test binaries that are gone have left on disk.
fn sweep() {
    for entry in fs::read_dir(env!("CARGO_TARGET_TMPDIR")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("broker-").and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
