//! Events as the engine holds them: columnar batches of one stream and one partition.

mod batch;
mod bitmap;
mod column;

pub use batch::{Batch, BatchBuilder, Coordinates, PartitionId};
pub use bitmap::Bitmap;
pub use column::{Column, ColumnBuilder, Data, TextColumn};
