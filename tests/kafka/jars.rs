//! The broker's jars: fetched by Maven once into target/kafka, with an archive of its classes that makes it start in a second.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the broker is, and how it is started.
pub struct Jars {
    /// The class path, the same text each time, as the archive needs it.
    pub class_path: String,
    /// The archive of classes.
    pub archive: PathBuf,
}

/// Fetches what is missing. Test binaries that run at the same time wait for each other.
pub fn jars() -> Jars {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf();
    let folder = target.join("kafka");
    fs::create_dir_all(&target).unwrap();
    let lock = File::create(target.join("kafka.lock")).unwrap();
    lock.lock().unwrap();
    if !folder.join("complete").exists() {
        fetch(&folder);
        fs::write(folder.join("complete"), "").unwrap();
    }
    let mut jars: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "jar"))
        .map(|path| path.display().to_string())
        .collect();
    jars.sort();
    assert!(!jars.is_empty(), "{} has no jars: delete it and run the test again", folder.display());
    Jars { class_path: jars.join(":"), archive: target.join("kafka.jsa") }
}

fn fetch(folder: &Path) {
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/pom.xml");
    let plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
    let output = Command::new("mvn")
        .args(["-q", "-B", "-ntp", "-f"])
        .arg(pom)
        .arg(plugin)
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .stdin(Stdio::null())
        .output();
    match output {
        Err(error) => {
            panic!("the tests need a Kafka broker, which Maven fetches: cannot run `mvn`: {error}.\n{INSTALL}")
        }
        Ok(output) => assert!(
            output.status.success(),
            "Maven cannot fetch the broker: {}{}\n{INSTALL}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// What to type.
pub const INSTALL: &str = "Install a JDK 17 or newer and Maven: `apt-get install default-jdk-headless maven`, or run `make test`, \
                           which does it.";
