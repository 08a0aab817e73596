//! The peers' side: fetched by Maven, compiled, and started, all under `target/peers`. Nothing of a peer is kept in the house.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::project;
use crate::places;

/// Why the peers are not there.
#[derive(Debug, thiserror::Error)]
pub enum JavaError {
    /// A tool is missing.
    #[error(
        "cannot run `{tool}`: {error}. The peers need a JDK 17 or newer and Maven: apt-get install default-jdk-headless maven"
    )]
    Tool {
        /// `mvn`, `javac`, `java`.
        tool: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// Maven does not get them.
    #[error("the peers cannot be fetched, so nothing was compared:\n{0}")]
    Fetch(String),
    /// The adapters do not compile.
    #[error("the peers' adapters do not compile:\n{0}")]
    Compile(String),
    /// The adapters do not start.
    #[error("the peers' adapters do not start:\n{0}")]
    Start(String),
    /// A folder cannot be made or read.
    #[error("{path}: {error}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Peers, ready to run.
pub struct Java {
    class_path: String,
    scratch: PathBuf,
}

/// A query that a peer has.
pub struct PeerQuery {
    /// `esper`
    pub peer: String,
    /// `Esper 9.0.0`
    pub title: String,
    /// `q2`, `r1-100`
    pub query: String,
    /// `best`, `plain`, `sql`
    pub form: String,
    /// In the peer's own language, or words.
    pub text: String,
}

impl Java {
    /// Fetches and compiles what is missing.
    pub fn ready() -> Result<Java, JavaError> {
        let folder = places::scratch().join("peers");
        let (jars, classes) = (folder.join("jars"), folder.join("classes"));
        let pom = read(&project().join("pom.xml"))?;
        if fs::read_to_string(folder.join("fetched")).ok().as_ref() != Some(&pom) {
            fetch(&jars)?;
            write(&folder.join("fetched"), &pom)?;
        }
        make(&classes)?;
        compile(&jars, &classes)?;
        let scratch = folder.join("scratch");
        let _ = fs::remove_dir_all(&scratch);
        make(&scratch)?;
        Ok(Java { scratch, class_path: format!("{}:{}/*", classes.display(), jars.display()) })
    }

    fn java(&self) -> Command {
        let mut command = Command::new("java");
        // Flink reaches into these packages; the heap is large enough for every peer with the events in memory.
        for package in ["java.util", "java.lang", "java.time"] {
            command.arg("--add-opens").arg(format!("java.base/{package}=ALL-UNNAMED"));
        }
        // What Flink leaves behind is thrown away with the rest.
        command.arg(format!("-Djava.io.tmpdir={}", self.scratch.display()));
        command.args(["-Xmx6g", "-cp", &self.class_path, "tripline.peers.Main"]).stdin(Stdio::null());
        command
    }

    /// All that the adapters have.
    pub fn list(&self) -> Result<Vec<PeerQuery>, JavaError> {
        let output = run("java", self.java().arg("list")).map_err(|error| match error {
            Failed::Start(error) => error,
            Failed::Said(said) => JavaError::Start(said),
        })?;
        let query = |line: &str| {
            let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            let [peer, title, query, form, text] = fields.try_into().ok()?;
            Some(PeerQuery { peer, title, query, form, text })
        };
        Ok(output.lines().filter_map(query).collect())
    }

    /// The command of one run; file, events and seconds are still missing.
    pub fn run(&self, query: &PeerQuery) -> Command {
        let mut command = self.java();
        command.args([&query.peer, &query.query, &query.form]);
        command
    }

    /// The machine that runs them.
    pub fn version(&self) -> Result<String, JavaError> {
        let output = Command::new("java").arg("-version").output();
        let output = output.map_err(|error| JavaError::Tool { tool: "java", error })?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(text.lines().next().unwrap_or("java").to_owned())
    }
}

fn fetch(jars: &Path) -> Result<(), JavaError> {
    eprintln!("fetching the peers by Maven");
    // What an older project named must not stay on the class path.
    let _ = fs::remove_dir_all(jars);
    make(jars)?;
    let mut command = Command::new("mvn");
    command
        .args(["-q", "-B", "-ntp", "-f"])
        .arg(project().join("pom.xml"))
        .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies")
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", jars.display()));
    run("mvn", &mut command).map(drop).map_err(|error| match error {
        Failed::Start(error) => error,
        Failed::Said(said) => JavaError::Fetch(said),
    })
}

fn compile(jars: &Path, classes: &Path) -> Result<(), JavaError> {
    let folder = project().join("src/main/java/tripline/peers");
    let failed = |error| JavaError::Folder { path: folder.clone(), error };
    let entries = fs::read_dir(&folder).map_err(failed)?;
    let mut sources: Vec<PathBuf> =
        entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>().map_err(failed)?;
    sources.sort();
    let mut command = Command::new("javac");
    // One of the jars brings an annotation processor that is older than records.
    command.args(["-proc:none", "-nowarn", "-Xlint:-options", "--release", "17", "-d"]).arg(classes);
    command.arg("-cp").arg(format!("{}/*", jars.display())).args(sources);
    run("javac", &mut command).map(drop).map_err(|error| match error {
        Failed::Start(error) => error,
        Failed::Said(said) => JavaError::Compile(said),
    })
}

/// How a tool failed.
enum Failed {
    Start(JavaError),
    Said(String),
}

/// Runs a tool; what it printed, or why it failed.
fn run(tool: &'static str, command: &mut Command) -> Result<String, Failed> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failed::Start(JavaError::Tool { tool, error }))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(Failed::Said(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).trim().to_owned()))
}

fn read(path: &Path) -> Result<String, JavaError> {
    fs::read_to_string(path).map_err(|error| JavaError::Folder { path: path.to_owned(), error })
}

fn write(path: &Path, text: &str) -> Result<(), JavaError> {
    fs::write(path, text).map_err(|error| JavaError::Folder { path: path.to_owned(), error })
}

fn make(path: &Path) -> Result<(), JavaError> {
    fs::create_dir_all(path).map_err(|error| JavaError::Folder { path: path.to_owned(), error })
}
