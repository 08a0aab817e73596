//! Sources and sinks over real systems, behind the engine's traits: a folder each.

pub mod log;
