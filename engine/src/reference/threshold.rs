//! Threshold rules by walking over each key's admitted events.

use tripline_query_lang::plan::{Expr, On, Plan, Rule, RuleId, Threshold};
use tripline_query_lang::value::Value;

use super::alerts::{Cause, Said, Sending};
use super::history::Seen;
use super::keys::{all_keys, key_of};
use super::look::Look;
use super::tables::Tables;
use super::{Event, Found, Time, window};
use crate::alert::AlertState;

/// All alerts of a threshold rule, key by key.
pub(super) fn run<'a>(
    plan: &'a Plan,
    tables: &'a Tables<'a>,
    (id, rule): (RuleId, &'a Rule),
    threshold: &'a Threshold,
    (events, time): (&[&'a Event], Time),
    found: &mut Found,
) {
    let owners: Vec<_> = threshold.on.iter().map(|on| (on.stream, on.keys.as_slice())).collect();
    let admitted_of = |key: &[Value]| -> Vec<Admitted<'_>> {
        let admitted = |event: &&'a Event| {
            let (position, on) = admitted_by(threshold, tables, event)?;
            (key_of(event, &on.keys)? == key).then_some(Admitted { event, on, position })
        };
        events.iter().filter_map(admitted).collect()
    };
    if let (Some(table), Some(window)) = (rule.key_table, &threshold.window) {
        for (key, stretches) in tables.listed(table, time.start_us) {
            for stretch in stretches {
                let mut events = admitted_of(key);
                events.retain(|admitted| stretch.has(admitted.event.at_us()));
                let history = Admission { rule, tables, key: key.to_vec(), events };
                window::of_listed(plan, id, window, &history, (stretch, time.newest_us), found);
            }
        }
        return;
    }
    for key in all_keys(events, &owners) {
        let admitted = admitted_of(&key);
        let history = Admission { rule, tables, key: key.clone(), events: admitted };
        match &threshold.window {
            Some(window) => window::run(plan, id, window, &history, found),
            None => walk(plan, id, threshold, &history, time.until_us(), found),
        }
    }
}

/// The `on` clause that admits an event: the first of its stream whose `where` holds.
pub(super) fn admitted_by<'p>(threshold: &'p Threshold, tables: &Tables<'_>, event: &Event) -> Option<(u32, &'p On)> {
    let stream = event.coordinates.partition.stream;
    let look = Look::event(event).with_tables(tables);
    let admits = |on: &On| on.stream == stream && on.filter.as_ref().is_none_or(|filter| look.holds(filter));
    let position = threshold.on.iter().position(admits)?;
    Some((position as u32, &threshold.on[position]))
}

/// Without `when` every admitted event alerts. With it, the events of a key fall into episodes and what lies between them.
fn walk(plan: &Plan, id: RuleId, threshold: &Threshold, history: &Admission<'_>, newest_us: i64, found: &mut Found) {
    let mut sending = Sending::new(plan, history.tables, (id, history.rule), history.key.clone());
    let Some(when) = &threshold.when else {
        for now in 0..history.events.len() {
            sending.threshold(history, at_event(now), found);
        }
        return;
    };
    let holds: Vec<bool> = (0..history.events.len()).map(|now| history.look(now, true).holds(when)).collect();
    let mut first = 0;
    while first < holds.len() {
        if !holds[first] {
            first += 1;
            continue;
        }
        let episode = Episode::new(threshold, history, &holds, first);
        first = episode.last + 1;
        episode.tell(history, newest_us, &mut sending, found);
    }
}

/// An alert of an event that stands for itself.
fn at_event(now: usize) -> Said {
    Said { state: AlertState::Firing, source: now, newest: now, cause: Cause::Event(now) }
}

/// A row of events that find `when` true, up to the first that does not, or to where the key's last event has left the
/// longest `over` that `when` uses.
struct Episode {
    first: usize,
    last: usize,
    /// When it opens: with its first event, or, after `for D`, when `when` has held for D; only an event that finds it not
    /// true, at that time at the latest, is in the way.
    opens_us: i64,
    has_hold: bool,
    end: End,
}

enum End {
    Event(usize),
    Time(i64),
    /// None that the input shows.
    Open,
}

