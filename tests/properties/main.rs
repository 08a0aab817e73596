//! Random rules over random streams: the engine's alerts are the reference's, byte for byte, whatever the batch size, the
//! number of workers, the order of arrival, and with the state written out and read back in the middle.
//!
//! `make proof` runs 200,000 pairs (`TRIPLINE_PAIRS`, from `TRIPLINE_FROM` on); `TRIPLINE_SEED=N` one pair alone. A pair that
//! differs is shown as small as it can be made.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod built;
mod draw;
mod events;
mod pair;
mod rules;
#[path = "../support/run.rs"]
mod run;
mod runner;
#[path = "../support/views.rs"]
mod shown;
mod stages;
mod views;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use pair::{Choices, KINDS, Kind, difference, drawn, plan};

/// Fewer records, simpler choices, as long as the pair still fails.
fn shrunk(mut choices: Choices) -> Choices {
    let fails = |choices: &Choices| difference(&choices.pair()).is_some();
    loop {
        let mut is_smaller = false;
        for step in [8, 4, 2, 1] {
            let mut at = 0;
            while at < choices.records.len() {
                let mut fewer = choices.clone();
                fewer.records.drain(at..(at + step).min(choices.records.len()));
                if fails(&fewer) {
                    choices = fewer;
                    is_smaller = true;
                } else {
                    at += step;
                }
            }
        }
        for at in (0..choices.rows.len()).rev() {
            let mut fewer = choices.clone();
            fewer.rows.remove(at);
            if fails(&fewer) {
                choices = fewer;
                is_smaller = true;
            }
        }
        for part in [Choices::rule, Choices::setting] {
            for position in 0..part(&mut choices).len() {
                let value = part(&mut choices)[position];
                for smaller in [0, value / 2, value.saturating_sub(1)] {
                    if smaller >= value {
                        continue;
                    }
                    let mut simpler = choices.clone();
                    part(&mut simpler)[position] = smaller;
                    if fails(&simpler) {
                        choices = simpler;
                        is_smaller = true;
                        break;
                    }
                }
            }
        }
        if !is_smaller {
            return choices;
        }
    }
}

/// What differs, as small as it can be made.
fn report(name: impl Display, choices: Choices) -> Option<String> {
    difference(&choices.pair())?;
    let kind = choices.kind;
    let pair = shrunk(choices).pair();
    let rule = match kind {
        Kind::Views | Kind::Staged => pair.text.clone(),
        _ => pair.text.split("\n\n").last().unwrap_or_default().to_string(),
    };
    let records: Vec<String> =
        pair.records.iter().map(|r| format!("{} {} {}", ["s", "t"][r.stream as usize], r.partition, r.json)).collect();
    let rows: Vec<String> = pair.rows.iter().map(|row| format!("{row:?}")).collect();
    let what = difference(&pair).unwrap_or_default();
    let (records, rows) = (records.join("\n"), rows.join("\n"));
    Some(format!("{name}: {:?}\n{rule}\n{records}\n{rows}\n{what}\n", pair.setting))
}

#[test]
fn the_engine_says_what_the_reference_says() {
    std::panic::set_hook(Box::new(|_| {}));
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let seeds = match number("TRIPLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => {
            let from = number("TRIPLINE_FROM").unwrap_or(0);
            from..from.saturating_add(number("TRIPLINE_PAIRS").unwrap_or(2000))
        }
    };
    // Look-ups are a kind of condition: fewer pairs say as much of them.
    let look_ups = seeds.clone().take(if seeds.end > 2000 { usize::MAX } else { 500 });
    let plain = seeds.clone().map(|seed| (seed, Kind::Events));
    let looked_up = look_ups.flat_map(|seed| KINDS[2..].iter().map(move |kind| (seed, *kind)));
    let pairs: Vec<(u64, Kind)> = plain.chain(looked_up).collect();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let part = |thread| pairs.iter().filter(move |(seed, _)| seed % threads == thread);
        let report = |(seed, kind): &(u64, Kind)| report(format_args!("seed {seed}"), drawn(*seed, *kind));
        let run = |thread| scope.spawn(move || part(thread).filter_map(report).take(5).collect::<Vec<_>>());
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let _ = std::panic::take_hook();
    if !failures.is_empty() {
        panic!("{} of the pairs differ\n\n{}", failures.len(), failures.join("\n"));
    }
}

/// Random rules over random streams beyond those of the tests, as long as `FUZZ_SECONDS` says.
#[test]
fn fuzz_rules_over_streams() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let (begin, time) = (std::time::Instant::now(), std::time::Duration::from_secs(seconds));
    let mut seed = 900_000_000;
    while seed < 900_000_100 || begin.elapsed() < time {
        if let Some(difference) = report(format_args!("seed {seed}"), drawn(seed, KINDS[seed as usize % KINDS.len()])) {
            panic!("{difference}");
        }
        seed += 1;
    }
}

/// What fuzzing by coverage has kept.
#[test]
fn kept_choices_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/rules_over_streams");
    let kept: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let differences =
        kept.iter().filter_map(|path| report(path.display(), Choices::of_bytes(&std::fs::read(path).unwrap())));
    let differences: Vec<String> = differences.collect();
    assert!(!kept.is_empty() && differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn most_random_rules_compile() {
    let refused: Vec<String> =
        (0..400).filter_map(|seed| plan(&drawn(seed, KINDS[seed as usize % KINDS.len()]).pair().text).err()).collect();
    assert!(refused.len() < 200, "{} of 400 are refused: {:#?}", refused.len(), &refused[..refused.len().min(20)]);
}

#[test]
fn the_runner_says_what_the_reference_says() {
    let mut failures = Vec::new();
    for seed in 0..150 {
        let pair = drawn(seed, KINDS[1 + seed as usize % 3]).pair();
        let Ok(plan) = plan(&pair.text) else { continue };
        let expected = run::alerts_by_reference(&plan, &pair.records, &pair.rows).unwrap();
        let expected: Vec<String> = expected.iter().map(|alert| alert.json(&plan)).collect();
        let share = 1 + (seed % 5) as usize;
        let found = runner::alerts(&plan, (&pair.records, &pair.rows), 1 + (seed % 3) as usize, share).unwrap();
        if found != expected && difference(&pair).is_none() {
            failures.push(format!("seed {seed}: {}\nexpected {expected:#?}\nfound {found:#?}", pair.text));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
