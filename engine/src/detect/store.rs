//! The states of one rule: a slot for each key that has any, by the key's dense id.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use super::keys::{Finding, KeyId, KeyTable};
use super::out::Out;
use super::parcel::{Pick, Rows};
use super::places::Places;
use super::rule::{Behaviour, Bench, Scratch, Seen, Whose};
use super::scope::Use;
use super::sweep::Sweep;
use super::timers::{NEVER, Timer, Timers};
use crate::expr::hash_key;
use crate::state::{Put, StateError, Take};
use crate::tables::Tables;
use crate::views::ViewRow;
use tripline_query_lang::value::Type;

/// What the rules of a detector share.
#[derive(Default)]
pub(super) struct Shared {
    pub keys: KeyTable,
    pub timers: Timers,
    pub key_types: Vec<Type>,
    pub scratch: Scratch,
    pub tables: Rc<Tables>,
}

/// The key of the event at hand, looked up at most once for all rules.
pub(super) struct Located<'a> {
    pub hash: u64,
    pub bytes: &'a [u8],
    id: Option<Option<KeyId>>,
    /// What was found for the key a few rows ago.
    finding: Option<Finding>,
}

impl<'a> Located<'a> {
    /// Not looked up yet.
    #[inline]
    pub fn new(rows: &'a Rows, pick: &Pick, finding: Option<Finding>) -> Located<'a> {
        let keys = &rows.lanes[pick.lane as usize];
        Located { hash: keys.hashes[pick.index as usize], bytes: keys.bytes(pick.index as usize), id: None, finding }
    }

    #[inline]
    fn find(&mut self, keys: &KeyTable) -> Option<KeyId> {
        let Located { hash, bytes, id, finding } = self;
        *id.get_or_insert_with(|| {
            let recalled = finding.and_then(|finding| keys.recall(finding));
            recalled.unwrap_or_else(|| keys.find(*hash, bytes))
        })
    }
}

/// Rows that come to a rule by one route, in the total order.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'a> {
    pub rows: &'a Rows,
    pub picks: &'a [Pick],
    /// What was found for their keys; empty where they were not looked up.
    pub found: &'a [Finding],
}

/// The hash of canonical key bytes, if they are of the group that is being read.
pub(super) type HashIn<'a> = dyn Fn(&[u8]) -> Option<u64> + 'a;

/// The states of one rule, whatever its form.
pub(super) trait Store: Send {
    /// Shows the rule an event of a key.
    fn event(&mut self, seen: &Seen<'_>, key: &mut Located<'_>, shared: &mut Shared, out: &mut Out);

