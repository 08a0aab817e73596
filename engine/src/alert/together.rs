//! Alerts on their way to a sink: most one by one, and those of all combinations that an event completes together, each of
//! which is made in one place when it is looked at: they may be more than memory holds.

use std::fmt::Debug;
use std::sync::Arc;

use super::Alert;
use crate::event::Position;

/// Alerts of one event and key, in the total order.
pub trait Together: Debug + Send + Sync {
    /// How many they are.
    fn count(&self) -> u64;

    /// Shows those from number `from` on that stand before `until`, in order; the first of all stands at `first`. Returns the
    /// number and the position of the next, if there is one.
    fn each(
        &self,
        first: &Position,
        from: usize,
        until: Option<&Position>,
        show: &mut dyn FnMut(&Alert),
    ) -> Option<(usize, Position)>;
}

/// Where the next one stands, its number, and all of them.
type Begun<'a> = (Position, usize, &'a (Position, Arc<dyn Together>));

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
        let mut together = self.together.iter().peekable();
        // Those that others stand between, by the position of what is next in them, the last first.
        let mut begun: Vec<Begun<'_>> = Vec::new();
        loop {
            let goes_on = match (begun.last(), together.peek()) {
                (Some((at, ..)), Some((first, _))) => at < first,
                (at, _) => at.is_some(),
            };
            let resumed = if goes_on { begun.pop() } else { None };
            let (at, from, all) = match &resumed {
                Some((at, from, all)) => (at, *from, *all),
                None => match together.next() {
                    Some(all) => (&all.0, 0, all),
                    None => break,
                },
            };
            while let Some(alert) = one.next_if(|alert| alert.position < *at) {
                show(alert);
            }
            let others = [one.peek().map(|alert| &alert.position), together.peek().map(|(first, _)| first)];
            let until = others.into_iter().chain([begun.last().map(|(at, ..)| at)]).flatten().min();
            if let Some((next, at)) = all.1.each(&all.0, from, until, &mut show) {
                let place = begun.partition_point(|(other, ..)| *other > at);
                begun.insert(place, (at, next, all));
            }
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
