//! What rules of a family say at one event and key: found as ranges of the family's order, and said when it is looked at, each
//! alert in the place of one before. Rules that say the same of a case share what was said.
//!
//! ```text
//!  rules           0..412   412..430   800..977     in the family's order: by limit
//!  case               0         1          0         how many were counted, or which match
//!  says               a         b          a         "c017: 3", its fields and evidence, made once
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::members::{Members, Words};
use super::rule::{Bench, Seen};
use super::voice::Facts;
use crate::alert::{Alert, AlertState, Evidence, Together, Witness};
use crate::event::Position;
use crate::expr::{Bound, Row, Scene};
use crate::patterns::{Kept, KeptEvent};
use tripline_query_lang::plan::{RuleId, StepId};
use tripline_query_lang::value::Value;

/// Members that have something to say, each of the case of this number.
pub(super) type Speakers = (Range<u32>, u32);

/// What there is to say something of.
pub(super) enum Cases {
    /// An event; how many were counted, by case.
    Counted(Box<KeptEvent>, Vec<u32>),
    /// Matches, by case.
    Matched(Vec<Taken>),
}

/// The events of a match, by step.
pub(super) type Taken = Vec<(StepId, Arc<KeptEvent>)>;

struct Matched<'a>(&'a [(StepId, Arc<KeptEvent>)]);

impl Bound for Matched<'_> {
    fn taken(&self, step: StepId) -> usize {
        self.0.iter().filter(|(of, _)| *of == step).count()
    }

    fn nth(&self, step: StepId, index: usize) -> Option<&dyn Row> {
        let mut of_step = self.0.iter().filter(|(of, _)| *of == step);
        of_step.nth(index).map(|(_, event)| &**event as &dyn Row)
    }
}

impl Cases {
    fn len(&self) -> usize {
        match self {
            Cases::Counted(_, counts) => counts.len(),
            Cases::Matched(all) => all.len(),
        }
    }

    /// Shows the scene of a case to who speaks with these words.
    fn scene<T>(&self, case: u32, words: &Words, scene: &Scene<'_>, show: impl FnOnce(&Scene<'_>) -> T) -> T {
        match self {
            Cases::Counted(event, counts) => {
                let histories = [Value::Int(counts.get(case as usize).map_or(0, |count| i64::from(*count)))];
                show(&Scene { row: Some(&**event), slots: &words.slots, histories: &histories, ..*scene })
            }
            Cases::Matched(all) => {
                let matched = Matched(all.get(case as usize).map_or(&[], |taken| taken));
                show(&Scene { bound: Some(&matched), ..*scene })
            }
        }
    }

    fn evidence(&self, case: u32, words: &Words) -> Vec<Evidence> {
        let one = |step: usize, event: &KeptEvent| Evidence {
            step: words.steps.get(step).cloned().unwrap_or_default(),
            what: Witness::Event(event.coordinates()),
        };
        match self {
            Cases::Counted(event, _) => vec![one(0, event)],
            Cases::Matched(all) => {
                let taken = all.get(case as usize).into_iter().flatten();
                taken.map(|(step, event)| one(step.index(), event)).collect()
            }
        }
    }
}

/// Alerts of rules of a family, at one event and key.
pub(super) struct Chorus {
    /// The family.
    pub members: Arc<Members>,
    /// Who says something; of each member, cases ascend.
    pub speakers: Vec<Speakers>,
    /// Of what.
    pub cases: Cases,
    /// Members whose first alert says that something was refused before.
    pub incomplete: Vec<u32>,
    /// The key's parts.
    pub key: Vec<Value>,
    /// The event's time, microseconds.
    pub at_us: i64,
}

impl fmt::Debug for Chorus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chorus").field("speakers", &self.speakers).finish_non_exhaustive()
    }
}

/// One of the alerts: the member's place in the text, then the case.
type Says = (u32, u32);

impl Chorus {
    /// Says it all: at once, or, what can wait, together when it is looked at.
    pub fn say(mut self, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        if self.count() == 1 || !self.members.can_all_wait {
            let can_wait = |place: u32| self.members.words_of(self.members.at(place)).1.voice.can_wait;
            let all = self.in_order();
            let waits = |says: &Says| all.len() > 1 && can_wait(says.0);
            self.at_once(all.iter().filter(|says| !waits(says)).copied(), seen, bench);
            let one = |(place, case): &Says| {
                let member = self.members.at(*place);
                (member..member + 1, *case)
            };
            self.speakers = all.iter().filter(|says| waits(says)).map(one).collect();
        }
        let rules = self.speakers.iter().filter_map(|(members, _)| self.members.first_rule(members));
        let Some(first) = rules.min() else { return };
        let position = seen.moment().position(first, bench.key(), 0);
        bench.out.together.push((position, Arc::new(self)));
    }

