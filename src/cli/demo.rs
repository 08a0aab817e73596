//! `tripline demo`: planted card fraud being caught, and the figures of it; with a name, one of the stories.

use crate::demo::generator::EVENTS_MIN;
use crate::demo::run::{Options, Outcome as Demo};
use std::io::Write as _;

use super::assignment::Assignment;
use super::exit::{Failure, Outcome};
use super::{Talk, signals, story};

/// The default demo's seed, events and rate.
const SEED: u64 = 1;
const EVENTS: usize = 200_000;
const RATE: f64 = 100_000.0;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One of the stories of `--list`, or a folder with `rules.trip` and `story.toml`
    pub(super) story: Option<String>,
    /// List the stories
    #[arg(long, conflicts_with = "story")]
    list: bool,
    /// Another stream of events; the same seed gives the same alerts
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// About how many events, at least 1000 [default: 200000]
    #[arg(long, value_name = "N", conflicts_with = "story")]
    events: Option<usize>,
    /// Events a second; 0 is as fast as it goes [default: 100000]
    #[arg(long, value_name = "N", conflicts_with = "story")]
    rate: Option<f64>,
    /// Print one alert a line as JSON, and the figures to standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Override a param of the story's rules, in the rule language's notation; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "story")]
    pub(super) set: Vec<Assignment>,
    /// Play the story once for each value, and compare what is found: `--sweep floor=400.00,500.00`
    #[arg(long, value_name = "NAME=A,B,..", requires = "story", conflicts_with = "json")]
    pub(super) sweep: Option<Assignment>,
    /// Worker threads for a story; the alerts are the same for any number
    #[arg(long, short, value_name = "N", requires = "story", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) workers: Option<u16>,
}

/// Runs the demo; a fraud that is missed, or a false alert, is a finding.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    if args.list {
        return story::list();
    }
    if let Some(name) = &args.story {
        return story::run(name, args, talk);
    }
    let stop = signals::stop_flag()?;
    let (events, rate) = (args.events.unwrap_or(EVENTS), args.rate.unwrap_or(RATE));
    if events < EVENTS_MIN {
        return Err(Failure::Usage(format!(
            "`--events {events}` is too few for a day of fraud: at least {EVENTS_MIN}"
        )));
    }
    if !rate.is_finite() || rate < 0.0 {
        return Err(Failure::Usage(format!("`--rate {rate}` is no rate: expected events a second, or 0")));
    }
    let rate = (rate > 0.0).then_some(rate);
    talk.say(format_args!(
        "six hours of card payments, logins and orders in {events} events, with fraud planted in them"
    ));
    let options = Options { seed: args.seed.unwrap_or(SEED), events, rate, json: args.json };
    let demo = crate::demo::run::run(options, stop).map_err(|error| Failure::Run(error.to_string()))?;
    let figures = figures(&demo);
    if args.json {
        talk.say_block(&figures);
    } else {
        write!(anstream::stdout(), "\n{figures}")?;
        talk.say("more stories: tripline demo --list");
    }
    if demo.stopped || demo.report.is_perfect() { Ok(()) } else { Err(Failure::Finding) }
}

fn figures(demo: &Demo) -> String {
    let seconds = demo.took.as_secs_f64();
    let rate = demo.counts.read as f64 / seconds;
    let mut text = format!("{}\n{}\n", demo.report, demo.counts);
    text.push_str(&format!("{} events in {seconds:.2} s: {rate:.0} events/s\n", demo.counts.read));
    if let Some([p50, p99, p999]) = demo.latency_ms.as_deref() {
        text.push_str(&format!("event to alert: p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms\n"));
    }
    if demo.stopped {
        text.push_str("told to stop before the end: not all of it was read\n");
    }
    text
}
