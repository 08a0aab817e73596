//! Forgets the states of keys that time has ended, where nothing is said of them then: without a deadline for each key.
//!
//! When a key was seen last stands in a row of its own, four bytes a key, which is looked through in turn: a stretch whenever
//! time goes on, and all of it within an eighth of the time after which a state is as good as none. A deadline for each
//! key would be an entry that has to be put into its place, and a state that is fetched to see that it goes on. Once the
//! newest state is past, all that are left go at once.

use std::ops::Range;

use super::keys::KeyId;

/// When the states of one rule were last touched, and how far they were looked through.
pub(super) struct Sweep {
    /// So long after a key's last event its state is as good as none, microseconds.
    lingers_us: i64,
    /// By key: the [`second`] of its last event.
    touched: Vec<u32>,
    /// When time is past this, all states are; `None`: there are none.
    last_us: Option<i64>,
    /// Where the next stretch begins.
    next: usize,
    /// The time up to which stretches were looked through.
    swept_us: i64,
}

/// Keys that are to be looked at.
pub(super) struct Turn {
    pub keys: Range<usize>,
    /// Those that were not touched for longer than this; `None`: all.
    age: Option<i32>,
    now: u32,
}

/// A key without a state.
const NONE: u32 = u32::MAX;

/// Which stretch of about a second a time lies in; goes round.
fn second(us: i64) -> u32 {
    ((us >> 20) as u32).min(NONE - 1)
}

impl Sweep {
    /// Of states that are as good as none so long after their key's last event.
    pub fn new(lingers_us: i64) -> Sweep {
        Sweep { lingers_us, touched: Vec::new(), last_us: None, next: 0, swept_us: i64::MIN }
    }

    /// A state has seen an event. Those of a key come in the order of their times, those of several keys may not.
    #[inline]
    pub fn seen(&mut self, key: KeyId, at_us: i64) {
        let key = key as usize;
        if self.touched.len() <= key {
            self.touched.resize(key + 1, NONE);
        }
        self.touched[key] = second(at_us);
        self.last_us = self.last_us.max(Some(at_us.saturating_add(self.lingers_us)));
    }

    /// A state was read back that lasts up to here.
    pub fn lasts(&mut self, key: KeyId, last_us: i64) {
        self.seen(key, last_us.saturating_sub(self.lingers_us));
    }

    /// The key has no state any more.
    pub fn gone(&mut self, key: KeyId) {
        if let Some(touched) = self.touched.get_mut(key as usize) {
            *touched = NONE;
        }
    }

    /// Some states are left after a turn of all.
    pub fn goes_on(&mut self, watermark_us: i64) {
        self.last_us = self.last_us.or(Some(watermark_us.saturating_add(self.lingers_us)));
    }

    /// What is to be looked at now that event time has passed everything before the watermark.
    pub fn turn(&mut self, watermark_us: i64) -> Option<Turn> {
        let (last_us, keys) = (self.last_us?, self.touched.len());
        let now = second(watermark_us);
        if last_us < watermark_us {
            (self.last_us, self.next, self.swept_us) = (None, 0, watermark_us);
            return Some(Turn { keys: 0..keys, age: None, now });
        }
        let round_us = i128::from(self.lingers_us / 8 + 1);
        let passed_us = i128::from(watermark_us) - i128::from(self.swept_us);
        let due = usize::try_from(keys as i128 * passed_us / round_us).ok().filter(|due| *due > 0)?;
        let start = if self.next < keys { self.next } else { 0 };
        let end = start.saturating_add(due).min(keys);
        (self.next, self.swept_us) = (end, watermark_us);
        // Both times are rounded.
        let age = i32::try_from((self.lingers_us >> 20) + 1).unwrap_or(i32::MAX);
        Some(Turn { keys: start..end, age: Some(age), now })
    }

    /// Whether a key's state may be past.
    #[inline]
    pub fn is_due(&self, turn: &Turn, key: usize) -> bool {
        let touched = self.touched[key];
        touched != NONE && turn.age.is_none_or(|age| turn.now.wrapping_sub(touched) as i32 > age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1 << 20;

    fn due(sweep: &mut Sweep, watermark_us: i64) -> Vec<usize> {
        let Some(turn) = sweep.turn(watermark_us) else { return Vec::new() };
        turn.keys.clone().filter(|key| sweep.is_due(&turn, *key)).collect()
    }

    #[test]
    fn a_key_comes_up_soon_after_its_time_and_not_before() {
        for start_us in [0, -3_000 * SECOND, i64::from(u32::MAX) * SECOND - 500 * SECOND] {
            let mut sweep = Sweep::new(800 * SECOND);
            (0..100).for_each(|key| sweep.seen(key, start_us + i64::from(key) * SECOND));
            let mut came_up = vec![None; 100];
            for passed in 100..2_000 {
                let now_us = start_us + passed * SECOND;
                // Another key keeps the others from being the newest.
                sweep.seen(100, now_us);
                for key in due(&mut sweep, now_us) {
                    came_up[key].get_or_insert(passed);
                    sweep.gone(key as u32);
                }
            }
            for (key, passed) in came_up.into_iter().enumerate() {
                let age = passed.map(|passed| passed - key as i64);
                assert!(age.is_some_and(|age| (801..=920).contains(&age)), "{key}: {age:?}");
            }
        }
    }

    #[test]
    fn when_the_newest_is_past_all_come_up_once() {
        let mut sweep = Sweep::new(1_000);
        assert_eq!(due(&mut sweep, 5_000_000), [0usize; 0]);
        (0..10).for_each(|key| sweep.seen(key, 7_000));
        sweep.gone(3);
        assert_eq!(due(&mut sweep, 8_000), [0usize; 0]);
        assert_eq!(due(&mut sweep, 8_001), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(due(&mut sweep, 9_000), [0usize; 0]);
        sweep.lasts(3, 9_500);
        assert_eq!(due(&mut sweep, 9_501).len(), 10);
        sweep.goes_on(9_501);
        assert_eq!(due(&mut sweep, 10_502).len(), 10);
        sweep.seen(1, 20_000);
        sweep.seen(2, 19_000);
        assert_eq!(due(&mut sweep, 20_500), [0usize; 0]);
    }
}
