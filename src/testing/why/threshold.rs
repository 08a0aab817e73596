//! Why a threshold rule did not alert: nothing was admitted, `when` never held, or the episode was already open.

use tripline_engine::alert::Alert;
use tripline_query_lang::plan::{Body, Rule, Threshold};
use tripline_query_lang::value::Value;

use super::{Case, LISTED_MAX};
use crate::testing::notation::{at, notation};

pub fn why(case: &Case<'_>, threshold: &Threshold) -> Vec<String> {
    let admitted = case.alerts(|rule| {
        rule.suppress = None;
        if let Body::Threshold(threshold) = &mut rule.body {
            (threshold.when, threshold.hold_us, threshold.episode_us) = (None, None, None);
        }
        (rule.repeat_us, rule.resolve) = (None, None);
    });
    if admitted.is_empty() {
        return vec![format!("no event{} passes the `on` clause", case.of_key())];
    }
    let held = case.alerts(|rule| {
        rule.suppress = None;
        if let Body::Threshold(threshold) = &mut rule.body {
            threshold.hold_us = None;
        }
        (rule.repeat_us, rule.resolve) = (None, None);
        rule.alert.iter_mut().for_each(|alert| alert.every_event = true);
    });
    if let Some(first) = held.first() {
        return vec![in_the_way(case, threshold, first)];
    }
    let mut lines = Vec::new();
    if threshold.when.is_some() {
        lines.push(format!("`when` held at no event{}; the newest that were admitted:", case.of_key()));
    }
    let newest = admitted.len().saturating_sub(LISTED_MAX);
    lines.extend(admitted[newest..].iter().map(|alert| values(case, alert)));
    lines
}

/// `when` held, and yet no alert is left for the expectation.
fn in_the_way(case: &Case<'_>, threshold: &Threshold, first: &Alert) -> String {
    if let Some(hold_us) = threshold.hold_us
        && case.alerts(|rule| rule.suppress = None).is_empty()
    {
        let hold = notation(&Value::Duration(hold_us));
        return format!("`when` holds at {}, but not at every event for {hold}", at(first.at_us));
    }
    let unsuppressed = case.alerts(|rule: &mut Rule| rule.suppress = None);
    let spoken = case.alerts(|_| {});
    match unsuppressed.len() > spoken.len() {
        true => format!("`when` holds from {} on, but `suppress` keeps the alert back", at(first.at_us)),
        false => format!(
            "`when` holds from {} on, and the episode alerts once: `alert every event` alerts each time",
            at(first.at_us)
        ),
    }
}

fn values(case: &Case<'_>, alert: &Alert) -> String {
    let with = case.rule.fields.iter().map(|with| with.name.as_str()).zip(&alert.fields);
    let values: Vec<String> = with.map(|(name, value)| format!("{name}: {}", notation(value))).collect();
    match values.is_empty() {
        true => format!("  at {}", at(alert.at_us)),
        false => format!("  at {}  {}", at(alert.at_us), values.join(", ")),
    }
}
