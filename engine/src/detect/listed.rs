//! Rules whose keys are those of a table: a key is watched from its row on, or from the start of the input where that is
//! later, and until its row is gone.

use super::parcel::Share;
use super::program::Program;
use crate::expr::hash_key;
use crate::tables::Tables;
use tripline_query_lang::plan::TableId;

/// The rules of a detector whose keys come from a table.
#[derive(Default)]
pub(super) struct Listed {
    /// By table: the rules, by position in the scope.
    rules: Vec<(TableId, Vec<usize>)>,
    /// Since when keys are watched, microseconds: the start of the input, once event time has passed it.
    pub start_us: Option<i64>,
}

/// A key of a table comes or goes.
pub(super) struct Turn {
    /// When, microseconds.
    pub at_us: i64,
    /// The key.
    pub key: Vec<u8>,
    /// Its hash.
    pub hash: u64,
    /// It is watched from now on; otherwise no longer.
    pub comes: bool,
    /// The table, by position among those of the detector.
    pub table: usize,
}

impl Listed {
    /// The rules of a scope.
    pub fn new(program: &Program, scope: usize) -> Listed {
        let mut listed = Listed::default();
        for (position, rule) in program.scopes[scope].rules.iter().enumerate() {
            let Some(table) = program.running().rules[*rule].key_table else { continue };
            match listed.rules.iter_mut().find(|(other, _)| *other == table) {
                Some((_, rules)) => rules.push(position),
                None => listed.rules.push((table, vec![position])),
            }
        }
        listed
    }

    /// No rule has its keys from a table.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that take part in a turn.
    pub fn rules(&self, turn: &Turn) -> &[usize] {
        &self.rules[turn.table].1
    }

    /// Whose watch begins or ends from one time to before another, in the order of time, of the keys of this share. The
    /// tables are known up to there, and have forgotten nothing from the first time on.
    pub fn turns(&self, tables: &Tables, share: Share, from_us: i64, until_us: i64) -> Vec<Turn> {
        let Some(start_us) = self.start_us.filter(|start| *start < until_us) else { return Vec::new() };
        let mut turns = Vec::new();
        for (table, (id, _)) in self.rules.iter().enumerate() {
            let turn = |at_us, key: Vec<u8>, comes| Turn { at_us, hash: hash_key(&key), key, comes, table };
            let mut from_us = from_us;
            if from_us <= start_us {
                let there = tables.keys(*id, start_us).into_iter();
                turns.extend(there.map(|(key, _)| turn(start_us, key, true)));
                from_us = start_us.saturating_add(1);
            }
            let comings = tables.comings(*id, from_us, until_us).into_iter();
            turns.extend(comings.map(|coming| turn(coming.at_us, coming.key, coming.there)));
        }
        turns.retain(|turn| share.has_key(turn.hash));
        turns.sort_by_key(|turn| turn.at_us);
        turns
    }
}
