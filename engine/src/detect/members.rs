//! The rules of a family, in the family's order: who they are, and what each says. Rules that say the same but for their names
//! share the words.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::voice::{Voice, can_wait};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{FieldId, Rule, RuleId};

/// The rules of a family, by number.
pub(super) struct Members {
    rules: Vec<RuleId>,
    fingerprints: Vec<u64>,
    /// What each says.
    words_of: Vec<u32>,
    words: Vec<Words>,
    /// Where each stands in order of the text.
    places: Vec<u32>,
    /// In order of the text.
    in_text: Vec<u32>,
    /// Whatever any of them says can wait: see [`can_wait`].
    pub can_all_wait: bool,
}

/// What some of them say.
pub(super) struct Words {
    /// The voice of one of them.
    pub voice: Voice,
    /// For each slot.
    pub slots: Vec<Option<FieldId>>,
    /// What evidence is called, by step.
    pub steps: Vec<Arc<str>>,
}

/// A rule, its slots and the names of its steps.
pub(super) type Draft<'a> = (RuleId, &'a Rule, &'a [Option<FieldId>], &'a [Arc<str>]);

impl Members {
    /// Rules in the family's order; for `lag_us` see [`Voice::new`].
    pub fn new<'a>(family: impl IntoIterator<Item = Draft<'a>>, lag_us: i64) -> Members {
        let (mut rules, mut fingerprints, mut words_of) = (Vec::new(), Vec::new(), Vec::new());
        let mut words: Vec<Words> = Vec::new();
        let mut by_text: HashMap<String, u32> = HashMap::new();
        for (id, rule, slots, steps) in family {
            let next = words.len() as u32;
            let mut make = || {
                words.push(Words { voice: Voice::new(id, rule, lag_us), slots: slots.to_vec(), steps: steps.to_vec() });
                next
            };
            words_of.push(if can_wait(rule) {
                let values: Vec<_> = rule.fields.iter().map(|with| &with.expr).collect();
                let template = rule.alert.as_ref().map(|alert| &alert.template);
                *by_text.entry(format!("{values:?} {template:?} {slots:?} {steps:?}")).or_insert_with(make)
            } else {
                make()
            });
            rules.push(id);
            fingerprints.push(rule.fingerprint);
        }
        let mut in_text: Vec<u32> = (0..rules.len() as u32).collect();
        in_text.sort_unstable_by_key(|member| rules[*member as usize]);
        let mut places = vec![0; rules.len()];
        (0..).zip(&in_text).for_each(|(place, member)| places[*member as usize] = place);
        let can_all_wait = words.iter().all(|words| words.voice.can_wait);
        Members { rules, fingerprints, words_of, words, places, in_text, can_all_wait }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// The rule of a member.
    pub fn rule(&self, member: u32) -> RuleId {
        self.rules[member as usize]
    }

    /// The first rule of some members, in order of the text.
    pub fn first_rule(&self, members: &Range<u32>) -> Option<RuleId> {
        self.rules[members.start as usize..members.end as usize].iter().min().copied()
    }

    /// Where members stand in order of the text, from 0.
    pub fn places(&self, members: &Range<u32>) -> &[u32] {
        &self.places[members.start as usize..members.end as usize]
    }

    /// The member at a place.
    pub fn at(&self, place: u32) -> u32 {
        self.in_text[place as usize]
    }

    /// How many different things they say.
    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// What a member says, with its number.
    pub fn words_of(&self, member: u32) -> (usize, &Words) {
        let number = self.words_of[member as usize] as usize;
        (number, &self.words[number])
    }

    /// The numbers, ascending, of the members that are among these (see [`read`]), or of the others.
    pub fn numbers(&self, these: &[u64], among: bool) -> Arc<[u32]> {
        let is_one = |fingerprint: &u64| these.binary_search(fingerprint).is_ok() == among;
        (0..).zip(&self.fingerprints).filter(|(_, fingerprint)| is_one(fingerprint)).map(|(number, _)| number).collect()
    }

    /// Appends who they are.
    pub fn write(&self, members: impl ExactSizeIterator<Item = u32>, out: &mut Vec<u8>) {
        out.put_len(members.len());
        members.for_each(|member| out.put_u64(self.fingerprints.get(member as usize).copied().unwrap_or(0)));
    }
}

/// Takes what [`Members::write`] has written off the front of `bytes`: their fingerprints, ascending.
pub(super) fn read(bytes: &mut &[u8]) -> Result<Vec<u64>, StateError> {
    const WHAT: &str = "members of a family";
    let len = bytes.take_len(WHAT)?;
    let mut fingerprints = (0..len).map(|_| bytes.take_u64(WHAT)).collect::<Result<Vec<_>, _>>()?;
    fingerprints.sort_unstable();
    Ok(fingerprints)
}
