//! Tripline: complex event processing over Kafka. A rule file says what to look for, `tripline.toml` where events come
//! from and where alerts go.

pub mod cli;
pub mod config;
pub mod demo;