    fn at_once(&self, says: impl Iterator<Item = Says>, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let (mut sequence, mut before) = (0, None);
        for (place, case) in says {
            let is_first = before.replace(place) != Some(place);
            sequence = if is_first { 0 } else { sequence };
            let member = self.members.at(place);
            let (_, words) = self.members.words_of(member);
            let facts = Facts {
                moment: seen.moment(),
                at_us: self.at_us,
                state: AlertState::Firing,
                key: bench.key(),
                sequence,
                evidence: self.cases.evidence(case, words),
                incomplete: is_first && self.incomplete.contains(&member),
            };
            let scene = Scene { tables: Some(bench.tables), ..self.scene() };
            let rule = self.members.rule(member);
            let said =
                self.cases.scene(case, words, &scene, |scene| words.voice.speak_for(rule, scene, facts, bench.out));
            sequence += u32::from(said);
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene { keys: &self.key, at_us: self.at_us, ..Scene::EMPTY }
    }

    /// In the order of alerts.
    fn in_order(&self) -> Vec<Says> {
        /// Of fewer among so many members, sorting takes less than counting.
        const FEW: usize = 16;
        let places = |(members, case): &Speakers| {
            let case = *case;
            self.members.places(members).iter().map(move |place| (*place, case))
        };
        let mut all: Vec<Says> = Vec::with_capacity(self.count() as usize);
        self.speakers.iter().for_each(|speakers| all.extend(places(speakers)));
        if all.len() * FEW < self.members.len() || all.len() < FEW {
            all.sort_unstable();
            return all;
        }
        let mut ends = vec![0u32; self.members.len() + 1];
        all.iter().for_each(|(place, _)| ends[*place as usize + 1] += 1);
        let mut end = 0;
        ends.iter_mut().for_each(|count| {
            end += *count;
            *count = end;
        });
        let mut sorted = vec![(0, 0); all.len()];
        for says in all {
            let end = &mut ends[says.0 as usize];
            sorted[*end as usize] = says;
            *end += 1;
        }
        sorted
    }

    /// What is said of a case, where the first stands.
    fn alert(&self, (place, case): Says, first: &Position) -> Alert {
        let (_, words) = self.members.words_of(self.members.at(place));
        let (fields, message) = self.cases.scene(case, words, &self.scene(), |scene| {
            let fields = words.voice.fields(scene);
            let message = words.voice.message(&Scene { with: &fields, ..*scene });
            (fields, message)
        });
        Alert {
            position: first.clone(),
            rule: RuleId(0),
            key: self.key.clone(),
            at_us: self.at_us,
            state: AlertState::Firing,
            message,
            fields,
            evidence: self.cases.evidence(case, words),
            incomplete: false,
        }
    }
}

impl Together for Chorus {
    fn count(&self) -> u64 {
        self.speakers.iter().map(|(members, _)| members.len() as u64).sum()
    }

    fn each(
        &self,
        first: &Position,
        from: usize,
        until: Option<&Position>,
        show: &mut dyn FnMut(&Alert),
    ) -> Option<(usize, Position)> {
        /// Nothing was said yet.
        const NEW: u32 = u32::MAX;
        let all = self.in_order();
        // By what is said and case. Where there are more of these than alerts, hardly two are the same.
        let room = self.members.words() * self.cases.len();
        let mut said = if room <= all.len() * 2 { vec![NEW; room] } else { Vec::new() };
        let mut alerts: Vec<Alert> = Vec::new();
        let mut sequence = 0;
        let mut until = until.map(|until| (until, first.clone()));
        // Mostly nothing stands between them.
        if let (Some((bound, at)), Some(last)) = (&mut until, all.last()) {
            put(at, self.members.rule(self.members.at(last.0)), u32::MAX);
            if &*at < *bound {
                until = None;
            }
        }
        for (number, says) in all.iter().enumerate() {
            let member = self.members.at(says.0);
            let is_first = number.checked_sub(1).is_none_or(|before| all[before].0 != says.0);
            sequence = if is_first { 0 } else { sequence + 1 };
            if number < from {
                continue;
            }
            let rule = self.members.rule(member);
            if let Some((until, at)) = &mut until {
                put(at, rule, sequence);
                if &*at >= *until {
                    return Some((number, at.clone()));
                }
            }
            let (words, _) = self.members.words_of(member);
            let slot = said.get_mut(words * self.cases.len() + says.1 as usize);
            let alert = match slot {
                Some(place) if *place != NEW => &mut alerts[*place as usize],
                slot => {
                    match slot {
                        Some(place) => *place = alerts.len() as u32,
                        None => alerts.clear(),
                    }
                    alerts.push(self.alert(*says, first));
                    let last = alerts.len() - 1;
                    &mut alerts[last]
                }
            };
            alert.rule = rule;
            alert.incomplete = is_first && !self.incomplete.is_empty() && self.incomplete.contains(&member);
            put(&mut alert.position, rule, sequence);
            show(alert);
        }
        None
    }
}

/// Moves a position to what this rule says.
fn put(position: &mut Position, rule: RuleId, sequence: u32) {
    if let Some(hop) = position.path.last_mut() {
        (hop.rule, hop.sequence) = (rule.0, sequence);
    }
}
