//! What to make of a commit whose outcome nobody told.

use crate::io::Progress;

/// What became of an unclear commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It happened: go on.
    Committed,
    /// It did not, and never will: send all of it again.
    Resend,
    /// A younger process is at work: end, and never recover again.
    Successor,
    /// The progress is neither what was sent nor what was there before: somebody else writes under this name.
    Foreign,
}

/// Compares the progress that a fresh, fencing producer has found with what was committed before and what was sent.
pub fn after_unclear(before: Option<&Progress>, sent: &Progress, found: Option<&Progress>) -> Verdict {
    match found {
        Some(found) if found.generation > sent.generation => Verdict::Successor,
        Some(found) if found == sent => Verdict::Committed,
        found if found == before => Verdict::Resend,
        _ => Verdict::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Cut;

    fn progress(generation: u64, watermark_us: i64) -> Progress {
        Progress {
            generation,
            shard: (0, 1),
            last: None,
            watermark_us,
            cut: Cut::default(),
            floors: Vec::new(),
            rules: Vec::new(),
        }
    }

    #[test]
    fn progress_tells_what_happened() {
        let (before, sent) = (progress(2, 10), progress(2, 20));
        assert_eq!(after_unclear(Some(&before), &sent, Some(&sent)), Verdict::Committed);
        assert_eq!(after_unclear(Some(&before), &sent, Some(&before)), Verdict::Resend);
        assert_eq!(after_unclear(None, &sent, None), Verdict::Resend);
        assert_eq!(after_unclear(None, &sent, Some(&sent)), Verdict::Committed);
        assert_eq!(after_unclear(Some(&before), &sent, Some(&progress(3, 10))), Verdict::Successor);
        assert_eq!(after_unclear(Some(&before), &sent, Some(&progress(2, 15))), Verdict::Foreign);
        assert_eq!(after_unclear(Some(&before), &sent, None), Verdict::Foreign);
    }
}
