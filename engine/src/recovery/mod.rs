//! Exactly-once alerts without two-phase commit: what a restart and an unclear commit decide, as pure functions
//! ([`start`], [`after_unclear`]), and [`Shard`], the thin doer that talks to one sink.
//!
//! The alerts are a function of the logs, the rules and the decisions in the progress records. A restart therefore fences
//! every older process, reads how far each shard has committed, replays the retained log from its start, and drops what
//! is committed already. There are no snapshots yet: a log whose start has been forgotten is refused.
//!
//! **Rules may change between runs.** Alerts before the event time that a shard has committed are not sent again, neither
//! those of old rules nor those of new ones: a new rule alerts from now on, with the history that the log still has. Only
//! when the process before ended in the middle of a commit by size must it be started once more with the old rules.

mod rules;
mod shard;
mod start;
mod unclear;

pub use rules::fingerprints;
pub use shard::{Batch, Shard, ShardError, ShardStart};
pub use start::{Assigned, Floor, Refusal, RulesChange, Start, start};
pub use unclear::{Verdict, after_unclear};
