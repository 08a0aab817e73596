//! The rules of a family, in the family's order: who they are, and what each says. Rules that say the same but for their names
//! share the words.

use std::collections::HashMap;
use std::sync::Arc;

use super::voice::{Voice, can_wait};
use crate::state::{Put, StateError, Take};
use tripline_query_lang::plan::{FieldId, Rule, RuleId};

/// The rules of a family.
pub(super) struct Members {
    all: Vec<Member>,
    words: Vec<Words>,
    can_all_wait: bool,
}

/// One of them.
struct Member {
    rule: RuleId,
    fingerprint: u64,
    words: u32,
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

impl Members {
    /// Rules in the family's order, each with its slots and the names of its steps; for `lag_us` see [`Voice::new`].
    pub fn new<'a>(
        family: impl IntoIterator<Item = (RuleId, &'a Rule, &'a [Option<FieldId>], &'a [Arc<str>])>,
        lag_us: i64,
    ) -> Members {
        let (mut all, mut words) = (Vec::new(), Vec::new());
        let mut by_text: HashMap<String, u32> = HashMap::new();
        for (id, rule, slots, steps) in family {
            let next = words.len() as u32;
            let mut make = || {
                words.push(Words { voice: Voice::new(id, rule, lag_us), slots: slots.to_vec(), steps: steps.to_vec() });
                next
            };
            let number = if can_wait(rule) {
                let values: Vec<_> = rule.fields.iter().map(|with| &with.expr).collect();
                let template = rule.alert.as_ref().map(|alert| &alert.template);
                *by_text.entry(format!("{values:?} {template:?} {slots:?} {steps:?}")).or_insert_with(make)
            } else {
                make()
            };
            all.push(Member { rule: id, fingerprint: rule.fingerprint, words: number });
        }
        all.shrink_to_fit();
        Members { can_all_wait: words.iter().all(|words: &Words| words.voice.can_wait), all, words }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The rule of a member.
    pub fn rule(&self, member: u32) -> RuleId {
        self.all[member as usize].rule
    }

    /// The number of the words of a member.
    pub fn number_of_words(&self, member: u32) -> u32 {
        self.all[member as usize].words
    }

    /// The words of a member.
    pub fn words_of(&self, member: u32) -> &Words {
        &self.words[self.number_of_words(member) as usize]
    }

    /// Whatever any of them says can wait.
    pub fn can_all_wait(&self) -> bool {
        self.can_all_wait
    }

    /// The numbers, ascending, of the members that are among these (see [`read`]), or of the others.
    pub fn numbers(&self, these: &[u64], among: bool) -> Arc<[u32]> {
        let is_one = |member: &Member| these.binary_search(&member.fingerprint).is_ok() == among;
        (0..).zip(&self.all).filter(|(_, member)| is_one(member)).map(|(number, _)| number).collect()
    }

    /// Appends who they are.
    pub fn write(&self, members: impl ExactSizeIterator<Item = u32>, out: &mut Vec<u8>) {
        out.put_len(members.len());
        members.for_each(|member| out.put_u64(self.all.get(member as usize).map_or(0, |one| one.fingerprint)));
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
