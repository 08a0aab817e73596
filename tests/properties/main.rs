//! Random rules over random streams: the engine's alerts are the reference's, byte for byte, whatever the batch size, the
//! number of workers, the order of arrival, and with the state written out and read back in the middle.
//!
//! `make proof` runs 200,000 pairs (`TRIPLINE_PAIRS`, from `TRIPLINE_FROM` on); `TRIPLINE_SEED=N` one pair alone. A pair that
//! differs is shown as small as it can be made.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod built;
mod draw;
mod events;
mod rules;
#[path = "../support/run.rs"]
mod run;
mod runner;
mod stages;
mod views;

use std::sync::Arc;

use draw::Draw;
use run::{Record, Setting, TableRow};
use tripline::query_lang::plan::Plan;
use tripline::query_lang::{Source, compile};

/// A rule file, a stream, a setting.
struct Pair {
    text: String,
    records: Vec<Record>,
    rows: Vec<TableRow>,
    setting: Setting,
}

/// A pair's choices: those of the rule, of the stream, of the setting.
#[derive(Clone)]
struct Choices {
    rule: Vec<u32>,
    records: Vec<Record>,
    rows: Vec<TableRow>,
    setting: Vec<u32>,
    kind: Kind,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A rule that looks at events alone.
    Events,
    /// A rule that looks things up in a table.
    Tables,
    /// Rules that look things up in views.
    Views,
    /// Keys per step, handed over; histories in steps.
    Keyed,
    /// Rules that read rules.
    Staged,
}

const KINDS: [Kind; 6] = [Kind::Events, Kind::Events, Kind::Tables, Kind::Views, Kind::Keyed, Kind::Staged];

fn drawn(seed: u64, kind: Kind) -> Choices {
    let mut rule = Draw::new(seed * 3 + 1);
    text(&mut rule, kind);
    let records = events::records(&mut Draw::new(seed * 3 + 2));
    let rows = if kind == Kind::Tables { events::rows(&mut Draw::new(seed ^ 0x7ab1e)) } else { Vec::new() };
    let mut setting = Draw::new(seed * 3 + 3);
    random_setting(&mut setting);
    Choices { rule: rule.drawn, records, rows, setting: setting.drawn, kind }
}

fn text(draw: &mut Draw, kind: Kind) -> String {
    match kind {
        Kind::Events => rules::file(draw),
        Kind::Tables => rules::file_with_look_ups(draw),
        Kind::Views => views::file(draw),
        Kind::Keyed => built::keyed_file(draw),
        Kind::Staged => built::staged_file(draw),
    }
}

fn random_setting(draw: &mut Draw) -> Setting {
    Setting {
        batch: [8192, 1, 7][draw.below(3) as usize],
        workers: [1 + draw.below(3) as usize, 1 + draw.below(3) as usize],
        cut: (draw.below(2) == 1).then(|| draw.below(12) as usize),
        order: u64::from(draw.below(1 << 16)),
        plain: draw.below(4) == 1,
    }
}

impl Choices {
    fn rule(&mut self) -> &mut Vec<u32> {
        &mut self.rule
    }

    fn setting(&mut self) -> &mut Vec<u32> {
        &mut self.setting
    }

    fn pair(&self) -> Pair {
        Pair {
            text: text(&mut Draw::again(self.rule.clone()), self.kind),
            records: self.records.clone(),
            rows: self.rows.clone(),
            setting: random_setting(&mut Draw::again(self.setting.clone())),
        }
    }
}

fn plan(text: &str) -> Result<Arc<Plan>, String> {
    let compiled = compile(&[Source { name: "random.trip".to_string(), text: text.to_string() }], &[]);
    let errors = compiled.diagnostics.iter().filter(|d| d.code.is_error());
    let errors: Vec<String> = errors.map(|d| format!("{} {}", d.code.0, d.message)).collect();
    compiled.plan.map(Arc::new).ok_or_else(|| errors.join("; "))
}

/// What differs; nothing when they agree. A rule that the compiler refuses says nothing.
fn difference(pair: &Pair) -> Option<String> {
    let plan = plan(&pair.text).ok()?;
    let expected = std::panic::catch_unwind(|| {
        run::alerts_by_reference(&plan, &pair.records, &pair.rows).map(|alerts| run::shown(&plan, &alerts))
    });
    let expected = expected.unwrap_or_else(|_| Err("the reference panicked".to_string()));
    let found = std::panic::catch_unwind(|| run::by_engine(&plan, &pair.records, &pair.rows, &pair.setting))
        .unwrap_or_else(|_| Err("the engine panicked".to_string()));
    match (expected, found) {
        (Ok(expected), Ok(found)) if expected == found => None,
        // Which of several branches is refused at a `limit` is not promised.
        (Ok(expected), Ok(found)) if is_cut(&expected) || is_cut(&found) => None,
        (Ok(expected), Ok(found)) => Some(format!(
            "the reference finds\n  {}\nthe engine finds\n  {}",
            expected.join("\n  "),
            found.join("\n  ")
        )),
        (expected, found) => Some(format!("reference: {expected:?}\nengine: {found:?}")),
    }
}

fn is_cut(alerts: &[String]) -> bool {
    alerts.iter().any(|alert| alert.contains("\"incomplete\":true"))
}

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

fn report(seed: u64, kind: Kind) -> Option<String> {
    let choices = drawn(seed, kind);
    difference(&choices.pair())?;
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
    Some(format!("seed {seed}: {:?}\n{rule}\n{records}\n{rows}\n{what}\n", pair.setting))
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
        let report = |(seed, kind): &(u64, Kind)| report(*seed, *kind);
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
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (begin, time) = (std::time::Instant::now(), std::time::Duration::from_secs(seconds));
    let mut seed = 900_000_000;
    while seed < 900_000_100 || begin.elapsed() < time {
        if let Some(difference) = report(seed, KINDS[seed as usize % KINDS.len()]) {
            panic!("{difference}");
        }
        seed += 1;
    }
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