impl Episode {
    fn new(threshold: &Threshold, history: &Admission<'_>, holds: &[bool], first: usize) -> Episode {
        let opens_us = history.at(first).saturating_add(threshold.hold_us.unwrap_or(0));
        let mut last = first;
        let end = loop {
            let left = threshold.episode_us.map(|us| history.at(last).saturating_add(us).max(opens_us));
            match (holds.get(last + 1), left) {
                (None, None) => break End::Open,
                (None, Some(left)) => break End::Time(left),
                (Some(_), Some(left)) if history.at(last + 1) > left => break End::Time(left),
                (Some(false), _) => break End::Event(last + 1),
                (Some(true), _) => last += 1,
            }
        };
        Episode { first, last, opens_us, has_hold: threshold.hold_us.is_some(), end }
    }

    /// The newest event at a time: one exactly then is seen.
    fn newest(&self, history: &Admission<'_>, at_us: i64) -> usize {
        (self.first..=self.last).rev().find(|event| history.at(*event) <= at_us).unwrap_or(self.first)
    }

    fn tell(&self, history: &Admission<'_>, newest_us: i64, sending: &mut Sending<'_>, found: &mut Found) {
        if self.has_hold && matches!(self.end, End::Event(end) if history.at(end) <= self.opens_us) {
            return;
        }
        let opening = match self.has_hold {
            false => at_event(self.first),
            true => Said { cause: Cause::Time(self.opens_us), ..at_event(self.newest(history, self.opens_us)) },
        };
        let is_sent = sending.threshold(history, opening, found);
        if history.rule.is_every_event() {
            let later = |event: &usize| !self.has_hold || history.at(*event) > self.opens_us;
            for event in (self.first..=self.last).skip(usize::from(!self.has_hold)).filter(later) {
                sending.threshold(history, at_event(event), found);
            }
        }
        if !is_sent {
            return;
        }
        self.repeat(history, newest_us, opening, sending, found);
        let cause = match self.end {
            End::Event(event) => Cause::Event(event),
            End::Time(at_us) => Cause::Time(at_us),
            End::Open => return,
        };
        if history.rule.resolve.is_some() {
            let said = Said { state: AlertState::Resolved, newest: self.last, cause, ..opening };
            sending.threshold(history, said, found);
        }
    }

    /// `repeat D`: after each D while it lasts, its end in time included; an episode without an end as far as the input goes.
    fn repeat(
        &self,
        history: &Admission<'_>,
        newest_us: i64,
        opening: Said,
        sending: &mut Sending<'_>,
        found: &mut Found,
    ) {
        let Some(repeat_us) = history.rule.repeat_us else { return };
        let until_us = match self.end {
            End::Event(event) => history.at(event).saturating_sub(1),
            End::Time(at_us) => at_us,
            End::Open => newest_us,
        };
        let mut at_us = self.opens_us.saturating_add(repeat_us);
        for count in 1.. {
            if at_us > until_us {
                return;
            }
            let (newest, cause) = (self.newest(history, at_us), Cause::Time(at_us));
            let said = Said { state: AlertState::Repeated(count), newest, cause, ..opening };
            sending.threshold(history, said, found);
            at_us = at_us.saturating_add(repeat_us);
        }
    }
}

/// An admitted event.
pub(super) struct Admitted<'a> {
    /// The event.
    pub event: &'a Event,
    /// The clause that admitted it.
    pub on: &'a On,
    /// Its position among the rule's clauses.
    pub position: u32,
}

/// The admitted events of one key, in the total order.
pub(super) struct Admission<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What can be looked up.
    pub tables: &'a Tables<'a>,
    /// The key's parts.
    pub key: Vec<Value>,
    /// The events.
    pub events: Vec<Admitted<'a>>,
}

impl Admission<'_> {
    /// What `when`, `with`, the template and `suppress by` see at one of the events; histories' arguments see the same
    /// but no histories.
    pub fn look(&self, event: usize, with_histories: bool) -> Look<'_> {
        Look::admitted(self, event, with_histories)
    }
}

impl Seen for Admission<'_> {
    fn at(&self, event: usize) -> i64 {
        self.events[event].event.at_us()
    }

    fn value(&self, event: usize, expr: &Expr) -> Value {
        self.look(event, false).value(expr)
    }

    fn on(&self, event: usize) -> u32 {
        self.events[event].position
    }
}