    /// Shows the rule the events of a stretch, for the use that it makes of them.
    fn events(&mut self, stretch: Stretch<'_>, one: &Use, shared: &mut Shared, out: &mut Out);

    /// Reads the states of these keys, so that they are in the cache; what it returns means nothing.
    fn warm(&self, found: &[Finding]) -> i64;

    /// The input starts here, microseconds, for the key of rules without one.
    fn begin(&mut self, start_us: i64, shared: &mut Shared);

    /// A key of the rule's table has a row from this time on, microseconds, by hash and bytes; one that is watched already
    /// stays as it is.
    fn comes(&mut self, key: (u64, &[u8]), at_us: i64, shared: &mut Shared);

    /// It has none any more from this time on; `newest_us` as for [`Behaviour::goes`].
    fn goes(&mut self, key: (u64, &[u8]), times: (i64, i64), shared: &mut Shared, out: &mut Out);

    /// A deadline below the watermark has come up.
    fn time(&mut self, timer: Timer, watermark_us: i64, shared: &mut Shared, out: &mut Out);

    /// Event time has passed everything strictly before the watermark, and deadlines have come up: forgets some of what is past.
    fn sweep(&mut self, watermark_us: i64, shared: &mut Shared, out: &mut Out);

    /// The input has ended; the time of its newest event, microseconds.
    fn finish(&mut self, newest_us: i64, shared: &mut Shared, out: &mut Out);

    /// The rows of a view as of a time, in no order.
    fn rows(&mut self, at_us: i64, shared: &mut Shared) -> Vec<ViewRow>;

    /// Number of open runs or episodes.
    fn open(&self) -> usize;

    /// Appends the states of these keys.
    fn write(&self, keys: &[KeyId], table: &KeyTable, out: &mut Vec<u8>);

    /// Takes states off the front of `bytes`.
    fn read(&mut self, bytes: &mut &[u8], hash: &HashIn<'_>, shared: &mut Shared) -> Result<(), StateError>;
}

/// The states of a rule of this form.
pub(super) struct Slots<B: Behaviour> {
    rule: Arc<B>,
    /// The rule, by position in the scope.
    position: u32,
    slots: Places<Slot<B::State>>,
    /// Where states are looked through in turn, instead of a deadline for each.
    sweep: Option<Sweep>,
}

struct Slot<S> {
    state: S,
    /// The deadline that stands in the heap for it.
    armed: i64,
}

impl<B: Behaviour> Slots<B> {
    /// No key has any state; the scope has so many rules.
    pub fn new(rule: Arc<B>, position: u32, rules: usize) -> Slots<B> {
        let slots = Places::new(rules);
        let lingers_us = rule.lingers_us().filter(|_| slots.is_dense() && !rule.is_listed());
        Slots { rule, position, slots, sweep: lingers_us.map(Sweep::new) }
    }

    fn put(&mut self, id: KeyId, state: B::State, timers: &mut Timers) {
        let mut slot = Slot { state, armed: NEVER };
        arm(&*self.rule, (self.position, self.sweep.is_some()), id, &mut slot, i64::MIN, timers);
        self.slots.put(id, slot);
    }

    fn take_without_state(&self, seen: &Seen<'_>, key: &Located<'_>, shared: &mut Shared, out: &mut Out) {
        let Shared { key_types, scratch, tables, .. } = shared;
        let mut bench = Bench { whose: Whose::Bytes(key.bytes), key_types, out, scratch, tables: &**tables };
        self.rule.event(&mut B::State::default(), seen, &mut bench);
    }

    #[inline]
    fn take(&mut self, seen: &Seen<'_>, key: &mut Located<'_>, shared: &mut Shared, out: &mut Out) {
        let Shared { keys, timers, key_types, scratch, tables } = shared;
        let mut bench = Bench { whose: Whose::Bytes(key.bytes), key_types, out, scratch, tables: &**tables };
        let found = key.find(keys);
        if let Some(id) = found
            && let Some(slot) = self.slots.get_mut(id)
        {
            self.rule.event(&mut slot.state, seen, &mut bench);
            if self.rule.is_idle(&slot.state) && !self.rule.is_listed() {
                self.slots.remove(id);
                keys.release(id);
                key.id = None;
            } else if let Some(sweep) = &mut self.sweep {
                sweep.seen(id, seen.batch.at_us[seen.row]);
                arm(&*self.rule, (self.position, true), id, slot, i64::MIN, timers);
            } else if !self.rule.deadline_grows() || slot.armed == NEVER {
                arm(&*self.rule, (self.position, false), id, slot, i64::MIN, timers);
            }
            return;
        }
        if self.rule.is_listed() {
            return;
        }
        let mut state = B::State::default();
        self.rule.event(&mut state, seen, &mut bench);
        if !self.rule.is_idle(&state) {
            let id = match found {
                Some(id) => {
                    keys.hold_id(id);
                    id
                }
                None => keys.hold(key.hash, key.bytes),
            };
            key.id = Some(Some(id));
            self.sweep.iter_mut().for_each(|sweep| sweep.seen(id, seen.batch.at_us[seen.row]));
            self.put(id, state, timers);
        }
    }
}

/// Sees to it that the slot's deadline stands in the heap; no earlier than `from_us`. Of a state that `lingers` that is
/// when it says something.
#[inline]
fn arm<B: Behaviour>(
    rule: &B,
    (position, lingers): (u32, bool),
    key: KeyId,
    slot: &mut Slot<B::State>,
    from_us: i64,
    timers: &mut Timers,
) {
    let deadline_us = if lingers { rule.says_at(&slot.state) } else { rule.deadline(&slot.state) };
    if let Some(deadline_us) = deadline_us {
        timers.arm(Timer { deadline_us: deadline_us.max(from_us), rule: position, key }, &mut slot.armed);
    }
}

impl<B: Behaviour> Store for Slots<B> {
    fn event(&mut self, seen: &Seen<'_>, key: &mut Located<'_>, shared: &mut Shared, out: &mut Out) {
        if self.rule.is_stateless() {
            return self.take_without_state(seen, key, shared, out);
        }
        self.take(seen, key, shared, out);
    }

    fn events(&mut self, stretch: Stretch<'_>, one: &Use, shared: &mut Shared, out: &mut Out) {
        let Stretch { rows, picks, found } = stretch;
        if self.rule.is_stateless() {
            // It has something to say of most of them.
            black_box(rows.batch.warm(picks.iter().map(|pick| pick.row as usize)));
            for pick in picks {
                if let Some(seen) = Seen::of(rows, pick.row as usize, one) {
                    self.take_without_state(&seen, &Located::new(rows, pick, None), shared, out);
                }
            }
            return;
        }
        for (index, pick) in picks.iter().enumerate() {
            if let Some(seen) = Seen::of(rows, pick.row as usize, one) {
                self.take(&seen, &mut Located::new(rows, pick, found.get(index).copied()), shared, out);
            }
        }
    }

    fn begin(&mut self, start_us: i64, shared: &mut Shared) {
        if self.rule.begins() {
            self.comes((hash_key(&[]), &[]), start_us, shared);
        }
    }

    fn comes(&mut self, (hash, key): (u64, &[u8]), at_us: i64, shared: &mut Shared) {
        let is_known = |id: KeyId| self.slots.get(id).is_some();
        if shared.keys.find(hash, key).is_some_and(is_known) {
            return;
        }
        let mut state = B::State::default();
        self.rule.begin(&mut state, at_us);
        let id = shared.keys.hold(hash, key);
        self.put(id, state, &mut shared.timers);
    }

    fn goes(&mut self, (hash, key): (u64, &[u8]), times: (i64, i64), shared: &mut Shared, out: &mut Out) {
        let Shared { keys, key_types, scratch, tables, .. } = shared;
        let Some(id) = keys.find(hash, key) else { return };
        let Some(slot) = self.slots.get_mut(id) else { return };
        let mut bench = Bench { whose: Whose::Bytes(key), key_types, out, scratch, tables: &**tables };
        self.rule.goes(&mut slot.state, times, &mut bench);
        self.slots.remove(id);
        keys.release(id);
    }

    fn warm(&self, found: &[Finding]) -> i64 {
        let slots = || found.iter().filter_map(|finding| self.slots.get(finding.id()?));
        let mut sum = slots().fold(0i64, |sum, slot| sum.wrapping_add(slot.armed));
        for depth in 0..self.rule.depth() {
            sum = slots().fold(sum, |sum, slot| sum.wrapping_add(self.rule.warm(&slot.state, depth)));
        }
        sum
    }

    fn time(&mut self, timer: Timer, watermark_us: i64, shared: &mut Shared, out: &mut Out) {
        let Shared { keys, timers, key_types, scratch, tables } = shared;
        let slot = self.slots.get_mut(timer.key).filter(|slot| slot.armed == timer.deadline_us);
        let Some(slot) = slot else { return };
        let mut bench = Bench { whose: Whose::Id(keys, timer.key), key_types, out, scratch, tables: &**tables };
        slot.armed = NEVER;
        if self.rule.time(&mut slot.state, watermark_us, &mut bench) && !self.rule.is_listed() {
            self.slots.remove(timer.key);
            keys.release(timer.key);
            return;
        }
        arm(&*self.rule, (self.position, self.sweep.is_some()), timer.key, slot, watermark_us, timers);
    }

    fn sweep(&mut self, watermark_us: i64, shared: &mut Shared, out: &mut Out) {
        let Some(sweep) = &mut self.sweep else { return };
        let Some(turn) = sweep.turn(watermark_us) else { return };
        let Shared { keys, key_types, scratch, tables, .. } = shared;
        for key in turn.keys.clone() {
            if !sweep.is_due(&turn, key) {
                continue;
            }
            let id = key as KeyId;
            if let Some(slot) = self.slots.get_mut(id) {
                let mut bench = Bench { whose: Whose::Id(keys, id), key_types, out, scratch, tables: &**tables };
                if !self.rule.time(&mut slot.state, watermark_us, &mut bench) {
                    sweep.goes_on(watermark_us);
                    continue;
                }
                self.slots.remove(id);
                keys.release(id);
            }
            sweep.gone(id);
        }
    }

    fn finish(&mut self, newest_us: i64, shared: &mut Shared, out: &mut Out) {
        let Shared { keys, key_types, scratch, tables, .. } = shared;
        for id in self.slots.ids() {
            let Some(slot) = self.slots.get_mut(id) else { continue };
            let mut bench = Bench { whose: Whose::Id(keys, id), key_types, out, scratch, tables: &**tables };
            if self.rule.finish(&mut slot.state, newest_us, &mut bench) || self.rule.is_listed() {
                self.slots.remove(id);
                keys.release(id);
            }
        }
    }

    fn rows(&mut self, at_us: i64, shared: &mut Shared) -> Vec<ViewRow> {
        let Shared { keys, key_types, scratch, tables, .. } = shared;
        let mut rows = Vec::new();
        for id in self.slots.ids() {
            let Some(slot) = self.slots.get_mut(id) else { continue };
            let out = &mut Out::default();
            let mut bench = Bench { whose: Whose::Id(keys, id), key_types, out, scratch, tables: &**tables };
            let (key, fields) = (bench.key_parts(), self.rule.row(&mut slot.state, at_us, &mut bench));
            rows.extend(fields.map(|fields| ViewRow { key, fields }));
        }
        rows
    }

    fn open(&self) -> usize {
        self.slots.iter().map(|slot| self.rule.open(&slot.state)).sum()
    }

    fn write(&self, keys: &[KeyId], table: &KeyTable, out: &mut Vec<u8>) {
        let slots = keys.iter().filter_map(|id| Some((id, self.slots.get(*id)?)));
        self.rule.write_head(out);
        out.put_len(slots.clone().count());
        for (id, slot) in slots {
            out.put_bytes(table.bytes(*id));
            self.rule.write(&slot.state, out);
        }
    }

    fn read(&mut self, bytes: &mut &[u8], hash: &HashIn<'_>, shared: &mut Shared) -> Result<(), StateError> {
        let newcomers = self.rule.read_head(bytes)?;
        for _ in 0..bytes.take_len("keys")? {
            let key = bytes.take_bytes("a key")?;
            let mut state = self.rule.read(bytes)?;
            self.rule.join(&mut state, &newcomers);
            let damaged = |what: &str| StateError::Damaged { what: what.to_owned() };
            let hash = hash(&key).ok_or_else(|| damaged("a key is of another group"))?;
            let id = shared.keys.hold(hash, &key);
            if self.slots.get(id).is_some() {
                shared.keys.release(id);
                return Err(damaged("a key has two states"));
            }
            if let (Some(sweep), Some(last_us)) = (&mut self.sweep, self.rule.deadline(&state)) {
                sweep.lasts(id, last_us);
            }
            self.put(id, state, &mut shared.timers);
        }
        Ok(())
    }
}
