//! Sources, sinks and codecs: the engine's input and output traits over real systems, a folder each.
//!
//! Codecs turn bytes into rows and know no transport: [`json`], on the rules of [`convert`]. Transports move records and
//! know no format: [`log`].

pub mod convert;
pub mod json;
pub mod log;
