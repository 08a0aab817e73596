//! The demo: a seeded stream of card payments with planted fraud, and the truth to hold the alerts against.

mod feed;
pub mod generator;
mod latency;
pub mod report;
pub mod run;
mod scenario;
pub mod show;
pub mod sink;
mod world;

/// The rules that the demo runs.
pub const RULES: &str = include_str!("card_fraud.trip");

/// Name of the rule file in messages.
pub const RULES_NAME: &str = "card_fraud.trip";

/// The streams of the rules, each a topic of the same name.
pub const STREAMS: [&str; 4] = ["payment", "refund", "login", "order"];
