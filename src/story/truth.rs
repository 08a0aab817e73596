//! Holds a story's alerts against the truth that was planted: per rule what was planted, found, missed and wrongly caught,
//! and whether each scene came out as the script says.
//!
//! An alert belongs to the scene that has a member of its key's name; every other belongs to ordinary life.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::script::Script;
use super::tell::Telling;

/// How one rule did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tellings that it ought to find.
    pub planted: usize,
    /// Those with an alert.
    pub found: usize,
    /// Its alerts.
    pub alerts: usize,
    /// Its alerts on tellings that it ought to find.
    pub right: usize,
    /// Scenes that it missed, with how often.
    pub missed: BTreeMap<String, usize>,
    /// Scenes, or ordinary life, that it wrongly caught, with how often.
    pub wrong: BTreeMap<String, usize>,
}

impl Tally {
    /// Heads of the columns of [`Tally::row`].
    pub const HEADS: &str = "  planted     found    missed     wrong precision    recall";

    /// The figures as the columns of a table.
    pub fn row(&self) -> String {
        let Tally { planted, found, alerts, right, .. } = *self;
        let numbers = [planted, found, planted - found, alerts - right].map(|number| format!("{number:>9}"));
        let shares = [share(right, alerts), share(found, planted)].map(|share| format!("{share:>9}"));
        [numbers.join(" "), shares.join(" ")].join(" ")
    }
}

/// How all rules did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Per rule, by name.
    pub rules: BTreeMap<String, Tally>,
    /// Tellings that came out otherwise than the script says.
    pub surprises: Vec<String>,
}

/// What stands for alerts that belong to no scene.
const LIFE: &str = "ordinary life";

impl Truth {
    /// Compares alerts, as rule and key's JSON, with what was told.
    pub fn new(script: &Script, tellings: &[Telling], rules: &[String], alerts: &[(String, String)]) -> Truth {
        let nothing_yet = rules.iter().map(|rule| (rule.clone(), Tally::default()));
        let mut truth = Truth { rules: nothing_yet.collect(), surprises: Vec::new() };
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, telling) in tellings.iter().enumerate() {
            owners.extend(telling.members.iter().map(|member| (member.as_str(), number)));
        }
        let mut heard: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); tellings.len()];
        for (rule, key) in alerts {
            let telling = parts(key).iter().find_map(|part| owners.get(part.as_str()).copied());
            let scene = telling.map(|number| &script.scene[tellings[number].scene]);
            let tally = truth.rules.entry(rule.clone()).or_default();
            tally.alerts += 1;
            if scene.is_some_and(|scene| scene.truth.contains(rule)) {
                tally.right += 1;
            } else {
                *tally.wrong.entry(scene.map_or(LIFE, |scene| &scene.what).to_owned()).or_default() += 1;
            }
            if let Some(number) = telling {
                heard[number].insert(rule);
            }
        }
        for (telling, heard) in tellings.iter().zip(&heard) {
            truth.judge(script, telling, heard);
        }
        truth
    }

    fn judge(&mut self, script: &Script, telling: &Telling, heard: &BTreeSet<&str>) {
        let scene = &script.scene[telling.scene];
        for rule in &scene.truth {
            let tally = self.rules.entry(rule.clone()).or_default();
            tally.planted += 1;
            if heard.contains(rule.as_str()) {
                tally.found += 1;
            } else {
                *tally.missed.entry(scene.what.clone()).or_default() += 1;
            }
        }
        let said: BTreeSet<&str> = scene.alerts().iter().map(String::as_str).collect();
        if said != *heard {
            let who = telling.members.join(", ");
            self.surprises.push(format!("{} ({who}): {}, not {}", scene.what, list(heard), list(&said)));
        }
    }
}

/// The parts of an alert's key as texts, from its JSON object.
fn parts(key: &str) -> Vec<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(key).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    object.values().map(text).collect()
}

fn list(rules: &BTreeSet<&str>) -> String {
    if rules.is_empty() { "no alert".to_owned() } else { rules.iter().copied().collect::<Vec<_>>().join(" and ") }
}

fn times(number: usize) -> String {
    if number == 1 { String::new() } else { format!(", {number} times") }
}

/// A share in per cent; of nothing, nothing is said.
fn share(part: usize, whole: usize) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.0}%", 100.0 * part as f64 / whole as f64) }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rules.keys().map(String::len).max().unwrap_or(0).max(20);
        writeln!(f, "{:<width$} {}", "rule", Tally::HEADS)?;
        self.rules.iter().try_for_each(|(rule, tally)| writeln!(f, "{rule:<width$} {}", tally.row()))?;
        for (rule, tally) in &self.rules {
            tally.missed.iter().try_for_each(|(what, n)| writeln!(f, "missed: {rule}: {what}{}", times(*n)))?;
            tally.wrong.iter().try_for_each(|(what, n)| writeln!(f, "wrong:  {rule}: {what}{}", times(*n)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"
        title = "t"
        start = 2026-01-01T00:00:00Z
        lasts = "1h"
        stream = {}
        cast = {}
        scene = [
          { what = "a thief", truth = ["burst"], events = [] },
          { what = "a slow thief", truth = ["burst"], alerts = [], events = [] },
          { what = "a wedding", alerts = ["burst"], events = [] },
        ]
    "#;

    fn telling(scene: usize, member: &str) -> Telling {
        Telling { scene, members: vec![member.to_owned()] }
    }

    #[test]
    fn found_missed_wrong_and_surprises() {
        let script: Script = toml::from_str(SCRIPT).expect("a script");
        let tellings = [telling(0, "a"), telling(0, "b"), telling(1, "c"), telling(2, "d")];
        let alerts = ["a", "a", "d", "x"].map(|key| ("burst".to_owned(), format!(r#"{{"card":"{key}"}}"#)));
        let truth = Truth::new(&script, &tellings, &["burst".to_owned()], &alerts);
        let burst = &truth.rules["burst"];
        assert_eq!((burst.planted, burst.found, burst.alerts, burst.right), (3, 1, 4, 2));
        assert_eq!(burst.missed, [("a slow thief".to_owned(), 1), ("a thief".to_owned(), 1)].into());
        assert_eq!(burst.wrong, [("a wedding".to_owned(), 1), ("ordinary life".to_owned(), 1)].into());
        assert_eq!(truth.surprises, ["a thief (b): no alert, not burst"]);
        let shown = truth.to_string();
        assert!(shown.contains("50%") && shown.contains("33%"), "{shown}");
    }
}
