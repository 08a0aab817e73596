//! The notation of cases, damaged: whatever stands in a file, it is read or refused with a reason, and what is read can be run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::look::look;
use crate::{file, files};

/// A small generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// Pieces that the notation has a meaning for.
const PIECES: [&str; 16] = [
    "= ",
    "rules",
    "events",
    "alerts",
    "no alerts",
    "  at  w",
    "-",
    "9s",
    "1m30s",
    "18446744073709551615us",
    "[1, 2",
    "\"",
    "é",
    "  ",
    "\n",
    " gone",
];

fn mutate(text: &mut String, dice: &mut Dice) {
    let start = text.floor_char_boundary(dice.below(text.len() + 1));
    let end = text.floor_char_boundary((start + dice.below(30)).min(text.len())).max(start);
    let piece = match dice.below(4) {
        0 => String::new(),
        1 => text[start..end].repeat(2),
        2 => text[start..end].to_string() + PIECES[dice.below(PIECES.len())],
        _ => PIECES[dice.below(PIECES.len())].to_string(),
    };
    text.replace_range(start..end, &piece);
}

/// At least so many texts, and as long as `FUZZ_SECONDS` says.
#[test]
fn fuzz_case_notation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("tests/cases"), &mut paths);
    // What fuzzing by coverage has kept, as it is; then all of it damaged.
    let kept: Vec<_> =
        std::fs::read_dir(root.join("fuzz/corpus/case_notation")).into_iter().flatten().flatten().collect();
    paths.extend(kept.iter().map(|entry| entry.path()));
    let text = |path: &PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    let corpus: Vec<String> = paths.iter().map(text).collect();
    assert!(!kept.is_empty(), "nothing is kept");
    corpus[paths.len() - kept.len()..].iter().for_each(|text| file::parse(text).iter().flatten().for_each(look));
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let (begin, time, mut dice, mut rounds) = (Instant::now(), Duration::from_secs(seconds), Dice(7), 0);
    while rounds < 200 || begin.elapsed() < time {
        let mut text = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(6) {
            mutate(&mut text, &mut dice);
        }
        rounds += 1;
        let Ok(cases) = file::parse(&text) else { continue };
        let Some(case) = cases.get(dice.below(cases.len())) else { continue };
        look(case);
    }
}
