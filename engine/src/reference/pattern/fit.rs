//! Whether an event fits: stream, key, condition, and every limit around a step.

use tripline_query_lang::plan::{Absent, HandOver, Pattern, Rule, StepId, StepKey, StreamId, Within};
use tripline_query_lang::value::Value;

use super::super::Event;
use super::super::keys::key_of;
use super::super::look::Look;
use super::super::tables::Tables;
use super::way::{Frame, FrameKind, Rest, Scope};

/// The events that a run has taken: step and position among the key's events, in order.
pub(super) type Taken = [(StepId, usize)];

/// One key of a rule, with all of its events in the total order.
pub(super) struct KeyView<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What can be looked up.
    pub tables: &'a Tables<'a>,
    /// Its pattern.
    pub pattern: &'a Pattern,
    /// The key's parts.
    pub key: Vec<Value>,
    /// Every event that may play a part for this key.
    pub events: Vec<&'a Event>,
}

impl KeyView<'_> {
    /// The event's time, microseconds.
    pub fn at(&self, event: usize) -> i64 {
        self.events[event].at_us()
    }

    /// An event fits a step when it is of the step's stream, has the key, and the step's condition holds, given what the
    /// run has taken so far.
    pub fn is_step(&self, step: StepId, event: usize, taken: &Taken) -> bool {
        let info = &self.pattern.steps[step.index()];
        self.is_of(info.stream, &info.key, event, taken)
            && info.filter.as_ref().is_none_or(|filter| self.look(event, taken).holds(filter))
    }

    /// An event is an X of `no X` or `without X`.
    pub fn is_absent(&self, absent: &Absent, event: usize, taken: &Taken) -> bool {
        self.is_of(absent.stream, &absent.key, event, taken)
            && absent.filter.as_ref().is_none_or(|filter| self.look(event, taken).holds(filter))
    }

    fn is_of(&self, stream: StreamId, key: &StepKey, event: usize, taken: &Taken) -> bool {
        self.events[event].coordinates.partition.stream == stream
            && match key {
                StepKey::Own(parts) => key_of(self.events[event], parts).is_some_and(|key| key == self.key),
                StepKey::HandOver(pairs) => pairs.iter().all(|pair| self.is_handed(pair, event, taken)),
            }
    }

    /// A key that an earlier step hands over: both sides are known and equal.
    fn is_handed(&self, pair: &HandOver, event: usize, taken: &Taken) -> bool {
        let look = self.look(event, taken);
        let own = look.value(&pair.own);
        own != Value::Null && own == look.value(&pair.from)
    }

    fn look<'b>(&'b self, event: usize, taken: &'b Taken) -> Look<'b> {
        Look::candidate(self.rule, &self.key, &self.events, event, taken).with_tables(self.tables)
    }

    /// An event is one of the key's: some stream that the rule names has it, with this key.
    pub fn belongs(&self, event: usize, taken: &Taken) -> bool {
        let steps = self.pattern.steps.iter().map(|s| (s.stream, &s.key));
        let absents = absents(self.pattern).into_iter().map(|a| (a.stream, &a.key));
        steps.chain(absents).any(|(stream, key)| self.is_of(stream, key, event, taken))
    }

    /// How many of the key's events lie behind the run's first, up to this one.
    fn positions(&self, event: usize, start: usize, taken: &Taken) -> u32 {
        (start + 1..=event).filter(|&i| self.belongs(i, taken)).count() as u32
    }

    /// Rule `within`: from the event that began the run, in time or in positions.
    pub fn is_within_rule(&self, event: usize, start: usize, taken: &Taken) -> bool {
        match self.pattern.within {
            Some(Within::Events(n)) => self.positions(event, start, taken) <= n,
            _ => self.at(event) <= self.rule_end(start),
        }
    }

    /// An event that would break a limit does not fit: `over` is first to last event of a loop or group, `within` is from
    /// the matched event before; an event that ends a loop by `until` is not taken by it.
    pub fn is_within_limits(&self, rest: &Rest<'_>, event: usize, taken: &Taken) -> bool {
        frames(rest).all(|frame| match scope(frame) {
            Some(scope) => self.at(event) <= self.last_time(scope, taken) && !self.is_until(frame, event, taken),
            None => true,
        })
    }

    /// The last moment at which an event may still be taken inside of all these brackets.
    pub fn latest(&self, rest: &Rest<'_>, start: usize, taken: &Taken) -> i64 {
        frames(rest).filter_map(scope).map(|scope| self.last_time(scope, taken)).fold(self.rule_end(start), i64::min)
    }

    /// The same without `within`, which counts anew from each matched event.
    pub fn last_chance(&self, rest: &Rest<'_>, start: usize, taken: &Taken) -> i64 {
        let over = |scope: &Scope<'_>| self.over_end(scope, taken);
        frames(rest).filter_map(scope).map(over).fold(self.rule_end(start), i64::min)
    }

    fn rule_end(&self, start: usize) -> i64 {
        match self.pattern.within {
            Some(Within::Time(us)) => self.at(start).saturating_add(us),
            _ => i64::MAX,
        }
    }

    fn over_end(&self, scope: &Scope<'_>, taken: &Taken) -> i64 {
        let over = scope.limits.over_us.zip(self.first_in(scope, taken));
        over.map_or(i64::MAX, |(us, first)| self.at(first).saturating_add(us))
    }

    fn last_time(&self, scope: &Scope<'_>, taken: &Taken) -> i64 {
        let within = scope.limits.within_us.zip(taken.last()).map(|(us, (_, last))| self.at(*last).saturating_add(us));
        self.over_end(scope, taken).min(within.unwrap_or(i64::MAX))
    }

    fn first_in(&self, scope: &Scope<'_>, taken: &Taken) -> Option<usize> {
        let inside = |(step, event): &&(StepId, usize)| *event >= scope.from && scope.steps.contains(&step.0);
        taken.iter().find(inside).map(|(_, event)| *event)
    }

    /// `until c` on a loop: the first event of the key after the loop's first for which c holds ends the loop.
    pub fn is_until(&self, frame: &Frame<'_>, event: usize, taken: &Taken) -> bool {
        let FrameKind::Round(round) = &frame.kind else { return false };
        let Some(until) = &round.scope.limits.until else { return false };
        let info = &self.pattern.steps[round.scope.steps.start as usize];
        self.first_in(&round.scope, taken).is_some()
            && self.is_of(info.stream, &info.key, event, taken)
            && self.look(event, taken).holds(until)
    }

    /// Some loop that encloses this ends at the event.
    pub fn ends_a_loop(&self, rest: &Rest<'_>, event: usize, taken: &Taken) -> bool {
        frames(rest).any(|frame| self.is_until(frame, event, taken))
    }
}

