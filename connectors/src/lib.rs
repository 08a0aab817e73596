//! Sources, sinks and codecs: the engine's input and output traits over real systems, a folder each.
//!
//! Codecs turn bytes into rows and know no transport: [`json`], [`csv`](mod@csv), both on the rules of [`convert`].
//! Transports move records and know no format: [`log`], [`file`](mod@file) with [`terminal`], [`kafka`].

pub mod convert;
pub mod csv;
pub mod file;
pub mod json;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod log;
mod side;
pub mod terminal;
