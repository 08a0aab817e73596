//! Rules that differ in their constants only, as a fraud team has hundreds of: made by a formula, any number of them.
//!
//! Rule i has u = (7919 i mod 10007) / 10007, the threshold x = 500 + 4500 u², and 30, 60, 90 or 120 s in turn.

use std::fmt::Write;

use serde::Deserialize;

/// A kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// An amount at the rule's own merchant.
    R1,
    /// Per card at least three amounts over x in the rule's window, one row per event.
    R2,
    /// Per card every amount over x, then one over 1.25 x, then one over 1.5 x, within 60 s.
    R3,
    /// Per card three amounts over x within 60 s, then from the start.
    R3m,
}

/// The constants of one rule; money in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constants {
    /// R1: the merchant's number.
    pub merchant: u32,
    /// R1: 100 to 1000.
    pub floor: i64,
    /// x.
    pub first: i64,
    /// 1.25 x, cut to cents, which is the same for amounts in cents.
    pub second: i64,
    /// 1.5 x, cut to cents.
    pub third: i64,
    /// R2: the window in ms; its events are strictly less apart.
    pub window_ms: i64,
}

/// R2's windows, in turn.
pub const WINDOWS_MS: [i64; 4] = [30_000, 60_000, 90_000, 120_000];

/// Rule i's constants.
pub fn constants(rule: u64) -> Constants {
    let u = (7_919 * rule % 10_007) as f64 / 10_007.0;
    let first = (50_000.0 + 450_000.0 * u * u).round() as i64;
    Constants {
        merchant: (7_919 * rule % 10_000) as u32,
        floor: (10_000.0 + 90_000.0 * u).round() as i64,
        first,
        second: first * 5 / 4,
        third: first * 3 / 2,
        window_ms: WINDOWS_MS[rule as usize % WINDOWS_MS.len()],
    }
}

/// A merchant's text by its number.
pub fn merchant(number: u32) -> String {
    format!("m{number:05}")
}

impl Family {
    /// A rule file of so many rules.
    pub fn rules(self, number: u64) -> String {
        (0..number).fold(String::new(), |mut text, rule| {
            let _ = self.rule(rule, &mut text);
            text
        })
    }

    fn rule(self, rule: u64, out: &mut String) -> std::fmt::Result {
        let of = constants(rule);
        match self {
            Family::R1 => write!(
                out,
                "rule r1_{rule} {{\n  on tx where merchant == \"{}\" and amount > {}\n  alert info \"{{amount}}\"\n}}\n",
                merchant(of.merchant),
                Money(of.floor)
            ),
            Family::R2 => write!(
                out,
                "rule r2_{rule} {{\n  by card\n  on tx where amount > {}\n  when n >= 3\n  \
                 alert every event info \"{{card}}: {{n}}\"\n  with n = count() over {}ms\n}}\n",
                Money(of.first),
                of.window_ms - 1
            ),
            Family::R3 => write!(
                out,
                "rule r3_{rule} {{\n  by card\n  within 59999ms\n  match a: tx where amount > {}\n  \
                 then b: tx where amount > {}\n  then c: tx where amount > {}\n  after match skip none\n  \
                 alert info \"{{card}}: {{c.amount}}\"\n}}\n",
                Money(of.first),
                Money(of.second),
                Money(of.third)
            ),
            Family::R3m => write!(
                out,
                "rule r3m_{rule} {{\n  by card\n  within 59999ms\n  match big: tx{{3}} where amount > {}\n  \
                 alert info \"{{card}}: {{count(big)}} large amounts\"\n}}\n",
                Money(of.first)
            ),
        }
    }
}

/// Cents, in the rule language's notation.
struct Money(i64);

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_follow_the_formula() {
        let first = constants(0);
        assert_eq!((first.first, first.window_ms, first.floor, first.merchant), (50_000, 30_000, 10_000, 0));
        // u = 7919 / 10007
        let second = constants(1);
        assert_eq!((second.first, second.second, second.third), (331_803, 414_753, 497_704));
        assert_eq!((second.window_ms, second.merchant), (60_000, 7_919));
        let merchants: std::collections::HashSet<u32> = (0..10_000).map(|rule| constants(rule).merchant).collect();
        assert_eq!(merchants.len(), 10_000, "every rule has a merchant of its own");
    }

    #[test]
    fn a_file_has_as_many_rules_as_asked_for() {
        for family in [Family::R1, Family::R2, Family::R3, Family::R3m] {
            assert_eq!(family.rules(10).matches("rule r").count(), 10);
        }
    }
}
