//! The JSON reader and damaged records: what must hold of any bytes holds of these.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "../../fuzz/looks/json.rs"]
mod look;

use std::path::Path;
use std::time::{Duration, Instant};

/// A small generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// Records that the stream takes.
const TAKEN: &str = r#"{"a":"x","b":1,"c":1.5,"d":0.5,"e":true,"f":{"lat":1,"lon":2},"g":["p",null],"n":{"m":[{"o":"q"}]},"at":1000}
{"at":2000,"b":-7}
{"at":3000,"b":12}
{"a":"é\n","at":4000, "c":"0.25", "d":1e3}"#;

/// Parts that the reader looks for.
const PIECES: [&str; 21] = [
    ".5",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u00e9",
    "\\ud83d",
    "\n",
    " ",
    "null",
    "true",
    "-0",
    "1e400",
    "0.125",
    "\"at\":5000",
    "\"b\":",
    "9223372036854775808",
    "\u{e9}",
];

/// Drops, doubles, replaces or inserts a piece, or changes a byte.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    // Behind a whole record nothing may stand.
    let start =
        if dice.below(6) == 0 && !ends.is_empty() { ends[dice.below(ends.len())] } else { dice.below(bytes.len() + 1) };
    let width = [0, 0, 1, 12][dice.below(4)];
    let end = (start + dice.below(width + 1)).min(bytes.len());
    let piece = match dice.below(5) {
        0 => Vec::new(),
        1 => bytes[start..end].repeat(2),
        2 => vec![dice.below(256) as u8],
        _ => PIECES[dice.below(PIECES.len())].as_bytes().to_vec(),
    };
    bytes.splice(start..end, piece);
}

/// At least so many texts, and as long as `FUZZ_SECONDS` says.
#[test]
fn fuzz_json_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/json_reader");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is kept");
    let mut corpus = vec![TAKEN.as_bytes().to_vec(); paths.len().max(1)];
    corpus.extend(paths.iter().map(|path| std::fs::read(path).unwrap()));
    corpus.iter().for_each(|records| look::read_alike(records));
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let (begin, time, mut dice, mut rounds) = (Instant::now(), Duration::from_secs(seconds), Dice(11), 0);
    while rounds < 2_000 || begin.elapsed() < time {
        let mut records = corpus[dice.below(corpus.len())].clone();
        // What is learned from the first is read in the second.
        records.push(b'\n');
        records.extend(records.clone());
        for _ in 0..=dice.below(4) {
            mutate(&mut records, &mut dice);
        }
        look::read_alike(&records);
        rounds += 1;
    }
}
