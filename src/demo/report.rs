//! Holds the demo's alerts against the planted truth: planted, caught, missed, false, per rule.

use std::collections::BTreeMap;
use std::fmt;

use super::generator::Planted;

/// What became of the planted fraud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Per rule, by name.
    pub rules: BTreeMap<String, Tally>,
}

/// What became of one rule's planted fraud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frauds that were planted.
    pub planted: usize,
    /// Planted frauds with an alert.
    pub caught: usize,
    /// Planted frauds without one.
    pub missed: Vec<String>,
    /// Alerts for which nothing was planted, or that came a second time.
    pub false_alarms: Vec<String>,
}

impl Report {
    /// Compares alerts, as (rule, key) in any order, with what was planted.
    pub fn new(planted: &[Planted], alerts: &[(String, String)]) -> Report {
        let mut report = Report::default();
        let mut open: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        for Planted { rule, key } in planted {
            report.rules.entry((*rule).to_owned()).or_default().planted += 1;
            open.insert((rule, key), false);
        }
        for (rule, key) in alerts {
            let tally = report.rules.entry(rule.clone()).or_default();
            match open.get_mut(&(rule.as_str(), key.as_str())) {
                Some(caught) if !*caught => {
                    *caught = true;
                    tally.caught += 1;
                }
                _ => tally.false_alarms.push(key.clone()),
            }
        }
        for ((rule, key), _) in open.into_iter().filter(|(_, caught)| !caught) {
            report.rules.entry(rule.to_owned()).or_default().missed.push(key.to_owned());
        }
        report
    }

    /// Everything that was planted was caught, and nothing else.
    pub fn is_perfect(&self) -> bool {
        self.rules.values().all(|tally| tally.missed.is_empty() && tally.false_alarms.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>8} {:>8} {:>8} {:>8}", "rule", "planted", "caught", "missed", "false")?;
        for (rule, tally) in &self.rules {
            let (missed, wrong) = (tally.missed.len(), tally.false_alarms.len());
            writeln!(f, "{rule:<20} {:>8} {:>8} {missed:>8} {wrong:>8}", tally.planted, tally.caught)?;
        }
        for (rule, tally) in &self.rules {
            for key in &tally.missed {
                writeln!(f, "missed: {rule} {key}")?;
            }
            for key in &tally.false_alarms {
                writeln!(f, "false: {rule} {key}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(key: &str) -> Planted {
        Planted { rule: "burst", key: key.to_owned() }
    }

    fn alert(rule: &str, key: &str) -> (String, String) {
        (rule.to_owned(), key.to_owned())
    }

    #[test]
    fn caught_missed_false_and_twice() {
        let alerts = [alert("burst", "a"), alert("burst", "a"), alert("burst", "c"), alert("other", "a")];
        let report = Report::new(&[planted("a"), planted("b")], &alerts);
        let burst = &report.rules["burst"];
        assert_eq!((burst.planted, burst.caught), (2, 1));
        assert_eq!(burst.missed, ["b"]);
        assert_eq!(burst.false_alarms, ["a", "c"]);
        assert_eq!(report.rules["other"].false_alarms, ["a"]);
        assert!(!report.is_perfect());
        assert!(Report::new(&[planted("a")], &[alert("burst", "a")]).is_perfect());
    }
}
