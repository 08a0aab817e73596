//! The page: how it was measured, the tables, where we lose, and what each peer ran.

use std::fmt::Write;

use super::Kept;
use crate::machine::Machine;
use crate::peers::results::{Results, Subject};
use crate::report::{figure, speed};

/// The share of the hand loop's speed below which a query counts as lost to it.
const NEAR_HAND: f64 = 0.6;

/// The page.
pub fn page(kept: &Kept) -> String {
    let mut text = String::from(
        "<!-- Made by `cargo run -p benches -- page` of the raw results in benches/results. Change those, not this. -->\n\
         # Performance\n\n\
         Speed is claimed beside a peer and a hand-written loop, in the same run, on the same events, with the same count of matches; \
         a run with another count fails. Absolute figures depend on the machine and on who else used it; **the ratios are what counts.**\n\n\
         ![Tripline's speed by each peer's](performance.svg)\n\n",
    );
    method(kept, &mut text);
    let (many, single): (Vec<&Results>, Vec<&Results>) =
        kept.peers.iter().partition(|results| is_family(kept, results));
    beside_peers(kept, &single, &mut text);
    if !many.is_empty() {
        many_rules(kept, &many, &mut text);
    }
    alone(kept, &mut text);
    losses(kept, &mut text);
    queries(kept, &mut text);
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
    text.push('\n');
}

fn method(kept: &Kept, text: &mut String) {
    text.push_str(
        "## How it was measured\n\n\
         - `make bench` runs each definition in `benches/definitions`, three rounds of Tripline and of the hand loop in turn, and takes the better \
         of each. `make bench-peers` fetches the peers by Maven and runs Tripline and each peer in turn over the same file; \
         medians of the rounds, and the median of the ratios within a round.\n\
         - Events are objects in memory (Tripline: columns) before the clock starts; one worker. A peer runs over them again and again in one process \
         until the budget is over, to warm up, then three times or for the budget once more, of which the fastest counts, as of ours. A run is fed \
         no more when the budget is over; the count is then compared over as many events. A window that has not filled by then flatters whoever was cut: \
         so does every query whose window is longer than the events' time. Results of 2026-11-21 had a shorter warm-up: one pass of at most half \
         the budget, and one run that counts, which makes a fast peer look slower than it is.\n\
         - Each query stands in the best form that we know for a peer (`best`), in the form that its manual suggests first (`plain`), and in SQL where \
         that is natural. Only exact forms are here: those that find the same matches. `-` is a peer without one that we know of, or that was left out of the run.\n\
         - CORE is not here: it is built from its own sources, and Maven does not have it.\n\n",
    );
    let mut machines: Vec<(&Machine, Vec<&str>)> = Vec::new();
    let own = kept.own.iter().map(|own| (&own.machine, "Tripline alone"));
    for (machine, name) in own.chain(kept.peers.iter().map(|results| (&results.machine, results.query.as_str()))) {
        match machines.iter_mut().find(|(other, _)| *other == machine) {
            Some((_, names)) => names.push(name),
            None => machines.push((machine, vec![name])),
        }
    }
    for (machine, names) in machines {
        let java = if machine.java.is_empty() { String::new() } else { format!(", {}", machine.java) };
        line(
            text,
            format_args!(
                "- {}{}: {}, {} cores, {} GiB, {}; {}{java}; Tripline {}; {}; `{}`",
                names.join(", "),
                conditions(kept, &names),
                machine.processor,
                machine.cores,
                machine.memory_gib,
                machine.system,
                machine.rust,
                machine.tripline,
                machine.date,
                machine.command
            ),
        );
    }
    text.push('\n');
}

/// Rounds and budget of the results that are called so; nothing where they differ.
fn conditions(kept: &Kept, names: &[&str]) -> String {
    let mut of: Vec<(u32, u64)> = kept
        .peers
        .iter()
        .filter(|results| names.contains(&results.query.as_str()))
        .map(|results| (results.rounds, results.budget_seconds))
        .collect();
    of.dedup();
    match of[..] {
        [(rounds, seconds)] => format!(" (rounds: {rounds}, budget: {seconds} s)"),
        _ => String::new(),
    }
}

fn beside_peers(kept: &Kept, queries: &[&Results], text: &mut String) {
    text.push_str("## Beside the peers\n\nEvents a second; in brackets how many times as fast Tripline was in the same round.\n\n");
    let title =
        |peer: &str| kept.peers.iter().find_map(|results| results.peers.get(peer).cloned()).unwrap_or(peer.to_owned());
    line(
        text,
        format_args!(
            "| | what | Tripline | hand loop | {} | {} | {} |",
            title("esper"),
            title("flink"),
            title("siddhi")
        ),
    );
    text.push_str("|---|---|---|---|---|---|---|\n");
    for results in queries {
        let (ours, hand, [esper, flink, siddhi]) = cells(results, cell);
        line(
            text,
            format_args!(
                "| {} | {} | **{ours}** | {hand} | {esper} | {flink} | {siddhi} |",
                results.query, results.title
            ),
        );
    }
    text.push('\n');
}

/// Its rules differ in their constants alone.
fn is_family(kept: &Kept, results: &Results) -> bool {
    kept.benchmarks.iter().any(|one| one.name == results.query && one.definition.family.is_some())
}

