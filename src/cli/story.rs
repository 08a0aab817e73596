//! `tripline demo STORY`: plays a story and holds its alerts against the truth and against what is expected.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::demo::Args;
use super::exit::{Failure, Outcome};
use super::{Talk, signals, sweep};
use crate::demo::show::show;
use crate::story::{self, How, Played, Story, StoryFault};

impl From<StoryFault> for Failure {
    fn from(fault: StoryFault) -> Self {
        match fault {
            StoryFault::Run(error) => Failure::Run(error.to_string()),
            fault => Failure::Usage(fault.to_string()),
        }
    }
}

/// Prints the name and title of each story.
pub fn list() -> Outcome {
    let stories = story::all();
    let width = stories.iter().map(|story| story.name.len()).max().unwrap_or(0);
    for story in &stories {
        writeln!(anstream::stdout(), "{:<width$}  {}", story.name, story.read_script()?.title)?;
    }
    Ok(())
}

/// The story of this name, or the one in this folder.
pub fn named(name: &str) -> Result<Story, Failure> {
    if let Some(story) = story::find(name) {
        return Ok(story);
    }
    if Path::new(name).is_dir() {
        return Ok(Story::in_folder(Path::new(name))?);
    }
    let names: Vec<String> = story::all().iter().map(|story| format!("  {}", story.name)).collect();
    Err(Failure::Usage(format!("there is no story and no folder `{name}`; the stories are\n{}", names.join("\n"))))
}

/// Plays a story. Alerts that are not those expected are a finding.
pub fn run(name: &str, args: &Args, talk: &Talk) -> Outcome {
    let stop = signals::stop_flag()?;
    let story = named(name)?;
    talk.say(format_args!("{}: {}", story.name, story.read_script()?.title));
    let params = args.set.iter().map(|set| (set.name.clone(), set.value.clone())).collect();
    let mut how = How { seed: args.seed, params, ..How::default() };
    how.settings.workers = args.workers.map_or(1, usize::from);
    if let Some(sweep) = &args.sweep {
        return sweep::run(&story, &how, sweep, &stop);
    }
    let (json, start) = (args.json, Instant::now());
    let played = story::play(&story, how, stop, move |alert| show(alert, json))?;
    let seconds = start.elapsed().as_secs_f64();
    if json {
        talk.say_block(&played.figures());
    } else {
        write!(anstream::stdout(), "\n{}", played.figures())?;
    }
    talk.say(format_args!("{} events in {seconds:.2} s", played.counts.read));
    if played.stopped {
        talk.say("told to stop before the end: not all of it was read");
        return Ok(());
    }
    // Other rules, and another seed, have other alerts; then each scene has to come out as the script says.
    let as_expected = if !args.set.is_empty() {
        true
    } else if args.seed.is_some() {
        as_scripted(&played, talk)
    } else {
        expected(&story, &played, talk)
    };
    if as_expected { Ok(()) } else { Err(Failure::Finding) }
}

/// Whether each scene came out as the script says; says which did not.
fn as_scripted(played: &Played, talk: &Talk) -> bool {
    played.truth.surprises.iter().for_each(|surprise| talk.say(format_args!("not as the script says: {surprise}")));
    played.truth.surprises.is_empty()
}

/// Lines that differ, before it only says how many more do.
const DIFFERENCES_SHOWN: usize = 20;

/// Whether the run printed what is expected; says the lines in which it did not.
fn expected(story: &Story, played: &Played, talk: &Talk) -> bool {
    let Some(expected) = &story.expected else { return as_scripted(played, talk) };
    let shown = played.shown();
    let missing = expected.lines().filter(|line| !shown.lines().any(|other| other == *line));
    let new = shown.lines().filter(|line| !expected.lines().any(|other| other == *line));
    let lines: Vec<String> =
        missing.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
    if !lines.is_empty() {
        let (shown, more) = lines.split_at(lines.len().min(DIFFERENCES_SHOWN));
        talk.say(format_args!("not what is expected:\n{}", shown.join("\n")));
        if !more.is_empty() {
            talk.say(format_args!("... and {} lines more", more.len()));
        }
    }
    shown == **expected
}
