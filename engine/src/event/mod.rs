//! Events as the engine holds them: columnar batches of one stream and one partition, in one total order.

mod batch;
mod bitmap;
mod column;
mod position;

pub use batch::{Batch, BatchBuilder, Coordinates, PartitionId};
pub use bitmap::Bitmap;
pub use column::{Column, ColumnBuilder, Data, TextColumn};
pub use position::{Cause, Hop, Position};
