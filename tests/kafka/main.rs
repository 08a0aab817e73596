//! Everything that is proven against a real Kafka broker: sources, sinks, faults, and the whole program killed at random.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod broker;
mod chains;
mod crash;
mod engine;
mod jars;
mod keeper;
mod load;
mod program;
mod sink;
mod source;
mod tables;
mod topic;
