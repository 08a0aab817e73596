//! Alerts on their way to a sink: most one by one, and those of all combinations that an event completes together, each of
//! which is made in one place when it is looked at: they may be more than memory holds.

use std::fmt::Debug;
use std::sync::Arc;

use super::Alert;
use crate::event::Position;

/// Alerts of one rule, event and key, with numbers that follow each other: in the total order nothing stands between them.
pub trait Together: Debug + Send + Sync {
    /// How many they are.
    fn count(&self) -> u64;

    /// Shows each, in order; the first stands at this position.
    fn each(&self, first: &Position, show: &mut dyn FnMut(&Alert));
}

/// Alerts.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// One by one.
    pub one: Vec<Alert>,
    /// Together, each with the position of its first.
    pub together: Vec<(Position, Arc<dyn Together>)>,
}

impl Alerts {
    /// How many they are.
    pub fn count(&self) -> u64 {
        let together = self.together.iter().map(|(_, alerts)| alerts.count());
        together.fold(self.one.len() as u64, u64::saturating_add)
    }

    /// Adds others.
    pub fn extend(&mut self, mut others: Alerts) {
        if self.one.is_empty() {
            self.one = others.one;
        } else {
            self.one.append(&mut others.one);
        }
        self.together.append(&mut others.together);
    }

    /// Puts them into the total order.
    pub fn sort(&mut self) {
        if !self.one.is_sorted_by(|a, b| a.position <= b.position) {
            self.one.sort_by(|a, b| a.position.cmp(&b.position));
        }
        if !self.together.is_sorted_by(|(a, _), (b, _)| a <= b) {
            self.together.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
    }

    /// Shows each; in the total order if they are sorted.
    pub fn each(&self, mut show: impl FnMut(&Alert)) {
        let mut one = self.one.iter().peekable();
        for (first, alerts) in &self.together {
            while let Some(alert) = one.next_if(|alert| alert.position < *first) {
                show(alert);
            }
            alerts.each(first, &mut show);
        }
        one.for_each(show);
    }

    /// As a list.
    pub fn into_vec(self) -> Vec<Alert> {
        if self.together.is_empty() {
            return self.one;
        }
        let mut all = Vec::new();
        self.each(|alert| all.push(alert.clone()));
        all
    }
}
