//! Clusters of the configuration as clients, sources and sink shards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tripline_connectors::kafka::{KafkaClient, KafkaPlaces, KafkaSink};
use tripline_engine::io::TransactionalSink;
use tripline_engine::runner::SHARDS;

use super::WiringFault;
use crate::config::{Config, Place, Secret};

/// Whom to tell about brokers that do not answer, and what ends the waiting for them.
#[derive(Clone)]
pub struct Surroundings {
    /// Told what a person may want to know.
    pub notice: Arc<dyn Fn(&str) + Send + Sync>,
    /// Set when the process is told to stop.
    pub stop: Arc<AtomicBool>,
}

/// What is wrong with the settings of all `[kafka.NAME]` sections that could be read. Nothing is connected.
pub(super) fn faults(config: &Config) -> Vec<WiringFault> {
    let fault = |(name, settings): (&String, &BTreeMap<String, Secret>)| {
        let why = KafkaClient::new(revealed(settings)).err()?;
        Some(WiringFault::Client { section: format!("kafka.{name}"), why })
    };
    config.kafka.iter().filter_map(fault).collect()
}

fn revealed(settings: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    settings.iter().map(|(key, value)| (key.clone(), value.reveal().to_owned())).collect()
}

/// The clients of all `[kafka.NAME]` sections.
pub(super) fn clients(
    config: &Config,
    around: &Surroundings,
) -> Result<BTreeMap<String, KafkaClient>, Vec<WiringFault>> {
    let mut clients = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, settings) in &config.kafka {
        let notice = around.notice.clone();
        match KafkaClient::new(revealed(settings)) {
            Ok(client) => {
                let client = client.on_notice(move |text| notice(text)).stopped_by(around.stop.clone());
                clients.insert(name.clone(), client);
            }
            Err(why) => faults.push(WiringFault::Client { section: format!("kafka.{name}"), why }),
        }
    }
    if faults.is_empty() { Ok(clients) } else { Err(faults) }
}

/// The sink shards on one cluster.
pub(super) fn sinks(config: &Config, client: &KafkaClient) -> Vec<Box<dyn TransactionalSink>> {
    let topic = |place: &Place| match place {
        Place::Kafka { topic, .. } => Some(topic.clone()),
        Place::File(_) | Place::Terminal => None,
    };
    let places = KafkaPlaces {
        alerts: config.sinks.get("alerts").and_then(topic),
        named: config.sinks.iter().filter_map(|(name, place)| Some((name.clone(), topic(place)?))).collect(),
        dead_letters: config.dead_letters.as_ref().and_then(topic),
        late: config.late.as_ref().and_then(topic),
    };
    let shard = |shard| -> Box<dyn TransactionalSink> {
        Box::new(KafkaSink::new(client, &config.engine.name, (shard, SHARDS as u32), places.clone()))
    };
    (0..SHARDS as u32).map(shard).collect()
}