/// Every `no` and `without` of a pattern.
pub(super) fn absents(pattern: &Pattern) -> Vec<&Absent> {
    fn collect<'p>(elements: &'p [tripline_query_lang::plan::Element], out: &mut Vec<&'p Absent>) {
        use tripline_query_lang::plan::Node;
        for element in elements {
            match &element.node {
                Node::Step(_) => {}
                Node::No(absent) => out.push(absent),
                Node::Group(group) => collect(&group.members, out),
                Node::Sub(sub) => collect(&sub.seq, out),
            }
        }
    }
    let mut out: Vec<&Absent> = pattern.without.iter().collect();
    collect(&pattern.seq, &mut out);
    out
}

/// What is left of the pattern, from the inside out.
pub(super) fn frames<'b, 'p>(rest: &'b Rest<'p>) -> impl Iterator<Item = &'b Frame<'p>> {
    std::iter::successors(rest.as_deref(), |frame| frame.up.as_deref())
}

fn scope<'b, 'p>(frame: &'b Frame<'p>) -> Option<&'b Scope<'p>> {
    match &frame.kind {
        FrameKind::Round(round) => Some(&round.scope),
        FrameKind::Bracket(scope) => Some(scope),
        _ => None,
    }
}

/// Branches per run that the nearest `limit` around this allows.
pub(super) fn limit(rest: &Rest<'_>) -> Option<u32> {
    frames(rest).filter_map(scope).find_map(|scope| scope.limits.limit)
}
