//! Standard error: what is said beside the data. That nobody can read it (a full disk, a closed terminal) is no reason to stop
//! anything, so a failed write is passed over.

use std::fmt::{self, Display, Formatter};
use std::io::{IsTerminal as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use tripline_query_lang::display::Rfc3339;

/// How much a line of a run's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Info,
    /// Somebody may have to do something.
    Warning,
}

impl Display for Level {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Info => "info",
            Level::Warning => "warning",
        })
    }
}

/// Says a line of a run: to a person as it is, into a log with the time and the level before it.
pub fn log(level: Level, text: impl Display) {
    if std::io::stderr().is_terminal() {
        return line(text);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    line(format_args!("{} {level} {text}", Rfc3339(now_us)));
}

/// Says a line.
pub fn line(text: impl Display) {
    block(&format!("{text}\n"));
}

/// Says a text that ends its own lines.
pub fn block(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
