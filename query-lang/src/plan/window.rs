//! Windows of a `derive`: how the events of a key are cut into pieces of time.

/// A window clause. Durations are microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// `every D [over E] [in zone Z]`
    Every(Every),
    /// `session D`: ends when the key has had no event for D; an event exactly D after the one before still belongs.
    Session(i64),
    /// `every N events`
    Count(u32),
}

/// Windows by the clock, half-open: from their start up to, and without, their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Every {
    /// How often a window ends. Without a zone ends are counted from 1970-01-01T00:00Z.
    pub every_us: i64,
    /// How long it is.
    pub over_us: i64,
    /// The zone whose clock and calendar it follows: `every_us` is then a whole number of days, or of it there are a whole
    /// number in a day. Days are counted from a Monday, so that seven of them are a week.
    pub zone: Option<String>,
}
