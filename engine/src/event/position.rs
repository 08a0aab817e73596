//! The total order: where an event, an alert or a row of a derived stream stands in it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in the total order at which output came about. Compared field by field.
///
/// What rests on a derived event stands directly behind the event that the derived one came from: the path goes from rule
/// to rule, and a shorter one is before all that go on from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Event time of the event, or the deadline of the timer, microseconds; `i64::MAX` at the end of a finite input.
    pub time_us: i64,
    /// What caused it, in the end: events come before timers of the same time.
    pub cause: Cause,
    /// The rules through which it came about; the last is the one that says it. Never empty.
    pub path: Vec<Hop>,
}

/// What caused output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cause {
    /// An event from outside: the rest of its coordinates.
    Event {
        /// The stream, in order of declaration.
        stream: u32,
        /// The topic.
        #[serde(serialize_with = "put_topic", deserialize_with = "take_topic")]
        topic: Arc<str>,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// A deadline that the watermark has passed.
    Timer,
    /// A derived event came about later than its time, at this moment: it stands behind all else of its time.
    Later {
        /// When, microseconds.
        time_us: i64,
        /// What caused it then.
        cause: Box<Cause>,
    },
}

/// What one rule had to say at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hop {
    /// The rule, in order of the text.
    pub rule: u32,
    /// The key's canonical bytes (for a timer, keys of one rule are ordered by them; for an event there is one).
    pub key: Vec<u8>,
    /// Counts the alerts of one cause, rule and key.
    pub sequence: u32,
}

fn put_topic<S: Serializer>(topic: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(topic)
}

fn take_topic<'a, D: Deserializer<'a>>(from: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(from).map(Arc::from)
}

impl Position {
    /// The canonical bytes of the key of the rule that says it.
    pub fn key(&self) -> &[u8] {
        self.path.last().map_or(&[], |hop| &hop.key)
    }

    /// Where a derived event of this time stands that comes about here.
    pub fn of_event(&self, at_us: i64) -> Position {
        if at_us == self.time_us {
            return self.clone();
        }
        let cause = Cause::Later { time_us: self.time_us, cause: Box::new(self.cause.clone()) };
        Position { time_us: at_us, cause, path: self.path.clone() }
    }
}
