//! Why a record is on a side output, in the words of every sink.

use tripline_engine::io::{SideKind, Stage};

/// Why a record is on a side output, in words.
pub(crate) fn reason(kind: &SideKind) -> String {
    let seconds = |us: &i64| jiff::SignedDuration::from_micros(*us).as_secs_f64();
    match kind {
        SideKind::DeadLetter(error) => error.message.clone(),
        SideKind::Late { behind_us } => format!("late by {} s more than allowed", seconds(behind_us)),
        SideKind::Quarantined { beyond_us } => {
            format!("ahead of its record's time by {} s more than allowed", seconds(beyond_us))
        }
    }
}

/// The stage as outputs spell it.
pub(crate) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "decode",
        Stage::Convert => "convert",
    }
}
