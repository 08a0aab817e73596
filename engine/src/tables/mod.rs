//! Reference tables: the newest row of each key, looked up as of an event's time. Every worker holds all of them.
//!
//! A row holds from its time on, until a newer one of its key. Changes wait until event time has passed them, and go then,
//! in order, into one arranged collection a table (`collection`), whose times are event times: a look-up at a time finds
//! the row that was the newest then. What no look-up can ask for any more is compacted away.

mod collection;
mod comings;
mod memo;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;

use timely::WorkerConfig;
use timely::communication::Allocator;
use timely::communication::allocator::thread::Thread;
use timely::worker::Worker;
use tripline_query_lang::plan::{Plan, TableId};
use tripline_query_lang::value::Value;

use crate::expr::{Lookups, read_value, write_key, write_value};
use collection::Collection;
use comings::Comings;
use memo::Memo;

/// A row that holds from a time on; or the news that a key has none any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The table.
    pub table: TableId,
    /// The canonical bytes of its key.
    pub key: Vec<u8>,
    /// A value per field.
    pub row: Option<Arc<[Value]>>,
    /// From when on, microseconds; `i64::MIN`: it was always there.
    pub at_us: i64,
    /// Partition and offset: of changes of one key at one time the last one holds.
    pub order: (u32, i64),
}

impl Change {
    /// A row with these values, one per field; `None` when a part of its key is missing.
    pub fn row(plan: &Plan, table: TableId, values: Vec<Value>, at_us: i64, order: (u32, i64)) -> Option<Change> {
        let keys = &plan.tables.get(table.index())?.keys;
        let parts: Option<Vec<Value>> = keys.iter().map(|key| values.get(key.index()).cloned()).collect();
        let mut key = Vec::new();
        write_key(&parts?, &mut key).then(|| Change { table, key, row: Some(values.into()), at_us, order })
    }
}

/// A key of a table comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// When, microseconds; `i64::MIN`: it was always there.
    pub at_us: i64,
    /// Its canonical bytes.
    pub key: Vec<u8>,
    /// From now on it is there; otherwise its row is gone.
    pub there: bool,
}

/// All tables, as one worker holds them.
#[derive(Default)]
pub struct Tables(RefCell<Option<State>>);

struct State {
    /// The dataflow of the collections is this room's own: it steps when something has changed, and waits for nobody.
    worker: Worker,
    tables: Vec<Table>,
    /// Changes before this time are in the collections, microseconds.
    known_us: i64,
}

struct Table {
    collection: Collection,
    /// Changes that event time has not passed yet.
    waiting: Vec<Change>,
    memo: Memo,
    /// Where the keys of some rule come from the table.
    comings: Option<Comings>,
}

impl Tables {
    /// The empty tables of a plan.
    pub fn new(plan: &Plan) -> Tables {
        if plan.tables.is_empty() {
            return Tables::default();
        }
        let allocator = Allocator::Thread(Thread::default());
        let mut worker = Worker::new(WorkerConfig::default(), allocator, None);
        let is_watched = |id: usize| plan.rules.iter().any(|rule| rule.key_table.is_some_and(|key| key.index() == id));
        let table = |id| Table {
            collection: Collection::new(&mut worker),
            waiting: Vec::new(),
            memo: Memo::default(),
            comings: is_watched(id).then(Comings::default),
        };
        let tables = (0..plan.tables.len()).map(table).collect();
        Tables(RefCell::new(Some(State { worker, tables, known_us: i64::MIN })))
    }

    /// Takes changes; they show when event time has passed them. One from before that counts from there on.
    pub fn take(&self, changes: impl IntoIterator<Item = Change>) {
        let mut state = self.0.borrow_mut();
        let Some(state) = state.as_mut() else { return };
        for mut change in changes {
            change.at_us = change.at_us.max(state.known_us);
            if let Some(table) = state.tables.get_mut(change.table.index()) {
                table.waiting.push(change);
            }
        }
    }

