//! Tripline: complex event processing over Kafka. A rule file says what to look for, `tripline.toml` where events come
//! from and where alerts go.

pub mod cli;
pub mod config;
pub mod story;
pub mod testing;

pub use tripline_connectors as connectors;
pub use tripline_engine as engine;
pub use tripline_query_lang as query_lang;
pub mod wiring;
