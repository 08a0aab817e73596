//! Client settings, checked, and the clients that are made of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::ThreadedProducer;
use tripline_engine::io::{SinkError, SourceError};

use super::settings::{Kind, kind, refusal};
use super::talk::{Notice, Talk};

/// What reads differently from librdkafka's own defaults; the user's settings go before these.
///
/// * Its queue would run dry for up to a second at a time (`fetch.queue.backoff.ms` is 1,000); memory stays bounded by
///   `queued.max.messages.kbytes`.
/// * Damage in batches that are not compressed would pass unseen.
const READS_WITH: &[(&str, &str)] =
    &[("queued.min.messages", "1000000"), ("fetch.queue.backoff.ms", "10"), ("check.crcs", "true")];

/// How to reach a cluster. Printing it shows no setting but the address.
#[derive(Clone)]
pub struct KafkaClient {
    settings: BTreeMap<String, String>,
    notice: Notice,
    stop: Arc<AtomicBool>,
}

impl fmt::Debug for KafkaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaClient").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may work later.
    Heals(String),
    /// It will not, unless the user changes something.
    Configuration(String),
    /// The run was told to stop while it did not work.
    Stopped(String),
}

impl From<Trouble> for SinkError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Heals(why) => SinkError::Retry(why),
            Trouble::Configuration(why) => SinkError::Configuration(why),
            Trouble::Stopped(why) => SinkError::Retry(why),
        }
    }
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Heals(why) => SourceError::Failed(why),
            Trouble::Configuration(why) => SourceError::Configuration(why),
            Trouble::Stopped(why) => SourceError::Stopped(why),
        }
    }
}

impl KafkaClient {
    /// Checks the settings' names; a fault names the setting, never its value.
    pub fn new(settings: BTreeMap<String, String>) -> Result<Self, String> {
        if let Some(why) = settings.keys().find_map(|name| refusal(name)) {
            return Err(why);
        }
        let client = KafkaClient { settings, notice: Arc::new(|_| {}), stop: Arc::default() };
        if client.address().is_empty() {
            return Err("`bootstrap.servers` is missing: the brokers' addresses, like `127.0.0.1:9092`".to_owned());
        }
        // Faults of values come out now, not when the run begins.
        client.config(Kind::Consumer).create_native_config().map_err(|error| client.wrong_setting(&error))?;
        client.config(Kind::Producer).create_native_config().map_err(|error| client.wrong_setting(&error))?;
        Ok(client)
    }

    /// Whom to tell about brokers that do not answer.
    pub fn on_notice(self, notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        KafkaClient { notice: Arc::new(notice), ..self }
    }

    /// When this is set, nothing is waited for any more.
    pub fn stopped_by(self, stop: Arc<AtomicBool>) -> Self {
        KafkaClient { stop, ..self }
    }

    /// The brokers' addresses as configured.
    pub fn address(&self) -> &str {
        let name = ["bootstrap.servers", "metadata.broker.list"].into_iter().find_map(|name| self.settings.get(name));
        name.map_or("", String::as_str)
    }

    /// A setting that is a number.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.settings.get(name)?.parse().ok()
    }

    /// Tells a person.
    pub(super) fn tell(&self, text: &str) {
        (self.notice)(text);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// A consumer with these settings of ours.
    pub(super) fn consumer(&self, ours: &[(&str, &str)]) -> Result<BaseConsumer<Talk>, Trouble> {
        let mut config = self.config(Kind::Consumer);
        // Assigning takes a group's name; the group itself is never used.
        if !self.settings.contains_key("group.id") {
            config.set("group.id", "tripline");
        }
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "error");
        for (name, value) in ours {
            config.set(*name, *value);
        }
        config.create_with_context(self.talk()).map_err(|error| self.not_made(&error))
    }

    /// A producer of this transactional id.
    pub(super) fn producer(&self, transactional_id: &str) -> Result<ThreadedProducer<Talk>, Trouble> {
        let mut config = self.config(Kind::Producer);
        config.set("transactional.id", transactional_id).set("partitioner", "murmur2_random");
        if !self.settings.contains_key("transaction.timeout.ms") {
            config.set("transaction.timeout.ms", "30000");
        }
        if !["linger.ms", "queue.buffering.max.ms"].iter().any(|name| self.settings.contains_key(*name)) {
            // The records of a transaction are there at once, and its commit waits for their answers.
            config.set("linger.ms", "0");
        }
        config.create_with_context(self.talk()).map_err(|error| self.not_made(&error))
    }

    pub(super) fn admin(&self) -> Result<AdminClient<Talk>, Trouble> {
        self.config(Kind::Any).create_with_context(self.talk()).map_err(|error| self.not_made(&error))
    }

    fn talk(&self) -> Talk {
        Talk::new(self.notice.clone())
    }

    fn config(&self, wanted: Kind) -> ClientConfig {
        let mut config = ClientConfig::new();
        if wanted == Kind::Consumer {
            for (name, value) in READS_WITH {
                config.set(*name, *value);
            }
        }
        for (name, value) in &self.settings {
            if kind(name).is_some_and(|kind| kind == Kind::Any || kind == wanted) {
                config.set(name, value);
            }
        }
        config
    }

    fn not_made(&self, error: &KafkaError) -> Trouble {
        Trouble::Configuration(self.wrong_setting(error))
    }

    /// The client's own words would quote the value.
    fn wrong_setting(&self, error: &KafkaError) -> String {
        match error {
            KafkaError::ClientConfig(_, why, name, _) if why.contains("not supported in this build") => {
                format!("client setting `{name}` needs TLS, which this build lacks: build with `--features tls`")
            }
            KafkaError::ClientConfig(_, _, name, _) => {
                format!("client setting `{name}` has a value that it cannot take")
            }
            other => format!("the client for {} cannot be made: {other}", self.address()),
        }
    }

    /// The trouble behind a failed request: what librdkafka heard from the brokers says more than the request's error.
    pub(super) fn trouble(&self, talk: &Talk, what: &str, error: &str) -> Trouble {
        if let Some(denied) = talk.denied() {
            return Trouble::Configuration(format!(
                "{} lets nobody in with these credentials: {denied}",
                self.address()
            ));
        }
        let cause = talk.cause().unwrap_or_else(|| error.to_owned());
        Trouble::Heals(format!("cannot {what} at {}: {cause}", self.address()))
    }

    /// As [`KafkaClient::trouble`], after the consumer has heard what its brokers have to say.
    pub(super) fn trouble_of(&self, consumer: &BaseConsumer<Talk>, what: &str, error: &str) -> Trouble {
        listen(consumer, HEARING);
        self.trouble(consumer.context(), what, error)
    }

    /// Tries until it works, cannot work, or the run is told to stop; between attempts the consumer hears what is wrong.
    pub(super) fn patiently<T>(
        &self,
        consumer: &BaseConsumer<Talk>,
        mut attempt: impl FnMut() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut pause = PAUSES.0;
        loop {
            let why = match attempt() {
                Ok(done) => {
                    consumer.context().works();
                    return Ok(done);
                }
                Err(Trouble::Heals(why)) => why,
                Err(cannot) => return Err(cannot),
            };
            if self.is_stopped() {
                return Err(Trouble::Stopped(why));
            }
            consumer.context().tell(&format!("{why}; trying again"));
            listen(consumer, pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// How long to listen for the cause of a failure.
const HEARING: Duration = Duration::from_millis(20);

/// The first and the longest pause between attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Lets a consumer without partitions hear what its brokers have to say, for this long.
pub(super) fn listen(consumer: &BaseConsumer<Talk>, time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        drop(consumer.poll(left));
    }
}
