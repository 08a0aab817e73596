//! Outputs that stay on this machine: files and the terminal, one shard.

use tripline_connectors::file::{LocalPlace, LocalPlaces, LocalSink};

use crate::config::{Config, Place};

/// The sink for a configuration without Kafka outputs. Without a sink `alerts` they are shown on the terminal.
pub(super) fn sink(config: &Config) -> LocalSink {
    let local = |place: &Place| match place {
        Place::File(path) => Some(LocalPlace::File(path.clone())),
        Place::Terminal => Some(LocalPlace::Terminal),
        Place::Kafka { .. } => None,
    };
    let named = config.sinks.iter().filter_map(|(name, place)| Some((name.clone(), local(place)?)));
    LocalSink::new(LocalPlaces {
        alerts: config.sinks.get("alerts").map_or(Some(LocalPlace::Terminal), local),
        named: named.collect(),
        dead_letters: config.dead_letters.as_ref().and_then(local),
        late: config.late.as_ref().and_then(local),
    })
}
