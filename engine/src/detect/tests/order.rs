//! The total order: whatever the partitions, disorder, batches and watermarks, rows come out as if they had been sorted.

use proptest::prelude::*;

use super::super::parcel::Pick;
use super::super::reorder::Reorder;
use super::*;
use crate::event::Coordinates;

const KEYS: [&str; 6] = ["k", "l", "m", "n", "o", "p"];

/// Batches of several partitions of both streams, with disorder inside of each, and a watermark after each that no later
/// row is below. There are six keys, of which each partition has two for itself; where rows are `strewn`, any may have them.
fn input() -> impl Strategy<Value = Vec<(Arc<Batch>, i64)>> {
    let rows = prop::collection::vec((0i64..20, 0u32..2, 0i32..3), 0..60);
    (rows, 1usize..9, any::<bool>()).prop_map(|(rows, size, strewn)| {
        let mut offset = 0;
        let mut batches: Vec<Arc<Batch>> = Vec::new();
        for (index, chunk) in rows.chunks(size).enumerate() {
            for stream in 0..2 {
                for partition in 0..3 {
                    let events: Vec<Event<'_>> = chunk
                        .iter()
                        .filter(|(_, s, p)| (*s, *p) == (stream, partition))
                        .map(|(late, ..)| {
                            let key = if strewn { late % 6 } else { i64::from(partition) * 2 + late % 2 };
                            (Some(KEYS[key as usize]), 0, index as i64 * 5 + late)
                        })
                        .collect();
                    batches.push(batch(stream, partition, offset, &events));
                    offset += events.len() as i64;
                }
            }
        }
        let floor = |from: usize| batches[from..].iter().flat_map(|batch| &batch.at_us).min().copied();
        let watermarks: Vec<i64> = (1..=batches.len()).map(|next| floor(next).unwrap_or(1000)).collect();
        batches.into_iter().zip(watermarks).collect()
    })
}

/// A rule over each of the streams, of one scope.
fn two_streams() -> Program {
    let mut other = rule("q");
    threshold(&mut other).on = vec![on(1, None)];
    Program::new(plan(vec![rule("p"), other])).expect("few roles")
}

proptest! {
    #[test]
    fn rows_come_out_sorted(input in input()) {
        let program = two_streams();
        let mut reorder = Reorder::default();
        let mut released: Vec<Coordinates> = Vec::new();
        let mut all: Vec<Coordinates> = Vec::new();
        for (batch, watermark_us) in &input {
            all.extend((0..batch.len()).map(|row| batch.coordinates(row)));
            program.prepare(batch, 1).parcels.into_iter().for_each(|parcel| reorder.push(parcel));
            reorder.release(Some(*watermark_us), |run, range| {
                released.extend(run.picks[range].iter().map(|pick| run.rows.batch.coordinates(pick.row as usize)));
            });
            prop_assert!(released.iter().all(|row| row.at_us < *watermark_us));
            prop_assert_eq!(all.iter().filter(|row| row.at_us < *watermark_us).count(), released.len());
            prop_assert_eq!(reorder.waiting(), all.len() - released.len());
        }
        all.sort();
        prop_assert_eq!(released, all);
    }
    #[test]
    fn rows_of_a_key_come_out_sorted(input in input()) {
        let program = two_streams();
        let mut reorder = Reorder::default();
        let mut released: Vec<(u64, Coordinates)> = Vec::new();
        let mut all: Vec<(u64, Coordinates)> = Vec::new();
        for (batch, watermark_us) in &input {
            for parcel in program.prepare(batch, 1).parcels {
                let row = |pick: &Pick| (parcel.rows.lanes[0].hashes[pick.index as usize], batch.coordinates(pick.row as usize));
                all.extend(parcel.picks.iter().map(row));
                reorder.push(parcel);
            }
            reorder.release_keys(Some(*watermark_us), |run, range| {
                let row = |pick: &Pick| (run.hash(pick), run.rows.batch.coordinates(pick.row as usize));
                released.extend(run.picks[range].iter().map(row));
            });
            prop_assert!(released.iter().all(|(_, row)| row.at_us < *watermark_us));
            prop_assert_eq!(all.iter().filter(|(_, row)| row.at_us < *watermark_us).count(), released.len());
            prop_assert_eq!(reorder.waiting(), all.len() - released.len());
        }
        // As they came out, by key alone.
        released.sort_by_key(|(key, _)| *key);
        all.sort();
        prop_assert_eq!(released, all);
    }
}

#[test]
fn what_workers_share_and_send_can_be() {
    fn shared<T: Send + Sync>() {}
    shared::<Program>();
    shared::<super::super::Parcel>();
}
