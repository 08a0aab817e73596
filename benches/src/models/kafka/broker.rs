//! A real broker for as long as a benchmark runs: one JVM on loopback and free ports, its jars fetched by Maven.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::places;

/// How long a broker may take to be ready, on whatever machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A broker; killed and cleared away when it is dropped.
pub struct Broker {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Broker {
    /// Fetches what is missing, and starts one.
    pub fn start() -> io::Result<Broker> {
        let jars = places::scratch().join("kafka");
        if !jars.join("complete").exists() {
            fetch(&jars)?;
        }
        let folder = places::scratch().join(format!("bench-broker-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let [port, controller] = free_ports()?;
        fs::write(folder.join("server.properties"), properties(&folder, port, controller))?;
        let mut format = java(&jars, &folder)?;
        format.args(["kafka.tools.StorageTool", "format", "--standalone", "-t", "4L6g3nShT-eMCtK--X86sw"]);
        let formatted = format.args(["-c", "server.properties"]).status().map_err(no_java)?;
        if !formatted.success() {
            return Err(io::Error::other(format!("the broker's storage cannot be made: {}", log(&folder))));
        }
        let process = java(&jars, &folder)?.args(["kafka.Kafka", "server.properties"]).spawn().map_err(no_java)?;
        let mut broker = Broker { process, folder, port };
        broker.wait_until_ready()?;
        Ok(broker)
    }

    /// Where clients connect.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// For a client of the benchmark's own.
    pub fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        let consumer: BaseConsumer = self.config().create().map_err(io::Error::other)?;
        loop {
            let metadata = consumer.fetch_metadata(None, Duration::from_millis(500));
            if metadata.is_ok_and(|metadata| !metadata.brokers().is_empty()) {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("the broker has ended ({status}): {}", log(&self.folder))));
            }
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("the broker is not ready after {READY_WITHIN:?}")));
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn no_java(error: io::Error) -> io::Error {
    io::Error::other(format!("a Kafka broker needs a JDK 17 or newer: cannot run `java`: {error}"))
}

fn java(jars: &Path, folder: &Path) -> io::Result<Command> {
    let mut java = Command::new("java");
    java.args(["-XX:+UseSerialGC", "-Xmx512m", "-XX:-UsePerfData", "-cp"]).arg(format!("{}/*", jars.display()));
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    java.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(java)
}

/// The same jars as the tests', in the same place.
fn fetch(jars: &Path) -> io::Result<()> {
    eprintln!("fetching a Kafka broker by Maven");
    let output = Command::new("mvn")
        .args(["-q", "-B", "-ntp", "-f"])
        .arg(places::root().join("tests/kafka/pom.xml"))
        .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies")
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .output()
        .map_err(|error| io::Error::other(format!("a Kafka broker is fetched by Maven: cannot run `mvn`: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return Err(io::Error::other(format!("Maven cannot fetch the broker: {said}")));
    }
    fs::write(jars.join("complete"), "")
}

fn free_ports() -> io::Result<[u16; 2]> {
    let listeners = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
    Ok([listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()])
}

fn properties(folder: &Path, port: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={}
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=true
log.cleaner.dedupe.buffer.size=2097152
",
        folder.join("data").display()
    )
}

fn log(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
