//! `tripline demo`: planted card fraud being caught, and the figures of it.

use crate::demo::generator::EVENTS_MIN;
use crate::demo::run::{Options, Outcome as Demo};
use std::io::Write as _;

use super::exit::{Failure, Outcome};
use super::{Talk, signals};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Another stream of events; the same seed gives the same alerts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how many events, at least 1000
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Events a second; 0 is as fast as it goes
    #[arg(long, default_value_t = 100_000.0)]
    rate: f64,
    /// Print one alert a line as JSON, and the figures to standard error
    #[arg(long)]
    json: bool,
}

/// Runs the demo; a fraud that is missed, or a false alert, is a finding.
pub fn run(args: &Args, talk: &Talk) -> Outcome {
    let stop = signals::stop_flag()?;
    if args.events < EVENTS_MIN {
        return Err(Failure::Usage(format!(
            "`--events {}` is too few for a day of fraud: at least {EVENTS_MIN}",
            args.events
        )));
    }
    if !args.rate.is_finite() || args.rate < 0.0 {
        return Err(Failure::Usage(format!("`--rate {}` is no rate: expected events a second, or 0", args.rate)));
    }
    let rate = (args.rate > 0.0).then_some(args.rate);
    talk.say(format_args!(
        "six hours of card payments, logins and orders in {} events, with fraud planted in them",
        args.events
    ));
    let options = Options { seed: args.seed, events: args.events, rate, json: args.json };
    let demo = crate::demo::run::run(options, stop).map_err(|error| Failure::Run(error.to_string()))?;
    let figures = figures(&demo);
    if args.json {
        talk.say_block(&figures);
    } else {
        write!(anstream::stdout(), "\n{figures}")?;
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
