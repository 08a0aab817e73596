//! A rule: its typed plan, and how it is run.

use std::fmt::Write;

use super::Explanation;
use super::streams::keys;
use super::views;
use crate::history::sketch::error_of;
use tripline_query_lang::bill::{Amount, sketch_bytes};
use tripline_query_lang::plan::{Alert, Body, Element, Pattern, Rule, TemplatePart, Threshold, Window};
use tripline_query_lang::show::pattern::{link, runs, within};
use tripline_query_lang::show::{Show, duration};

/// Adds a rule.
pub(super) fn write(explanation: &Explanation, index: usize, out: &mut String) {
    let rule = &explanation.plan.rules[index];
    let show = Show::new(&explanation.plan, rule);
    let what = rule.word();
    let table = rule.key_table.and_then(|table| explanation.plan.tables.get(table.index()));
    let table = table.map_or(String::new(), |table| format!(" in {}", table.name));
    let _ = writeln!(out, "\n{what} {}", rule.name);
    let _ = writeln!(out, "  by {}{table}", keys(explanation, index));
    if rule.key_table.is_some() {
        let _ = writeln!(out, "  watches: each key of the table from its row on, until that is gone; no other key");
    }
    match &rule.body {
        Body::Threshold(threshold) => {
            on(show, threshold, out);
            histories(show, rule, out);
            let strategy = match (rule.keeps, &explanation.families[index]) {
                (Some(_), _) => views::strategy(rule, explanation.copies(index)),
                (None, Some(members)) => family_strategy(explanation, members, index),
                (None, None) => threshold_strategy(rule, threshold),
            };
            let _ = writeln!(out, "  strategy: {strategy}");
        }
        Body::Pattern(pattern) => {
            self::pattern(show, pattern, out);
            histories(show, rule, out);
            if let Some(machine) = &explanation.machines[index] {
                let _ = writeln!(out, "  strategy: {}: {}", machine.strategy(), machine.why());
            }
        }
    }
    for look_up in &explanation.look_ups[index] {
        let _ = writeln!(out, "  looks up {}", look_up.text);
    }
    if let Some(suppress) = &rule.suppress {
        let by: Vec<String> = suppress.by.iter().map(|part| show.expr(part)).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
        let _ = writeln!(out, "  suppress {}{by}", duration(suppress.span_us));
    }
    match &rule.alert {
        Some(said) => alert(show, rule, said, out),
        None => fields(show, rule, "emit", out),
    }
    if let Some(us) = rule.repeat_us {
        let _ = writeln!(out, "  repeat {}", duration(us));
    }
    if let Some(resolve) = &rule.resolve {
        let _ = writeln!(out, "  resolve \"{}\"", template(show, resolve));
    }
    if let Some(having) = &rule.having {
        let _ = writeln!(out, "  having {}", show.expr(having));
    }
    if let Some(emits) = &rule.emits {
        let plan = &explanation.plan;
        let readers = plan.rules.iter().filter(|reader| reader.reads().contains(&emits.stream));
        let readers: Vec<&str> = readers.map(|reader| reader.name.as_str()).collect();
        let _ = writeln!(out, "  read by {}", readers.join(", "));
    }
}

fn on(show: Show<'_>, threshold: &Threshold, out: &mut String) {
    for on in &threshold.on {
        let name = on.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
        let filter = filter(show.at(on.stream), on.filter.as_ref());
        let _ = writeln!(out, "  on {name}{}{filter}", show.stream_name(on.stream));
    }
    if let Some(window) = &threshold.window {
        let _ = writeln!(out, "  {}", window_clause(window));
    }
    if let Some(when) = &threshold.when {
        let hold = threshold.hold_us.map_or(String::new(), |us| format!(" for {}", duration(us)));
        let _ = writeln!(out, "  when {}{hold}", show.expr(when));
    }
}

fn window_clause(window: &Window) -> String {
    match window {
        Window::Every(every) => {
            let over = (every.over_us != every.every_us).then(|| format!(" over {}", duration(every.over_us)));
            let zone = every.zone.as_ref().map(|zone| format!(" in zone \"{zone}\""));
            format!("every {}{}{}", duration(every.every_us), over.unwrap_or_default(), zone.unwrap_or_default())
        }
        Window::Session(gap_us) => format!("session {}", duration(*gap_us)),
        Window::Count(events) => format!("every {events} events"),
    }
}

