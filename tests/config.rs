//! The configuration: what is read, and what a person is told when it is wrong.

use std::path::Path;

use tripline::config::{self, Config, Environment, Faults, Format, Origin, Place, TableOrigin};

struct Empty;

impl Environment for Empty {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "KAFKA_PASSWORD").then(|| "hunter2".to_owned())
    }

    fn file(&self, _path: &Path) -> Result<String, String> {
        Err("no such file".to_owned())
    }
}

fn read(text: &str) -> Result<Config, Faults> {
    let stray = |name: &str| (name == "plugin.library.paths").then(|| "this setting is not passed on".to_owned());
    config::read("tripline.toml", text, Path::new("/job"), &Empty, &stray)
}

const WHOLE: &str = r#"
[kafka.main]
"bootstrap.servers" = "127.0.0.1:9092"
"sasl.password" = "env:KAFKA_PASSWORD"

[source.payment]
kafka  = "main"
topic  = "payments"
format = "json"

[source.login]
file = ["a.csv", "b.csv"]

[table.customers]
kafka = "main"
topic = "customers"

[table.merchants]
file = "merchants.csv"
history = "kept"

[sink.alerts]
kafka = "main"
topic = "alerts"

[sink.ops]
terminal = true

[dead_letters]
kafka = "main"
topic = "payments-dead"

[late]
file = "late.jsonl"

[engine]
workers = 2
name    = "fraud"
rules   = ["rules/*.trip"]
tick    = "10ms"
"#;

#[test]
fn a_whole_file_is_read() {
    let config = read(WHOLE).expect("it is right");
    let payment = Origin::Kafka { client: "main".into(), topic: "payments".into() };
    assert_eq!(config.sources["payment"], payment);
    let paths = vec!["/job/a.csv".into(), "/job/b.csv".into()];
    assert_eq!(config.sources["login"], Origin::Files { paths, format: Format::Csv });
    assert_eq!(config.sinks["alerts"], Place::Kafka { client: "main".into(), topic: "alerts".into() });
    let customers = TableOrigin::Kafka { client: "main".into(), topic: "customers".into() };
    assert_eq!(config.tables["customers"], customers);
    let (path, history) = ("/job/merchants.csv".into(), Some("/job/kept".into()));
    assert_eq!(config.tables["merchants"], TableOrigin::File { path, format: Format::Csv, history });
    assert_eq!(config.sinks["ops"], Place::Terminal);
    assert_eq!(config.late, Some(Place::File("/job/late.jsonl".into())));
    assert_eq!((config.engine.workers, config.engine.name.as_str()), (2, "fraud"));
    assert_eq!(config.engine.tick.as_millis(), 10);
}

#[test]
fn a_printed_config_hides_secrets() {
    let config = read(WHOLE).expect("it is right");
    assert_eq!(config.kafka["main"]["sasl.password"].reveal(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn all_faults_come_at_once_with_their_lines() {
    let text = r#"[kafka.main]
"plugin.library.paths" = "x.so"
"sasl.password" = "env:NONE"

[source.payment]
kafka = "mian"
tpoic = "payments"

[sink.alerts]
topic = "alerts"
file = "alerts.jsonl"

[engine]
workers = 0
tick = "soon"

[motor]
"#;
    let faults = read(text).expect_err("it is wrong").to_string();
    let expected = "\
tripline.toml:1: [kafka.main] needs `bootstrap.servers`: the brokers' addresses, `host:port,host:port`
tripline.toml:2: `plugin.library.paths` in [kafka.main]: this setting is not passed on
tripline.toml:3: `sasl.password` in [kafka.main]: the environment variable `NONE` is not set
tripline.toml:5: [source.payment] needs `topic`: where its events come from; or `file`
tripline.toml:6: `kafka` in [source.payment]: there is no section [kafka.mian]; did you mean `main`?
tripline.toml:7: unknown key `tpoic` in [source.payment]; the keys are `kafka`, `topic`, `file`, `format`
tripline.toml:9: [sink.alerts] has both `topic` and `file`; keep one
tripline.toml:14: `workers` in [engine] is `0`, expected a whole number from 1 to 256
tripline.toml:15: `tick` in [engine] is `soon`, expected a duration from `1ms` to `60s`
tripline.toml:17: unknown key `motor` in the file; the keys are `kafka`, `source`, `table`, `sink`, `dead_letters`, `late`, `engine`, `params`, `param`";
    assert_eq!(faults, expected);
}

#[test]
fn broken_toml_says_where() {
    let faults = read("[engine\nworkers = 1\n").expect_err("it is broken");
    assert_eq!(faults.faults[0].0, 1);
}

#[test]
fn config_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/config.md");
    let page = config::keys::reference(&tripline::connectors::kafka::settings());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/reference/config.md is stale: UPDATE=1 cargo test --test config config_reference");
}

#[test]
fn the_reference_tells_the_defaults() {
    let tells = |name: &str, default: std::time::Duration| {
        let key = config::keys::ENGINE.keys.iter().find(|key| key.name == name).expect("it is a key");
        let expected = format!("default `{}ms`", default.as_millis());
        assert!(key.value.contains(&expected), "`{name}`: {expected}, not {}", key.value);
    };
    let engine = Config::default().engine;
    tells("tick", engine.tick);
    tells("commit_every", engine.commit_every);
}
