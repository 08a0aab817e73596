//! A seeded simulation of whole runs on one thread: ingest, ticks, detection, shards and recovery as they are, over a
//! small log that can lose answers, with a crash at any step and at any call of a sink. However often the process dies,
//! what is committed in the end is what one undisturbed run commits.

mod disk;
mod process;
pub mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use disk::{Disk, Fuse};
use process::{Died, Process};

use crate::time::ManualClock;
use tripline_query_lang::plan::Plan;

/// A small generator of the kind that needs no seed table: the same numbers for ever.
pub struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

struct World {
    partitions: usize,
    shards: usize,
    plan: Arc<Plan>,
    /// Partition and record, in order of arrival.
    records: Vec<(usize, Vec<u8>)>,
}

impl World {
    fn new(random: &mut Random) -> World {
        let partitions = 1 + random.below(3) as usize;
        let late_us = random.below(3) as i64 * 20;
        let count = 10 + random.below(50);
        let record = |number: u64, random: &mut Random| {
            let (key, x) = (random.below(4), random.below(10));
            let at = 10 * number + random.below(60);
            match random.below(25) {
                0 => "nonsense".to_owned(),
                1 => format!("k{key} {x} {}", at + 100_000),
                2 => format!("k{key} {x} {}", at.saturating_sub(80)),
                _ => format!("k{key} {x} {at}"),
            }
        };
        let idle_us = random.one_in(2).then_some(1_000);
        let unique_us = [None, None, Some(60), Some(300)][random.below(4) as usize];
        let plan = if random.one_in(2) { rules::plan } else { rules::staged };
        World {
            partitions,
            shards: 1 + random.below(3) as usize,
            plan: Arc::new(plan(late_us, Some(5_000), idle_us, unique_us)),
            records: (0..count)
                .map(|n| (random.below(partitions as u64) as usize, record(n, random).into_bytes()))
                .collect(),
        }
    }
}

/// Runs with crashes; returns the disk at the end.
fn disturbed(world: &World, random: &mut Random) -> Disk {
    let disk = Disk::new(world.partitions, world.shards);
    let clock = Arc::new(ManualClock::default());
    let mut arrived = 0;
    let mut crashes = random.below(8);
    let mut zombies: Vec<Process> = Vec::new();
    loop {
        disk.light(if crashes > 0 && random.one_in(2) { Fuse::burning(random) } else { Fuse::out() });
        let workers = 1 + random.below(3) as usize;
        let mut process = match Process::start(&disk, world.plan.clone(), workers, clock.clone()) {
            Ok(process) => process,
            Err(Died) => {
                crashes = crashes.saturating_sub(1);
                continue;
            }
        };
        let mut left = if crashes > 0 { 1 + random.below(120) } else { u64::MAX };
        let died = loop {
            if left == 0 {
                break true;
            }
            left -= 1;
            match random.below(8) {
                0 if arrived < world.records.len() => {
                    let (partition, record) = &world.records[arrived];
                    disk.append(*partition, record.clone());
                    arrived += 1;
                    if arrived == world.records.len() {
                        disk.finish();
                    }
                }
                1 => clock.advance(Duration::from_micros(random.below(900))),
                _ => {}
            }
            if let Some(zombie) = zombies.last_mut() {
                zombie.write_as_a_zombie();
            }
            match process.step(random) {
                Ok(true) => {}
                Ok(false) => break false,
                Err(Died) => break true,
            }
        };
        if !died {
            disk.light(Fuse::out());
            return disk;
        }
        crashes = crashes.saturating_sub(1);
        if random.one_in(3) {
            zombies.push(process);
        }
    }
}

/// One run over the whole log, with the decisions that the disturbed runs took, and no new ones.
fn undisturbed(world: &World, decided: &Disk) -> Disk {
    let disk = Disk::new(world.partitions, world.shards);
    for (partition, record) in &world.records {
        disk.append(*partition, record.clone());
    }
    disk.finish();
    disk.light(Fuse::out());
    let floors = decided.floors();
    let still = Arc::new(ManualClock::default());
    let mut process = Process::start_with(&disk, world.plan.clone(), 1, still, &floors).expect("nothing goes wrong");
    let mut random = Random(1);
    while process.step(&mut random).expect("nothing goes wrong") {}
    disk
}

fn differences(found: &BTreeMap<String, usize>, expected: &BTreeMap<String, usize>) -> Vec<String> {
    let count = |of: &BTreeMap<String, usize>, what: &String| of.get(what).copied().unwrap_or(0);
    let all = found.keys().chain(expected.keys());
    let mut lines: Vec<String> = all
        .filter(|what| count(found, what) != count(expected, what))
        .map(|what| format!("{} instead of {}: {what}", count(found, what), count(expected, what)))
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

fn check(seed: u64) -> (usize, u64) {
    let mut random = Random(seed);
    let world = World::new(&mut random);
    let disturbed = disturbed(&world, &mut random);
    let undisturbed = undisturbed(&world, &disturbed);
    let found = disturbed.output();
    assert_eq!(differences(&found, &undisturbed.output()), [] as [&str; 0], "seed {seed}");
    disturbed.check_order(seed);
    (found.values().sum(), disturbed.starts())
}

#[test]
fn crashes_change_nothing() {
    let seeds = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let first: u64 = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (mut records, mut starts) = (0, 0);
    for seed in first..first + seeds {
        let (more, started) = check(seed);
        records += more;
        starts += started;
    }
    if seeds >= 1_000 {
        assert!(records > 20 * seeds as usize && starts > 2 * seeds, "{records} records, {starts} starts: too tame");
    }
}
