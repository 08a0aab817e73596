//! Plan and configuration to a job: each stream that a rule reads gets its source, each shard its sink. Nothing is opened here.

mod fault;
mod files;
mod kafka;
mod local;
mod tables;

pub use fault::WiringFault;
pub use files::faults as file_faults;
pub use kafka::Surroundings;

use std::collections::BTreeMap;
use std::sync::Arc;

use tripline_connectors::file::{FileFormat, FileSource};
use tripline_connectors::json::JsonDecoder;
use tripline_connectors::kafka::{KafkaClient, KafkaSource};
use tripline_engine::io::TransactionalSink;
use tripline_engine::runner::{Input, Job, Settings};
use tripline_query_lang::plan::{Plan, RowsFrom, Stream, StreamId};

use crate::config::{Config, Format, Origin, Place};

/// All that does not fit between rules and configuration; what the configuration says and could not be read is passed over.
pub fn faults(plan: &Plan, config: &Config) -> Vec<WiringFault> {
    let mut faults = sources_fit(plan, config);
    faults.extend(tables_fit(plan, config));
    faults.extend(sinks_fit(plan, config));
    faults.extend(kafka::faults(config));
    faults.extend(cluster(config).err());
    faults
}

/// A job of this plan, with all sources and sinks of the configuration. All faults come together.
pub fn job(plan: impl Into<Arc<Plan>>, config: &Config, around: &Surroundings) -> Result<Job, Vec<WiringFault>> {
    let plan = plan.into();
    let faults = faults(&plan, config);
    if !faults.is_empty() {
        return Err(faults);
    }
    let cluster = cluster(config).map_err(|fault| vec![fault])?;
    let clients = kafka::clients(config, around)?;
    let inputs: Vec<Input> = inputs(&plan, config, &clients);
    let tables = tables::inputs(&plan, config, &clients, (cluster.is_some(), around));
    let settings = Settings {
        workers: config.engine.workers,
        tick: config.engine.tick,
        commit_every: config.engine.commit_every,
        ..Settings::default()
    };
    let job = inputs.into_iter().fold(Job::new(plan).settings(settings), Job::input);
    let job = tables.into_iter().fold(job, Job::table);
    Ok(sinks(config, cluster, &clients).into_iter().fold(job, Job::sink))
}

fn sources_fit(plan: &Plan, config: &Config) -> Vec<WiringFault> {
    let read = plan.streams_read();
    let declared = || plan.streams.iter().map(|stream| format!("`{}`", stream.name)).collect();
    let wanted = plan.streams.iter().zip(read).filter(|(_, read)| *read).map(|(stream, _)| stream);
    let missing = wanted.filter(|stream| !config.has("source", &stream.name));
    let missing = missing.map(|stream| WiringFault::NoSource { stream: stream.name.clone() });
    let unknown = config.sources.keys().filter(|name| !plan.streams.iter().any(|stream| stream.name == **name));
    let unknown = unknown.map(|name| WiringFault::UnknownStream { stream: name.clone(), declared: declared() });
    missing.chain(unknown).collect()
}

fn tables_fit(plan: &Plan, config: &Config) -> Vec<WiringFault> {
    let tables = || plan.tables.iter().filter(|table| table.rows == RowsFrom::Input);
    let declared = || tables().map(|table| format!("`{}`", table.name)).collect();
    let needed =
        plan.tables.iter().zip(plan.tables_needed()).filter(|(table, needed)| *needed && table.rows == RowsFrom::Input);
    let needed = needed.map(|(table, _)| table);
    let missing = needed.filter(|table| !config.has("table", &table.name));
    let missing = missing.map(|table| WiringFault::NoTable { table: table.name.clone() });
    let unknown = config.tables.keys().filter(|name| !tables().any(|table| table.name == **name));
    let unknown = unknown.map(|name| WiringFault::UnknownTable { table: name.clone(), declared: declared() });
    missing.chain(unknown).collect()
}

fn sinks_fit(plan: &Plan, config: &Config) -> Vec<WiringFault> {
    let named = plan
        .rules
        .iter()
        .flat_map(|rule| rule.alert.iter().flat_map(move |alert| alert.to.iter().map(move |to| (rule, to))));
    let unknown = named.filter(|(_, sink)| !config.has("sink", sink));
    unknown.map(|(rule, sink)| WiringFault::UnknownSink { rule: rule.name.clone(), sink: sink.clone() }).collect()
}

fn inputs(plan: &Plan, config: &Config, clients: &BTreeMap<String, KafkaClient>) -> Vec<Input> {
    let with_ids = plan.streams.iter().enumerate().map(|(id, stream)| (StreamId(id as u32), stream));
    with_ids.filter_map(|(id, stream)| input(id, stream, config.sources.get(&stream.name)?, clients)).collect()
}

/// `None` only for a client that the configuration does not have, which reading it has refused.
fn input(id: StreamId, stream: &Stream, origin: &Origin, clients: &BTreeMap<String, KafkaClient>) -> Option<Input> {
    match origin {
        Origin::Files { paths, format } => {
            let format = match format {
                Format::Json => FileFormat::JsonLines,
                Format::Csv => FileFormat::Csv,
            };
            let source = FileSource::new(id, stream, paths, format);
            Some(Input { decoder: source.decoder(), source: Box::new(source) })
        }
        Origin::Kafka { client, topic } => {
            let source = KafkaSource::new(clients.get(client)?, id, topic);
            Some(Input { source: Box::new(source), decoder: Box::new(|stream, _| Box::new(JsonDecoder::new(stream))) })
        }
    }
}

/// The one cluster that all outputs go to; `None`: they stay on this machine.
fn cluster(config: &Config) -> Result<Option<&str>, WiringFault> {
    let sinks = config.sinks.iter().map(|(name, place)| (format!("sink.{name}"), place));
    let dead_letters = config.dead_letters.iter().map(|place| ("dead_letters".to_owned(), place));
    let late = config.late.iter().map(|place| ("late".to_owned(), place));
    let clusters: Vec<(String, Option<&str>)> = sinks
        .chain(dead_letters)
        .chain(late)
        .map(|(section, place)| match place {
            Place::Kafka { client, .. } => (section, Some(client.as_str())),
            Place::File(_) | Place::Terminal => (section, None),
        })
        .collect();
    let Some((one, Some(client))) = clusters.iter().find(|(_, client)| client.is_some()) else { return Ok(None) };
    match clusters.iter().find(|(_, other)| *other != Some(client)) {
        None => Ok(Some(client)),
        Some((other, None)) => Err(WiringFault::MixedPlaces { one: one.clone(), other: other.clone() }),
        Some((other, Some(_))) => Err(WiringFault::TwoClusters { one: one.clone(), other: other.clone() }),
    }
}

fn sinks(
    config: &Config,
    cluster: Option<&str>,
    clients: &BTreeMap<String, KafkaClient>,
) -> Vec<Box<dyn TransactionalSink>> {
    match cluster.and_then(|name| clients.get(name)) {
        Some(client) => kafka::sinks(config, client),
        None => vec![Box::new(local::sink(config))],
    }
}