fn filter(show: Show<'_>, filter: Option<&tripline_query_lang::plan::Expr>) -> String {
    filter.map_or(String::new(), |filter| format!(" where {}", show.expr(filter)))
}

fn pattern(show: Show<'_>, pattern: &Pattern, out: &mut String) {
    for clause in within(pattern.within).into_iter().chain(runs(pattern.runs)) {
        let _ = writeln!(out, "  {clause}");
    }
    for element in &pattern.seq {
        let _ = writeln!(out, "  {} {}", word(element), show.element(element));
    }
    for absent in &pattern.without {
        let _ = writeln!(out, "  without {}", show.absent(absent));
    }
    let _ = writeln!(out, "  after match skip {}", show.skip(pattern.skip));
}

fn word(element: &Element) -> &'static str {
    match link(element.link) {
        "" => "match",
        word => word,
    }
}

fn histories(show: Show<'_>, rule: &Rule, out: &mut String) {
    for history in &rule.histories {
        let _ = writeln!(out, "  looks back: {}: {}", show.history(history), history.ty);
        if let Some(error) = error_of(&history.func) {
            let bytes = Amount::AtMost(sketch_bytes(history));
            let _ = writeln!(out, "    approximate: {error}; at most {bytes} bytes a key");
        }
    }
}

/// Rules that count the same events above a limit, and differ in limit, window and number alone.
fn family_strategy(explanation: &Explanation, members: &[usize], rule: usize) -> String {
    let others: Vec<usize> = members.iter().filter(|member| **member != rule).copied().collect();
    let shown = match &others[..] {
        [] => "no other rule yet".to_owned(),
        [_, _, _, _, ..] => format!("{} and {} more", explanation.names(&others[..3]), others.len() - 3),
        _ => explanation.names(&others),
    };
    format!(
        "family: one history a key, its values in order, says of each event which limits it passes; shared with {shown}"
    )
}

fn threshold_strategy(rule: &Rule, threshold: &Threshold) -> String {
    match &threshold.window {
        Some(Window::Every(every)) if every.every_us != every.over_us => {
            return "window: the values of the newest window are kept, and slide on when one ends".to_owned();
        }
        Some(_) => return "window: what its row says is counted as events come, and forgotten when it ends".to_owned(),
        None => {}
    }
    let every = match (&threshold.when, rule.is_every_event()) {
        (None, _) => {
            let makes = if rule.alert.is_some() { "alerts" } else { "makes a row" };
            return format!("every event: no `when`, so each admitted event {makes} and nothing is remembered");
        }
        (Some(_), true) => "each event that finds `when` true alerts",
        (Some(_), false) if threshold.hold_us.is_some() => {
            "the moment alerts at which `when` has held for so long, and the newest event is kept for it"
        }
        (Some(_), false) => "the event alerts that finds `when` true first",
    };
    match threshold.episode_us {
        Some(us) => {
            format!("episodes: {every}; over when `when` is not true, or {} after the last event", duration(us))
        }
        None => format!("episodes: {every}; over only when an event finds `when` not true"),
    }
}

fn template(show: Show<'_>, template: &[TemplatePart]) -> String {
    let parts = template.iter().map(|part| match part {
        TemplatePart::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        TemplatePart::Expr(expr) => format!("{{{}}}", show.expr(expr)),
    });
    parts.collect::<String>().escape_debug().to_string()
}

fn alert(show: Show<'_>, rule: &Rule, alert: &Alert, out: &mut String) {
    let every = if alert.every_event { "every event " } else { "" };
    let _ = writeln!(out, "  alert {every}{} \"{}\"", alert.severity.as_str(), template(show, &alert.template));
    fields(show, rule, "with", out);
    if !alert.to.is_empty() {
        let _ = writeln!(out, "  to {}", alert.to.join(", "));
    }
}

fn fields(show: Show<'_>, rule: &Rule, word: &str, out: &mut String) {
    for field in &rule.fields {
        let _ = writeln!(out, "  {word} {}: {} = {}", field.name, field.expr.ty, show.expr(&field.expr));
    }
}
