//! State as bytes: a restored detector goes on as if nothing had happened, with another number of workers too.

use proptest::prelude::*;

use super::super::Detector;
use super::super::parcel::owner;
use super::naive::{KEYS, batches, events, meaning};
use super::*;
use crate::state::KEY_GROUPS;

/// Every key group of all detectors of a scope; each is in one place.
fn groups(detectors: &[&mut Detector]) -> Vec<Vec<u8>> {
    let group = |group| {
        let written: Vec<Vec<u8>> = detectors.iter().map(|detector| detector.write_group(group)).collect();
        let mut full = written.into_iter().filter(|bytes| !bytes.is_empty());
        let first = full.next().unwrap_or_default();
        assert_eq!(full.next(), None, "group {group} is in two places");
        first
    };
    (0..KEY_GROUPS).map(group).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_restored_detector_goes_on(
        meaning in meaning(),
        events in events(),
        size in 1usize..20,
        cut in 0usize..30,
        workers in (1usize..4, 1usize..4),
    ) {
        let (batches, _) = batches(&events, size);
        let mut whole = local(vec![meaning.rule()], workers.0);
        let mut expected = Vec::new();
        let mut halves = local(vec![meaning.rule()], workers.0);
        let mut found = Vec::new();
        for (index, (batch, watermark_us)) in batches.iter().enumerate() {
            whole.push(batch);
            expected.extend(whole.advance(*watermark_us));
            if index == cut {
                let mut restored = local(vec![meaning.rule()], workers.1);
                let written = groups(&halves.detectors()[0]);
                for (group, bytes) in written.iter().enumerate() {
                    let worker = owner(group as u16, workers.1);
                    restored.detectors()[0][worker].read_group(group as u16, bytes).expect("just written");
                }
                prop_assert_eq!(&groups(&restored.detectors()[0]), &written);
                // What waited is replayed.
                for (earlier, _) in &batches[..index] {
                    let waiting = above(earlier, halves_watermark(&batches, index));
                    restored.push(&waiting);
                }
                halves = restored;
            }
            halves.push(batch);
            found.extend(halves.advance(*watermark_us));
        }
        expected.extend(whole.finish());
        found.extend(halves.finish());
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read(events in events(), meaning in meaning(), flip in any::<(usize, u8)>(), cut: usize) {
        let mut detectors = local(vec![meaning.rule()], 1);
        for (batch, _) in &batches(&events, 10).0 {
            detectors.push(batch);
        }
        detectors.advance(100);
        for (group, bytes) in groups(&detectors.detectors()[0]).into_iter().enumerate().filter(|(_, b)| !b.is_empty()) {
            let fresh = || local(vec![meaning.rule()], 1);
            let mut flipped = bytes.clone();
            flipped[flip.0 % bytes.len()] ^= flip.1;
            let _ = fresh().detectors()[0][0].read_group(group as u16, &flipped);
            let short = fresh().detectors()[0][0].read_group(group as u16, &bytes[..1 + cut % bytes.len()]);
            prop_assert_eq!(short.is_ok(), 1 + cut % bytes.len() == bytes.len());
        }
    }
}

/// The last watermark before this batch.
fn halves_watermark(batches: &[(Arc<Batch>, i64)], index: usize) -> i64 {
    batches[..index].iter().map(|(_, watermark_us)| *watermark_us).max().unwrap_or(i64::MIN)
}

/// The rows of a batch that are not below the watermark, at their offsets.
fn above(rows: &Batch, watermark_us: i64) -> Arc<Batch> {
    let key = |row| rows.columns[KEY as usize].value(row, &Type::Text);
    let kept: Vec<(Value, i64)> =
        (0..rows.len()).filter(|row| rows.at_us[*row] >= watermark_us).map(|row| (key(row), rows.at_us[row])).collect();
    let name = |value: &Value| KEYS.into_iter().find(|key| key.is_some_and(|key| *value == Value::Text(key.into())));
    let events: Vec<Event<'_>> = kept.iter().map(|(value, at_us)| (name(value).flatten(), 0, *at_us)).collect();
    let first = rows.len() - events.len();
    batch(0, rows.partition.partition, rows.offsets.first().map_or(0, |offset| offset + first as i64), &events)
}

#[test]
fn state_of_other_rules_and_groups_is_told_apart() {
    let mut burst = rule("burst");
    when_count(&mut burst, 10, 1);
    let mut one = local(vec![burst.clone()], 1);
    one.push(&batch(0, 0, 0, &[(Some("a"), 0, 0)]));
    one.advance(1);
    let (group, bytes) =
        groups(&one.detectors()[0]).into_iter().enumerate().find(|(_, bytes)| !bytes.is_empty()).expect("one key");
    let mut other = burst.clone();
    other.fingerprint += 1;
    let mut fresh = local(vec![other], 1);
    assert_eq!(fresh.detectors()[0][0].read_group(group as u16, &bytes), Ok(()));
    assert_eq!(fresh.detectors()[0][0].open(), super::super::Open::default());
    let mut fresh = local(vec![burst], 1);
    assert!(fresh.detectors()[0][0].read_group(group as u16 ^ 1, &bytes).is_err());
    // The bytes of state are a format: this is how version 1 looks.
    assert_eq!(bytes[..5], *b"TLKG\x01");
}
