//! The reader over damaged records: it agrees with itself whatever it has read before, and takes nothing that is no JSON.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::tests::{decode, learnable, row};

const RECORDS: [&str; 6] = [
    r#"{"id":"p1","ts":1700000000123,"amount":12.5,"n":7,"geo":{"country":"DE","other":[1,{"a":null}]},"ok":true,"score":1.5}"#,
    r#"{"ts": 1700000000124, "id": "é\u00e9\n", "amount": "3.25", "geo": {"seen": "2026-01-31T10:00:00Z", "country": "FR"}, "n": -4}"#,
    r#"{"a very long name that no field has":"x\"y","id":"","amount":-0.01,"list":[1,"a"],"ts":1700000000125}"#,
    r#"{"id":"a","id":"b","geo":null,"amount":1e2,"ts":1700000000126,"ok":false}"#,
    r#"{"id":"\ud83d\ude00","amount":99999999999.99,"geo":{"country":null},"ts":1700000000127,"n":9223372036854775807}"#,
    "{\"ts\":0,\"id\":\"tab\\tend\",\"amount\":0,\"deep\":{\"geo\":[[[[{}]]]]}}",
];

/// A small generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

fn damage(record: &mut Vec<u8>, dice: &mut Dice) {
    const BYTES: &[u8] = b"{}[]\",:\\019.-eEtfn \xc3\xff\x00\x1f/u";
    let at = dice.below(record.len() + 1);
    let end = (at + dice.below(6)).min(record.len());
    match dice.below(4) {
        0 => drop(record.drain(at..end)),
        1 => {
            let piece = record[at..end].to_vec();
            record.splice(at..at, piece);
        }
        2 => record.insert(at, BYTES[dice.below(BYTES.len())]),
        _ => {
            let other = RECORDS[dice.below(RECORDS.len())].as_bytes();
            let from = dice.below(other.len());
            let piece = other[from..(from + dice.below(20)).min(other.len())].to_vec();
            record.splice(at..end, piece);
        }
    }
}

/// At least so many rounds, and as long as `FUZZ_SECONDS` says.
#[test]
fn fuzz_json_reader() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (begin, time, mut dice, mut rounds) = (Instant::now(), Duration::from_secs(seconds), Dice(11), 0);
    let stream = learnable();
    while rounds < 2_000 || begin.elapsed() < time {
        rounds += 1;
        let records: Vec<Vec<u8>> = (0..1 + dice.below(4))
            .map(|_| {
                let mut record = RECORDS[dice.below(RECORDS.len())].as_bytes().to_vec();
                for _ in 0..dice.below(4) {
                    damage(&mut record, &mut dice);
                }
                record
            })
            .collect();
        let bytes: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let (batch, results) = decode(&stream, &bytes);
        let mut rows = 0;
        for (record, result) in bytes.iter().zip(results) {
            let (alone, expected) = decode(&stream, &[record]);
            let shown = String::from_utf8_lossy(record);
            assert_eq!(result, expected[0], "{shown}");
            if result.is_err() {
                continue;
            }
            assert_eq!(row(&stream, &batch, rows), row(&stream, &alone, 0), "{shown}");
            rows += 1;
            if let Err(why) = serde_json::from_slice::<Json>(record) {
                let why = why.to_string();
                assert!(why.contains("surrogate") || why.contains("range") || why.contains("escape"), "{shown}: {why}");
            }
        }
        assert_eq!(batch.len(), rows);
    }
}