fn many_rules(kept: &Kept, families: &[&Results], text: &mut String) {
    text.push_str(
        "## Many rules\n\nRules that differ in their constants, all in one run; in brackets how many times as fast Tripline was in the same round. \
         Every count is that of the hand loop over as many events. *Cut*: the time was over after so many events, before every window had filled, \
         which flatters whoever was cut.\n\n| | rules | Tripline | hand loop | Esper | Flink | Siddhi |\n|---|---|---|---|---|---|---|\n",
    );
    let mut before = "";
    for results in families {
        let one = kept.benchmarks.iter().find(|one| one.name == results.query);
        let (size, title) = one.map_or((0, ""), |one| (one.size, one.definition.title.as_str()));
        let title = if std::mem::replace(&mut before, title) == title { "" } else { title };
        let (ours, hand, [esper, flink, siddhi]) = cells(results, cell_or_cut);
        line(text, format_args!("| {title} | {size} | **{ours}** | {hand} | {esper} | {flink} | {siddhi} |"));
    }
    text.push('\n');
}

/// Tripline's, the hand loop's and the peers'.
fn cells(results: &Results, cell: fn(&Results, &Subject) -> String) -> (String, String, [String; 3]) {
    let ours = results.median(&Subject::Tripline, "best").map_or("-".to_owned(), speed);
    let peers = ["esper", "flink", "siddhi"].map(|name| cell(results, &Subject::Peer(name.to_owned())));
    (ours, cell(results, &Subject::Hand), peers)
}

/// As [`cell`]; with what the slowest run of the subject came to, if another came further.
fn cell_or_cut(results: &Results, subject: &Subject) -> String {
    let most = results.runs.iter().map(|run| run.events).max();
    let own = results.runs.iter().filter(|run| run.subject == *subject).map(|run| run.events).min();
    let cell = cell(results, subject);
    match own {
        Some(events) if Some(events) < most && *subject != Subject::Hand => {
            format!("{cell}<br>*cut at {events} events*")
        }
        _ => cell,
    }
}

/// All forms of a subject.
fn cell(results: &Results, subject: &Subject) -> String {
    let forms = results.subjects().into_iter().filter(|(other, _)| other == subject);
    let form = |(subject, form): (Subject, String)| {
        let (median, ratio) = (results.median(&subject, &form)?, results.ratio(&subject, &form)?);
        let form = if subject == Subject::Hand { String::new() } else { format!("{form} ") };
        Some(format!("{form}{} ({} x)", speed(median), figure(ratio)))
    };
    let cells: Vec<String> = forms.filter_map(form).collect();
    if cells.is_empty() { "-".to_owned() } else { cells.join("<br>") }
}

fn alone(kept: &Kept, text: &mut String) {
    let Some(own) = &kept.own else { return };
    text.push_str("## Tripline alone\n\n| | what | events/s | ns an event | of the hand loop | memory, MiB | more |\n|---|---|---|---|---|---|---|\n");
    for report in &own.reports {
        let title = kept.benchmarks.iter().find(|one| one.name == report.query).map_or("", |one| &one.definition.title);
        let more: Vec<String> = report.more.iter().map(|(name, value)| format!("{name} {}", figure(*value))).collect();
        line(
            text,
            format_args!(
                "| {} | {title} | {} | {} | {} | {:.0} | {} |",
                report.query,
                speed(report.events_per_s),
                figure(report.ns_per_event),
                figure(report.ratio_to_hand),
                report.peak_rss_mb,
                more.join("<br>")
            ),
        );
    }
    text.push('\n');
}

fn losses(kept: &Kept, text: &mut String) {
    text.push_str("## Where we lose\n\n");
    let mut any = false;
    let mut say = |text: &mut String, what: std::fmt::Arguments<'_>| {
        any = true;
        line(text, what);
    };
    for results in &kept.peers {
        for (subject, form) in results.subjects() {
            let (Subject::Peer(peer), Some(ratio)) = (&subject, results.ratio(&subject, &form)) else { continue };
            if ratio < 1.0 {
                say(
                    text,
                    format_args!("- **{}**: {peer} ({form}) is {} times as fast.", results.query, figure(1.0 / ratio)),
                );
            }
        }
    }
    for one in &kept.benchmarks {
        let (Some(report), Some(goal)) = (kept.report(&one.name), one.goal()) else { continue };
        let (floor, goal) = (goal.floor, goal.goal);
        let what = if report.events_per_s < floor { "below the floor that we set ourselves" } else { "below our goal" };
        if report.events_per_s < goal {
            let (is, goal) =
                (speed(report.events_per_s), speed(if report.events_per_s < floor { floor } else { goal }));
            say(text, format_args!("- **{}**: {is} events/s, {what}, {goal}.", one.name));
        }
    }
    let hand: Vec<&Results> =
        kept.peers.iter().filter(|r| r.ratio(&Subject::Hand, "best").is_some_and(|ratio| ratio < NEAR_HAND)).collect();
    if !hand.is_empty() {
        let names: Vec<String> = hand
            .iter()
            .filter_map(|r| Some(format!("{} {} x", r.query, figure(1.0 / r.ratio(&Subject::Hand, "best")?))))
            .collect();
        say(text, format_args!("- The loop written by hand for one query is faster: {}.", names.join(", ")));
    }
    if !any {
        text.push_str("Nowhere in these results.\n");
    }
    text.push('\n');
}

fn queries(kept: &Kept, text: &mut String) {
    text.push_str("## What each peer ran\n\nTripline's rules are the `.trip` files in `benches/definitions`; of many rules the first is shown.\n\n");
    for results in &kept.peers {
        line(text, format_args!("**{}**\n", results.query));
        for (who, query) in &results.texts {
            line(text, format_args!("- {who}: `{query}`"));
        }
        text.push('\n');
    }
}
