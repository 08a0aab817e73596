//! Files: JSON Lines and CSV in, JSON Lines out.

mod input;
mod lines;
mod output;
mod side;
mod sink;
mod source;
mod table;
#[cfg(test)]
mod tests;

pub use sink::{LocalPlace, LocalPlaces, LocalSink};
pub use source::{FileFormat, FileSource};
pub use table::{TableFile, TableFileRows, TableFormat};
