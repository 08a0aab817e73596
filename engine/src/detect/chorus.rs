//! What rules of a family say at one event and key: found as numbers, and said when they are looked at, each in the same place
//! as the one before. Rules that say the same of a case share what was said.
//!
//! ```text
//!  rule            412   417   418   903     case: how many were counted, or which match
//!  case              3     5     3     3
//!  says              a     b     a     a     "c017: 3", its fields and evidence, made once
//! ```

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;

use super::members::{Members, Words};
use super::rule::{Bench, Seen};
use super::voice::Facts;
use crate::alert::{Alert, AlertState, Evidence, Together, Witness};
use crate::event::Position;
use crate::expr::{Bound, Row, Scene};
use crate::patterns::{Kept, KeptEvent};
use tripline_query_lang::plan::{RuleId, StepId};
use tripline_query_lang::value::Value;

/// One rule has one thing to say. In the order of alerts: by rule, then by case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Says {
    /// In order of the text.
    pub rule: RuleId,
    /// What of.
    pub case: u32,
    /// The number of the member.
    pub member: u32,
    /// Counts what the rule says here.
    pub sequence: u32,
    /// Something was refused before.
    pub incomplete: bool,
}

/// What there is to say something of.
pub(super) enum Cases {
    /// An event; a case is a count.
    Counted(Box<KeptEvent>),
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
    /// Shows the scene of a case to who speaks with these words.
    fn scene<T>(&self, case: u32, words: &Words, scene: &Scene<'_>, show: impl FnOnce(&Scene<'_>) -> T) -> T {
        match self {
            Cases::Counted(event) => {
                let histories = [Value::Int(i64::from(case))];
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
            Cases::Counted(event) => vec![one(0, event)],
            Cases::Matched(all) => {
                let taken = all.get(case as usize).into_iter().flatten();
                taken.map(|(step, event)| one(step.index(), event)).collect()
            }
        }
    }
}

/// Alerts of rules of a family, at one event and key.
struct Chorus {
    members: Arc<Members>,
    says: Vec<Says>,
    cases: Cases,
    key: Vec<Value>,
    at_us: i64,
}

impl fmt::Debug for Chorus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chorus").field("says", &self.says).finish_non_exhaustive()
    }
}

/// Says it all, in the order of alerts: at once, or, what can wait, together when it is looked at.
pub(super) fn say(members: &Arc<Members>, mut says: Vec<Says>, cases: Cases, seen: &Seen<'_>, bench: &mut Bench<'_>) {
    let key = bench.key_parts();
    let at_us = seen.batch.at_us[seen.row];
    let mut at_once = |says: &mut [Says]| {
        for of_rule in says.chunk_by_mut(|a, b| a.rule == b.rule) {
            let mut sequence = 0;
            for one in of_rule {
                let words = members.words_of(one.member);
                let scene = Scene { keys: &key, at_us, tables: Some(bench.tables), ..Scene::EMPTY };
                let facts = Facts {
                    moment: seen.moment(),
                    at_us,
                    state: AlertState::Firing,
                    key: bench.key(),
                    sequence,
                    evidence: cases.evidence(one.case, words),
                    incomplete: one.incomplete,
                };
                let said = cases
                    .scene(one.case, words, &scene, |scene| words.voice.speak_for(one.rule, scene, facts, bench.out));
                sequence += u32::from(said);
            }
        }
    };
    if says.len() == 1 {
        return at_once(&mut says);
    }
    if !members.can_all_wait() {
        let can_wait = |one: &Says| members.words_of(one.member).voice.can_wait;
        let mut others: Vec<Says> = says.iter().filter(|one| !can_wait(one)).copied().collect();
        at_once(&mut others);
        says.retain(can_wait);
    }
    let Some(first) = says.first() else { return };
    let position = seen.moment().position(first.rule, bench.key(), first.sequence);
    says.shrink_to_fit();
    bench.out.together.push((position, Arc::new(Chorus { members: members.clone(), says, cases, key, at_us })));
}

/// What is said of a case.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<Value>,
    evidence: Vec<Evidence>,
}

impl Said {
    /// Changes places with what an alert says.
    fn swap(&mut self, alert: &mut Alert) {
        std::mem::swap(&mut self.message, &mut alert.message);
        std::mem::swap(&mut self.fields, &mut alert.fields);
        std::mem::swap(&mut self.evidence, &mut alert.evidence);
    }
}

impl Chorus {
    fn said(&self, one: &Says) -> Said {
        let words = self.members.words_of(one.member);
        let scene = Scene { keys: &self.key, at_us: self.at_us, ..Scene::EMPTY };
        let (fields, message) = self.cases.scene(one.case, words, &scene, |scene| {
            let fields = words.voice.fields(scene);
            let message = words.voice.message(&Scene { with: &fields, ..*scene });
            (fields, message)
        });
        Said { message, fields, evidence: self.cases.evidence(one.case, words) }
    }

    /// The number of the first that stands at this position or behind it.
    fn until(&self, position: &Position, first: &Position) -> usize {
        let mut at = first.clone();
        self.says.partition_point(|one| {
            put(&mut at, one);
            at < *position
        })
    }
}

/// Moves a position to what this rule says.
fn put(position: &mut Position, one: &Says) {
    if let Some(hop) = position.path.last_mut() {
        (hop.rule, hop.sequence) = (one.rule.0, one.sequence);
    }
}

impl Together for Chorus {
    fn count(&self) -> u64 {
        self.says.len() as u64
    }

    fn each(
        &self,
        first: &Position,
        from: usize,
        until: Option<&Position>,
        show: &mut dyn FnMut(&Alert),
    ) -> Option<(usize, Position)> {
        let until = until.map_or(self.says.len(), |until| self.until(until, first));
        let mut alert = Alert {
            position: first.clone(),
            rule: RuleId(0),
            key: self.key.clone(),
            at_us: self.at_us,
            state: AlertState::Firing,
            message: String::new(),
            fields: Vec::new(),
            evidence: Vec::new(),
            incomplete: false,
        };
        // What was said; the alert holds what it shows.
        let mut said: Vec<Said> = Vec::new();
        let mut places: HashMap<(u32, u32), usize> = HashMap::new();
        let mut shown: Option<((u32, u32), usize)> = None;
        for one in self.says.get(from..until)? {
            let what = (self.members.number_of_words(one.member), one.case);
            if shown.is_none_or(|(before, _)| before != what) {
                if let Some((_, place)) = shown {
                    said[place].swap(&mut alert);
                }
                let place = *places.entry(what).or_insert_with(|| {
                    said.push(self.said(one));
                    said.len() - 1
                });
                said[place].swap(&mut alert);
                shown = Some((what, place));
            }
            alert.rule = one.rule;
            alert.incomplete = one.incomplete;
            put(&mut alert.position, one);
            show(&alert);
        }
        let next = self.says.get(until)?;
        put(&mut alert.position, next);
        Some((until, alert.position))
    }
}