    /// The comings and goings of a table's keys from one time to before another, in the order of time, then key; as far as
    /// event time is known and nothing is compacted away. For tables that are some rule's `key_table`.
    pub fn comings(&self, table: TableId, from_us: i64, until_us: i64) -> Vec<Coming> {
        let state = self.0.borrow();
        let comings = state.as_ref().and_then(|state| state.tables.get(table.index())?.comings.as_ref());
        comings.map(|comings| comings.between(from_us, until_us)).unwrap_or_default()
    }

    /// The keys that a table has as of a time, each since when it has been there, in the order of keys. As
    /// [`Tables::comings`], for as early as nothing is compacted away.
    pub fn keys(&self, table: TableId, at_us: i64) -> Vec<(Vec<u8>, i64)> {
        let state = self.0.borrow();
        let comings = state.as_ref().and_then(|state| state.tables.get(table.index())?.comings.as_ref());
        comings.map(|comings| comings.there(at_us)).unwrap_or_default()
    }

    /// Event time has certainly passed everything strictly before this: all changes before it are there.
    pub fn advance(&self, watermark_us: i64) {
        if let Some(state) = self.0.borrow_mut().as_mut() {
            state.advance(watermark_us);
        }
    }

    /// No look-up will ask for an earlier time than this: with the next changes, what was replaced before it goes.
    pub fn compact(&self, before_us: i64) {
        if let Some(state) = self.0.borrow_mut().as_mut() {
            let before_us = before_us.min(state.known_us);
            for table in &mut state.tables {
                table.collection.compact(before_us);
                table.comings.iter_mut().for_each(|comings| comings.compact(before_us));
            }
        }
    }

    /// How many comings and goings of rows are kept.
    #[cfg(test)]
    fn kept(&self) -> usize {
        self.0.borrow_mut().iter_mut().flat_map(|state| &mut state.tables).map(|table| table.collection.kept()).sum()
    }
}

impl State {
    fn advance(&mut self, watermark_us: i64) {
        if watermark_us <= self.known_us {
            return;
        }
        self.known_us = watermark_us;
        for table in &mut self.tables {
            table.advance(watermark_us, &mut self.worker);
        }
    }
}

impl Table {
    fn advance(&mut self, watermark_us: i64, worker: &mut Worker) {
        let mut due: Vec<Change> = self.waiting.extract_if(.., |change| change.at_us < watermark_us).collect();
        if due.is_empty() {
            return;
        }
        due.sort_by(|a, b| (&a.key, a.at_us, a.order).cmp(&(&b.key, b.at_us, b.order)));
        // Of one key and time the last one holds.
        due.dedup_by(|next, kept| {
            let same = (&next.key, next.at_us) == (&kept.key, kept.at_us);
            if same {
                std::mem::swap(next, kept);
            }
            same
        });
        for change in &due {
            self.memo.forget(&change.key);
        }
        if let Some(comings) = &mut self.comings {
            due.iter().for_each(|change| comings.add(&change.key, change.at_us, change.row.is_some()));
        }
        let upserts = due.into_iter().map(|change| (change.key, change.row.as_deref().map(written), change.at_us));
        self.collection.put(upserts.collect(), watermark_us, worker);
    }

    fn row(&mut self, key: &[u8], at_us: i64) -> Option<Arc<[Value]>> {
        if let Some(row) = self.memo.find(key, at_us) {
            return row.clone();
        }
        let found = self.collection.look_up(key, at_us);
        let row: Option<Arc<[Value]>> = found.row.map(|bytes| read(&bytes));
        self.memo.keep(key, found.from_us, found.until_us, row.clone());
        row
    }
}

impl Lookups for Tables {
    fn row(&self, table: TableId, key: &[u8], at_us: i64) -> Option<Arc<[Value]>> {
        let mut state = self.0.borrow_mut();
        state.as_mut()?.tables.get_mut(table.index())?.row(key, at_us)
    }
}

/// A row as bytes: its values one behind the other.
fn written(row: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    row.iter().for_each(|value| write_value(value, &mut bytes));
    bytes
}

fn read(mut bytes: &[u8]) -> Arc<[Value]> {
    std::iter::from_fn(|| read_value(&mut bytes)).collect()
}
