//! Every story keeps its word: its rules' tests pass, its run prints what is expected with any number of workers and any
//! batches, its scenes come out as the script says under other seeds, and its page names what it misses and wrongly catches.
//!
//! `UPDATE=1` writes the expected alerts anew, and lays the rules out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tripline::engine::runner::Settings;
use tripline::query_lang::Source;
use tripline::query_lang::format::format;
use tripline::story::{How, Played, Story, all, play};
use tripline::testing::run_tests;

fn play_it(story: &Story, how: How) -> Played {
    play(story, how, Arc::default(), |_| Ok(())).expect("the story can be played")
}

/// Each story with its run as it is, played once for all tests.
fn as_it_is() -> &'static [(Story, Played)] {
    static PLAYED: OnceLock<Vec<(Story, Played)>> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let run = |story: Story| {
            let played = play_it(&story, How::default());
            (story, played)
        };
        all().into_iter().map(run).collect()
    })
}

fn folder(story: &Story) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(&*story.name)
}

/// Alerts as they would be written, ids included.
fn bodies(played: &Played) -> Vec<String> {
    played.alerts.iter().map(|alert| String::from_utf8_lossy(&alert.body).into_owned()).collect()
}

#[test]
fn every_folder_is_a_story_of_the_program() {
    let stories = all();
    let mut names: Vec<String> = stories.iter().map(|story| story.name.to_string()).collect();
    names.sort();
    let is_story = |path: &Path| path.join("story.toml").exists();
    let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder of the stories");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| is_story(path));
    let mut there: Vec<String> =
        folders.map(|p| p.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    there.sort();
    assert_eq!(names, there, "src/story/library.rs names the stories");
    assert!(names.len() >= 10, "{names:?}");
}

#[test]
fn the_tests_of_the_rules_pass() {
    for story in all() {
        let plan = story.plan(&[]).expect("the rules compile");
        let sources = [Source { name: "rules.trip".to_owned(), text: story.rules.to_string() }];
        let results = run_tests(&sources, &[], &plan);
        let failed: Vec<_> =
            results.iter().filter_map(|r| Some(format!("{}: {}", r.title, r.failure.as_ref()?))).collect();
        assert!(failed.is_empty(), "{}\n{}", story.name, failed.join("\n"));
        assert!(results.len() >= 4, "{}: {} tests", story.name, results.len());
    }
}

#[test]
fn rules_stand_in_their_one_layout() {
    for story in all() {
        let laid_out = format(&story.rules).expect("the rules parse");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(folder(&story).join("rules.trip"), &laid_out).expect("the folder takes a file");
        } else {
            assert!(laid_out == story.rules, "{}: UPDATE=1 lays it out", story.name);
        }
    }
}

#[test]
fn a_run_prints_what_is_expected() {
    for (story, played) in as_it_is() {
        let shown = played.shown();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(folder(story).join("expected.txt"), &shown).expect("the folder takes a file");
        } else {
            assert_eq!(Some(shown.as_str()), story.expected.as_deref(), "{}: UPDATE=1 writes it anew", story.name);
        }
    }
}

#[test]
fn workers_and_batches_change_nothing() {
    for (story, one) in as_it_is() {
        assert!(one.alerts.len() >= 5 && one.counts.late > 0 && one.counts.dead_letters > 0, "{}", story.name);
        for (workers, batch) in [(1, 61), (2, 1000), (3, 256)] {
            let tick = Duration::from_millis(1);
            let settings = Settings { workers, tick, commit_every: tick, ..Settings::default() };
            let other = play_it(story, How { settings, batch: Some(batch), ..How::default() });
            assert_eq!(bodies(one), bodies(&other), "{}: {workers} workers, batches of {batch}", story.name);
            assert_eq!(one.counts, other.counts, "{}", story.name);
        }
    }
}

#[test]
fn scenes_come_out_as_the_script_says_under_other_seeds() {
    for story in all() {
        for seed in [2, 3] {
            let played = play_it(&story, How { seed: Some(seed), ..How::default() });
            let surprises = &played.truth.surprises;
            assert!(surprises.is_empty(), "{} with seed {seed}:\n{}", story.name, surprises.join("\n"));
        }
    }
}

#[test]
fn the_page_names_what_is_missed_and_wrongly_caught() {
    for (story, played) in as_it_is() {
        let page: String = story.readme.iter().flat_map(|page| page.split_whitespace()).collect::<Vec<_>>().join(" ");
        for tally in played.truth.rules.values() {
            for scene in tally.missed.keys().chain(tally.wrong.keys()) {
                assert!(page.contains(scene.as_str()), "{}: the page does not say \"{scene}\"", story.name);
            }
        }
        for heading in ["## What it misses", "## What it wrongly catches"] {
            assert!(page.contains(heading), "{}: the page has no \"{heading}\"", story.name);
        }
    }
}
