//! When the keys of a table come and go: what rules need whose keys are those of the table.

use std::collections::BTreeMap;

use super::Coming;

/// The keys that are there, and the comings and goings that somebody may still ask for.
#[derive(Default)]
pub(super) struct Comings {
    /// By key: since when it has been there, or since when it has not.
    newest: BTreeMap<Vec<u8>, (i64, bool)>,
    /// By time and key.
    log: BTreeMap<(i64, Vec<u8>), bool>,
}

impl Comings {
    /// The key has a row from this time on, or none; times of one key ascend.
    pub fn add(&mut self, key: &[u8], at_us: i64, there: bool) {
        let was_there = self.newest.get(key).is_some_and(|(_, there)| *there);
        if was_there != there {
            self.newest.insert(key.to_vec(), (at_us, there));
            self.log.insert((at_us, key.to_vec()), there);
        }
    }

    /// From one time to before another.
    pub fn between(&self, from_us: i64, until_us: i64) -> Vec<Coming> {
        if from_us >= until_us {
            return Vec::new();
        }
        let found = self.log.range((from_us, Vec::new())..(until_us, Vec::new()));
        found.map(|((at_us, key), there)| Coming { at_us: *at_us, key: key.clone(), there: *there }).collect()
    }

    /// The keys that are there at a time, and since when.
    pub fn there(&self, at_us: i64) -> Vec<(Vec<u8>, i64)> {
        let mut since: BTreeMap<&[u8], Option<i64>> = BTreeMap::new();
        for ((from_us, key), there) in &self.log {
            if *from_us <= at_us {
                since.insert(key, there.then_some(*from_us));
            } else {
                // What goes first, as far as it is remembered, was there before that.
                since.entry(key).or_insert((!there).then_some(i64::MIN));
            }
        }
        for (key, (from_us, there)) in self.newest.iter().filter(|(_, (from_us, _))| *from_us <= at_us) {
            since.insert(key, there.then_some(*from_us));
        }
        since.into_iter().filter_map(|(key, since)| Some((key.to_vec(), since?))).collect()
    }

    /// Nobody will ask for an earlier time than this.
    pub fn compact(&mut self, before_us: i64) {
        while let Some(first) = self.log.first_entry()
            && first.key().0 < before_us
        {
            let ((_, key), _) = first.remove_entry();
            // A key that has been gone for so long may be forgotten.
            if self.newest.get(&key).is_some_and(|(from_us, there)| !there && *from_us < before_us) {
                self.newest.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_there_from_its_first_row_until_it_is_gone() {
        let mut comings = Comings::default();
        for (key, at_us, there) in
            [(b"a", i64::MIN, true), (b"b", 5, true), (b"a", 7, true), (b"a", 9, false), (b"a", 12, true)]
        {
            comings.add(key, at_us, there);
        }
        let shown = |comings: &Comings, from, until| -> Vec<(i64, Vec<u8>, bool)> {
            comings.between(from, until).into_iter().map(|c| (c.at_us, c.key, c.there)).collect()
        };
        assert_eq!(shown(&comings, i64::MIN, 6), [(i64::MIN, b"a".to_vec(), true), (5, b"b".to_vec(), true)]);
        assert_eq!(shown(&comings, 6, 13), [(9, b"a".to_vec(), false), (12, b"a".to_vec(), true)]);
        assert_eq!(comings.there(8), [(b"a".to_vec(), i64::MIN), (b"b".to_vec(), 5)]);
        assert_eq!(comings.there(10), [(b"b".to_vec(), 5)]);
        comings.compact(8);
        // That it came is forgotten, but not that it was there.
        assert_eq!(comings.there(8), [(b"a".to_vec(), i64::MIN), (b"b".to_vec(), 5)]);
        comings.compact(10);
        assert_eq!(comings.there(20), [(b"a".to_vec(), 12), (b"b".to_vec(), 5)]);
        assert_eq!(shown(&comings, i64::MIN, 20), [(12, b"a".to_vec(), true)]);
    }
}
