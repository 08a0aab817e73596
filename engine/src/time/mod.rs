//! Event time as plain functions of what was read: lateness, watermarks, idle partitions. The wall clock comes in as an
//! argument and decides nothing but when a quiet partition stops holding time back.

mod clock;
mod partition;
mod watermark;

pub use clock::{Clock, ManualClock, SystemClock};
pub use partition::{PartitionClock, Verdict};
pub use watermark::{Phase, Watermarks};
