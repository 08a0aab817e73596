//! What the engine needs of the outside: sources that can be read from a position, decoders that turn a record into
//! columns, and sinks that commit alerts and progress together. Connectors implement these; the engine knows no client.

mod progress;
mod sink;
mod source;

pub use crate::event::{Cause, Hop, Position};
pub use progress::{Cut, CutEntry, FloorEntry, Progress};
pub use sink::{AlertRecord, CommitError, SideKind, SideRecord, SinkError, TransactionalSink};
pub use source::{
    Decoder, Header, Headers, PartitionInfo, Polled, Record, RecordError, RowDecoder, Source, SourceError, Stage,
    Visitor,
};
