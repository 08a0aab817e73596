//! Apache Kafka by way of librdkafka: partitions are assigned, never subscribed to; offsets are ours, never committed; what
//! is written is written in transactions.
//!
//! [`KafkaClient`] is a checked set of client settings, [`KafkaSource`] reads one topic, [`KafkaSink`] is one sink shard.

mod batch;
mod client;
mod headers;
mod progress;
mod settings;
mod sink;
mod source;
mod talk;
mod topics;

pub use client::KafkaClient;
pub use settings::{refusal, settings};
pub use sink::{KafkaPlaces, KafkaSink};
pub use source::KafkaSource;
