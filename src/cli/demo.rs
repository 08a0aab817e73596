//! `tripline demo`: planted card fraud being caught, and the figures of it; with a name, another of the stories. Alerts are
//! held against the truth that was planted, and against what is expected.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::assignment::Assignment;
use super::exit::{Failure, Outcome};
use super::{Talk, rate, signals, sweep};
use crate::story::{self, How, Played, Story, StoryFault, show};

/// Events a second of the demo without a name: slow enough that the time to an alert means something.
const RATE: f64 = 100_000.0;
/// How often the engine looks, and commits: often, so that alerts come at once.
const TICK: Duration = Duration::from_millis(1);
/// Lines that differ, before it only says how many more do.
const DIFFERENCES_SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One of the stories of `--list`, or a folder with `rules.trip` and `story.toml`
    story: Option<String>,
    /// List the stories
    #[arg(long, conflicts_with = "story")]
    list: bool,
    /// Another stream of events; the same seed gives the same alerts
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// About how many events, by more or less of ordinary life
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    events: Option<u32>,
    /// Events a second; 0 is as fast as it goes [default: 100000, a story by name as fast as it goes]
    #[arg(long, value_name = "N", value_parser = rate::rate)]
    rate: Option<f64>,
    /// Print one alert a line as JSON, and the figures to standard error
    #[arg(long)]
    json: bool,
    /// Override a param of the rules, in the rule language's notation; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Assignment>,
    /// Play the story once for each value, and compare what is found: `--sweep floor=400.00,500.00`
    #[arg(long, value_name = "NAME=A,B,..", conflicts_with = "json")]
    sweep: Option<Assignment>,
    /// Worker threads; the alerts are the same for any number
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl From<StoryFault> for Failure {
    fn from(fault: StoryFault) -> Self {
        match fault {
            StoryFault::Run(error) => Failure::Run(error.to_string()),
            fault => Failure::Usage(fault.to_string()),
        }
    }
}

/// Plays a story. Alerts that are not those expected are a finding.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    if args.list {
        return list();
    }
    let stop = signals::stop_flag()?;
    let story = args.story.as_deref().map_or_else(|| Ok(story::of_the_demo()), named)?;
    let how = how(args)?;
    talk.say(format_args!("{}: {}", story.name, story.read_script()?.title));
    if let Some(sweep) = &args.sweep {
        return sweep::run(&story, &how, sweep, &stop);
    }
    let json = args.json;
    let is_paced = how.rate.is_some();
    let played = story::play(&story, how, stop, move |alert| show(alert, json))?;
    let figures = format!("{}{}", played.figures(), speed(&played, is_paced));
    if json {
        talk.say_block(&figures);
    } else {
        write!(anstream::stdout(), "\n{figures}")?;
    }
    if args.story.is_none() {
        talk.say("more stories: tripline demo --list");
    }
    if played.stopped {
        talk.say("told to stop before the end: not all of it was read");
        return Ok(());
    }
    // Other rules have other alerts; with another seed, or more events, each scene has to come out as the script says.
    let as_expected = if !args.set.is_empty() {
        true
    } else if args.seed.is_some() || args.events.is_some() {
        as_scripted(&played, talk)
    } else {
        expected(&story, &played, talk)
    };
    if as_expected { Ok(()) } else { Err(Failure::Finding) }
}

fn how(args: &Args) -> Result<How, Failure> {
    let rate = args.rate.unwrap_or(if args.story.is_none() { RATE } else { 0.0 });
    if !rate.is_finite() || rate < 0.0 {
        return Err(Failure::Usage(format!("`--rate {rate}` is no rate: expected events a second, or 0")));
    }
    let mut how = How {
        seed: args.seed,
        params: args.set.iter().map(|set| (set.name.clone(), set.value.clone())).collect(),
        events: args.events.map(|events| events as usize),
        rate: (rate > 0.0).then_some(rate),
        ..How::default()
    };
    how.settings.workers = args.workers.map_or(1, usize::from);
    // A story's records are of another year, and are waited for all the same.
    (how.settings.tick, how.settings.commit_every, how.settings.catch_up_every) = (TICK, TICK, TICK);
    Ok(how)
}

/// Prints the name and title of each story.
fn list() -> Outcome {
    let stories: Vec<Story> = [story::of_the_demo()].into_iter().chain(story::all()).collect();
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
    let stories = [story::of_the_demo()].into_iter().chain(story::all());
    let names: Vec<String> = stories.map(|story| format!("  {}", story.name)).collect();
    Err(Failure::Usage(format!("there is no story and no folder `{name}`; the stories are\n{}", names.join("\n"))))
}

/// How fast it was. Events that come as fast as they go wait for each other: how long an alert took says nothing then.
fn speed(played: &Played, is_paced: bool) -> String {
    let seconds = played.took.as_secs_f64();
    let rate = played.counts.read as f64 / seconds;
    let mut text = format!("{} events in {seconds:.2} s: {rate:.0} events/s\n", played.counts.read);
    if let Some([p50, p99, p999]) = played.latency_ms.as_deref().filter(|_| is_paced) {
        text.push_str(&format!("event to alert: p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms\n"));
    }
    text
}

/// Whether each scene came out as the script says; says which did not.
fn as_scripted(played: &Played, talk: &Talk) -> bool {
    played.truth.surprises.iter().for_each(|surprise| talk.say(format_args!("not as the script says: {surprise}")));
    played.truth.surprises.is_empty()
}

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
