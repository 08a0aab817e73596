//! How long a run may be open: the rule's `within`, or what its steps allow one after the other.

use crate::plan::{Element, Group, GroupKind, Limits, Node, Pattern, Quant, Within};
use crate::show::pattern::{link, within};
use crate::show::{Show, duration};

/// How long a run may be open, and the clause that says so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lifetime {
    pub bound: Bound,
    pub clause: String,
}

/// The bound of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// Microseconds of event time.
    Time(i64),
    /// Events of the key after the first.
    Events(u32),
    /// Nothing.
    None,
}

/// The lifetime of a run of this pattern.
pub(super) fn of(show: Show<'_>, pattern: &Pattern) -> Lifetime {
    let mut walk = Walk { show, is_first: true, endless: None, limits: Vec::new() };
    let steps = walk.seq(&pattern.seq, None).ok_or(walk.endless.unwrap_or_default());
    let by_steps = |us| Lifetime { bound: Bound::Time(us), clause: walk.limits.join(", ") };
    let rule = match pattern.within {
        Some(Within::Time(us)) => Some(by_rule(us, &pattern.seq)),
        Some(Within::Events(_) | Within::Forever) | None => None,
    };
    match (rule, steps, pattern.within) {
        (Some((rule_us, _)), Ok(steps), _) if steps < rule_us => by_steps(steps),
        (Some((rule_us, clause)), ..) => Lifetime { bound: Bound::Time(rule_us), clause },
        (None, Ok(steps), _) => by_steps(steps),
        (None, Err(_), Some(Within::Events(n))) => {
            Lifetime { bound: Bound::Events(n), clause: within(pattern.within).unwrap_or_default() }
        }
        (None, Err(endless), Some(Within::Forever)) => {
            Lifetime { bound: Bound::None, clause: format!("within forever: `{endless}`") }
        }
        (None, Err(endless), _) => Lifetime { bound: Bound::None, clause: format!("`{endless}` has no limit") },
    }
}

/// The rule's `within`, and behind it a wait that stands last.
fn by_rule(within_us: i64, seq: &[Element]) -> (i64, String) {
    let wait_us = last_wait(seq);
    let clause = format!("within {}", duration(within_us));
    let clause = if wait_us > 0 { format!("{clause}, then `no` for {}", duration(wait_us)) } else { clause };
    (within_us.saturating_add(wait_us), clause)
}

/// The wait of a `no X for D` that stands last.
fn last_wait(seq: &[Element]) -> i64 {
    match seq.last().map(|element| &element.node) {
        Some(Node::No(absent)) => absent.hold_us.unwrap_or(0),
        Some(Node::Sub(sub)) => last_wait(&sub.seq),
        Some(Node::Group(group)) => {
            group.members.iter().map(|member| last_wait(std::slice::from_ref(member))).max().unwrap_or(0)
        }
        Some(Node::Step(_)) | None => 0,
    }
}

/// Adds up what the elements allow; an error names the first that allows any time.
struct Walk<'a> {
    show: Show<'a>,
    /// No event was taken yet: the first one needs no time.
    is_first: bool,
    endless: Option<String>,
    /// The limits that were added up, each once.
    limits: Vec<String>,
}

impl Walk<'_> {
    fn note(&mut self, word: &str, us: i64) {
        let limit = format!("{word} {}", duration(us));
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
    }

    fn seq(&mut self, seq: &[Element], around: Option<i64>) -> Option<i64> {
        // Before a wait that stands first nothing is open.
        let is_leading = |element: &&Element| matches!(element.node, Node::No(_));
        let leading = if self.is_first { seq.iter().take_while(is_leading).count() } else { 0 };
        seq[leading..].iter().try_fold(0i64, |sum, element| Some(sum.saturating_add(self.element(element, around)?)))
    }

    /// `around`: the `within` of a bracket, which each step inside has as well.
    fn element(&mut self, element: &Element, around: Option<i64>) -> Option<i64> {
        let total = match &element.node {
            Node::Step(step) => self.repeated(step.quant, &step.limits, around, |walk, gap| walk.gap(gap)),
            // Without a time it forbids only what lies between its neighbours; last, the rule's `within` ends it.
            Node::No(absent) => {
                absent.hold_us.iter().for_each(|us| self.note("no .. for", *us));
                Some(absent.hold_us.unwrap_or(0))
            }
            Node::Group(group) => self.group(group, around),
            Node::Sub(sub) => self.repeated(sub.quant, &sub.limits, around, |walk, gap| walk.seq(&sub.seq, gap)),
        };
        if total.is_none() && self.endless.is_none() {
            let word = link(element.link);
            let gap = if word.is_empty() { "" } else { " " };
            self.endless = Some(format!("{word}{gap}{}", self.show.element(element)));
        }
        total
    }

    /// The time to one event: none for the first of all.
    fn gap(&mut self, within_us: Option<i64>) -> Option<i64> {
        if std::mem::take(&mut self.is_first) {
            return Some(0);
        }
        within_us.iter().for_each(|us| self.note("within", *us));
        within_us
    }

    fn repeated(
        &mut self,
        quant: Option<Quant>,
        limits: &Limits,
        around: Option<i64>,
        mut once: impl FnMut(&mut Self, Option<i64>) -> Option<i64>,
    ) -> Option<i64> {
        let gap = limits.within_us.or(around);
        let most = quant.map_or(Some(1), |quant| quant.max);
        if let Some(over_us) = limits.over_us {
            // The way to its first event, and from there.
            let entry = self.gap(gap)?;
            self.note("over", over_us);
            return Some(entry.saturating_add(over_us));
        }
        let first = once(self, gap)?;
        if most == Some(1) {
            return Some(first);
        }
        let further = once(self, gap)?;
        Some(first.saturating_add(further.saturating_mul(i64::from(most?) - 1)))
    }

    fn group(&mut self, group: &Group, around: Option<i64>) -> Option<i64> {
        let gap = group.limits.within_us.or(around);
        if let Some(over_us) = group.limits.over_us {
            let entry = self.gap(gap)?;
            self.note("over", over_us);
            return Some(entry.saturating_add(over_us));
        }
        let first = self.is_first;
        let mut total = 0i64;
        for member in &group.members {
            match group.kind {
                GroupKind::AnyOf => {
                    self.is_first = first;
                    total = total.max(self.element(member, gap)?);
                }
                GroupKind::Of(_) => total = total.saturating_add(self.element(member, gap)?),
            }
        }
        Some(total)
    }
}
